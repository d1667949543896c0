/*
 * replay.c - eventsd replay: a stretch of the history, sent again, in order.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * To standard output as lines, or to an HTTP endpoint in batches of CloudEvents: one POST after the
 * other, the next one only when the last one was answered with 2xx; 207, Multi-Status, says that
 * some of the events were refused.  What fails for now is tried again for as long as --retry-for;
 * what is refused is the end.  However it ends, the cursor after which everything is still to be
 * sent is told, and --after goes on there.
 *
 * The pace is what the receiver takes, or --rate events a second, or --speed times that at which
 * the events were recorded.  Paced events, and those for an endpoint, are read in small pieces that
 * are kept in memory, so that no statement stays open while we wait.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/progress.h"
#include "cmd/replay_pace.h"
#include "cmd/stop.h"
#include "cmd/walk.h"
#include "emit/http.h"

#define PIECE 100000
#define POST_PIECE 2000
#define KEPT (8 * 1024 * 1024)
#define WRITE_SIZE (256 * 1024)
#define BATCH_EVENTS 100
#define BATCH_SIZE (512 * 1024)
#define LIMIT ((size_t) 1 << 30)
#define RETRY_FOR 300 /* s */
#define BACKOFF_FIRST 250
#define BACKOFF_LAST 30000
#define BATCH_TYPE "application/cloudevents-batch+json; charset=UTF-8"
#define SHOW_EACH 256
#define NUMBER_MOST INT64_C(1000000000)

typedef struct Replay
{
	Walk walk;
	const char *to;
	const char *headers[16];
	int header_count;
	int64_t batch_events;
	int64_t retry_for; /* s */
	Pace pace;

	HttpSender *sender; /* NULL: standard output */
	Buf out;			/* lines, or a JSON array without its end */
	int64_t waiting;	/* events in it */
	int64_t last;		/* position of the last one that was put into it */
	int64_t done;		/* position of the last one that has gone out */
	int64_t sent;
	bool failed; /* and told */
	bool reader_left;
	Progress progress;
} Replay;

/* ---- to standard output ---- */

static bool
write_out(Replay *replay)
{
	if (stop_write(STDOUT_FILENO, replay->out.data, replay->out.len))
		return true;
	if (errno == EPIPE)
		replay->reader_left = true;
	else if (errno != EINTR)
	{
		fprintf(stderr, "eventsd: standard output: %s\n", strerror(errno));
		replay->failed = true;
	}
	return false;
}

/* ---- to an endpoint ---- */

/* the time of the next try; false when there is none any more */
static bool
wait_for_retry(const Replay *replay, const HttpReply *reply, int64_t give_up_at, int64_t *backoff)
{
	int64_t wait = reply->retry_after_ms >= 0 ? reply->retry_after_ms
											  : *backoff / 2 + clock_jitter((uint32_t) *backoff);
	int64_t now = clock_monotonic_ms();

	(void) replay;
	if (now + wait > give_up_at)
		return false;
	*backoff = *backoff * 2 < BACKOFF_LAST ? *backoff * 2 : BACKOFF_LAST;
	stop_sleep_until(now + wait);
	return !stop_asked;
}

static bool
post_out(Replay *replay)
{
	int64_t give_up_at = clock_monotonic_ms() + replay->retry_for * 1000;
	int64_t backoff = BACKOFF_FIRST;
	HttpReply reply;

	buf_putc(&replay->out, ']');
	for (;;)
	{
		reply = http_sender_post(replay->sender, BATCH_TYPE,
								 (Str) {replay->out.data, replay->out.len});
		if (reply.done)
			return true;
		if (stop_asked)
			return false;
		if (!reply.again || !wait_for_retry(replay, &reply, give_up_at, &backoff))
			break;
	}
	if (stop_asked)
		return false;
	replay->failed = true;
	fprintf(stderr, "eventsd: %s: ", http_sender_name(replay->sender));
	if (reply.status)
		fprintf(stderr, "answered %d%s%s\n", reply.status, reply.reason[0] ? ": " : "",
				reply.reason);
	else
		fprintf(stderr, "%s\n", reply.reason);
	return false;
}

/* ---- both ---- */

/* what was collected goes out */
static bool
flush(Replay *replay)
{
	bool good;

	if (replay->waiting == 0)
		return true;
	good = replay->sender ? post_out(replay) : write_out(replay);
	buf_consume(&replay->out, replay->out.len);
	if (good)
	{
		replay->done = replay->last;
		replay->sent += replay->waiting;
	}
	replay->waiting = 0;
	return good;
}

static bool
is_full(const Replay *replay)
{
	if (replay->sender)
		return replay->waiting >= replay->batch_events || replay->out.len >= BATCH_SIZE;
	return replay->out.len >= WRITE_SIZE;
}

