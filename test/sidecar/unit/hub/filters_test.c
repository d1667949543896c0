/*
 * filters_test.c - the life of filters, and what an event costs with ten thousand of them.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "tap.h"

#include "hub/filters.h"

#include "hub/want.h"
#include "hub/world.h"

static void
life(void)
{
	FilterTable table;
	Filter *a;
	Filter *b;
	const FilterList *list;
	int64_t number;

	filters_init(&table);
	ok(!filters_are_wanted(&table) && filters_ask(&table)->count == 0, "none to begin with");
	ok(!filters_take(&table, 5), "a page without filters makes none live");
	a = filter_acquire(&table, STR("a"));
	ok(a == filter_acquire(&table, STR("a")) && table.count == 1, "equal texts are one filter");
	ok(a->live_from == FILTER_NOT_LIVE && filters_are_wanted(&table), "which is wanted");
	ok(!filters_take(&table, 6), "a page that was asked for before does not make it live");
	list = filters_ask(&table);
	ok(list->count == 1 && !filters_are_wanted(&table), "it is asked for");
	b = filter_acquire(&table, STR("b"));
	ok(filters_take(&table, 7) && a->live_from == 7, "and live behind the page's beginning");
	is_int(b->live_from, FILTER_NOT_LIVE, "one that came meanwhile is not");
	ok(filters_ask(&table)->count == 2 && filters_take(&table, 9), "the next page has both");
	ok(a->live_from == 7 && b->live_from == 9, "from where each is");
	ok(!filters_take(&table, 10), "nothing changes by more pages");

	number = a->number;
	list = filters_ask(&table);
	filter_release(&table, a);
	filter_release(&table, a);
	ok(list->filters[0] == a && a->users == 0 && str_equal(list->texts[0], STR("a")),
	   "one that is gone stays in the list of the page that is under way");
	a = filter_acquire(&table, STR("a"));
	ok(a->number > number && a->live_from == FILTER_NOT_LIVE, "asked for again it is another one");
	ok(filters_ask(&table)->count == 2 && filters_take(&table, 20) && a->live_from == 20,
	   "with a life of its own");
	filters_void(&table);
	ok(a->live_from == FILTER_NOT_LIVE && b->live_from == FILTER_NOT_LIVE &&
		   filters_are_wanted(&table),
	   "when the feed begins anew none is live, and all are wanted");
	ok(!filters_take(&table, 30), "and a page on its way means nothing");
	filter_release(&table, a);
	filter_release(&table, b);
	filters_clear(&table);
}

/* ---- ten thousand ---- */

#define MANY 10000

static World world;
static Hub *hub;
static bool woken;
static int wanted_calls;

static void
on_wake(void *arg)
{
	(void) arg;
	woken = true;
}

static void
on_delivered(void *arg, int64_t recorded_at)
{
	(void) arg;
	(void) recorded_at;
}

static void
on_filters_wanted(void *arg)
{
	(void) arg;
	wanted_calls++;
}

static void
settle(void)
{
	while (woken || world_answer(&world))
	{
		woken = false;
		hub_flush(hub);
	}
}

/* the world's own answers would cost ten thousand evaluations: these are known */
static void
publish_for(int64_t position, const char *topic, const int64_t *matches, int count)
{
	EventView view = event_view(position, topic, "t", "{}");

	view.matches = matches;
	view.match_count = count;
	hub_publish(hub, &view);
	hub_advance(hub, position);
}

static void
many(void)
{
	HubEnvironment environment = {.wake = on_wake,
								  .delivered = on_delivered,
								  .filters_wanted = on_filters_wanted,
								  .history = &world_history,
								  .history_arg = &world};
	HubConfig config = {.max_filters = MANY, .flush_batch = 2 * MANY};
	Client *clients = calloc(MANY, sizeof(Client));
	static char texts[MANY][16];
	int64_t frames;
	Subscription *more;

	world_init(&world, "epochone");
	hub = hub_new(&config, &environment);
	hub_open(hub, world.epoch, 1, 0);
	for (int i = 0; i < MANY; i++)
	{
		want_reset();
		snprintf(texts[i], sizeof(texts[i]), "%d:0", i + 2);
		client_init(&clients[i], &world, CLIENT_BYTES);
		client_subscribe(&clients[i], hub, want_filtered(i % 2 ? "" : "a", "", texts[i]),
						 START_LATEST, 0, 0, false);
	}
	settle();
	is_int(wanted_calls, 1, "the feed is asked once for all that came in a turn");
	is_int(hub_ask_page(hub)->count, MANY, "with all of them");
	ok(clients[0].was_ready && clients[0].subscriber.state == SUBSCRIBER_AWAITING,
	   "streams begin, and wait");
	is_int(world.read_count, 0, "without a question to the table");
	hub_begin_page(hub);
	settle();
	ok(clients[0].subscriber.state == SUBSCRIBER_IDLE, "one page later they are there");
	want_reset();
	more = want_filtered("", "", "1:0");
	ok(!hub_has_room(hub, more), "there is no room for another filter");
	subscription_release(more);
	more = want_filtered("b", "", "5:0");
	ok(hub_has_room(hub, more), "but for one that is there");
	subscription_release(more);

	/* 6 is divisible by 2, 3 and 6: filters 1, 2 and 5 of the list; 1 and 5 are of topic a only */
	world_commit(&world, 6, "b", "t", 2);
	frames = hub_stats(hub)->frames;
	publish_for(6, "b", (int64_t[]) {1, 2, 5}, 3);
	settle();
	is_int(hub_stats(hub)->frames - frames, 1, "an event is framed for those that match");
	is_int(clients[1].received, 1, "and they get it");
	for (int i = 0; i < MANY; i++)
		client_clear(&clients[i]);
	is_int(hub_stats(hub)->filters, MANY, "filters linger with their channels");
	want_reset();
	more = want_filtered("", "", "1:0");
	ok(hub_has_room(hub, more), "and go when there is no room");
	subscription_release(more);
	is_int(hub_stats(hub)->filters, 0, "all that nobody uses");
	hub_free(hub);
	world_clear(&world);
	free(clients);
}

