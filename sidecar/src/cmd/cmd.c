/*
 * cmd.c - what all commands need: their options, their configuration, their complaints.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "cmd/cmd.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "pg/conninfo.h"

#define ERRORS_LIMIT (64 * 1024)

Conf *
cmd_load(ConfSource *source, bool is_service)
{
	Buf errors;
	Conf *conf;

	buf_init(&errors, ERRORS_LIMIT);
	conf = conf_load(source, &errors);
	if (conf && !conninfo_check(conf, &errors))
	{
		conf_free(conf);
		conf = NULL;
	}
	if (conf)
		log_set_level(conf->log_level);
	else if (is_service)
		log_error("the configuration cannot be used", LOG_STR("reason", buf_text(&errors)));
	else
		fprintf(stderr, "eventsd: the configuration cannot be used:\n%s", buf_text(&errors));
	buf_clear(&errors);
	return conf;
}

int
cmd_complain(const char *format, ...)
{
	va_list args;

	fputs("eventsd: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("\nTry \"eventsd --help\".\n", stderr);
	return CMD_UNUSABLE;
}

bool
cmd_option(char **words, int *at, const char *name, const char **value)
{
	const char *word = words[*at];
	size_t len = strlen(name);

	if (strncmp(word, name, len) != 0 || (word[len] && word[len] != '='))
		return false;
	if (word[len] == '=')
		*value = word + len + 1;
	else
	{
		*value = words[*at + 1];
		if (*value)
			(*at)++;
	}
	return true;
}
