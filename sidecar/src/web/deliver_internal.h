/*
 * deliver_internal.h - what the ways of delivery share among themselves.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * deliver.c owns a Deliver and hands each request to its way, a DeliverMethod.  SSE and NDJSON
 * are the same stream in other words: deliver_stream.c is the life of both, a StreamWords table
 * the difference.
 */
#ifndef WEB_DELIVER_INTERNAL_H
#define WEB_DELIVER_INTERNAL_H

#include <stdio.h>
#include <string.h>

#include "web/deliver.h"

/* of the wheel of long-polls; longer waits go round more than once */
#define POLL_SLOTS 512
#define POLL_SLOT_MS 250

struct Deliver
{
	Loop *loop;
	Hub *hub;
	Feed *feed; /* may be NULL */
	LoopDefer flush;
	LoopTimer tick;
	int64_t drain_ms;		 /* reconnections are spread over this */
	LoopTimeouts keepalives; /* streams */

	/* long-polls: a wheel of deadlines, which turns only while someone waits */
	LoopTimer poll_timer;
	Dlist poll_slots[POLL_SLOTS];
	int poll_slot; /* the one that is due next */
	int polls_waiting;
	Dlist free_polls; /* a few structs of clients that have gone, for those who come */
	int free_poll_count;
	int max_wait_ms;
};

typedef struct DeliverMethod
{
	void (*begin)(Deliver *deliver, HttpConn *conn, const DeliverRequest *request);
} DeliverMethod;

extern const DeliverMethod deliver_sse;
extern const DeliverMethod deliver_ndjson;
extern const DeliverMethod deliver_poll;

/* ---- streams ---- */

#define STREAM_WORDS_SIZE 512

/* each writes at most STREAM_WORDS_SIZE bytes, without chunk framing, and says how many */
typedef struct StreamWords
{
	const char *content_type;
	SubscriberOps ops[2]; /* plain, and in chunks */
	size_t (*hello)(char *out, const char *cursor);
	size_t (*keepalive)(char *out, const char *cursor);
	size_t (*drained)(char *out, int retry_ms);
	size_t (*reset)(char *out, const SubscriberEnded *ended);
	size_t (*failed)(char *out, const SubscriberEnded *ended);
} StreamWords;

void stream_begin(Deliver *deliver, HttpConn *conn, const DeliverRequest *request,
				  const StreamWords *words);

/* for Deliver.keepalives */
void stream_keepalive(LoopTimeout *timeout, void *arg);

/* the hub's callbacks, for the ops tables */
bool stream_ready(Subscriber *subscriber);
ssize_t stream_send(Subscriber *subscriber, const char *bytes, size_t len);
void stream_ended(Subscriber *subscriber, const SubscriberEnded *ended);

#define FILTER_FAILED_DETAIL "A filter passed a limit of the database on an event."

/* 410, 422 or 503, before anything was sent */
void deliver_refuse(HttpConn *conn, const SubscriberEnded *ended);

/* ---- poll ---- */

void deliver_poll_init(Deliver *deliver);
void deliver_poll_clear(Deliver *deliver);

/* ---- chunks ---- */

/* length of the hexadecimal size of a chunk */
static inline size_t
chunk_digits(size_t len)
{
	size_t digits = 1;

	while (len >>= 4)
		digits++;
	return digits;
}

/* bytes that the chunk's framing adds */
static inline size_t
chunk_overhead(size_t len)
{
	return chunk_digits(len) + 4;
}

/* writes the size line; returns the place after it */
static inline char *
chunk_open(char *out, size_t len)
{
	size_t digits = chunk_digits(len);

	for (size_t i = digits; i > 0; i--, len >>= 4)
		out[i - 1] = "0123456789abcdef"[len & 15];
	memcpy(out + digits, "\r\n", 2);
	return out + digits + 2;
}

static inline void
chunk_close(char *out)
{
	memcpy(out, "\r\n", 2);
}

/* ---- writing frames ---- */

static inline char *
put_bytes(char *out, const char *bytes, size_t len)
{
	memcpy(out, bytes, len);
	return out + len;
}

#define PUT_LITERAL(out, literal) put_bytes((out), (literal), sizeof(literal) - 1)

#endif /* WEB_DELIVER_INTERNAL_H */
