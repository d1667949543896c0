/*
 * routes.c - see routes.h.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "hub/routes.h"

#include <string.h>

#include "base/mem.h"
#include "hub/channel.h"

#define FIRST_BUCKETS 64

static Dlist *
make_buckets(size_t count)
{
	Dlist *buckets = mem_array(count, sizeof(Dlist));

	for (size_t i = 0; i < count; i++)
		dlist_init(&buckets[i]);
	return buckets;
}

void
routes_init(RouteTable *table)
{
	table->bucket_count = FIRST_BUCKETS;
	table->buckets = make_buckets(table->bucket_count);
	table->count = 0;
	dlist_init(&table->broad);
}

void
routes_clear(RouteTable *table)
{
	mem_free(table->buckets);
	table->buckets = NULL;
}

static Dlist *
bucket_of(RouteTable *table, uint64_t key)
{
	return &table->buckets[(key ^ key >> 32) & (table->bucket_count - 1)];
}

static void
grow(RouteTable *table)
{
	Dlist *old = table->buckets;
	size_t old_count = table->bucket_count;

	table->bucket_count *= 2;
	table->buckets = make_buckets(table->bucket_count);
	for (size_t i = 0; i < old_count; i++)
	{
		DlistNode *node;

		while ((node = dlist_pop_head(&old[i])) != NULL)
			dlist_push_tail(bucket_of(table, DLIST_OWNER(Route, node, node)->key), node);
	}
	mem_free(old);
}

Route *
routes_add(RouteTable *table, struct Channel *channel, int *count)
{
	uint64_t keys[SUBSCRIPTION_MAX_ROUTES];
	int n = subscription_route_keys(channel->subscription, channel->numbers, keys);
	bool is_broad = n < 0;
	Route *routes;

	*count = is_broad ? 1 : n;
	routes = mem_array((size_t) *count, sizeof(Route));
	for (int i = 0; i < *count; i++)
	{
		routes[i].channel = channel;
		routes[i].key = is_broad ? 0 : keys[i];
		if (!is_broad && table->count == table->bucket_count)
			grow(table);
		dlist_push_tail(is_broad ? &table->broad : bucket_of(table, keys[i]), &routes[i].node);
		table->count++;
	}
	return routes;
}

void
routes_remove(RouteTable *table, Route *routes, int count)
{
	for (int i = 0; i < count; i++)
		dlist_remove(&routes[i].node);
	table->count -= (size_t) count;
	mem_free(routes);
}

static Str
first_element(const EventView *event)
{
	return event->topic.count > 0 ? event->topic.items[0] : STR("");
}

void
routes_find(RouteTable *table, const EventView *event, Dlist *lists[ROUTES_LISTS])
{
	lists[0] = &table->broad;
	lists[1] = bucket_of(table, subscription_topic_key(first_element(event)));
	lists[2] = bucket_of(table, subscription_type_key(event->type));
}

void
routes_find_filtered(RouteTable *table, const EventView *event, int64_t number,
					 Dlist *lists[ROUTES_LISTS])
{
	const uint64_t keys[ROUTES_LISTS] = {0, subscription_topic_key(first_element(event)),
										 subscription_type_key(event->type)};

	for (int i = 0; i < ROUTES_LISTS; i++)
		lists[i] = bucket_of(table, subscription_filtered_key(keys[i], number));
}
