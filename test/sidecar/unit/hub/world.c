/*
 * world.c - see world.h.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "world.h"

#include "base/mem.h"
#include "tap.h"

/* ---- the world ---- */

struct HistoryRead
{
	DlistNode node;
	World *world;
	int64_t after;
	int max_count;
	int max_bytes;
	const EventFilter *filter;
	const HistoryReader *reader;
	void *arg;
};

void
world_init(World *world, const char *epoch)
{
	memset(world, 0, sizeof(*world));
	memcpy(world->epoch, epoch, CURSOR_EPOCH_LENGTH);
	world->oldest = 1;
	dlist_init(&world->reads);
}

static void
free_event(WorldEvent *event)
{
	mem_free((Str *) event->view.topic.items);
}

void
world_clear(World *world)
{
	for (int i = 0; i < world->count; i++)
		free_event(&world->events[i]);
	mem_free(world->events);
	check(dlist_is_empty(&world->reads));
}

static StrList
split(const char *topic)
{
	Str *items = mem_array(8, sizeof(Str));
	int count = 0;

	while (*topic != '\0')
	{
		size_t len = strcspn(topic, "/");

		items[count++] = (Str) {topic, len};
		topic += len + (topic[len] == '/');
	}
	return (StrList) {items, count};
}

void
world_commit(World *world, int64_t position, const char *topic, const char *type, int json_len)
{
	WorldEvent *event;

	if (world->count == world->capacity)
	{
		world->capacity = world->capacity ? world->capacity * 2 : 64;
		world->events = mem_realloc(world->events, (size_t) world->capacity * sizeof(WorldEvent));
		for (int i = 0; i < world->count; i++)
			world->events[i].view.json.data = world->events[i].json;
	}
	event = &world->events[world->count++];
	event->view = (EventView) {.position = position,
							   .recorded_at = position,
							   .type = str_from(type),
							   .topic = split(topic)};
	if (json_len > (int) sizeof(event->json) - 1)
		json_len = (int) sizeof(event->json) - 1;
	memset(event->json, 'j', sizeof(event->json));
	event->view.json = (Str) {event->json, (size_t) json_len};
	world->horizon = position;
}

int
world_find(const World *world, int64_t position)
{
	int low = 0;
	int high = world->count;

	while (low < high)
	{
		int middle = (low + high) / 2;

		if (world->events[middle].view.position <= position)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static HistoryRead *
begin_read(void *source, int64_t after, int max_count, int max_bytes, const EventFilter *filter,
		   const HistoryReader *reader, void *arg)
{
	World *world = source;
	HistoryRead *read;

	if (world->is_away)
		return NULL;
	read = mem_zalloc(sizeof(*read));
	*read = (HistoryRead) {.world = world,
						   .after = after,
						   .max_count = max_count,
						   .max_bytes = max_bytes,
						   .filter = filter,
						   .reader = reader,
						   .arg = arg};
	dlist_push_tail(&world->reads, &read->node);
	world->read_count++;
	return read;
}

static void
cancel_read(void *source, HistoryRead *read)
{
	check(read->world == source);
	dlist_remove(&read->node);
	mem_free(read);
}

const HistorySource world_history = {begin_read, cancel_read};

int
world_judge(Str filter, int64_t position)
{
	char text[32] = "";
	int match[2] = {1, 0};
	int fail[2] = {1, 1};

	memcpy(text, filter.data, filter.len);
	sscanf(text, "%d:%d!%d:%d", &match[0], &match[1], &fail[0], &fail[1]);
	if (position % fail[0] == fail[1])
		return -1;
	return position % match[0] == match[1];
}

EventView
world_answered(const EventView *view, StrList filters, int64_t matches[WORLD_MAX_FILTERS])
{
	EventView answered = *view;

	answered.matches = matches;
	for (int i = 0; i < filters.count && i < WORLD_MAX_FILTERS; i++)
	{
		int answer = world_judge(filters.items[i], view->position);

		if (answer != 0)
			matches[answered.match_count++] = answer * (i + 1);
	}
	return answered;
}

static bool
filter_matches(const EventFilter *filter, const EventView *view)
{
	EventFilter topics_and_types;
	Subscription *subscription;
	bool matches;

	if (filter == NULL)
		return true;
	if (filter->only_matching && view->match_count == 0)
		return false;
	topics_and_types = *filter;
	topics_and_types.filters.count = 0;
	subscription = subscription_new(&topics_and_types);
	matches = subscription_match(subscription, view, NULL) == SUBSCRIPTION_YES;
	subscription_release(subscription);
	return matches;
}

/* the rows of one page; returns the position up to which it goes */
static int64_t
give_rows(const World *world, const HistoryRead *read)
{
	int count = 0;
	size_t bytes = 0;
	int looked = 0;
	StrList filters = read->filter != NULL ? read->filter->filters : (StrList) {NULL, 0};
	int64_t matches[WORLD_MAX_FILTERS];

	for (int i = world_find(world, read->after); i < world->count; i++)
	{
		EventView view = world_answered(&world->events[i].view, filters, matches);

		if (view.position > world->horizon)
			break;
		if (filter_matches(read->filter, &view))
		{
			read->reader->event(read->arg, &view);
			bytes += view.json.len;
			if (++count == read->max_count || bytes > (size_t) read->max_bytes)
				return view.position;
		}
		if (++looked == world->look_limit)
			return view.position;
	}
	return world->horizon;
}

bool
world_answer(World *world)
{
	DlistNode *node = dlist_pop_head(&world->reads);
	HistoryRead *read;
	HistoryEnd end = {.outcome = HISTORY_OK, .epoch = world->epoch};

	if (node == NULL)
		return false;
	read = DLIST_OWNER(HistoryRead, node, node);
	if (read->after < world->oldest - 1)
	{
		end.outcome = HISTORY_TOO_OLD;
		end.oldest = read->after % 2 == 0 ? world->oldest : 0;
	}
	else if (read->after > world->horizon)
		end.outcome = HISTORY_FUTURE;
	else
		end.position = give_rows(world, read);
	read->reader->done(read->arg, &end);
	mem_free(read);
	return true;
}

bool
world_fail(World *world, HistoryOutcome outcome)
{
	DlistNode *node = dlist_pop_head(&world->reads);
	HistoryRead *read;

	if (node == NULL)
		return false;
	read = DLIST_OWNER(HistoryRead, node, node);
	read->reader->done(read->arg, &(HistoryEnd) {.outcome = outcome});
	mem_free(read);
	return true;
}

void
world_feed_page(World *world, Hub *hub, const FilterList *list, int64_t until)
{
	int64_t matches[WORLD_MAX_FILTERS];

	hub_begin_page(hub);
	for (int i = world_find(world, hub_head(hub)); i < world->count; i++)
	{
		EventView view = world_answered(&world->events[i].view,
										(StrList) {list->texts, list->count}, matches);

		if (view.position > until)
			break;
		hub_publish(hub, &view);
	}
	hub_advance(hub, until);
}

void
world_feed(World *world, Hub *hub, int64_t until)
{
	world_feed_page(world, hub, hub_ask_page(hub), until);
}
