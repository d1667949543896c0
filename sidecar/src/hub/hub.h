/*
 * hub.h - from one feed to many connections.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * The feed gives every event once, in order.  The hub keeps the newest of them in a ring, frames
 * each once for every channel that matches it, and at the end of the loop's turn gives every
 * connection all that it has not had, by one write.
 *
 *	  hub_open / hub_publish / hub_advance		the feed
 *		   |
 *		 ring  (recent events, bounded by bytes)
 *		   |
 *		 channels: subscription x framing -> log (framed bytes, bounded)
 *		   |
 *	  hub_flush (end of turn) -> subscribers
 *
 * `head` is the position up to which everything was given to ring and channels.  The ring holds
 * everything in (ring floor, head], a channel's log all that matches in (log floor, head].  So a
 * subscriber at position p with p <= head goes on, exactly,
 *	  - in the log   when p >= log floor,
 *	  - in the ring  when p >= ring floor,
 *	  - in the table otherwise (HistorySource); a page of it ends at a position, and from that the
 *		choice is made anew.  New pages of the feed may come meanwhile: they only move the floors
 *		and the head, never what a position means.
 * and one with p > head waits until the feed has passed p.  Nothing is ever decided by "the last
 * event" or by time: only by positions.
 *
 * Memory: the ring by ring_size, each log by log_size, all logs by logs_size, a connection by
 * queue_size, pages of the table under way by max_reads * page_bytes.
 *
 * The hub names no library and does no I/O: bytes leave through SubscriberOps, the table is a
 * HistorySource, time and the end of the turn come from outside.
 */
#ifndef EVENTSD_HUB_H
#define EVENTSD_HUB_H

#include <stdbool.h>
#include <stdint.h>

#include "hub/event.h"
#include "hub/history.h"
#include "hub/subscriber.h"

/* sizes in bytes; 0 takes the default that is named */
typedef struct HubConfig
{
	size_t ring_size;  /* recent events (64 MiB) */
	size_t log_size;   /* one channel's log (1 MiB) */
	size_t logs_size;  /* all logs together (64 MiB) */
	size_t queue_size; /* one connection's pending bytes, but at least one event (256 KiB) */
	int page_count;	   /* events in one page of the table (500) */
	int page_bytes;	   /* bytes, ditto, before framing (3/4 of queue_size) */
	int max_reads;	   /* pages of the table under way at once (8) */
	int flush_batch;   /* connections served in one turn (2,000) */
	int linger;		   /* ticks that a channel without subscribers is kept (30) */
	int max_lingering; /* how many such channels (1,000) */
} HubConfig;

typedef struct HubEnvironment
{
	void *arg; /* first argument of all of these */
	/* have hub_flush() called at the end of this turn (or of the next, from inside hub_flush) */
	void (*wake)(void *arg);
	/* the first write of an event on some channel; for the commit-to-delivery histogram */
	void (*delivered)(void *arg, int64_t recorded_at);
	const HistorySource *history;
	void *history_arg; /* first argument of the source's functions */
} HubEnvironment;

typedef struct HubStats
{
	/* now */
	int64_t subscribers[FRAMING_TRANSPORTS];
	int64_t channels;
	int64_t ring_events;
	int64_t ring_bytes;
	int64_t log_bytes;
	int64_t behind; /* subscribers that are not joined */
	int64_t reads;	/* pages of the table under way */
	/* since the start */
	int64_t events;							/* taken from the feed */
	int64_t frames;							/* framed for channels */
	int64_t sessions[FRAMING_TRANSPORTS];	/* subscribers that ever were */
	int64_t deliveries[FRAMING_TRANSPORTS]; /* events given to connections */
	int64_t bytes[FRAMING_TRANSPORTS];		/* ditto, with framing */
	int64_t sends[FRAMING_TRANSPORTS];		/* calls of send() that took something, and batches */
	int64_t history_reads;
	int64_t fallen_behind; /* joined ones that fell off their log */
	int64_t resets;
} HubStats;

/* config and environment are copied; the history's table must outlive the hub */
Hub *hub_new(const HubConfig *config, const HubEnvironment *environment);
/* subscribers must have left */
void hub_free(Hub *hub);
/* from now on, also of those who are there; page_bytes goes with it */
void hub_set_queue_size(Hub *hub, size_t queue_size);

/* ---- the feed's side ---- */

/*
 * The feed begins, or begins anew, after `position`.  With another epoch than before every
 * subscriber is ended with a reset, and also when the feed has gone back behind the head (the
 * database was restored and nobody renewed the epoch): what clients have seen is beyond the
 * horizon then.  Else (the feed lost its place) subscribers go on from their own positions,
 * through the table, which decides whether that is still possible.
 */
void hub_open(Hub *hub, const char *epoch, int64_t oldest, int64_t position);
/* positions rise; one at or below the head is ignored */
void hub_publish(Hub *hub, const EventView *event);
/* everything up to position was published; it does not go backwards */
void hub_advance(Hub *hub, int64_t position);
/* the oldest position that the table keeps has moved */
void hub_set_oldest(Hub *hub, int64_t oldest);

/* ---- the loop's side ---- */

/* at the end of a turn; asks for another one by wake() when there is more to do */
void hub_flush(Hub *hub);
/* once a second */
void hub_tick(Hub *hub);

/* ---- facts ---- */

bool hub_is_open(const Hub *hub);
const char *hub_epoch(const Hub *hub); /* "" before it is open */
int64_t hub_head(const Hub *hub);
int64_t hub_oldest(const Hub *hub);
const HubStats *hub_stats(Hub *hub);

#endif /* EVENTSD_HUB_H */
