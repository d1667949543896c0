/*
 * log.c - one line of JSON for each entry.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A line is built in one static buffer (there is one thread) and written by one write().  When
 * standard error is a pipe whose reader is slow, the write waits: a log that loses lines would be
 * worse than a pause, and the reader of a service's log is part of the service.
 */
#include "base/log.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"

#define LINE_LIMIT (16 * 1024)
#define VALUE_LIMIT 2048

static LogLevel current_level = LOG_INFO;
static int main_pid;

static const char *const level_names[] = {"error", "warning", "info", "debug"};

LogLevel
log_get_level(void)
{
	return current_level;
}

void
log_set_level(LogLevel level)
{
	current_level = level;
}

const char *
log_level_name(LogLevel level)
{
	return level_names[level];
}

bool
log_parse_level(const char *text, LogLevel *level)
{
	for (int i = LOG_ERROR; i <= LOG_DEBUG; i++)
	{
		if (strcmp(text, level_names[i]) == 0)
		{
			*level = (LogLevel) i;
			return true;
		}
	}
	return false;
}

bool
log_enabled(LogLevel level)
{
	return level <= current_level;
}

LogField
log_string_field(const char *key, const char *value)
{
	return (LogField) {key, LOG_KIND_STRING, value, value ? strlen(value) : 0, 0, 0};
}

static void
put_value(Buf *line, const LogField *field)
{
	size_t len;

	switch (field->kind)
	{
		case LOG_KIND_STRING:
			len = field->len < VALUE_LIMIT ? field->len : VALUE_LIMIT;
			/* do not cut a character in two */
			while (len < field->len && len > 0 && (field->text[len] & 0xC0) == 0x80)
				len--;
			json_put_string(line, field->text, len);
			break;
		case LOG_KIND_INTEGER:
			buf_printf(line, "%lld", (long long) field->integer);
			break;
		case LOG_KIND_REAL:
			if (isfinite(field->real))
				buf_printf(line, "%.6g", field->real);
			else
				buf_puts(line, "null");
			break;
		case LOG_KIND_BOOLEAN:
			buf_puts(line, field->integer ? "true" : "false");
			break;
		case LOG_KIND_JSON:
			buf_puts(line, field->text);
			break;
		case LOG_KIND_NONE:
			buf_puts(line, "null");
			break;
	}
}

/* a field that would make the line too long is left out whole, so the line stays JSON */
static void
put_field(Buf *line, const LogField *field)
{
	size_t before = line->len;

	if (!field->key ||
		((field->kind == LOG_KIND_STRING || field->kind == LOG_KIND_JSON) && !field->text))
		return;
	json_put_key(line, field->key);
	put_value(line, field);
	if (line->overflowed)
	{
		line->overflowed = false;
		line->len = before;
		line->data[before] = '\0';
	}
}

static void
write_line(const char *bytes, size_t len)
{
	while (len > 0)
	{
		ssize_t written = write(STDERR_FILENO, bytes, len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return; /* nobody reads the log: there is nowhere to say so */
		bytes += written;
		len -= (size_t) written;
	}
}

static void
put_line(LogLevel level, LogField lead, int pid, const LogField *fields, size_t count)
{
	static Buf line;
	char now[CLOCK_TEXT_SIZE];

	if (!line.limit)
		buf_init(&line, LINE_LIMIT);
	buf_reset(&line);
	buf_puts(&line, "{");
	json_put_member(&line, "time", clock_format(clock_real_us(), now));
	json_put_member(&line, "level", level_names[level]);
	put_field(&line, &lead);
	json_put_member_int(&line, "pid", pid);
	for (size_t i = 0; i < count; i++)
		put_field(&line, &fields[i]);
	line.limit += 2; /* the end is always allowed */
	buf_puts(&line, "}\n");
	line.limit -= 2;
	write_line(line.data, line.len);
}

void
log_set_main_pid(int pid)
{
	main_pid = pid;
}

void
log_write(LogLevel level, const char *message, const LogField *fields, size_t count)
{
	put_line(level, LOG_STR("message", message), getpid(), fields, count);
}

void
log_ready(const LogField *fields, size_t count)
{
	put_line(LOG_INFO, LOG_STR("event", "ready"), main_pid ? main_pid : getpid(), fields, count);
}