static bool
take_event(void *arg, Str line, int64_t position)
{
	Replay *replay = arg;
	int64_t due = pace_due(&replay->pace, line);

	if (due > clock_monotonic_ms())
	{
		/* what is due already must not wait for what is not */
		if (!flush(replay))
			return false;
		stop_sleep_until(due);
		if (stop_asked)
			return false;
	}
	if (replay->sender)
		buf_putc(&replay->out, replay->waiting ? ',' : '[');
	buf_append(&replay->out, line.data, line.len);
	if (!replay->sender)
		buf_putc(&replay->out, '\n');
	if (replay->out.overflowed)
	{
		fprintf(stderr, "eventsd: the event at position %lld is too large\n", (long long) position);
		replay->failed = true;
		return false;
	}
	replay->waiting++;
	replay->last = position;
	if (replay->walk.count % SHOW_EACH == 0 || replay->sender)
		progress_show(&replay->progress, replay->sent, position - replay->walk.first);
	return !is_full(replay) || flush(replay);
}

/* ---- the command ---- */

static int
set_number(const char *option, const char *value, int64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoll(value, &end, 10);
	if (errno || end == value || *end || *number < 1 || *number > NUMBER_MOST)
		return cmd_complain("%s: a whole number above 0 was expected, and no more than %lld",
							option, (long long) NUMBER_MOST);
	return 0;
}

static int
add_header(Replay *replay, const char *value)
{
	if (replay->header_count == (int) (sizeof(replay->headers) / sizeof(replay->headers[0])))
		return cmd_complain("--header: these are too many");
	replay->headers[replay->header_count++] = value;
	return 0;
}

static int
set_option(Replay *replay, char **words, int *at)
{
	const char *value = "";
	const char *word = words[*at];
	int status = walk_option(&replay->walk, words, at);

	if (status >= 0)
		return status;
	status = 0;
	if (cmd_option(words, at, "--to", &value))
		replay->to = value;
	else if (cmd_option(words, at, "--header", &value))
		status = value ? add_header(replay, value) : 0;
	else if (cmd_option(words, at, "--batch", &value))
		status = value ? set_number("--batch", value, &replay->batch_events) : 0;
	else if (cmd_option(words, at, "--retry-for", &value))
		status = value ? set_number("--retry-for", value, &replay->retry_for) : 0;
	else if (cmd_option(words, at, "--rate", &value))
	{
		if (value && !pace_set_rate(&replay->pace, value))
			return cmd_complain("--rate: events a second were expected, such as 500/s");
	}
	else if (cmd_option(words, at, "--speed", &value))
	{
		if (value && !pace_set_speed(&replay->pace, value))
			return cmd_complain("--speed: a factor was expected, such as 2x");
	}
	else
		return cmd_complain("replay does not know \"%s\"", word);
	return value ? status : cmd_complain("%s needs a value", word);
}

/* the endpoint, with its headers */
static int
open_target(Replay *replay)
{
	const char *why;

	if (!replay->to)
		return cmd_complain("replay needs --to URL, or --to stdout");
	if (strcmp(replay->to, "stdout") == 0 || strcmp(replay->to, "-") == 0)
		return 0;
	replay->sender = http_sender_new(replay->to, &stop_asked, &why);
	if (!replay->sender)
		return cmd_complain("--to: this %s", why);
	for (int i = 0; i < replay->header_count; i++)
	{
		if (!http_sender_add_header(replay->sender, replay->headers[i]))
			return cmd_complain("--header: number %d is no header line", i + 1);
	}
	return 0;
}

static int
run(Replay *replay)
{
	char cursor[CURSOR_SIZE];
	bool good;

	replay->done = replay->walk.first;
	replay->walk.piece = pace_piece(&replay->pace, replay->sender ? POST_PIECE : PIECE);
	replay->walk.keep = replay->sender || pace_is_set(&replay->pace) ? KEPT : 0;
	progress_begin(&replay->progress, "replayed", replay->walk.upto - replay->walk.first);
	good = walk_run(&replay->walk, &stop_asked, take_event, replay);
	/* what was collected is in order whatever came after it, and nothing is wanted behind it */
	if (!replay->failed && !replay->reader_left && !stop_asked && flush(replay))
		replay->done = replay->walk.after;
	good = good && !replay->failed && !replay->reader_left && !stop_asked;
	if (good && replay->done < replay->walk.upto)
		replay->done = replay->walk.upto;
	progress_end(&replay->progress, replay->sent);
	cursor_format(cursor, replay->walk.state.epoch, replay->done);
	fprintf(stderr, "%s %s\n", good ? ", up to" : "; not finished, go on with --after", cursor);
	return good ? 0 : CMD_FAILED;
}

int
cmd_replay(int argc, char **argv)
{
	ConfSource source = {.argc = argc, .argv = argv, .allow_rest = true};
	Replay replay = {.batch_events = BATCH_EVENTS, .retry_for = RETRY_FOR};
	Conf *conf = cmd_load(&source, false);
	int status = conf ? 0 : CMD_UNUSABLE;

	buf_init(&replay.out, LIMIT);
	for (int i = 0; i < source.rest_count && !status; i++)
		status = set_option(&replay, source.rest, &i);
	if (!status)
		status = open_target(&replay);
	stop_listen();
	if (!status && walk_open(&replay.walk, conf, "replay", &stop_asked, &status))
		status = run(&replay);
	http_sender_free(replay.sender);
	buf_clear(&replay.out);
	walk_close(&replay.walk);
	conf_free(conf);
	mem_free(source.rest);
	return status;
}
