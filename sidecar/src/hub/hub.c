/*
 * hub.c - the hub's life, the feed's side of it, and what is done once a second.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * An event goes into the ring and into the log of each channel that matches it, at once; so at any
 * moment between two calls ring and logs tell the truth up to `head`, and a subscriber may be
 * moved from one to the other without a thought about what is under way.
 *
 * The logs are bounded one by one and all together.  When all together are too much, the log that
 * grows is cut, in the end to nothing: its subscribers then read the ring, which costs time and
 * no memory.
 */
#include "hub/hub.h"

#include <string.h>

#include "base/mem.h"
#include "hub/hub_private.h"

#define MIB ((size_t) 1024 * 1024)

/* of the texts of all filters together: at least, and for each that there may be */
#define FILTERS_SIZE (4 * MIB)
#define FILTER_MEAN_SIZE ((size_t) 4096)

/* ticks between two refreshings of channels */
#define REFRESH_TICKS 10

static void
set_default(size_t *value, size_t fallback)
{
	if (*value == 0)
		*value = fallback;
}

static void
set_default_int(int *value, int fallback)
{
	if (*value == 0)
		*value = fallback;
}

/* of a page as it comes from the table: framed it is longer */
static int
page_bytes_for(size_t queue_size)
{
	return (int) (queue_size / 4 * 3);
}

static void
fill_defaults(HubConfig *config)
{
	set_default(&config->ring_size, 64 * MIB);
	set_default(&config->log_size, MIB);
	set_default(&config->logs_size, 64 * MIB);
	set_default(&config->queue_size, MIB / 4);
	set_default_int(&config->page_count, 500);
	set_default_int(&config->page_bytes, page_bytes_for(config->queue_size));
	set_default_int(&config->max_reads, 8);
	set_default_int(&config->flush_batch, 2000);
	set_default_int(&config->linger, 30);
	set_default_int(&config->max_lingering, 1000);
	set_default_int(&config->max_filters, 1000);
}

Hub *
hub_new(const HubConfig *config, const HubEnvironment *environment)
{
	Hub *hub = mem_zalloc(sizeof(*hub));

	hub->config = *config;
	fill_defaults(&hub->config);
	hub->environment = *environment;
	ring_init(&hub->ring, hub->config.ring_size);
	channels_init(&hub->channels);
	dlist_init(&hub->members);
	dlist_init(&hub->ready);
	dlist_init(&hub->ahead);
	dlist_init(&hub->queued);
	dlist_init(&hub->retry);
	return hub;
}

void
hub_free(Hub *hub)
{
	channels_clear(&hub->channels);
	ring_clear(&hub->ring);
	segment_release(hub->page);
	mem_free(hub->numbers);
	mem_free(hub);
}

void
hub_set_queue_size(Hub *hub, size_t queue_size)
{
	hub->config.queue_size = queue_size;
	hub->config.page_bytes = page_bytes_for(queue_size);
}

void
hub_set_max_filters(Hub *hub, int max_filters)
{
	hub->config.max_filters = max_filters;
}

/* ---- lists ---- */

void
hub_wake(Hub *hub)
{
	if (hub->woken)
		return;
	hub->woken = true;
	hub->environment.wake(hub->environment.arg);
}

void
hub_park(Subscriber *subscriber, SubscriberState state, Dlist *list)
{
	dlist_remove(&subscriber->node);
	subscriber->state = (uint8_t) state;
	if (list != NULL)
		dlist_push_tail(list, &subscriber->node);
}

void
hub_make_ready(Subscriber *subscriber)
{
	hub_park(subscriber, SUBSCRIBER_READY, &subscriber->hub->ready);
	hub_wake(subscriber->hub);
}

static void
make_all_ready(Dlist *list)
{
	DlistNode *node;

	while ((node = dlist_first(list)) != NULL)
		hub_make_ready(DLIST_OWNER(Subscriber, node, node));
}

/* ---- the feed's side ---- */

