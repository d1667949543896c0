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
 */
#ifndef EVENTSD_CHANNEL_H
#define EVENTSD_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/dlist.h"
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
	const Framing *framing;
	Route *routes;
	int route_count;
	FrameLog log;
	Dlist idle;			   /* joined subscribers that have got everything */
	int subscribers;	   /* all of them, whatever their state */
	int64_t lingers_until; /* ticks */
	uint64_t observed;	   /* frames below this were given to somebody */
	int64_t fed_position;  /* of the last event it got */
	uint64_t fed_turn;	   /* the last turn in which it got an event */
	void *share;		   /* the framing's, see Batch */
} Channel;

typedef struct ChannelTable
{
	Channel **buckets;
	size_t bucket_count; /* a power of two */
	size_t count;
	RouteTable routes;
	Dlist all;
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

#endif /* EVENTSD_CHANNEL_H */
