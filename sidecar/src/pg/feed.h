/*
 * feed.h - every committed event, once, in order: this process's reading of the feed.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A Feed owns two connections.  One LISTENs on the channel `events`; it needs a session of its
 * own (`listen_database`).  The other reads pages of events._feed(); it keeps no session state,
 * so it may go through a pooler (`database`).  A notification carries no event, it only says that
 * there is something to read; once a second the feed is read anyway, so a lost notification costs
 * latency and never an event.
 *
 * The position is ours: it moves only when a page has been handed over completely, survives every
 * reconnection, and is where the next page starts.  So each event is given to on_event exactly
 * once, in the order of positions, whatever happens to PostgreSQL in between.  The next page is
 * asked for only when the callbacks of the last one have returned: that is the back-pressure.
 *
 * Two things can break the line, and both come as on_epoch: the database's epoch changed (restored
 * to an earlier point), or we were away so long that our position is no longer kept.  What was
 * known before is void then: subscribers behind the new position must be told (reset).
 *
 * Filters are evaluated by the database.  Which, is asked for anew with each page; the list itself
 * is sent only when it is not the one that the session already has, which a pooler may change under
 * us: then the database says so, and gets it again.
 *
 * Nothing here blocks.  Callbacks run from the loop; they must not free the Feed.
 */
#ifndef EVENTSD_FEED_H
#define EVENTSD_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "conf/conf.h"
#include "loop/loop.h"

typedef struct Feed Feed;
typedef struct QueryError QueryError; /* query.h */

#define FEED_EPOCH_SIZE 9 /* 8 characters and a NUL */

/* all pointers are good only during the callback */
typedef struct FeedEvent
{
	int64_t position;
	int64_t recorded_at; /* microseconds since 1970 UTC */
	Str type;
	StrList topic;
	Str json; /* the complete CloudEvent, one line, UTF-8 */
	/* indexes of the page's filters, from 1, rising by absolute value; negative: it failed */
	const int64_t *matches;
	int match_count;
} FeedEvent;

typedef enum FeedEpochReason
{
	FEED_EPOCH_FIRST,	/* the first successful connection */
	FEED_EPOCH_CHANGED, /* the database has another epoch now */
	FEED_EPOCH_TOO_OLD	/* same epoch, but events after our position are gone */
} FeedEpochReason;

typedef struct FeedEpoch
{
	FeedEpochReason reason;
	const char *epoch;
	int64_t oldest; /* lowest position still kept */
	int64_t horizon;
	int64_t position; /* the feed goes on after this one */
} FeedEpoch;

typedef struct FeedFilters
{
	StrList texts;
	uint64_t version; /* another list has another one */
} FeedFilters;

typedef struct FeedHandler
{
	void (*on_epoch)(void *arg, const FeedEpoch *epoch);
	/*
	 * A page is asked for: the filters that it is to answer for.  They must stay until the next
	 * call.  May be NULL.
	 */
	FeedFilters (*filters)(void *arg);
	/* the page asked for last has come; its events follow, if there are any.  May be NULL */
	void (*on_page)(void *arg);
	/* the database refuses these filters; pages come when it is asked without them */
	void (*on_filters_refused)(void *arg);
	void (*on_event)(void *arg, const FeedEvent *event);
	/*
	 * All events up to position have been given; also for pages without events (positions rise
	 * past holes and past events that a filter left out).
	 */
	void (*on_page_end)(void *arg, int64_t position, const char *epoch);
	/*
	 * connected: pages can be read.  Called on changes, and once with false when the very first
	 * attempt fails: so the first call tells that the database was tried.
	 */
	void (*on_state)(void *arg, bool connected);
} FeedHandler;

/* what is known now; epoch is "" before the first connection */
typedef struct FeedState
{
	bool connected; /* the reading connection works */
	bool listening; /* LISTEN is in force */
	bool worker;	/* the database has a background worker */
	char epoch[FEED_EPOCH_SIZE];
	int64_t oldest;	  /* refreshed every 10 s */
	int64_t horizon;  /* never below position */
	int64_t position; /* handed over up to here */
	char version[32]; /* of the extension */
	uint64_t pages_read;
	uint64_t events_read;
	uint64_t bytes_read;
	uint64_t notifications;
	uint64_t reconnects;
} FeedState;

typedef struct FeedOptions
{
	/*
	 * Where to start at the first connection: FEED_LATEST (the horizon), FEED_EARLIEST, or a
	 * position >= 0.  When `epoch` is not NULL and is not the database's, on_epoch says CHANGED.
	 */
	int64_t after;
	const char *epoch;
	/* or: RFC 3339 text, everything recorded at or after it; wins over after */
	const char *since;
	/*
	 * `since`, or the filter, cannot be understood: the feed will not start.  What is "since" or
	 * "filter".  May be NULL
	 */
	void (*on_refused)(void *arg, const char *what, const QueryError *error);
	/* only these (read by the database); NULL for all.  Must outlive the Feed */
	const EventFilter *filter;
	/* and only what matches these, as a user writes them; NULL for none */
	const char *pattern;
	const char *expression;
} FeedOptions;

#define FEED_LATEST (-1)
#define FEED_EARLIEST (-2)

/* starts connecting at once; options NULL: latest, everything */
Feed *feed_new(Loop *loop, const Conf *conf, const FeedOptions *options, const FeedHandler *handler,
			   void *arg);
void feed_free(Feed *feed);
const FeedState *feed_state(const Feed *feed);
/* read a page soon: there are other filters */
void feed_want(Feed *feed);
/* stop reading pages, and go on: for consumers that have to wait for somebody */
void feed_pause(Feed *feed);
void feed_resume(Feed *feed);

#endif /* EVENTSD_FEED_H */
