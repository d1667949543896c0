/*
 * routes.h - which channels may want an event, without asking all of them.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * With a channel for each of ten thousand clients, asking every one about every event would cost
 * more than all the rest.  So a channel is filed under what an event must have for it: the first
 * element of a topic, or a type.  A channel that cannot be filed so (it wants everything, or its
 * topics begin with a star, or its types end in one) is *broad*, and is asked each time.
 *
 * A channel whose clause has a filter is filed under the filter's number too, alone or with these.
 *
 * An event is looked up under its own first element and its own type, and for each filter that
 * matches it (or failed on it) under these with the filter's number: so ten thousand channels with
 * ten thousand filters cost what those cost that match.  What is found are candidates: the
 * subscription still decides, and a channel may be found more than once.
 */
#ifndef EVENTSD_ROUTES_H
#define EVENTSD_ROUTES_H

#include <stddef.h>
#include <stdint.h>

#include "base/dlist.h"
#include "hub/event.h"
#include "hub/subscription.h"

struct Channel;

typedef struct Route
{
	DlistNode node; /* a bucket, or the broad ones */
	struct Channel *channel;
	uint64_t key;
} Route;

typedef struct RouteTable
{
	Dlist *buckets;
	size_t bucket_count; /* a power of two */
	size_t count;
	Dlist broad;
} RouteTable;

void routes_init(RouteTable *table);
/* all must have been removed */
void routes_clear(RouteTable *table);
/* returns its routes, to be given back to routes_remove() */
Route *routes_add(RouteTable *table, struct Channel *channel, int *count);
void routes_remove(RouteTable *table, Route *routes, int count);

/* lists of Routes in which the channels are that may want the event */
#define ROUTES_LISTS 3
void routes_find(RouteTable *table, const EventView *event, Dlist *lists[ROUTES_LISTS]);
/* the same of those with the filter of that number */
void routes_find_filtered(RouteTable *table, const EventView *event, int64_t number,
						  Dlist *lists[ROUTES_LISTS]);

#endif /* EVENTSD_ROUTES_H */
