/*
 * channel.c - see channel.h.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "hub/channel.h"

#include <string.h>

#include "base/mem.h"

#define FIRST_BUCKETS 64

void
channels_init(ChannelTable *table)
{
	memset(table, 0, sizeof(*table));
	table->bucket_count = FIRST_BUCKETS;
	table->buckets = mem_array(table->bucket_count, sizeof(Channel *));
	routes_init(&table->routes);
	filters_init(&table->filters);
	dlist_init(&table->all);
	dlist_init(&table->waiting);
	dlist_init(&table->failing);
	dlist_init(&table->lingering);
}

static Channel **
bucket_of(const ChannelTable *table, const Subscription *subscription, const Framing *framing)
{
	uint64_t hash = subscription_hash(subscription) ^
					((uintptr_t) framing >> 4) * UINT64_C(0x9E3779B97F4A7C15);

	hash ^= hash >> 32;
	return &table->buckets[hash & (table->bucket_count - 1)];
}

static void
grow(ChannelTable *table)
{
	mem_free(table->buckets);
	table->bucket_count *= 2;
	table->buckets = mem_array(table->bucket_count, sizeof(Channel *));
	for (DLIST_EACH(node, &table->all))
	{
		Channel *channel = DLIST_OWNER(Channel, node, node);
		Channel **bucket = bucket_of(table, channel->subscription, channel->framing);

		if (channel->retired)
			continue;
		channel->next = *bucket;
		*bucket = channel;
	}
}

static Channel *
find(const ChannelTable *table, const Subscription *subscription, const Framing *framing)
{
	Channel *channel = *bucket_of(table, subscription, framing);

	while (channel != NULL && (channel->framing != framing ||
							   !subscription_equal(channel->subscription, subscription)))
		channel = channel->next;
	return channel;
}

/* ---- filters ---- */

static void
acquire_filters(ChannelTable *table, Channel *channel)
{
	StrList texts = subscription_filters(channel->subscription);

	if (texts.count == 0)
		return;
	channel->filter_count = texts.count;
	channel->filters = mem_array((size_t) texts.count, sizeof(Filter *));
	channel->numbers = mem_array((size_t) texts.count, sizeof(int64_t));
	for (int i = 0; i < texts.count; i++)
	{
		channel->filters[i] = filter_acquire(&table->filters, texts.items[i]);
		channel->numbers[i] = channel->filters[i]->number;
	}
}

static void
release_filters(ChannelTable *table, Channel *channel)
{
	for (int i = 0; i < channel->filter_count; i++)
		filter_release(&table->filters, channel->filters[i]);
	mem_free(channel->filters);
	mem_free(channel->numbers);
	channel->filters = NULL;
	channel->numbers = NULL;
	channel->filter_count = 0;
}

int64_t
channel_filters_floor(const Channel *channel)
{
	int64_t floor = 0;

	for (int i = 0; i < channel->filter_count; i++)
	{
		if (channel->filters[i]->live_from > floor)
			floor = channel->filters[i]->live_from;
	}
	return floor;
}

void
channel_restart(ChannelTable *table, Channel *channel, int64_t floor)
{
	if (channel_filters_floor(channel) == FILTER_NOT_LIVE)
	{
		floor = INT64_MAX;
		if (!channel_is_waiting(channel))
			dlist_push_tail(&table->waiting, &channel->waiting_node);
	}
	else if (channel_is_waiting(channel))
		dlist_remove(&channel->waiting_node);
	channel->fed_position = floor;
	framelog_restart(&channel->log, floor);
}

/* ---- coming and going ---- */

static Channel *
make(ChannelTable *table, Subscription *subscription, const Framing *framing, int64_t head)
{
	Channel *channel = mem_zalloc(sizeof(*channel));
	Channel **bucket;

	channel->subscription = subscription_acquire(subscription);
	channel->framing = framing;
	acquire_filters(table, channel);
	channel->routes = routes_add(&table->routes, channel, &channel->route_count);
	framelog_init(&channel->log, head, &table->log_bytes);
	dlist_init(&channel->idle);
	dlist_init(&channel->awaiting);
	dlist_node_init(&channel->lingering_node);
	dlist_node_init(&channel->waiting_node);
	dlist_node_init(&channel->failing_node);
	channel_restart(table, channel, head);

	if (table->count == table->bucket_count)
		grow(table);
	bucket = bucket_of(table, subscription, framing);
	channel->next = *bucket;
	*bucket = channel;
	dlist_push_tail(&table->all, &channel->node);
	table->count++;
	return channel;
}

void
channel_drop_share(Channel *channel)
{
	if (channel->share != NULL && channel->framing->share_free != NULL)
		channel->framing->share_free(channel->share);
	channel->share = NULL;
}

/* out of its bucket, and out of everyone's way */
void
channel_retire(ChannelTable *table, Channel *channel)
{
	Channel **link = bucket_of(table, channel->subscription, channel->framing);

	if (channel->retired)
		return;
	channel->retired = true;
	while (*link != channel)
		link = &(*link)->next;
	*link = channel->next;
	dlist_remove(&channel->waiting_node);
	routes_remove(&table->routes, channel->routes, channel->route_count);
	release_filters(table, channel);
}

static void
destroy(ChannelTable *table, Channel *channel)
{
	channel_retire(table, channel);
	dlist_remove(&channel->node);
	table->count--;
	if (dlist_is_linked(&channel->lingering_node))
	{
		dlist_remove(&channel->lingering_node);
		table->lingering_count--;
	}
	channel_drop_share(channel);
	framelog_clear(&channel->log);
	subscription_release(channel->subscription);
	mem_free(channel);
}

void
channels_clear(ChannelTable *table)
{
	for (DLIST_EACH_SAFE(node, &table->all))
		destroy(table, DLIST_OWNER(Channel, node, node));
	mem_free(table->buckets);
	table->buckets = NULL;
	routes_clear(&table->routes);
	filters_clear(&table->filters);
}

Channel *
channel_acquire(ChannelTable *table, Subscription *subscription, const Framing *framing,
				int64_t head)
{
	Channel *channel = find(table, subscription, framing);

	if (channel == NULL)
		channel = make(table, subscription, framing, head);
	if (dlist_is_linked(&channel->lingering_node))
	{
		dlist_remove(&channel->lingering_node);
		table->lingering_count--;
	}
	channel->subscribers++;
	return channel;
}

void
channel_release(ChannelTable *table, Channel *channel, int64_t lingers_until)
{
	if (--channel->subscribers > 0)
		return;
	channel->lingers_until = lingers_until;
	dlist_push_tail(&table->lingering, &channel->lingering_node);
	table->lingering_count++;
}

void
channels_expire(ChannelTable *table, int64_t tick, size_t max)
{
	DlistNode *node;

	while ((node = dlist_first(&table->lingering)) != NULL)
	{
		Channel *channel = DLIST_OWNER(Channel, lingering_node, node);

		if (channel->lingers_until > tick && table->lingering_count <= max)
			break;
		destroy(table, channel);
	}
}

void
channels_free_filtered(ChannelTable *table)
{
	for (DLIST_EACH_SAFE(node, &table->lingering))
	{
		Channel *channel = DLIST_OWNER(Channel, lingering_node, node);

		if (channel->filter_count > 0)
			destroy(table, channel);
	}
}
