/*
 * hub_private.h - the hub's inside, shared by the files that make it up and by nobody else.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *	  hub.c			making one; the feed's side; ticks
 *	  subscriber.c	the subscriber's side: subscribe, leave, change, insert, finish
 *	  flush.c		the end of the turn: what each ready subscriber is to do, and sending
 *	  catchup.c		from ring and table back into the log
 *
 * A subscriber that has something to do is put on hub->ready, and everything it does is done from
 * hub_flush(); the only exception is the end of a read from the table, which continues where it
 * stands.  Moving between lists is only done by hub_park() and hub_make_ready().
 */
#ifndef EVENTSD_HUB_PRIVATE_H
#define EVENTSD_HUB_PRIVATE_H

#include "hub/channel.h"
#include "hub/hub.h"
#include "hub/ring.h"

struct Hub
{
	HubConfig config;
	HubEnvironment environment;
	HubStats stats;

	char epoch[CURSOR_EPOCH_LENGTH + 1];
	int64_t head;	   /* everything up to here was given to ring and channels */
	int64_t oldest;	   /* lowest position the table keeps, as far as we know */
	int64_t vouched;   /* cursors from here to the head are good without asking */
	int64_t tick_head; /* the head at the last tick */
	int64_t tick;	   /* seconds */
	bool is_open;

	Ring ring;
	ChannelTable channels;

	Dlist members; /* all subscribers */
	Dlist ready;
	Dlist ahead;
	Dlist queued;
	Dlist retry;

	/* scratch: frames on their way from ring or table to the one subscriber */
	Segment *page;
	const Subscriber *page_owner; /* whose events are being collected, or NULL */
	int page_events;			  /* frames in it */
	int64_t page_position;		  /* all that matches up to here is in it */
	bool page_full;				  /* the next event did not fit */
	int64_t page_failed;		  /* position of an event that ends the page's owner, or 0 */

	/* scratch: what the database says of an event, in the numbers of our filters */
	int64_t *numbers;
	int number_capacity;
	int64_t filters_told; /* the last of the filters that filters_wanted() was called for */

	uint64_t turn; /* flushes so far */
	int budget;	   /* what may still be done in this turn */
	bool woken;	   /* wake() was called, hub_flush() not yet */
};

/* against flush_batch: what a page out of the ring costs, in connections served from a log */
#define PAGE_COST 50

/* ---- hub.c ---- */

/* ask for a flush at the end of the turn */
void hub_wake(Hub *hub);
/* onto hub->ready, from wherever it is */
void hub_make_ready(Subscriber *subscriber);
/* off its list, onto another (list NULL: none), in that state */
void hub_park(Subscriber *subscriber, SubscriberState state, Dlist *list);

/* ---- flush.c ---- */

/* what the subscriber can do now, it does; afterwards it is parked, or gone */
void flush_serve(Subscriber *subscriber);
/* calls ready() when it is time; false: the subscriber is gone */
bool flush_begin(Subscriber *subscriber);
/* the frames in hub->page to their subscriber, which is parked, made ready again, or gone */
void flush_page(Subscriber *subscriber);
/* sends what is pending; false: parked as BLOCKED, or gone */
bool flush_pending(Subscriber *subscriber);
/* ended(), and out; of END_FILTER_FAILED hub->page_failed says where */
void flush_end(Subscriber *subscriber, SubscriberEnd reason);

/* ---- catchup.c ---- */

typedef enum CatchupStep
{
	CATCHUP_JOINED, /* go on from the log */
	CATCHUP_PAGE,	/* hub->page has frames for it */
	CATCHUP_AGAIN,	/* nothing yet, and not done */
	CATCHUP_WAIT,	/* parked */
	CATCHUP_OVER	/* ended */
} CatchupStep;

/* decides whether the position is known to be good */
void catchup_check(Subscriber *subscriber);
CatchupStep catchup_step(Subscriber *subscriber);
/* from its channel's log from now on; position must be in (log floor - 1, head] */
void catchup_join(Subscriber *subscriber);
/* by its position from now on */
void catchup_unjoin(Subscriber *subscriber);
/* gives up a read that is under way */
void catchup_cancel(Subscriber *subscriber);
/* begins reads for queued subscribers while some are free */
void catchup_start_reads(Hub *hub);

/* ---- subscriber.c ---- */

/* off all lists and out of its channel */
void subscriber_detach(Subscriber *subscriber);

#endif /* EVENTSD_HUB_PRIVATE_H */