static void
restart_logs(Hub *hub, int64_t floor)
{
	for (DLIST_EACH(node, &hub->channels.all))
		channel_restart(&hub->channels, DLIST_OWNER(Channel, node, node), floor);
}

/* the end for everyone, told at the end of the turn */
static void
end_all(Hub *hub, SubscriberEnd reason)
{
	for (DLIST_EACH(node, &hub->members))
	{
		Subscriber *subscriber = DLIST_OWNER(Subscriber, member, node);

		catchup_cancel(subscriber);
		subscriber->end = (uint8_t) (reason + 1);
		hub_make_ready(subscriber);
	}
}

/*
 * Everyone by their own position, which must be taken before logs and head move; or those of the
 * channels that are failing.
 */
static void
unjoin(Hub *hub, bool only_failing)
{
	for (DLIST_EACH(node, &hub->members))
	{
		Subscriber *subscriber = DLIST_OWNER(Subscriber, member, node);

		if (!subscriber->joined ||
			(only_failing && !dlist_is_linked(&subscriber->channel->failing_node)))
			continue;
		catchup_unjoin(subscriber);
		if (subscriber->state != SUBSCRIBER_BLOCKED)
			hub_make_ready(subscriber);
	}
}

void
hub_open(Hub *hub, const char *epoch, int64_t oldest, int64_t position)
{
	bool same = hub->is_open && strcmp(hub->epoch, epoch) == 0;

	if (same && position < hub->head)
		end_all(hub, END_RESET_FUTURE);
	else if (same)
		unjoin(hub, false);
	else if (hub->is_open)
		end_all(hub, END_RESET_EPOCH);

	memset(hub->epoch, 0, sizeof(hub->epoch));
	memcpy(hub->epoch, epoch, strnlen(epoch, CURSOR_EPOCH_LENGTH));
	hub->is_open = true;
	hub->oldest = oldest;
	hub->head = hub->vouched = hub->tick_head = position;
	ring_restart(&hub->ring, position);
	filters_void(&hub->channels.filters);
	hub->filters_told = 0;
	restart_logs(hub, position);
	make_all_ready(&hub->ahead);
}

/* one event into one channel */
static void
feed_channel(Hub *hub, Channel *channel, const EventView *view)
{
	const Framing *framing = channel->framing;
	FrameLog *log = &channel->log;
	char *out;

	channel->fed_position = view->position;
	if (channel->fed_turn != hub->turn)
	{
		channel->fed_turn = hub->turn;
		framelog_begin_turn(log);
	}
	out = framelog_append(log, framing->size(view), view->position, view->recorded_at);
	framing->write(view, hub->epoch, out);
	hub->stats.frames++;

	framelog_trim(log, hub->config.log_size);
	if (hub->channels.log_bytes > hub->config.logs_size)
		framelog_trim(log, 0);
	if (hub->channels.log_bytes > hub->config.logs_size)
		framelog_restart(log, view->position);

	/* what nobody was there to get says nothing about delays */
	if (channel->subscribers == 0)
		channel->observed = log->end;
	if (!dlist_is_empty(&channel->idle))
	{
		dlist_splice(&hub->ready, &channel->idle);
		hub_wake(hub);
	}
}

/* nobody knows whether it wants the event */
static void
fail_channel(Hub *hub, Channel *channel, const EventView *view)
{
	channel->fed_position = view->position;
	dlist_push_tail(&hub->channels.failing, &channel->failing_node);
}

/* their subscribers find that out, each by its position; one look at all members does for all */
static void
restart_failing(Hub *hub, int64_t position)
{
	DlistNode *node;
	bool are_there = false;

	for (DLIST_EACH(each, &hub->channels.failing))
		are_there = are_there || DLIST_OWNER(Channel, failing_node, each)->subscribers > 0;
	if (are_there)
		unjoin(hub, true);
	while ((node = dlist_pop_head(&hub->channels.failing)) != NULL)
		channel_restart(&hub->channels, DLIST_OWNER(Channel, failing_node, node), position);
}

