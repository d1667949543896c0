/*
 * hub_test.c - the hub, one behaviour at a time.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * hub_random_test.c looks for what nobody thought of; here is what was thought of, by name.
 */
#include "tap.h"

#include "hub/want.h"
#include "hub/world.h"

static World world;
static Hub *hub;
static int wakes;
static int delivered_count;

static void
count_wake(void *arg)
{
	(void) arg;
	wakes++;
}

static void
count_delivered(void *arg, int64_t recorded_at)
{
	(void) arg;
	(void) recorded_at;
	delivered_count++;
}

static void
setup(const HubConfig *config)
{
	HubEnvironment environment = {
		.wake = count_wake,
		.delivered = count_delivered,
		.history = &world_history,
		.history_arg = &world,
	};

	want_reset();
	wakes = delivered_count = 0;
	world_init(&world, "epochone");
	hub = hub_new(config, &environment);
}

static void
teardown(void)
{
	hub_free(hub);
	world_clear(&world);
}

/* everything that can happen by itself */
static void
settle(void)
{
	do
	{
		while (wakes > 0)
		{
			wakes = 0;
			hub_flush(hub);
		}
	} while (world_answer(&world) || wakes > 0);
}

static void
publish(int64_t position, const char *topic)
{
	world_commit(&world, position, topic, "t", 20);
	world_feed(&world, hub, position);
}

static void
not_open(void)
{
	Client client;

	setup(&(HubConfig) {0});
	client_init(&client, &world, CLIENT_BYTES);
	ok(!client_subscribe(&client, hub, want("", ""), START_LATEST, 0, 0, false),
	   "nobody can subscribe before the database was reached");
	client_clear(&client);
	teardown();
}

static void
stream_of_latest(void)
{
	Client clients[3];
	const HubStats *stats;

	setup(&(HubConfig) {0});
	hub_open(hub, world.epoch, 1, 0);
	publish(1, "a");
	for (int i = 0; i < 3; i++)
	{
		client_init(&clients[i], &world, i == 2 ? CLIENT_FRAMES : CLIENT_BYTES);
		client_subscribe(&clients[i], hub, want(i == 1 ? "b" : "", ""), START_LATEST, 0, 0, false);
	}
	publish(2, "a");
	ok(!clients[0].was_ready && clients[0].received == 0, "nothing happens before the turn ends");
	settle();
	ok(clients[0].was_ready && clients[1].was_ready, "streams begin at the end of the turn");
	is_int(clients[0].received, 1,
		   "an event after the subscription, before the flush, is not lost");
	is_int(clients[1].received, 0, "what does not match is not delivered");
	publish(3, "a");
	publish(4, "b");
	publish(5, "c");
	settle();
	is_int(clients[0].received, 4, "all of a turn");
	is_int(clients[1].received, 1, "what matches");
	is_int(clients[2].received, 4, "also by the other framing");
	stats = hub_stats(hub);
	is_int(stats->sends[FRAMING_SSE], 3, "one write for a turn and a client");
	is_int(stats->deliveries[FRAMING_SSE] + stats->deliveries[FRAMING_WEBSOCKET], 9,
		   "deliveries are counted");
	is_int(delivered_count, 9, "each event's first delivery on each channel is told");
	is_int(subscriber_position(&clients[1].subscriber), 5, "a quiet client's position moves on");
	is_int(stats->subscribers[FRAMING_SSE], 2, "subscribers are counted");
	for (int i = 0; i < 3; i++)
		client_clear(&clients[i]);
	is_int(hub_stats(hub)->subscribers[FRAMING_SSE], 0, "and are gone");
	teardown();
}

