/*
 * check_config.c - eventsd check-config: would it start, and with what?
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * Standard output gets the effective settings as a JSON object that can be used as a file again,
 * but for the passwords, which are hidden.  With --connect both connections are tried as well, and
 * what was found is told on standard error.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cmd/cmd.h"
#include "pg/conninfo.h"

#define TEXT_LIMIT (1024 * 1024)

static int
check(const Conf *conf, bool connect)
{
	Buf out;
	bool good = true;

	buf_init(&out, TEXT_LIMIT);
	conf_print_values(conf, &out);
	fputs(buf_text(&out), stdout);
	fflush(stdout);
	if (connect)
	{
		buf_reset(&out);
		good = conninfo_try(conf, &out);
		fputs(buf_text(&out), stderr);
	}
	buf_clear(&out);
	return good ? 0 : CMD_FAILED;
}

int
cmd_check_config(int argc, char **argv)
{
	ConfSource source = {.argc = argc, .argv = argv, .allow_rest = true};
	Conf *conf = cmd_load(&source, false);
	bool connect = false;
	int status = CMD_UNUSABLE;

	if (conf)
	{
		status = 0;
		for (int i = 0; i < source.rest_count && !status; i++)
		{
			if (strcmp(source.rest[i], "--connect") == 0)
				connect = true;
			else
				status = cmd_complain("check-config does not know \"%s\"", source.rest[i]);
		}
		if (!status)
			status = check(conf, connect);
	}
	conf_free(conf);
	mem_free(source.rest);
	return status;
}
