/*
 * log.h - the log: JSON, one line for each entry, on standard error.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *     log_info("client refused", LOG_STR("address", text), LOG_INT("connections", n));
 *     {"time":"…","level":"info","pid":42,"message":"client refused","address":"…","connections":7}
 *
 * A line is written by one write(), so lines of several processes do not mix.  Strings are
 * escaped, and bytes that are not UTF-8 are replaced, so a line is valid JSON whatever a client
 * sent; long values are cut (2 KiB each, 16 KiB a line).  Fields whose value is NULL are left out.
 * The fields named correlation_id, user and workspace have macros, because everybody who handles
 * a request should say them the same way.
 */
#ifndef EVENTSD_LOG_H
#define EVENTSD_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum LogLevel
{
	LOG_ERROR,
	LOG_WARNING,
	LOG_INFO,
	LOG_DEBUG
} LogLevel;

typedef enum LogKind
{
	LOG_KIND_NONE,
	LOG_KIND_STRING,
	LOG_KIND_INTEGER,
	LOG_KIND_REAL,
	LOG_KIND_BOOLEAN,
	LOG_KIND_JSON
} LogKind;

typedef struct LogField
{
	const char *key;
	LogKind kind;
	const char *text;
	size_t len;
	int64_t integer;
	double real;
} LogField;

#define LOG_STR(key, value) log_string_field((key), (value))
#define LOG_STRN(key, value, n) ((LogField) {(key), LOG_KIND_STRING, (value), (n), 0, 0})
#define LOG_INT(key, value) ((LogField) {(key), LOG_KIND_INTEGER, NULL, 0, (value), 0})
#define LOG_REAL(key, value) ((LogField) {(key), LOG_KIND_REAL, NULL, 0, 0, (value)})
#define LOG_BOOL(key, value) ((LogField) {(key), LOG_KIND_BOOLEAN, NULL, 0, (value), 0})
/* value is JSON text already, trusted and short */
#define LOG_JSON(key, value) ((LogField) {(key), LOG_KIND_JSON, (value), 0, 0, 0})
#define LOG_CORRELATION(value) LOG_STR("correlation_id", (value))
#define LOG_USER(value) LOG_STR("user", (value))
#define LOG_WORKSPACE(value) LOG_STR("workspace", (value))

#define log_at(level, message, ...)                                                  \
	do                                                                               \
	{                                                                                \
		if (log_enabled(level))                                                      \
			log_write((level), (message), (const LogField[]) {{0}, ##__VA_ARGS__},   \
					  sizeof((LogField[]) {{0}, ##__VA_ARGS__}) / sizeof(LogField)); \
	} while (0)
#define log_error(message, ...) log_at(LOG_ERROR, message, ##__VA_ARGS__)
#define log_warning(message, ...) log_at(LOG_WARNING, message, ##__VA_ARGS__)
#define log_info(message, ...) log_at(LOG_INFO, message, ##__VA_ARGS__)
#define log_debug(message, ...) log_at(LOG_DEBUG, message, ##__VA_ARGS__)

LogField log_string_field(const char *key, const char *value);
bool log_enabled(LogLevel level);
void log_write(LogLevel level, const char *message, const LogField *fields, size_t count);

/*
 * The line by which others know that we serve: printed at any level, with "event":"ready" in the
 * place of a message, and as "pid" that of the program, the one that takes signals for all.
 */
void log_set_main_pid(int pid);
void log_ready(const LogField *fields, size_t count);

LogLevel log_get_level(void);
void log_set_level(LogLevel level);
/* "error", "warning", "info", "debug"; false for any other word */
bool log_parse_level(const char *text, LogLevel *level);
const char *log_level_name(LogLevel level);

#endif /* EVENTSD_LOG_H */
