/*
 * hub_random_test.c - the hub against a naive model, at random.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *	  hub_random_test [SEED [ROUNDS]]
 *
 * Each round is a world with two hubs over the same table (two eventsd processes that read the
 * feed at their own pace) and a dozen clients.  Then anything that can happen does, in any order:
 * commits, pages of the feed, ends of turns, answers and failures of the table, short writes,
 * clients that leave and resume by the cursor they have, here or at the other hub, changes of
 * subscription, filters that come and go while pages are under way, filters that fail, words
 * between frames, long-polls, retention, a feed that lost its place, a new
 * epoch.  Sizes are so small that logs and rings are cut all the time.
 *
 * The model is in the client (world.c): the next event received must be the next one in the world
 * that it wants; a cursor it is given must not skip one.  Resets must be deserved.  In the end the
 * sockets are emptied, and everyone must have everything.
 */
#include <unistd.h>

#include "tap.h"

#include "hub/want.h"
#include "hub/world.h"

#define CLIENTS 12
#define HUBS 2

static const char *const topics[] = {"a", "b", "a/x", "a/y", "b/x", "c"};
static const char *const types[] = {"t", "u", "tv"};
static const char *const wanted_topics[] = {"", "a", "b", "a/x", "*/x", "a,b", "c", "b,c"};
static const char *const wanted_types[] = {"", "", "t", "t*", "u"};

#define PICK(array) (array)[random_below((int) (sizeof(array) / sizeof((array)[0])))]

static const char *const wanted_filters[] = {"",	"",	   "2:0",	   "3:1",
											 "3:2", "5:0", "4:1!13:5", "1:0!17:3"};

static World world;
static Hub *hubs[HUBS];
static const FilterList *asked[HUBS]; /* a page is under way with that list */
static bool woken[HUBS];
static Client clients[CLIENTS];
static int at_hub[CLIENTS];
static int64_t position;
static HubConfig config;
static int64_t received;
static int64_t resets;
static int64_t failures;
static int64_t answers; /* events that came with an answer in a page of the feed */
static uint64_t random_state;

static int
random_below(int bound)
{
	/* xorshift64* */
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (int) ((random_state * UINT64_C(2685821657736338717) >> 33) % (uint64_t) bound);
}

static bool
one_in(int n)
{
	return random_below(n) == 0;
}

/* ---- set up ---- */

static void
on_wake(void *arg)
{
	*(bool *) arg = true;
}

static void
on_delivered(void *arg, int64_t recorded_at)
{
	(void) arg;
	check(recorded_at > 0 && recorded_at <= world.horizon);
}

static void
make_hub(int i)
{
	HubEnvironment environment = {
		.arg = &woken[i],
		.wake = on_wake,
		.delivered = on_delivered,
		.history = &world_history,
		.history_arg = &world,
	};

	woken[i] = false;
	asked[i] = NULL;
	hubs[i] = hub_new(&config, &environment);
	if (!one_in(10))
		hub_open(hubs[i], world.epoch, world.oldest, world.horizon);
}

static void
set_up(void)
{
	want_reset();
	position = random_below(3) * 100;
	config = (HubConfig) {
		.ring_size = (size_t) (200 + random_below(8000)),
		.log_size = (size_t) (1000 + random_below(20000)),
		.logs_size = (size_t) (5000 + random_below(60000)),
		.queue_size = (size_t) (40 + random_below(1000)),
		.page_count = 1 + random_below(20),
		.page_bytes = 50 + random_below(1000),
		.max_reads = 1 + random_below(3),
		.flush_batch = 1 + random_below(100),
		.linger = 1 + random_below(5),
		.max_lingering = 1 + random_below(4),
	};
	world_init(&world, "epoch000");
	world.horizon = position;
	world.oldest = position + 1 - (position > 0 ? random_below(2) : 0);
	world.look_limit = one_in(2) ? 0 : 1 + random_below(20);
	for (int i = 0; i < HUBS; i++)
		make_hub(i);
	for (int i = 0; i < CLIENTS; i++)
	{
		client_init(&clients[i], &world, (ClientKind) random_below(3));
		clients[i].seen = world.horizon;
	}
}

static Subscription *
random_want(void)
{
	Subscription *parts[3];
	Subscription *joint;
	int count = 1 + random_below(3);

	if (one_in(20))
		return subscription_none();
	for (int i = 0; i < count; i++)
		parts[i] = want_filtered(PICK(wanted_topics), PICK(wanted_types), PICK(wanted_filters));
	joint = subscription_union(parts, count);
	for (int i = 0; i < count; i++)
		subscription_release(parts[i]);
	want_reset();
	return joint;
}

/* ---- what can happen ---- */

