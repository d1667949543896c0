/*
 * feed_private.h - the inside of a Feed.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * What is asked is in feed.c, where we are in feed_place.c, and with what filters in
 * feed_filters.c.
 */
#ifndef EVENTSD_PG_FEED_PRIVATE_H
#define EVENTSD_PG_FEED_PRIVATE_H

#include "pg/conn.h"
#include "pg/feed.h"
#include "pg/page.h"
#include "pg/query.h"

#define FEED_TROUBLE_FIRST 250 /* ms */
#define FEED_FUTURE_STRIKES 3

typedef enum FeedRunning
{
	RUNNING_NOTHING,
	RUNNING_STATE,
	RUNNING_CHECK,
	RUNNING_START,
	RUNNING_PAGE
} FeedRunning;

struct Feed
{
	Loop *loop;
	const FeedHandler *handler;
	void *arg;
	FeedState state;
	PgConn *reader;
	PgConn *listener;
	FeedRunning running;
	LoopTimer poll;
	LoopTimer rest; /* running: after a refusal, nothing is asked */
	int64_t rest_time;

	const EventFilter *filter;
	int page_events;
	int page_bytes;
	PageParams params; /* of the page under way */

	/* filters */
	char *pattern;			/* to be checked before the first page; NULL: none, or done */
	char *expression;		/* ditto */
	EventFilter own;		/* `filter` when these were given */
	Str own_text;			/* canonical */
	char *session_name;		/* of our lists in any session; begins the key */
	uint64_t asked_version; /* of the list of the page under way; 0: there are none */
	uint64_t known_version; /* of the list that the session knows */
	bool sent_filters;		/* with the page under way */
	int filters_strikes;	/* pages with filters that took too long, or too much, in a row */

	/* where to start; void once started */
	bool started;
	int64_t after;
	char *first_epoch;
	char *since;
	void (*on_refused)(void *arg, const char *what, const QueryError *error);

	bool settled; /* the state was read on this connection, and is believed */
	int64_t state_read_at;
	bool told_state; /* on_state was called */
	bool wanted;	 /* read a page in any case */
	bool notified;	 /* read one if `announced` is ahead of us */
	bool paused;
	int64_t announced; /* highest position notified since the last page was asked for */
	int64_t listen_asked_at;
	int future_strikes;
	char *last_trouble;
	int64_t last_trouble_at;
};

/* tells on_state when it is news */
void feed_set_connected(Feed *feed, bool connected);
/* asking was in vain: logs it, rests for a while, then begins with the state again */
void feed_trouble(Feed *feed, const QueryError *error);
void feed_trouble_in_words(Feed *feed, const char *message, const char *hint);
/* the answer of events._relay_state(), and of events.position_at() for the start */
void feed_take_state(Feed *feed, const PGresult *rows);
void feed_take_start(Feed *feed, const PGresult *rows);

/* ---- feed_filters.c ---- */

void feed_filters_init(Feed *feed, const FeedOptions *options);
void feed_filters_clear(Feed *feed);
/* the parameters of the next page; false when they cannot be sent */
bool feed_make_params(Feed *feed);
/* the answer of events._check_filter() */
void feed_take_check(Feed *feed, const PGresult *rows);
/* a page was refused: was it for its filters?  Then all is done, and the next page is wanted */
bool feed_filters_refused(Feed *feed, const QueryError *error);

#endif /* EVENTSD_PG_FEED_PRIVATE_H */
