/*
 * channel.h - one distinct want in one framing, and what is kept ready for it.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * All subscribers of equal subscriptions and the same framing share a Channel: each matching event
 * is framed into its log once, for all of them.
 *
 * A channel that has lost its last subscriber lingers for a while, still fed: long-poll clients
 * all leave with every answer and come back a moment later, and should find the log that they
 * left.  Both the time and the number of such channels are bounded.
 *
 * A channel with filters is *waiting* until all of them are live (filters.h).  It is not fed
 * then, its log knows nothing (its floor is above every position), and those of its subscribers
 * who have had everything up to the head are on `awaiting`.  When the last of its filters becomes
 * live, its log begins at the head.
 */
#ifndef EVENTSD_CHANNEL_H
#define EVENTSD_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dlist.h"
#include "hub/filters.h"
#include "hub/framelog.h"
#include "hub/framing.h"
#include "hub/routes.h"
#include "hub/subscription.h"

typedef struct Channel
{
	DlistNode node;			  /* ChannelTable.all */
	DlistNode lingering_node; /* ChannelTable.lingering while it has no subscribers */
	struct Channel *next;	  /* in its bucket */
	Subscription *subscription;
	Filter **filters; /* those of the subscription, in its order; NULL when it has none */
	int64_t *numbers; /* of these */
	int filter_count;
	DlistNode waiting_node; /* ChannelTable.waiting while not all of these are live */
	DlistNode failing_node; /* ChannelTable.failing */
	bool retired;			/* to be found no more; its filters are given back */
	const Framing *framing;
	Route *routes;
	int route_count;
	FrameLog log;
	Dlist idle;			   /* joined subscribers that have got everything */
	Dlist awaiting;		   /* subscribers at the head of a channel that waits */
	int subscribers;	   /* all of them, whatever their state */
	int64_t lingers_until; /* ticks */
	uint64_t observed;	   /* frames below this were given to somebody */
	int64_t fed_position;  /* of the last event it got; INT64_MAX while it is waiting */
	uint64_t fed_turn;	   /* the last turn in which it got an event */
	void *share;		   /* the framing's, see Batch */
} Channel;

typedef struct ChannelTable
{
	Channel **buckets;
	size_t bucket_count; /* a power of two */
	size_t count;
	RouteTable routes;
	FilterTable filters;
	Dlist all;
	Dlist waiting;
	Dlist failing;	 /* those of whose filters one failed on the event that is published now */
	Dlist lingering; /* in the order in which they lost their last one */
	size_t lingering_count;
	size_t log_bytes; /* of all logs */
} ChannelTable;

void channels_init(ChannelTable *table);
/* frees all channels; they must not have subscribers */
void channels_clear(ChannelTable *table);

/* found or made; a new one knows nothing at or below head */
Channel *channel_acquire(ChannelTable *table, Subscription *subscription, const Framing *framing,
						 int64_t head);
/* frees what the framing keeps there */
void channel_drop_share(Channel *channel);
/* one subscriber less; the last one makes it linger until that tick */
void channel_release(ChannelTable *table, Channel *channel, int64_t lingers_until);
/* frees those whose time is over, and the longest waiting ones above max */
void channels_expire(ChannelTable *table, int64_t tick, size_t max);
/* frees those without subscribers that have filters */
void channels_free_filtered(ChannelTable *table);
/* forgets its log, and that its filters were live if they are not; floor is where it begins anew */
void channel_restart(ChannelTable *table, Channel *channel, int64_t floor);
/* not to be found any more, nor fed; for one whose subscribers are about to leave */
void channel_retire(ChannelTable *table, Channel *channel);

/* events behind this position carry the answers of all its filters */
int64_t channel_filters_floor(const Channel *channel);

static inline bool
channel_is_waiting(const Channel *channel)
{
	return dlist_is_linked(&channel->waiting_node);
}

#endif /* EVENTSD_CHANNEL_H */
