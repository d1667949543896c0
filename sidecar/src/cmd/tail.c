/*
 * tail.c - eventsd tail: events on standard output, one JSON line each, as they are committed.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * It reads the database itself, by the same feed as the server, so it needs no server and misses
 * nothing: a lost connection is made anew and the feed goes on from its position.
 *
 * Standard output may be a pipe whose reader is slow, or gone.  It is not made non-blocking (it
 * may be shared with others); instead poll() tells when a pipe takes PIPE_BUF bytes without
 * blocking, and no more than that is written at once.  While anything waits to be written the
 * feed is paused, so what waits is at most one page.  When the reader is gone, that is the end:
 * status 0, as after SIGINT or SIGTERM.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/pretty.h"
#include "hub/cursor.h"
#include "pg/query.h"
#include "web/filter.h"

#define OUT_LIMIT ((size_t) 2 << 30) /* a page is bounded; pretty printing can double it */
#define FILTER_MAX 1000
#define HANGUP_LOOK 500 /* ms between looks whether the reader is still there */

typedef struct Tail
{
	Loop *loop;
	Feed *feed;
	Buf out;
	size_t written; /* of out */
	bool is_file;
	LoopIo stdout_io;
	LoopTimer hangup;
	LoopSignal interrupted;
	LoopSignal terminated;

	/* options */
	Cursor after;
	FeedOptions start;
	EventFilter filter;
	bool pretty;
	bool follow;
	int64_t count; /* events still to print; -1: all */

	int64_t stop_at; /* without follow: the horizon at the start */
	bool finished;	 /* write out, then end */
	int status;
} Tail;

/* ---- output ---- */

static void
finish(Tail *tail)
{
	tail->finished = true;
	if (tail->out.len == 0)
		loop_stop(tail->loop);
}

/* can so much be written without blocking?  -1: the reader is gone */
static int
can_write(const Tail *tail)
{
	struct pollfd output = {STDOUT_FILENO, POLLOUT, 0};

	if (tail->is_file)
		return 1;
	if (poll(&output, 1, 0) < 0)
		return 0;
	if (output.revents & (POLLERR | POLLHUP | POLLNVAL))
		return -1;
	return (output.revents & POLLOUT) != 0;
}

/* false when nobody reads any more */
static bool
write_some(Tail *tail)
{
	int ready = 1;

	while (tail->written < tail->out.len && (ready = can_write(tail)) > 0)
	{
		size_t left = tail->out.len - tail->written;
		ssize_t done;

		if (!tail->is_file && left > PIPE_BUF)
			left = PIPE_BUF;
		done = write(STDOUT_FILENO, tail->out.data + tail->written, left);
		if (done < 0 && errno != EINTR && errno != EAGAIN)
		{
			if (errno != EPIPE)
			{
				fprintf(stderr, "eventsd: standard output: %s\n", strerror(errno));
				tail->status = CMD_FAILED;
			}
			return false;
		}
		if (done < 0 && errno == EAGAIN)
			break;
		if (done > 0)
			tail->written += (size_t) done;
	}
	return ready >= 0;
}

static void
flush_output(Tail *tail)
{
	if (!write_some(tail))
	{
		loop_stop(tail->loop);
		return;
	}
	if (tail->written < tail->out.len)
	{
		feed_pause(tail->feed);
		loop_io_set(&tail->stdout_io, LOOP_WRITE);
		return;
	}
	buf_reset(&tail->out);
	tail->written = 0;
	loop_io_set(&tail->stdout_io, 0);
	if (tail->finished)
		loop_stop(tail->loop);
	else
		feed_resume(tail->feed);
}

static void
output_ready(LoopIo *io, int events, void *arg)
{
	(void) io;
	(void) events;
	flush_output(arg);
}

static void
look_for_hangup(LoopTimer *timer, void *arg)
{
	Tail *tail = arg;

	(void) timer;
	if (can_write(tail) < 0)
		loop_stop(tail->loop);
}