static void
slow_client(void)
{
	HubConfig config = {.ring_size = 6000, .log_size = 4096, .queue_size = 512, .page_count = 10};
	Client slow;
	Client quick;

	setup(&config);
	hub_open(hub, world.epoch, 1, 0);
	client_init(&slow, &world, CLIENT_BYTES);
	client_init(&quick, &world, CLIENT_BYTES);
	client_subscribe(&slow, hub, want("", ""), START_LATEST, 0, 0, false);
	client_subscribe(&quick, hub, want("", ""), START_LATEST, 0, 0, false);
	settle();
	slow.room = 10;
	for (int64_t position = 1; position <= 2000; position++)
	{
		publish(position, "a");
		if (position % 7 == 0)
			settle();
	}
	settle();
	is_int(quick.received, 2000, "a slow client does not hold up a quick one");
	is_int(slow.subscriber.state, SUBSCRIBER_BLOCKED, "it waits for its socket");
	ok(pending_length(&slow.subscriber.pending) < 64, "with no more than the rest of a frame");
	for (int i = 0; i < 10000 && slow.received < 2000; i++)
	{
		client_make_room(&slow, 100);
		settle();
	}
	is_int(slow.received, 2000, "and gets everything in the end");
	ok(hub_stats(hub)->fallen_behind > 0 && world.read_count > 0, "by ring and table");
	publish(2001, "a");
	client_make_room(&slow, SIZE_MAX);
	settle();
	is_int(slow.received, 2001, "then it is with the others again");
	is_int(hub_stats(hub)->behind, 0, "nobody is behind");
	client_clear(&slow);
	client_clear(&quick);
	teardown();
}

static void
resuming(void)
{
	HubConfig config = {.ring_size = 3000};
	Client client;
	int reads;

	setup(&config);
	for (int64_t position = 10; position <= 1000; position += 10)
		world_commit(&world, position, "a", "t", 20);
	hub_open(hub, world.epoch, 1, 500);
	world_feed(&world, hub, 1000);
	client_init(&client, &world, CLIENT_BYTES);

	client_subscribe(&client, hub, want("", ""), START_CURSOR, 1000, 0, false);
	settle();
	ok(client.was_ready && client.received == 0, "from the head: nothing yet");
	client_subscribe(&client, hub, want("", ""), START_CURSOR, 990, 0, false);
	settle();
	is_int(client.received, 1, "from the ring");
	ok(world.read_count == 0, "without the table");
	client.received = 0;
	client_subscribe(&client, hub, want("", ""), START_CURSOR, 95, 0, false);
	settle();
	is_int(client.received, 91, "from the table, by a position between two events");
	client.received = 0;
	client_subscribe(&client, hub, want("", ""), START_EARLIEST, 0, 0, false);
	settle();
	is_int(client.received, 100, "from the earliest");

	world.oldest = 200;
	client.received = 0;
	client_subscribe(&client, hub, want("", ""), START_EARLIEST, 0, 0, false);
	settle();
	is_int(client.received, 81, "the earliest that is kept");

	/* what is not of the last moment is asked for, and once for all */
	hub_tick(hub);
	hub_tick(hub);
	reads = world.read_count;
	client_subscribe(&client, hub, want("", ""), START_CURSOR, 990, 0, false);
	settle();
	is_int(world.read_count, reads + 1, "an older cursor of the ring is checked by the table");
	client_subscribe(&client, hub, want("", ""), START_CURSOR, 990, 0, false);
	settle();
	is_int(world.read_count, reads + 1, "once in a while");
	hub_tick(hub);
	world.is_away = true;
	client_subscribe(&client, hub, want("", ""), START_CURSOR, 990, 0, false);
	settle();
	ok(client.was_ready && client.seen == 1000, "and is good when the table is away");
	world.is_away = false;

	/* the table has more than we have read */
	for (int64_t position = 1010; position <= 1100; position += 10)
		world_commit(&world, position, "a", "t", 20);
	client.received = 0;
	client_subscribe(&client, hub, want("", ""), START_CURSOR, 1050, 0, false);
	settle();
	is_int(client.received, 5, "a cursor of a quicker eventsd is good");
	is_int(client.subscriber.state, SUBSCRIBER_AHEAD, "then the client is ahead of the feed");
	world_feed(&world, hub, 1080);
	settle();
	is_int(client.subscriber.state, SUBSCRIBER_AHEAD, "until the feed has passed it");
	world_commit(&world, 1110, "a", "t", 20);
	world_feed(&world, hub, 1110);
	settle();
	is_int(client.received, 6, "and goes on without gap or repetition");
	client_clear(&client);
	teardown();
}

