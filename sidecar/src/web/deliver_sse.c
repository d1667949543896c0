/*
 * deliver_sse.c - server-sent events.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *	  id: k3v9x0ab-0000000000000001234
 *	  data: {"specversion":"1.0",...}
 *
 * No `event:` line, so that a browser's onmessage fires for every type.  The JSON is one line, so
 * `data:` needs no splitting.  Blocks without data dispatch nothing but move the browser's last
 * event id.
 */
#include "web/deliver_internal.h"

#define SSE_OVERHEAD (sizeof("id: \ndata: \n\n") - 1 + CURSOR_LENGTH)

/* until a client has been told otherwise, it comes back after this long */
#define SSE_RETRY_MS 2000

static char *
put_block(char *out, const EventView *event, const char *epoch)
{
	out = PUT_LITERAL(out, "id: ");
	cursor_write(out, epoch, event->position);
	out += CURSOR_LENGTH;
	out = PUT_LITERAL(out, "\ndata: ");
	out = put_bytes(out, event->json.data, event->json.len);
	return PUT_LITERAL(out, "\n\n");
}

static size_t
plain_size(const EventView *event)
{
	return SSE_OVERHEAD + event->json.len;
}

static void
plain_write(const EventView *event, const char *epoch, char *out)
{
	put_block(out, event, epoch);
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
	chunk_close(put_block(chunk_open(out, plain_size(event)), event, epoch));
}

static const Framing plain = {.name = "sse",
							  .transport = FRAMING_SSE,
							  .size = plain_size,
							  .write = plain_write};
static const Framing chunked = {.name = "sse-chunked",
								.transport = FRAMING_SSE,
								.size = chunked_size,
								.write = chunked_write};

/* ---- what is said between events ---- */

static size_t
hello(char *out, const char *cursor)
{
	return (size_t) snprintf(out, STREAM_WORDS_SIZE, "retry: %d\nid: %s\n\n", SSE_RETRY_MS, cursor);
}

static size_t
keepalive(char *out, const char *cursor)
{
	return (size_t) snprintf(out, STREAM_WORDS_SIZE, ": keep-alive\nid: %s\n\n", cursor);
}

static size_t
drained(char *out, int retry_ms)
{
	return (size_t) snprintf(out, STREAM_WORDS_SIZE, "retry: %d\n\n", retry_ms);
}

static size_t
reset(char *out, const SubscriberEnded *ended)
{
	return (size_t) snprintf(out, STREAM_WORDS_SIZE,
							 "event: reset\n"
							 "data: {\"reset\":\"%s\",\"cursor\":\"%s\",\"oldest\":\"%s\"}\n\n",
							 subscriber_end_name(ended->reason), ended->cursor, ended->oldest);
}

static size_t
failed(char *out, const SubscriberEnded *ended)
{
	return (size_t) snprintf(out, STREAM_WORDS_SIZE,
							 "event: error\n"
							 "data: {\"code\":\"%s\",\"detail\":\"%s\",\"cursor\":\"%s\"}\n\n",
							 subscriber_end_name(ended->reason), FILTER_FAILED_DETAIL,
							 ended->cursor);
}

static const StreamWords words = {
	.content_type = "text/event-stream",
	.ops =
		{
			{&plain, stream_ready, stream_send, NULL, stream_ended},
			{&chunked, stream_ready, stream_send, NULL, stream_ended},
		},
	.hello = hello,
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

const DeliverMethod deliver_sse = {begin};
