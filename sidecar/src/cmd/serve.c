/*
 * serve.c - eventsd serve.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "base/mem.h"
#include "cmd/cmd.h"
#include "process.h"

int
cmd_serve(int argc, char **argv)
{
	ConfSource	source = {.argc = argc, .argv = argv};
	Conf	   *conf = cmd_load(&source, true);
	int			status = CMD_UNUSABLE;

	if (conf)
		status = process_run(&source, conf);
	conf_free(conf);
	mem_free(source.rest);
	return status;
}