static void
resets(void)
{
	HubConfig config = {.ring_size = 3000};
	Client client;

	setup(&config);
	for (int64_t position = 10; position <= 1000; position += 10)
		world_commit(&world, position, "a", "t", 20);
	world.oldest = 301;
	hub_open(hub, world.epoch, 301, 0);
	world_feed(&world, hub, 1000);
	client_init(&client, &world, CLIENT_BYTES);

	client_subscribe(&client, hub, want("", ""), START_CURSOR, 299, 0, false);
	settle();
	ok(client.has_ended && client.ended.reason == END_RESET_TOO_OLD && !client.was_ready,
	   "too old, before the stream begins");
	is_str(client.ended.cursor, "epochone-0000000000000000300", "go on from the oldest");
	client_subscribe(&client, hub, want("", ""), START_CURSOR, 300, 0, false);
	settle();
	ok(!client.has_ended && client.received > 0, "just before the oldest is good");
	client_subscribe(&client, hub, want("", ""), START_CURSOR, 1001, 0, false);
	settle();
	ok(client.has_ended && client.ended.reason == END_RESET_FUTURE, "from the future");
	is_str(client.ended.cursor, "epochone-0000000000000001000", "go on from the newest");

	memcpy(world.epoch, "othereph", 8);
	client_subscribe(&client, hub, want("", ""), START_CURSOR, 1000, 0, false);
	memcpy(world.epoch, "epochone", 8);
	settle();
	ok(client.has_ended && client.ended.reason == END_RESET_EPOCH, "another epoch");

	world.is_away = true;
	client_subscribe(&client, hub, want("", ""), START_CURSOR, 400, 0, false);
	settle();
	ok(client.has_ended && client.ended.reason == END_UNAVAILABLE, "the table is away");
	world.is_away = false;

	client_subscribe(&client, hub, want("", ""), START_LATEST, 0, 0, false);
	settle();
	memcpy(world.epoch, "epochtwo", 8);
	hub_open(hub, "epochtwo", 1, 50);
	ok(!client.has_ended, "a new epoch");
	settle();
	ok(client.has_ended && client.ended.reason == END_RESET_EPOCH && client.was_ready,
	   "ends those who are connected");
	is_str(client.ended.cursor, "epochtwo-0000000000000000050", "with a cursor of the new one");
	client_clear(&client);
	teardown();
}

static void
long_poll(void)
{
	Client polls[3];

	setup(&(HubConfig) {0});
	hub_open(hub, world.epoch, 1, 0);
	publish(1, "a");
	for (int i = 0; i < 3; i++)
	{
		client_init(&polls[i], &world, CLIENT_POLL);
		client_subscribe(&polls[i], hub, want("a", ""), START_CURSOR, 1, i == 0 ? 2 : 100, false);
	}
	settle();
	is_int(polls[0].batches, 0, "a poll with nothing to get is held");
	publish(2, "a");
	publish(3, "a");
	publish(4, "a");
	publish(5, "x");
	settle();
	ok(polls[0].batches == 1 && polls[1].batches == 1, "events answer it");
	is_int(polls[0].last_count, 2, "with at most `limit` of them");
	is_int(polls[0].seen, 3, "and the cursor of the last one");
	is_int(polls[1].last_count, 3, "or with all");
	is_int(polls[1].seen, 5, "and the newest cursor");

	client_subscribe(&polls[0], hub, want("a", ""), START_CURSOR, polls[0].seen, 2, false);
	settle();
	ok(polls[0].last_count == 1 && polls[0].seen == 5, "the rest comes with the next poll");
	is_int(world.read_count, 0, "out of the channel that was left and found again");

	client_subscribe(&polls[0], hub, want("a", ""), START_CURSOR, 5, 100, true);
	publish(6, "x");
	settle();
	ok(polls[0].batches == 3 && polls[0].last_count == 0, "one that does not wait gets nothing");
	is_int(polls[0].seen, 6, "but the newest cursor");
	client_subscribe(&polls[0], hub, want("a", ""), START_CURSOR, 6, 100, false);
	settle();
	publish(7, "x");
	subscriber_finish(&polls[0].subscriber);
	settle();
	ok(polls[0].batches == 4 && polls[0].seen == 7, "the same when the time is over");
	client_subscribe(&polls[0], hub, want("a", ""), START_CURSOR, 7, 100, false);
	settle();
	client_clear(&polls[0]);
	publish(8, "a");
	settle();
	is_int(polls[0].batches, 4, "one that has gone gets nothing");
	for (int i = 0; i < 3; i++)
		client_clear(&polls[i]);
	teardown();
}