static void
commit(void)
{
	for (int n = 1 + random_below(one_in(10) ? 60 : 8); n > 0; n--)
	{
		position += 1 + (one_in(4) ? random_below(5) : 0);
		world_commit(&world, position, PICK(topics), PICK(types),
					 1 + random_below(one_in(10) ? 120 : 30));
	}
	if (one_in(5))
		world.horizon = position += random_below(3);
}

static void
open_hub(int i)
{
	asked[i] = NULL;
	hub_open(hubs[i], world.epoch, world.oldest, world.horizon);
}

/* the page that is under way comes, or is asked for first */
static void
take_page(int i, int64_t until)
{
	if (asked[i] == NULL)
		asked[i] = hub_ask_page(hubs[i]);
	answers += asked[i]->count > 0 ? until - hub_head(hubs[i]) : 0;
	world_feed_page(&world, hubs[i], asked[i], until);
	asked[i] = NULL;
}

static void
read_feed(int i)
{
	int64_t head = hub_head(hubs[i]);

	if (!hub_is_open(hubs[i]) || strcmp(hub_epoch(hubs[i]), world.epoch) != 0 ||
		head < world.oldest - 1 || one_in(50))
		open_hub(i);
	else if (one_in(2)) /* anew, when the last one was lost */
		asked[i] = hub_ask_page(hubs[i]);
	else if (world.horizon > head)
		take_page(i, one_in(3) ? world.horizon
							   : head + 1 + random_below((int) (world.horizon - head)));
	else
		take_page(i, head);
}

static void
flush(int i)
{
	if (!woken[i])
		return;
	woken[i] = false;
	hub_flush(hubs[i]);
	check(hub_stats(hubs[i])->ring_bytes <= (int64_t) config.ring_size);
	check(hub_stats(hubs[i])->log_bytes <= (int64_t) config.logs_size);
}

static void
resume(int i, bool elsewhere)
{
	Client *client = &clients[i];
	StartFrom from = START_CURSOR;

	if (elsewhere)
		at_hub[i] = random_below(HUBS);
	if (client->kind != CLIENT_POLL && one_in(4))
		from = one_in(2) ? START_LATEST : START_EARLIEST;
	else if (one_in(30))
		client->seen = position + random_below(40) - 20; /* made up */
	if (client->seen < 0)
		client->seen = 0;
	client->room = one_in(3) ? SIZE_MAX : (size_t) random_below(200);
	client->breaks = false;
	client->refuses_ready = one_in(40);
	client_subscribe(client, hubs[at_hub[i]], random_want(), from, client->seen,
					 one_in(2) ? 0 : 1 + random_below(10), one_in(3));
}

static void
check_end(const Client *client)
{
	int64_t seen = client->seen;

	switch (client->ended.reason)
	{
		case END_RESET_TOO_OLD:
			check(seen < world.oldest);
			break;
		case END_RESET_FUTURE:
			check(seen > client->ended_horizon);
			break;
		case END_RESET_EPOCH:
			break;
		case END_UNAVAILABLE:
			check(!client->was_ready);
			break;
		case END_FILTER_FAILED:
			check(client->ended_failure > 0);
			break;
	}
}

/* after an end the client goes on from the cursor that it was told */
static void
take_end(Client *client)
{
	Cursor cursor;

	check_end(client);
	check(cursor_parse(client->ended.cursor, CURSOR_LENGTH, &cursor));
	if (client->ended.reason == END_FILTER_FAILED)
		check(cursor.position == client->ended_failure);
	failures += client->ended.reason == END_FILTER_FAILED;
	resets += client->ended.reason != END_UNAVAILABLE;
	if (client->ended.reason != END_UNAVAILABLE)
		client->seen = cursor.position;
	client->has_ended = false;
}

static void
let_client_do(int i)
{
	Client *client = &clients[i];
	bool is_stream = client->kind != CLIENT_POLL;

	if (client->has_ended)
		take_end(client);
	if (subscriber_is_out(&client->subscriber))
		resume(i, one_in(2));
	else if (one_in(30))
		client_clear(client);
	else if (!is_stream && one_in(3))
		subscriber_finish(&client->subscriber);
	else if (is_stream && one_in(60))
		client->breaks = true;
	else if (is_stream && one_in(8))
		client_change(client, random_want());
	else if (is_stream && client->was_ready && one_in(4))
		client_insert(client);
	else if (is_stream)
		client_make_room(client, one_in(4) ? SIZE_MAX : (size_t) random_below(400));
}

static void
renew_epoch(void)
{
	char *last = &world.epoch[CURSOR_EPOCH_LENGTH - 1];

	*last = *last == '9' ? 'a' : *last == 'z' ? '0' : (char) (*last + 1);
}

/* a new epoch: what was is no more, positions may even be the same again */
static void
restore(void)
{
	for (int i = 0; i < CLIENTS; i++)
		client_clear(&clients[i]);
	for (int i = 0; i < HUBS; i++)
	{
		while (world_answer(&world))
			;
		hub_flush(hubs[i]);
	}
	renew_epoch();
	for (int i = 0; i < HUBS; i++)
		open_hub(i);
}

