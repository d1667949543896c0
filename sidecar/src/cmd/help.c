/*
 * help.c - eventsd --help and eventsd --settings-markdown.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include <stdio.h>

#include "base/buf.h"
#include "cmd/cmd.h"

#define TEXT_LIMIT (256 * 1024)

static const char usage[] =
	"eventsd: events of a PostgreSQL database over WebSocket, SSE, NDJSON and long-poll\n"
	"\n"
	"Usage:\n"
	"    eventsd [serve] [SETTING...]            serve clients (the default)\n"
	"    eventsd tail [OPTION...] [SETTING...]   print events as they come, one JSON line each\n"
	"    eventsd publish [OPTION...] [EVENT...]  publish CloudEvents, print their ids\n"
	"    eventsd check-config [--connect]        print the effective settings, or what is wrong\n"
	"    eventsd --version | --help | --settings-markdown\n"
	"\n"
	"tail:\n"
	"    --type TYPE         only this type; may end in *; repeatable, or a,b\n"
	"    --topic A/B         only this topic and those below it; * is any element; repeatable\n"
	"    --pattern JSON      only what matches this event pattern\n"
	"    --filter FEEL       only what this expression is true for; with --pattern: both\n"
	"    --after CURSOR      go on after a cursor; or earliest, or latest (the default)\n"
	"    --since TIME        everything recorded at or after this time (RFC 3339)\n"
	"    --count N           end after N events\n"
	"    --no-follow         end when all events that exist now have been printed\n"
	"    --pretty            indent\n"
	"\n"
	"publish: each EVENT is a JSON object or an array of them; without any, standard input is\n"
	"read: objects (NDJSON or not) and arrays. Or one event is made of options:\n"
	"    --type TYPE [--data JSON] [--topic A/B] [--subject S] [--id ID]\n"
	"\n"
	"Settings are flags, EVENTSD_... variables (EVENTSD_LISTEN), or keys of the JSON file that\n"
	"--config FILE or EVENTSD_CONFIG names (\"listen\": \"127.0.0.1:8080\"). Flags win over\n"
	"variables, variables over the file. Sizes take kB, MB, GB; times ms, s, min, h.\n";

static void
print(const Buf *out)
{
	fputs(buf_text(out), stdout);
	fflush(stdout);
}

void
cmd_print_help(void)
{
	Buf out;

	buf_init(&out, TEXT_LIMIT);
	buf_puts(&out, usage);
	conf_print_flags(&out);
	print(&out);
	buf_clear(&out);
}

void
cmd_print_settings_markdown(void)
{
	Buf out;

	buf_init(&out, TEXT_LIMIT);
	conf_print_markdown(&out);
	print(&out);
	buf_clear(&out);
}