static void
changing(void)
{
	Client client;

	setup(&(HubConfig) {0});
	hub_open(hub, world.epoch, 1, 0);
	client_init(&client, &world, CLIENT_FRAMES);
	client_subscribe(&client, hub, want("a", ""), START_LATEST, 0, 0, false);
	settle();
	publish(1, "a");
	publish(2, "b");
	settle();
	client_change(&client, want("a,b", ""));
	publish(3, "b");
	publish(4, "a");
	settle();
	is_int(client.received, 3, "more is wanted, and comes from now on");
	client_change(&client, want("b", ""));
	publish(5, "a");
	publish(6, "b");
	settle();
	is_int(client.received, 4, "less is wanted");
	client_change(&client, subscription_none());
	publish(7, "b");
	settle();
	is_int(client.received, 4, "nothing is wanted");
	is_int(subscriber_position(&client.subscriber), 7, "and the position moves on all the same");
	client_change(&client, want("", ""));
	publish(8, "b");
	settle();
	is_int(client.received, 5, "everything is wanted");
	client_clear(&client);
	teardown();
}

static void
words_between(void)
{
	HubConfig config = {.queue_size = 100};
	Client client;
	int taken = 0;

	setup(&config);
	hub_open(hub, world.epoch, 1, 0);
	client_init(&client, &world, CLIENT_BYTES);
	client_subscribe(&client, hub, want("", ""), START_LATEST, 0, 0, false);
	settle();
	ok(client_insert(&client) && client.words == 1, "words are sent at once");
	client.room = 5;
	publish(1, "a");
	settle();
	ok(client_insert(&client) && client.words == 1, "or behind a frame that is half sent");
	while (taken < 10 && client_insert(&client))
		taken++;
	is_int(taken, 1, "but not without bound");
	client_make_room(&client, SIZE_MAX);
	settle();
	ok(client.words == 3 && client.received == 1, "and arrive in order");
	client.room = 5;
	ok(client_insert(&client), "words that do not fit");
	publish(2, "a");
	settle();
	is_int(client.received, 1, "hold up the next frame");
	client_make_room(&client, SIZE_MAX);
	settle();
	ok(client.words == 4 && client.received == 2, "which comes behind them");
	client.breaks = true;
	ok(!client_insert(&client), "a broken connection takes no words");
	ok(subscriber_is_out(&client.subscriber), "and is out");
	client_clear(&client);
	teardown();
}

static void
another_queue_size(void)
{
	HubConfig config = {.queue_size = 100};
	Client client;
	int taken = 0;

	setup(&config);
	hub_open(hub, world.epoch, 1, 0);
	client_init(&client, &world, CLIENT_BYTES);
	client_subscribe(&client, hub, want("", ""), START_LATEST, 0, 0, false);
	settle();
	client.room = 5;
	publish(1, "a");
	settle();
	hub_set_queue_size(hub, 1000);
	while (taken < 100 && client_insert(&client))
		taken++;
	ok(taken > 10 && taken < 100, "a larger queue holds more at once, but not without bound");
	client_make_room(&client, SIZE_MAX);
	settle();
	ok(client.words == taken && client.received == 1, "and nothing of it is lost");
	client_clear(&client);
	teardown();
}