/* ---- the feed ---- */

static void
on_epoch(void *arg, const FeedEpoch *epoch)
{
	Tail *tail = arg;

	tail->stop_at = epoch->horizon;
	if (epoch->reason != FEED_EPOCH_FIRST)
	{
		fprintf(stderr, "eventsd: %s; going on after %s-%019lld\n",
				epoch->reason == FEED_EPOCH_CHANGED
					? "the cursor is not of this database's epoch, or beyond its end"
					: "events after the cursor are not kept any more",
				epoch->epoch, (long long) epoch->position);
		tail->status = CMD_FAILED;
	}
	if (!tail->follow && epoch->position >= epoch->horizon)
		finish(tail);
}

/* the one filter passed a limit: nobody knows whether the event is one to be printed */
static void
fail_filter(Tail *tail, const FeedEvent *event)
{
	fprintf(stderr,
			"eventsd: the filter passed a limit of the database on the event at position "
			"%lld; --after that position leaves it out\n",
			(long long) event->position);
	tail->status = CMD_FAILED;
	tail->count = 0;
	tail->finished = true;
}

static void
on_event(void *arg, const FeedEvent *event)
{
	Tail *tail = arg;

	if (tail->count == 0 || (!tail->follow && event->position > tail->stop_at))
		return;
	if (event->match_count > 0 && event->matches[0] < 0)
	{
		fail_filter(tail, event);
		return;
	}
	if (tail->pretty)
		pretty_print(&tail->out, event->json);
	else
		buf_append(&tail->out, event->json.data, event->json.len);
	buf_putc(&tail->out, '\n');
	if (tail->count > 0 && --tail->count == 0)
		tail->finished = true;
}

static void
on_page_end(void *arg, int64_t position, const char *epoch)
{
	Tail *tail = arg;

	(void) epoch;
	if (!tail->follow && position >= tail->stop_at)
		tail->finished = true;
	if (tail->out.overflowed)
	{
		fprintf(stderr, "eventsd: one page of events is too large to print\n");
		tail->status = CMD_FAILED;
		loop_stop(tail->loop);
		return;
	}
	flush_output(tail);
}

static void
on_refused(void *arg, const char *what, const QueryError *error)
{
	Tail *tail = arg;

	if (strcmp(what, "since") == 0)
		fprintf(stderr, "eventsd: --since: %s\n", error->message);
	else
		fprintf(stderr, "eventsd: the filter is not good: %s\n", error->message);
	if (error->detail)
		fprintf(stderr, "eventsd: %s\n", error->detail);
	if (error->hint)
		fprintf(stderr, "eventsd: hint: %s\n", error->hint);
	tail->status = CMD_UNUSABLE;
	loop_stop(tail->loop);
}

static void
stop_signal(LoopSignal *signal, int signum, void *arg)
{
	Tail *tail = arg;

	(void) signal;
	(void) signum;
	loop_stop(tail->loop);
}

/* ---- options ---- */

static int
set_after(Tail *tail, const char *value)
{
	if (strcmp(value, "latest") == 0)
		tail->start.after = FEED_LATEST;
	else if (strcmp(value, "earliest") == 0)
		tail->start.after = FEED_EARLIEST;
	else if (cursor_parse(value, strlen(value), &tail->after))
	{
		tail->start.after = tail->after.position;
		tail->start.epoch = tail->after.epoch[0] ? tail->after.epoch : NULL;
	}
	else
		return cmd_complain("--after: \"%s\" is no cursor, nor earliest, nor latest", value);
	return 0;
}

static int
set_count(Tail *tail, const char *value)
{
	char *end;

	errno = 0;
	tail->count = strtoll(value, &end, 10);
	if (errno || *end || end == value || tail->count < 1)
		return cmd_complain("--count: a whole number above 0 was expected");
	return 0;
}

