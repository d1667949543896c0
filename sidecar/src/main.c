/*
 * main.c - which command?
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * eventsd [serve | tail | publish | export | import | replay | check-config] …; without a command
 * word it serves.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cmd/cmd.h"
#include "process.h"

/* the one command that stands on the processes and the application */
static int
serve(int argc, char **argv)
{
	ConfSource source = {.argc = argc, .argv = argv};
	Conf *conf = cmd_load(&source, true);
	int status = CMD_UNUSABLE;

	if (conf)
		status = process_run(&source, conf);
	conf_free(conf);
	mem_free(source.rest);
	return status;
}

typedef struct Command
{
	const char *name;
	int (*run)(int argc, char **argv);
} Command;

static const Command commands[] = {
	{"serve", serve},
	{"tail", cmd_tail},
	{"publish", cmd_publish},
	{"export", cmd_export},
	{"import", cmd_import},
	{"replay", cmd_replay},
	{"check-config", cmd_check_config},
};

/* flags that print something and end */
static bool
print_and_end(const char *word)
{
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		cmd_print_help();
	else if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
		puts("eventsd " EVENTSD_VERSION);
	else if (strcmp(word, "--settings-markdown") == 0)
		cmd_print_settings_markdown();
	else
		return false;
	return true;
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
	{
		if (print_and_end(argv[i]))
			return 0;
	}
	if (argc >= 2 && strcmp(argv[1], "help") == 0)
	{
		cmd_print_help();
		return 0;
	}
	if (argc < 2 || argv[1][0] == '-')
		return serve(argc - 1, argv + 1);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
	{
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 2, argv + 2);
	}
	return cmd_complain("there is no command \"%s\"", argv[1]);
}