static void
yielding(void)
{
	HubConfig config = {.flush_batch = 10};
	Client clients[35];
	int received = 0;
	int turns = 0;

	setup(&config);
	hub_open(hub, world.epoch, 1, 0);
	for (int i = 0; i < 35; i++)
	{
		client_init(&clients[i], &world, CLIENT_BYTES);
		client_subscribe(&clients[i], hub, want("", ""), START_LATEST, 0, 0, false);
	}
	settle();
	publish(1, "a");
	wakes = 0;
	hub_flush(hub);
	for (int i = 0; i < 35; i++)
		received += clients[i].received;
	is_int(received, 10, "a turn serves so many");
	is_int(wakes, 1, "and asks for another");
	publish(2, "a");
	for (; wakes > 0; turns++)
	{
		wakes = 0;
		hub_flush(hub);
	}
	received = 0;
	for (int i = 0; i < 35; i++)
		received += clients[i].received;
	is_int(received, 70, "everyone gets everything in the end");
	is_int(turns, 4, "in as few turns as can be");
	for (int i = 0; i < 35; i++)
		client_clear(&clients[i]);
	teardown();
}

static void
lost_feed(void)
{
	Client near;
	Client far;

	setup(&(HubConfig) {0});
	hub_open(hub, world.epoch, 1, 0);
	client_init(&near, &world, CLIENT_BYTES);
	client_init(&far, &world, CLIENT_BYTES);
	client_subscribe(&near, hub, want("", ""), START_LATEST, 0, 0, false);
	client_subscribe(&far, hub, want("", ""), START_LATEST, 0, 0, false);
	settle();
	far.room = 0;
	publish(1, "a");
	settle();
	publish(2, "a");
	settle();
	/* the feed comes back behind a gap; what lies in it is partly gone */
	for (int64_t position = 3; position <= 20; position++)
		world_commit(&world, position, "a", "t", 20);
	world.oldest = 3;
	hub_open(hub, world.epoch, 3, 15);
	world_feed(&world, hub, 20);
	settle();
	is_int(near.received, 20, "whoever was near enough gets the gap out of the table");
	client_make_room(&far, SIZE_MAX);
	settle();
	ok(far.has_ended && far.ended.reason == END_RESET_TOO_OLD, "the others are told");
	client_clear(&near);
	client_clear(&far);
	teardown();
}

/* restored to an earlier point, and nobody made a new epoch */
static void
feed_went_back(void)
{
	Client client;

	setup(&(HubConfig) {0});
	hub_open(hub, world.epoch, 1, 500);
	client_init(&client, &world, CLIENT_BYTES);
	client_subscribe(&client, hub, want("", ""), START_LATEST, 0, 0, false);
	settle();
	world.horizon = 50;
	hub_open(hub, world.epoch, 1, 50);
	settle();
	ok(client.has_ended && client.ended.reason == END_RESET_FUTURE, "who is beyond it is told");
	is_str(client.ended.cursor, "epochone-0000000000000000050", "and where to go on");
	client_subscribe(&client, hub, want("", ""), START_LATEST, 0, 0, false);
	settle();
	publish(60, "a");
	settle();
	is_int(client.received, 1, "what comes after that point is given out, not taken for old");
	client_clear(&client);
	teardown();
}

int
main(void)
{
	not_open();
	stream_of_latest();
	slow_client();
	resuming();
	resets();
	long_poll();
	changing();
	words_between();
	another_queue_size();
	yielding();
	lost_feed();
	feed_went_back();
	checks_held("no client saw a gap or a repetition");
	return tap_done();
}
