/*
 * cmd.h - the commands of eventsd, but for serve (main.c).
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * Each command is given the words after its own name and returns the exit status of the program:
 * 0 for success, 1 for failure, 2 for a command line or a configuration that cannot be used.
 * Results go to standard output, everything else to standard error.
 */
#ifndef EVENTSD_CMD_H
#define EVENTSD_CMD_H

#include <stdbool.h>

#include "base/str.h"
#include "conf/conf.h"

#define CMD_FAILED 1
#define CMD_UNUSABLE 2

int cmd_tail(int argc, char **argv);
int cmd_publish(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_check_config(int argc, char **argv);
void cmd_print_help(void);
void cmd_print_settings_markdown(void);

/*
 * The configuration, or NULL after the mistakes were told, to a person or (for a service, whose
 * standard error is a log) as a line of the log.  Sets the log level.
 */
Conf *cmd_load(ConfSource *source, bool is_service);
/* "eventsd: message" and "try eventsd --help" on standard error; returns CMD_UNUSABLE */
int cmd_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * A command's own options, out of ConfSource.rest.  cmd_option() looks whether the word at *at is
 * --name VALUE or --name=VALUE; then *value is set (NULL when it is missing) and *at is moved to
 * the option's last word.
 */
bool cmd_option(char **words, int *at, const char *name, const char **value);

#endif /* EVENTSD_CMD_H */