/* the epoch changes under the clients: all of them must be told */
static void
restore_under(int hub)
{
	if (!hub_is_open(hubs[hub]))
		return;
	renew_epoch();
	for (int i = 0; i < HUBS; i++)
		open_hub(i);
	for (int i = 0; i < HUBS; i++)
		while (woken[i])
			flush(i);
	for (int i = 0; i < CLIENTS; i++)
		check(subscriber_is_out(&clients[i].subscriber));
}

static void
anything(void)
{
	int i = random_below(HUBS);

	switch (random_below(24))
	{
		case 0:
		case 1:
		case 2:
			commit();
			break;
		case 3:
		case 4:
		case 5:
			read_feed(i);
			break;
		case 6:
		case 7:
		case 8:
		case 9:
		case 10:
			flush(i);
			break;
		case 11:
		case 12:
		case 13:
			world_answer(&world);
			break;
		case 14:
			hub_tick(hubs[i]);
			break;
		case 15:
			if (one_in(5))
				world_fail(&world, one_in(2) ? HISTORY_UNAVAILABLE : HISTORY_FAILED);
			world.is_away = one_in(10);
			break;
		case 16:
			if (one_in(10) && world.oldest < world.horizon)
				world.oldest += random_below((int) (world.horizon - world.oldest));
			hub_set_oldest(hubs[i], world.oldest);
			break;
		case 17:
			if (one_in(40))
				one_in(2) ? restore() : restore_under(i);
			break;
		default:
			let_client_do(random_below(CLIENTS));
	}
}

/* ---- the end ---- */

static bool
work_is_left(void)
{
	bool left = false;

	for (int i = 0; i < HUBS; i++)
	{
		left = left || woken[i];
		flush(i);
	}
	return world_answer(&world) || left;
}

static void
settle(void)
{
	int patience = 200000;

	while (work_is_left() && --patience > 0)
		;
	check(patience > 0);
}

static void
all_get_all(void)
{
	world.is_away = false;
	for (int i = 0; i < HUBS; i++)
	{
		if (!hub_is_open(hubs[i]) || strcmp(hub_epoch(hubs[i]), world.epoch) != 0 ||
			hub_head(hubs[i]) < world.oldest - 1)
			open_hub(i);
		world_feed(&world, hubs[i], world.horizon);
		hub_set_oldest(hubs[i], world.oldest);
	}
	for (int pass = 0; pass < 40; pass++)
	{
		for (int i = 0; i < CLIENTS; i++)
			client_make_room(&clients[i], SIZE_MAX);
		settle();
		hub_tick(hubs[0]);
		hub_tick(hubs[1]);
	}
	settle();
	for (int i = 0; i < CLIENTS; i++)
	{
		Client *client = &clients[i];

		if (client->has_ended)
			check_end(client);
		if (subscriber_is_out(&client->subscriber))
			continue;
		check(client->input_len == 0);
		check(client_is_complete(client, world.horizon));
		check(subscriber_position(&client->subscriber) == world.horizon);
		check(client->subscriber.state == SUBSCRIBER_IDLE);
	}
}

static void
tear_down(void)
{
	for (int i = 0; i < CLIENTS; i++)
	{
		received += clients[i].received;
		client_clear(&clients[i]);
	}
	for (int i = 0; i < HUBS; i++)
	{
		check(hub_stats(hubs[i])->behind == 0 && hub_stats(hubs[i])->reads == 0);
		hub_free(hubs[i]);
	}
	world_clear(&world);
}

int
main(int argc, char **argv)
{
	unsigned seed = argc > 1 ? (unsigned) strtoul(argv[1], NULL, 10) : (unsigned) getpid();
	int rounds = argc > 2 ? atoi(argv[2]) : 80;
	int64_t read_count = 0;

	printf("# seed %u\n", seed);
	for (int round = 0; round < rounds && tap_checks_failed == 0; round++)
	{
		random_state = UINT64_C(0x9E3779B97F4A7C15) * (seed + 1) + (uint64_t) round * 7919 + 1;
		set_up();
		for (int step = 0; step < 2500 && tap_checks_failed == 0; step++)
			anything();
		if (tap_checks_failed == 0)
			all_get_all();
		if (tap_checks_failed > 0)
			printf("# in round %d of seed %u\n", round, seed);
		read_count += world.read_count;
		tear_down();
	}
	printf("# %" PRId64 " events received, %" PRId64 " resets, %" PRId64 " reads of the table\n",
		   received, resets, read_count);
	printf("# %" PRId64 " positions answered for filters, %" PRId64 " failures of filters\n",
		   answers, failures);
	checks_held("every client got everything it wanted once, in order");
	ok(received > rounds && read_count > rounds, "and there was something to get");
	ok(answers > rounds && failures > 0, "filters were answered for, and failed");
	return tap_done();
}