/* a channel can be on several lists, and gets the event once */
static void
feed_candidates(Hub *hub, Dlist *routes, const EventView *view)
{
	for (DLIST_EACH(node, routes))
	{
		Channel *channel = DLIST_OWNER(Route, node, node)->channel;

		if (channel->fed_position >= view->position)
			continue;
		switch (subscription_match(channel->subscription, view, channel->numbers))
		{
			case SUBSCRIPTION_NO:
				break;
			case SUBSCRIPTION_YES:
				feed_channel(hub, channel, view);
				break;
			case SUBSCRIPTION_UNKNOWN:
				fail_channel(hub, channel, view);
				break;
		}
	}
}

static void
feed_channels(Hub *hub, const EventView *view)
{
	Dlist *lists[ROUTES_LISTS];

	routes_find(&hub->channels.routes, view, lists);
	for (int i = 0; i < ROUTES_LISTS; i++)
		feed_candidates(hub, lists[i], view);
	for (int m = 0; m < view->match_count; m++)
	{
		int64_t match = view->matches[m];

		routes_find_filtered(&hub->channels.routes, view, match < 0 ? -match : match, lists);
		for (int i = 0; i < ROUTES_LISTS; i++)
			feed_candidates(hub, lists[i], view);
	}
	restart_failing(hub, view->position);
}

/* from indexes into the list that the page was asked for with, to numbers of filters in use */
static void
translate_matches(Hub *hub, EventView *view)
{
	const FilterList *list = &hub->channels.filters.asked;
	int count = 0;

	if (hub->number_capacity < list->count)
	{
		hub->number_capacity = list->count;
		hub->numbers = mem_realloc(hub->numbers, (size_t) list->count * sizeof(int64_t));
	}
	for (int i = 0; i < view->match_count; i++)
	{
		int64_t match = view->matches[i];
		int64_t index = match < 0 ? -match : match;

		if (index < 1 || index > list->count || count == list->count ||
			list->filters[index - 1]->users == 0)
			continue;
		index = list->filters[index - 1]->number;
		hub->numbers[count++] = match < 0 ? -index : index;
	}
	view->matches = hub->numbers;
	view->match_count = count;
}

void
hub_publish(Hub *hub, const EventView *given)
{
	EventView view = *given;
	Event *event;

	if (!hub->is_open || view.position <= hub->head)
		return;
	if (view.match_count > 0)
		translate_matches(hub, &view);
	event = event_new(&view);
	ring_push(&hub->ring, event);
	feed_channels(hub, &event->view);
	hub->head = view.position;
	hub->stats.events++;
	event_release(event);
}

void
hub_advance(Hub *hub, int64_t position)
{
	if (!hub->is_open)
		return;
	if (position > hub->head)
		hub->head = position;
	for (DLIST_EACH_SAFE(node, &hub->ahead))
	{
		Subscriber *subscriber = DLIST_OWNER(Subscriber, node, node);

		if (subscriber->position <= hub->head)
			hub_make_ready(subscriber);
	}
}

const FilterList *
hub_ask_page(Hub *hub)
{
	return filters_ask(&hub->channels.filters);
}

/* the last of a channel's filters is live: its log begins here */
static void
end_waiting(Hub *hub, Channel *channel)
{
	channel_restart(&hub->channels, channel, hub->head);
	if (!channel_is_waiting(channel))
		make_all_ready(&channel->awaiting);
}

void
hub_begin_page(Hub *hub)
{
	if (!hub->is_open || !filters_take(&hub->channels.filters, hub->head))
		return;
	for (DLIST_EACH_SAFE(node, &hub->channels.waiting))
	{
		Channel *channel = DLIST_OWNER(Channel, waiting_node, node);

		if (channel_filters_floor(channel) != FILTER_NOT_LIVE)
			end_waiting(hub, channel);
	}
}