static int
set_filter(Tail *tail, bool is_topic, const char *value)
{
	char why[FILTER_DETAIL_SIZE] = "";
	HttpSlice slice = {value, strlen(value)};
	bool good = is_topic ? filter_add_topic(&tail->filter, slice, FILTER_MAX, why)
						 : filter_add_types(&tail->filter, value, strlen(value), FILTER_MAX, why);

	return good ? 0 : cmd_complain("--%s \"%s\" %s", is_topic ? "topic" : "type", value, why);
}

static int
set_option(Tail *tail, char **words, int *at)
{
	const char *value = "";
	const char *word = words[*at];
	int status = 0;

	if (strcmp(word, "--pretty") == 0)
		tail->pretty = true;
	else if (strcmp(word, "--no-follow") == 0)
		tail->follow = false;
	else if (cmd_option(words, at, "--type", &value))
		status = value ? set_filter(tail, false, value) : 0;
	else if (cmd_option(words, at, "--topic", &value))
		status = value ? set_filter(tail, true, value) : 0;
	else if (cmd_option(words, at, "--pattern", &value))
		tail->start.pattern = value;
	else if (cmd_option(words, at, "--filter", &value))
		tail->start.expression = value;
	else if (cmd_option(words, at, "--after", &value))
		status = value ? set_after(tail, value) : 0;
	else if (cmd_option(words, at, "--since", &value))
		tail->start.since = value;
	else if (cmd_option(words, at, "--count", &value))
		status = value ? set_count(tail, value) : 0;
	else
		return cmd_complain("tail does not know \"%s\"", word);
	return value ? status : cmd_complain("%s needs a value", word);
}

/* ---- running ---- */

static int
run(Tail *tail, const Conf *conf)
{
	static const FeedHandler handler = {.on_epoch = on_epoch,
										.on_event = on_event,
										.on_page_end = on_page_end};
	struct stat output;

	signal(SIGPIPE, SIG_IGN);
	tail->is_file = fstat(STDOUT_FILENO, &output) == 0 && S_ISREG(output.st_mode);
	tail->loop = loop_new();
	if (!tail->loop)
		return cmd_complain("cannot make an event loop");
	buf_init(&tail->out, OUT_LIMIT);
	loop_io_init(&tail->stdout_io, tail->loop, STDOUT_FILENO, output_ready, tail);
	loop_timer_init(&tail->hangup, tail->loop, look_for_hangup, tail);
	loop_timer_start(&tail->hangup, HANGUP_LOOK, HANGUP_LOOK);
	loop_signal_start(&tail->interrupted, tail->loop, SIGINT, stop_signal, tail);
	loop_signal_start(&tail->terminated, tail->loop, SIGTERM, stop_signal, tail);
	tail->start.filter = &tail->filter;
	tail->start.on_refused = on_refused;
	tail->feed = feed_new(tail->loop, conf, &tail->start, &handler, tail);
	loop_run(tail->loop);
	feed_free(tail->feed);
	loop_io_clear(&tail->stdout_io);
	loop_timer_clear(&tail->hangup);
	loop_signal_clear(&tail->interrupted);
	loop_signal_clear(&tail->terminated);
	loop_free(tail->loop);
	buf_clear(&tail->out);
	return tail->status;
}

int
cmd_tail(int argc, char **argv)
{
	ConfSource source = {.argc = argc, .argv = argv, .allow_rest = true};
	Tail tail = {.follow = true, .count = -1, .start.after = FEED_LATEST};
	Conf *conf = cmd_load(&source, false);
	int status = conf ? 0 : CMD_UNUSABLE;

	/* connecting is no news to somebody who waits for events */
	if (conf && conf->log_level == LOG_INFO)
		log_set_level(LOG_WARNING);
	for (int i = 0; i < source.rest_count && !status; i++)
		status = set_option(&tail, source.rest, &i);
	if (!status)
		status = run(&tail, conf);
	filter_free(&tail.filter);
	conf_free(conf);
	mem_free(source.rest);
	return status;
}