/* ---- refused ---- */

static void
refused(void)
{
	HubEnvironment environment = {.wake = on_wake,
								  .delivered = on_delivered,
								  .history = &world_history,
								  .history_arg = &world};
	Client clients[3];

	want_reset();
	world_init(&world, "epochone");
	hub = hub_new(&(HubConfig) {0}, &environment);
	hub_open(hub, world.epoch, 1, 0);
	for (int i = 0; i < 3; i++)
	{
		client_init(&clients[i], &world, i == 1 ? CLIENT_POLL : CLIENT_BYTES);
		client_subscribe(&clients[i], hub, want_filtered("", "", i < 2 ? "2:0" : ""), START_LATEST,
						 0, 0, false);
	}
	settle();
	world_feed(&world, hub, 0);
	settle();
	hub_refuse_filters(hub);
	settle();
	ok(clients[0].has_ended && clients[0].ended.reason == END_FILTER_FAILED,
	   "filters that the database refuses end their subscribers");
	ok(clients[1].has_ended, "those who wait too");
	ok(!clients[2].has_ended, "and nobody else");
	is_int(hub_ask_page(hub)->count, 0, "they are asked for no more");
	client_subscribe(&clients[0], hub, want_filtered("", "", "2:0"), START_LATEST, 0, 0, false);
	settle();
	world_feed(&world, hub, 0);
	world_commit(&world, 2, "a", "t", 5);
	world_feed(&world, hub, 2);
	settle();
	is_int(clients[0].received, 1, "who comes again begins anew");
	is_int(clients[2].received, 1, "who was there stays");
	is_int(hub_stats(hub)->filter_failures, 2, "the ends are counted");
	for (int i = 0; i < 3; i++)
		client_clear(&clients[i]);
	for (int i = 0; i < 60; i++)
		hub_tick(hub);
	is_int(hub_stats(hub)->channels, 0, "nothing of it stays");
	hub_free(hub);
	world_clear(&world);
}

/* ---- the database takes no page of the table with them ---- */

static void
refused_in_the_table(void)
{
	HubEnvironment environment = {.wake = on_wake,
								  .delivered = on_delivered,
								  .history = &world_history,
								  .history_arg = &world};
	Client clients[2];

	want_reset();
	world_init(&world, "epochone");
	for (int position = 1; position <= 8; position++)
		world_commit(&world, position, "a", "t", 5);
	hub = hub_new(&(HubConfig) {.max_reads = 1}, &environment);
	hub_open(hub, world.epoch, 1, 8);
	for (int i = 0; i < 2; i++)
	{
		client_init(&clients[i], &world, CLIENT_BYTES);
		client_subscribe(&clients[i], hub, want_filtered("", "", i == 0 ? "2:0" : ""),
						 START_EARLIEST, 0, 0, false);
	}
	hub_flush(hub);
	ok(world_fail(&world, HISTORY_REFUSED), "a read of the table is refused");
	ok(clients[0].has_ended && clients[0].ended.reason == END_FILTER_FAILED,
	   "so its filters are at fault, and their subscriber is told");
	is_str(clients[0].ended.cursor + CURSOR_EPOCH_LENGTH + 1, "0000000000000000000",
		   "with the cursor that it had");
	ok(world_fail(&world, HISTORY_REFUSED), "another one is refused");
	ok(clients[1].has_ended && clients[1].ended.reason == END_UNAVAILABLE,
	   "without filters it cannot be that");
	for (int i = 0; i < 2; i++)
		client_clear(&clients[i]);
	hub_free(hub);
	world_clear(&world);
}

/* ---- long ones ---- */

static char *
long_text(char first, size_t len)
{
	char *text = malloc(len + 1);

	memset(text, first, len);
	text[len] = '\0';
	return text;
}

static bool
fits(const char *text)
{
	Subscription *subscription;
	bool answer;

	want_reset();
	subscription = want_filtered("", "", text);
	answer = hub_has_room(hub, subscription);
	subscription_release(subscription);
	return answer;
}

static void
long_ones(void)
{
	HubEnvironment environment = {.wake = on_wake, .delivered = on_delivered};
	char *text = long_text('a', (size_t) 3 << 20);
	char *exactly = long_text('b', (size_t) 1 << 20);
	char *too_long = long_text('c', ((size_t) 1 << 20) + 1);
	Client client;

	want_reset();
	world_init(&world, "epochone");
	hub = hub_new(&(HubConfig) {.max_filters = 3}, &environment);
	hub_open(hub, world.epoch, 1, 0);
	client_init(&client, &world, CLIENT_BYTES);
	client_subscribe(&client, hub, want_filtered("", "", text), START_LATEST, 0, 0, false);
	ok(fits(exactly), "filters may have so many bytes together");
	ok(!fits(too_long), "and no more");
	ok(fits(text), "but for one that is there");
	client_clear(&client);
	ok(fits(too_long), "or when others have gone");
	hub_free(hub);
	world_clear(&world);
	free(text);
	free(exactly);
	free(too_long);
}

int
main(void)
{
	life();
	many();
	refused();
	refused_in_the_table();
	long_ones();
	checks_held("clients saw what they should");
	return tap_done();
}