void
hub_refuse_filters(Hub *hub)
{
	hub->page_failed = 0;
	for (DLIST_EACH(node, &hub->members))
	{
		Subscriber *subscriber = DLIST_OWNER(Subscriber, member, node);

		if (subscriber->channel->filter_count == 0 && !subscriber->channel->retired)
			continue;
		if (subscriber->joined)
			catchup_unjoin(subscriber);
		catchup_cancel(subscriber);
		subscriber->end = END_FILTER_FAILED + 1;
		hub_make_ready(subscriber);
	}
	for (DLIST_EACH(node, &hub->channels.all))
	{
		Channel *channel = DLIST_OWNER(Channel, node, node);

		if (channel->filter_count > 0)
			channel_retire(&hub->channels, channel);
	}
}

void
hub_set_oldest(Hub *hub, int64_t oldest)
{
	if (oldest > hub->oldest)
		hub->oldest = oldest;
}

/* ---- once a second ---- */

/*
 * Idle subscribers have had everything up to the head, but their position was written when they
 * last got something.  Kept fresh, it stays good when their log is cut under them.  Answers that
 * were shared a while ago are not asked for any more.
 */
static void
refresh_channels(Hub *hub)
{
	for (DLIST_EACH(node, &hub->channels.all))
	{
		Channel *channel = DLIST_OWNER(Channel, node, node);

		channel_drop_share(channel);
		for (DLIST_EACH(idle, &channel->idle))
			DLIST_OWNER(Subscriber, node, idle)->position = hub->head;
	}
}

/* old frames of quiet channels are given up when memory is needed elsewhere */
static void
sweep_logs(Hub *hub)
{
	size_t target = hub->config.logs_size / 2;

	if (hub->channels.log_bytes <= hub->config.logs_size / 4 * 3)
		return;
	for (DLIST_EACH(node, &hub->channels.all))
	{
		Channel *channel = DLIST_OWNER(Channel, node, node);

		if (channel_is_waiting(channel) || channel->retired)
			continue;
		framelog_restart(&channel->log, hub->head);
		if (hub->channels.log_bytes <= target)
			break;
	}
}

void
hub_tick(Hub *hub)
{
	hub->tick++;
	hub->vouched = hub->tick_head;
	hub->tick_head = hub->head;
	make_all_ready(&hub->retry);
	if (hub->tick % REFRESH_TICKS == 0)
		refresh_channels(hub);
	channels_expire(&hub->channels, hub->tick, (size_t) hub->config.max_lingering);
	sweep_logs(hub);
}

/* ---- facts ---- */

/* each change of the list has the database read all of it again: so their sizes count, too */
static bool
filters_fit(const Hub *hub, StrList texts)
{
	const FilterTable *filters = &hub->channels.filters;
	size_t max_count = (size_t) hub->config.max_filters;
	size_t max_bytes = max_count * FILTER_MEAN_SIZE;
	size_t count = filters->count;
	size_t bytes = filters->text_bytes;

	for (int i = 0; i < texts.count; i++)
	{
		if (filter_find(filters, texts.items[i]) != NULL)
			continue;
		count++;
		bytes += texts.items[i].len;
	}
	if (max_bytes < FILTERS_SIZE)
		max_bytes = FILTERS_SIZE;
	return count == filters->count || (count <= max_count && bytes <= max_bytes);
}

bool
hub_has_room(Hub *hub, const Subscription *subscription)
{
	StrList texts = subscription_filters(subscription);

	if (texts.count == 0 || filters_fit(hub, texts))
		return true;
	channels_free_filtered(&hub->channels);
	return filters_fit(hub, texts);
}

bool
hub_is_open(const Hub *hub)
{
	return hub->is_open;
}

const char *
hub_epoch(const Hub *hub)
{
	return hub->epoch;
}

int64_t
hub_head(const Hub *hub)
{
	return hub->head;
}

int64_t
hub_oldest(const Hub *hub)
{
	return hub->oldest;
}

const HubStats *
hub_stats(Hub *hub)
{
	HubStats *stats = &hub->stats;

	stats->channels = (int64_t) hub->channels.count;
	stats->ring_events = (int64_t) hub->ring.count;
	stats->ring_bytes = (int64_t) hub->ring.bytes;
	stats->log_bytes = (int64_t) hub->channels.log_bytes;
	stats->filters = (int64_t) hub->channels.filters.count;
	return stats;
}
