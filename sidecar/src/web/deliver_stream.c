/*
 * deliver_stream.c - the life of an SSE or NDJSON client.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * The connection is held until the hub says that the starting point is good; so a bad cursor is
 * still answered by a proper 410.  Then the head goes out and the hub sends straight through
 * stream_send().  What we say ourselves (hello, keep-alive, last words) goes in between two frames
 * by subscriber_insert().
 *
 * The StreamClient is freed when the connection departs, or when we end the stream ourselves.
 * After a broken send the hub has let go already, and the departure comes at the end of the turn.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "web/deliver_internal.h"
#include "web/problem.h"

/* what a chunk adds to words, at most */
#define CHUNK_MARGIN 16

typedef struct StreamClient
{
	Subscriber subscriber;
	Deliver *deliver;
	HttpConn *conn;
	const StreamWords *words;
	LoopTimeout keepalive;
	bool is_chunked;
	bool has_begun;
} StreamClient;

static StreamClient *
client_of(Subscriber *subscriber)
{
	return (StreamClient *) ((char *) subscriber - offsetof(StreamClient, subscriber));
}

static void
client_free(StreamClient *client)
{
	subscriber_leave(&client->subscriber);
	loop_timeout_stop(&client->keepalive);
	mem_free(client);
}

void
deliver_refuse(HttpConn *conn, const SubscriberEnded *ended)
{
	if (ended->reason == END_FILTER_FAILED)
		problem_filter_failed(conn, FILTER_FAILED_DETAIL, ended->cursor);
	else if (ended->reason == END_UNAVAILABLE)
		problem_unavailable(conn, "The events before now cannot be read at the moment.");
	else
		problem_reset(conn, subscriber_end_name(ended->reason), ended->cursor, ended->oldest);
}

/* words in the stream's own framing; room for CHUNK_MARGIN more than STREAM_WORDS_SIZE */
static size_t
frame_words(const StreamClient *client, char *out, const char *text, size_t len)
{
	char *at = out;

	if (len == 0)
		return 0;
	if (!client->is_chunked)
	{
		memcpy(out, text, len);
		return len;
	}
	at = put_bytes(chunk_open(at, len), text, len);
	chunk_close(at);
	return len + chunk_overhead(len);
}

/* false: the connection is broken, or does not take it */
static bool
say(StreamClient *client, const char *text, size_t len)
{
	char framed[STREAM_WORDS_SIZE + CHUNK_MARGIN];
	size_t framed_len = frame_words(client, framed, text, len);

	return framed_len == 0 || subscriber_insert(&client->subscriber, framed, framed_len);
}

/* ends the stream with last words; only between two frames */
static void
finish(StreamClient *client, const char *text, size_t len)
{
	char framed[STREAM_WORDS_SIZE + CHUNK_MARGIN];
	size_t framed_len = frame_words(client, framed, text, len);
	HttpConn *conn = client->conn;

	client_free(client);
	http_stream_end(conn, framed, framed_len);
}

static void
break_off(StreamClient *client)
{
	HttpConn *conn = client->conn;

	client_free(client);
	http_abort(conn);
}

/* ---- the connection's side ---- */

static void
departed(void *arg, HttpConn *conn)
{
	(void) conn;
	client_free(arg);
}

static void
writable(void *arg, HttpConn *conn)
{
	StreamClient *client = arg;

	(void) conn;
	subscriber_writable(&client->subscriber);
}

static void
drain(void *arg, HttpConn *conn)
{
	StreamClient *client = arg;
	char text[STREAM_WORDS_SIZE];
	int retry_ms = clock_return_ms(client->deliver->drain_ms);

	if (!client->has_begun)
	{
		client_free(client);
		problem_unavailable(conn, "The server is going down; others will answer.");
		return;
	}
	subscriber_writable(&client->subscriber);
	if (pending_is_empty(&client->subscriber.pending))
		finish(client, text, client->words->drained(text, retry_ms));
	else
		break_off(client);
}

static const HttpOwner owner = {departed, writable, drain};

void
stream_keepalive(LoopTimeout *timeout, void *arg)
{
	StreamClient *client = DLIST_OWNER(StreamClient, keepalive, timeout);
	Deliver *deliver = arg;
	char cursor[CURSOR_SIZE];
	char text[STREAM_WORDS_SIZE];

	loop_timeout_start(&deliver->keepalives, timeout);
	/* a socket that is full is busy enough */
	if (client->subscriber.state == SUBSCRIBER_BLOCKED || subscriber_is_out(&client->subscriber))
		return;
	subscriber_cursor(&client->subscriber, cursor);
	say(client, text, client->words->keepalive(text, cursor));
}

/* ---- the hub's side ---- */

bool
stream_ready(Subscriber *subscriber)
{
	StreamClient *client = client_of(subscriber);
	char cursor[CURSOR_SIZE];
	char text[STREAM_WORDS_SIZE];

	if (!http_stream_begin(client->conn, client->words->content_type, &owner, client))
	{
		client_free(client); /* a HEAD request, and answered */
		return false;
	}
	client->has_begun = true;
	loop_timeout_start(&client->deliver->keepalives, &client->keepalive);
	subscriber_cursor(subscriber, cursor);
	say(client, text, client->words->hello(text, cursor));
	return !subscriber_is_out(subscriber);
}

ssize_t
stream_send(Subscriber *subscriber, const char *bytes, size_t len)
{
	return http_send(client_of(subscriber)->conn, bytes, len);
}

void
stream_ended(Subscriber *subscriber, const SubscriberEnded *ended)
{
	StreamClient *client = client_of(subscriber);
	HttpConn *conn = client->conn;
	char text[STREAM_WORDS_SIZE];

	if (!client->has_begun)
	{
		client_free(client);
		deliver_refuse(conn, ended);
	}
	else if (ended->is_clean && ended->reason == END_FILTER_FAILED)
		finish(client, text, client->words->failed(text, ended));
	else if (ended->is_clean)
		finish(client, text, client->words->reset(text, ended));
	else
		break_off(client);
}

void
stream_begin(Deliver *deliver, HttpConn *conn, const DeliverRequest *request,
			 const StreamWords *words)
{
	StreamClient *client = mem_zalloc(sizeof(*client));
	SubscribeOptions options = {.start = request->start};

	client->deliver = deliver;
	client->conn = conn;
	client->words = words;
	client->is_chunked = http_is_chunked(conn);
	loop_timeout_init(&client->keepalive);
	subscriber_init(&client->subscriber);
	if (!hub_subscribe(deliver->hub, &client->subscriber, &words->ops[client->is_chunked],
					   request->subscription, &options))
	{
		client_free(client);
		problem_unavailable(conn, "The database has not been reached yet.");
		return;
	}
	http_hold(conn, &owner, client);
}
