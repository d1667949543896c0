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
	"    eventsd export [OPTION...] [SETTING...] print the history as NDJSON of CloudEvents\n"
	"    eventsd import [OPTION...] [FILE]       put an export into this database\n"
	"    eventsd replay --to URL [OPTION...]     send events of the history again, in order\n"
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
	"export, replay:\n"
	"    --since TIME        events recorded at or after this time (RFC 3339)\n"
	"    --until TIME        events recorded before this time\n"
	"    --after CURSOR      events after a cursor; instead of --since\n"
	"    --types A,B.*       only these types; --topic A/B only this topic; both repeatable\n"
	"\n"
	"export:\n"
	"    --output FILE       a file that is not there yet\n"
	"    --gzip[=LEVEL]      compress\n"
	"    --resume            go on with the file that an interrupted export has left\n"
	"\n"
	"import: FILE, or standard input, compressed or not; what is there already is left out:\n"
	"    --recorded now      record the events now; keep (the default) keeps their times\n"
	"    --validate          check data by the registered schemas\n"
	"\n"
	"replay:\n"
	"    --to URL|stdout     POST of batches of CloudEvents; or lines on standard output\n"
	"    --header LINE       one more header of the requests; repeatable\n"
	"    --batch N           at most N events in a request (100)\n"
	"    --retry-for N       go on trying what fails for now for N seconds (300)\n"
	"    --rate N/s          at most so many events a second\n"
	"    --speed 2x          twice as fast as they were recorded\n"
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
