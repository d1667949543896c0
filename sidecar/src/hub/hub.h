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
 * Filters are answered for by the database (EventView.matches).  The pages of the feed carry the
 * answers for the list of filters with which they were asked for, so each filter is live from a
 * position on (filters.h), and the line above is kept by one more floor: for a channel with
 * filters, ring and log count only at and above the highest live_from of its filters.  Its log
 * begins there, the ring is read from there on, and below it the table is asked, with the filters.
 * A subscriber with p = head whose filters are not all live waits until they are, which is one page
 * later: hub_begin_page() says so, before the page's first event is published.  Because numbers of
 * filters are never used again, an answer in the ring always means the filter that it was given
 * for, however filters, pages, epochs and connections come and go.
 *
 * When a filter passes a limit of the database on an event, nobody knows whether the event is
 * wanted: then the subscribers who get to it are ended (END_FILTER_FAILED), not left with a gap.
 * The channel's log begins anew behind that event, and so they come by it in ring or table.
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
#include "hub/filters.h"
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
	int max_filters;   /* distinct filters in use (1,000); 4 kB of text each, but 4 MB at least */
} HubConfig;

typedef struct HubEnvironment
{
	void *arg; /* first argument of all of these */
	/* have hub_flush() called at the end of this turn (or of the next, from inside hub_flush) */
	void (*wake)(void *arg);
	/* the first write of an event on some channel; for the commit-to-delivery histogram */
	void (*delivered)(void *arg, int64_t recorded_at);
	/* there are filters that no page was asked for with: have one read soon.  May be NULL */
	void (*filters_wanted)(void *arg);
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
	int64_t filters;
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
	int64_t filter_failures; /* subscribers ended by a filter that failed */
} HubStats;

/* config and environment are copied; the history's table must outlive the hub */
Hub *hub_new(const HubConfig *config, const HubEnvironment *environment);
/* subscribers must have left */
void hub_free(Hub *hub);
/* from now on, also of those who are there; page_bytes goes with it */
void hub_set_queue_size(Hub *hub, size_t queue_size);
void hub_set_max_filters(Hub *hub, int max_filters);

/* ---- the feed's side ---- */

/*
 * The feed begins, or begins anew, after `position`.  With another epoch than before every
 * subscriber is ended with a reset, and also when the feed has gone back behind the head (the
 * database was restored and nobody renewed the epoch): what clients have seen is beyond the
 * horizon then.  Else (the feed lost its place) subscribers go on from their own positions,
 * through the table, which decides whether that is still possible.
 */
void hub_open(Hub *hub, const char *epoch, int64_t oldest, int64_t position);
/*
 * A page is asked for: the filters that it is to answer for.  Good until the next call, also when
 * the page is lost on the way.
 */
const FilterList *hub_ask_page(Hub *hub);
/* the page asked for last has come; its events follow, with indexes into that list (from 1) */
void hub_begin_page(Hub *hub);
/*
 * The database takes no page with that list.  Which of the filters is at fault nobody knows, so all
 * of them are given up: their subscribers are ended with END_FILTER_FAILED.
 */
void hub_refuse_filters(Hub *hub);
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

/* would this subscription's filters still find room? */
bool hub_has_room(Hub *hub, const Subscription *subscription);
bool hub_is_open(const Hub *hub);
const char *hub_epoch(const Hub *hub); /* "" before it is open */
int64_t hub_head(const Hub *hub);
int64_t hub_oldest(const Hub *hub);
const HubStats *hub_stats(Hub *hub);

#endif /* EVENTSD_HUB_H */
