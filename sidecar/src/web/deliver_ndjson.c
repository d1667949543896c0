/*
 * deliver_ndjson.c - one JSON document a line.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * The cursor is in each event's `sequence`.  An empty line says that the stream is alive (readers
 * of NDJSON skip those).  A stream whose cursor is no longer good just ends: the client comes back
 * with it and learns why from the answer.  One whose filter failed ends with a line that is no
 * event and says so.
 */
#include "web/deliver_internal.h"

static char *
put_line(char *out, const EventView *event)
{
	out = put_bytes(out, event->json.data, event->json.len);
	return PUT_LITERAL(out, "\n");
}

static size_t
plain_size(const EventView *event)
{
	return event->json.len + 1;
}

static void
plain_write(const EventView *event, const char *epoch, char *out)
{
	(void) epoch;
	put_line(out, event);
}

static size_t
chunked_size(const EventView *event)
{
	size_t len = plain_size(event);

	return len + chunk_overhead(len);
}

static void
chunked_write(const EventView *event, const char *epoch, char *out)
{
	(void) epoch;
	chunk_close(put_line(chunk_open(out, plain_size(event)), event));
}

static const Framing plain = {.name = "ndjson",
							  .transport = FRAMING_NDJSON,
							  .size = plain_size,
							  .write = plain_write};
static const Framing chunked = {.name = "ndjson-chunked",
								.transport = FRAMING_NDJSON,
								.size = chunked_size,
								.write = chunked_write};

/* ---- what is said between events ---- */

static size_t
nothing(char *out, const char *cursor)
{
	(void) out;
	(void) cursor;
	return 0;
}

static size_t
keepalive(char *out, const char *cursor)
{
	(void) cursor;
	out[0] = '\n';
	return 1;
}

static size_t
drained(char *out, int retry_ms)
{
	(void) out;
	(void) retry_ms;
	return 0;
}

static size_t
reset(char *out, const SubscriberEnded *ended)
{
	(void) out;
	(void) ended;
	return 0;
}

static size_t
failed(char *out, const SubscriberEnded *ended)
{
	return (size_t) snprintf(out, STREAM_WORDS_SIZE,
							 "{\"error\":{\"code\":\"%s\",\"detail\":\"%s\",\"cursor\":\"%s\"}}\n",
							 subscriber_end_name(ended->reason), FILTER_FAILED_DETAIL,
							 ended->cursor);
}

static const StreamWords words = {
	.content_type = "application/x-ndjson",
	.ops =
		{
			{&plain, stream_ready, stream_send, NULL, stream_ended},
			{&chunked, stream_ready, stream_send, NULL, stream_ended},
		},
	.hello = nothing,
	.keepalive = keepalive,
	.drained = drained,
	.reset = reset,
	.failed = failed,
};

static void
begin(Deliver *deliver, HttpConn *conn, const DeliverRequest *request)
{
	stream_begin(deliver, conn, request, &words);
}

const DeliverMethod deliver_ndjson = {begin};
