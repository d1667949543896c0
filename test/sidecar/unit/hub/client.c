/*
 * client.c - clients of a world; see world.h.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "world.h"

#include "base/mem.h"
#include "tap.h"

/* ---- framing ---- */

static size_t
frame_size(const EventView *event)
{
	return (size_t) snprintf(NULL, 0, "%" PRId64 ";", event->position) + event->json.len + 1;
}

static void
frame_write(const EventView *event, const char *epoch, char *out)
{
	char number[32];
	int len = snprintf(number, sizeof(number), "%" PRId64 ";", event->position);

	(void) epoch;
	memcpy(out, number, (size_t) len);
	memcpy(out + len, event->json.data, event->json.len);
	out[(size_t) len + event->json.len] = '\n';
}

static const Framing framings[] = {
	[CLIENT_BYTES] = {.name = "bytes",
					  .transport = FRAMING_SSE,
					  .size = frame_size,
					  .write = frame_write},
	[CLIENT_FRAMES] = {.name = "frames",
					   .transport = FRAMING_WEBSOCKET,
					   .size = frame_size,
					   .write = frame_write},
	[CLIENT_POLL] = {.name = "poll",
					 .transport = FRAMING_POLL,
					 .one_shot = true,
					 .size = frame_size,
					 .write = frame_write,
					 .share_free = mem_free},
};

/* ---- what a client receives ---- */

static Client *
client_of(Subscriber *subscriber)
{
	return (Client *) ((char *) subscriber - offsetof(Client, subscriber));
}

static SubscriptionMatch
client_wants(const Client *client, const EventView *view)
{
	int i = client->want_count - 1;
	const Subscription *subscription;
	int64_t matches[WORLD_MAX_FILTERS];
	EventView answered;

	while (i > 0 && client->wants[i].from >= view->position)
		i--;
	subscription = client->wants[i].subscription;
	answered = world_answered(view, subscription_filters(subscription), matches);
	return subscription_match(subscription, &answered, NULL);
}

/* position of the next event that it wants, or on which its filter fails; -1 when there is none */
static int64_t
next_of(const Client *client, int64_t after, int64_t until, SubscriptionMatch *match)
{
	const World *world = client->world;

	for (int i = world_find(world, after); i < world->count; i++)
	{
		const EventView *view = &world->events[i].view;

		if (view->position > until)
			break;
		*match = client_wants(client, view);
		if (*match != SUBSCRIPTION_NO)
			return view->position;
	}
	return -1;
}

static int64_t
next_wanted(const Client *client, int64_t after, int64_t until)
{
	SubscriptionMatch match;

	return next_of(client, after, until, &match);
}

int64_t
client_failure(const Client *client)
{
	SubscriptionMatch match = SUBSCRIPTION_NO;
	int64_t position = next_of(client, client->seen, INT64_MAX, &match);

	return match == SUBSCRIPTION_UNKNOWN ? position : 0;
}

bool
client_is_complete(const Client *client, int64_t until)
{
	return next_wanted(client, client->seen, until) < 0;
}

void
client_claims(Client *client, int64_t position)
{
	check(position >= client->seen);
	if (!check(next_wanted(client, client->seen, position) < 0))
		printf("#   a gap: nothing of %" PRId64 " before %" PRId64 "\n",
			   next_wanted(client, client->seen, position), position);
	client->seen = position;
}

static void
client_receive_line(Client *client, const char *line, size_t len)
{
	int64_t position;

	if (line[0] == '#')
	{
		Cursor cursor;

		check(cursor_parse(line + 1, len - 1, &cursor));
		client->words++;
		client_claims(client, cursor.position);
		return;
	}
	check(client_failure(client) == 0);
	position = strtoll(line, NULL, 10);
	if (!check(position == next_wanted(client, client->seen, INT64_MAX)))
		printf("#   got %" PRId64 ", expected %" PRId64 " after %" PRId64 "\n", position,
			   next_wanted(client, client->seen, INT64_MAX), client->seen);
	client->seen = position;
	client->received++;
}

static void
client_receive(Client *client, const char *bytes, size_t len)
{
	const char *end;

	while (len > 0 && (end = memchr(bytes, '\n', len)) != NULL)
	{
		size_t part = (size_t) (end - bytes);

		if (!check(client->input_len + part < sizeof(client->input)))
			return;
		memcpy(client->input + client->input_len, bytes, part);
		client->input[client->input_len + part] = '\0';
		client_receive_line(client, client->input, client->input_len + part);
		client->input_len = 0;
		bytes = end + 1;
		len -= part + 1;
	}
	if (len > 0 && check(client->input_len + len < sizeof(client->input)))
	{
		memcpy(client->input + client->input_len, bytes, len);
		client->input_len += len;
	}
}

/* ---- the hub's callbacks ---- */

static bool
on_ready(Subscriber *subscriber)
{
	Client *client = client_of(subscriber);

	check(!client->was_ready && !client->has_ended);
	client->was_ready = true;
	if (client->from_earliest)
	{
		/* the oldest may have moved since it asked, and nothing that is kept may be skipped */
		client->seen = subscriber_position(subscriber);
		check(client->seen < client->world->oldest);
	}
	if (client->refuses_ready)
		subscriber_leave(subscriber);
	return !client->refuses_ready;
}

/* how much of whole frames fits */
static size_t
whole_frames(const char *bytes, size_t len, size_t room)
{
	size_t end = len < room ? len : room;

	while (end > 0 && bytes[end - 1] != '\n')
		end--;
	return end;
}

static ssize_t
on_send(Subscriber *subscriber, const char *bytes, size_t len)
{
	Client *client = client_of(subscriber);
	size_t taken = len < client->room ? len : client->room;

	check(client->was_ready && len > 0);
	if (client->breaks)
		return -1;
	if (client->kind == CLIENT_FRAMES)
		taken = whole_frames(bytes, len, client->room);
	client->room -= taken;
	if (taken < len)
		client->room = 0;
	client_receive(client, bytes, taken);
	return (ssize_t) taken;
}

static void
on_batch(Subscriber *subscriber, const Batch *batch)
{
	Client *client = client_of(subscriber);
	int before = client->received;

	check(subscriber_is_out(subscriber));
	for (int i = 0; i < batch->piece_count; i++)
		client_receive(client, batch->pieces[i].data, batch->pieces[i].len);
	client->batches++;
	client->last_count = client->received - before;
	check(client->last_count == batch->count && client->input_len == 0);
	check(subscriber->limit == 0 || batch->count <= subscriber->limit);
	if (batch->share != NULL && *batch->share == NULL)
		*batch->share = mem_strdup("shared");
	client_claims(client, batch->position);
}

static void
on_ended(Subscriber *subscriber, const SubscriberEnded *ended)
{
	Client *client = client_of(subscriber);

	check(subscriber_is_out(subscriber) && !client->has_ended);
	check(ended->was_ready == client->was_ready);
	if (client->kind == CLIENT_BYTES && ended->is_clean)
		check(client->input_len == 0);
	client->has_ended = true;
	client->ended = *ended;
	client->ended_horizon = client->world->horizon;
	/* one that began with the oldest was not told yet which that is */
	if (ended->reason == END_FILTER_FAILED && client->from_earliest && !client->was_ready)
		client->seen = strtoll(ended->cursor + CURSOR_EPOCH_LENGTH + 1, NULL, 10) - 1;
	client->ended_failure = client_failure(client);
}

static const SubscriberOps all_ops[] = {
	[CLIENT_BYTES] = {&framings[CLIENT_BYTES], on_ready, on_send, NULL, on_ended},
	[CLIENT_FRAMES] = {&framings[CLIENT_FRAMES], on_ready, on_send, NULL, on_ended},
	[CLIENT_POLL] = {&framings[CLIENT_POLL], NULL, NULL, on_batch, on_ended},
};

/* ---- what a client does ---- */

const SubscriberOps *
client_ops(ClientKind kind)
{
	return &all_ops[kind];
}

void
client_init(Client *client, World *world, ClientKind kind)
{
	memset(client, 0, sizeof(*client));
	client->world = world;
	client->kind = kind;
	client->room = SIZE_MAX;
	subscriber_init(&client->subscriber);
}

static void
forget_wants(Client *client)
{
	while (client->want_count > 0)
		subscription_release(client->wants[--client->want_count].subscription);
}

void
client_clear(Client *client)
{
	subscriber_leave(&client->subscriber);
	forget_wants(client);
}

bool
client_subscribe(Client *client, Hub *hub, Subscription *subscription, StartFrom from,
				 int64_t position, int limit, bool no_wait)
{
	SubscribeOptions options = {.start = {.from = from}, .limit = limit, .no_wait = no_wait};

	client_clear(client);
	memcpy(options.start.cursor.epoch, client->world->epoch, CURSOR_EPOCH_LENGTH);
	options.start.cursor.position = position;
	client->wants[0].from = INT64_MIN;
	client->wants[0].subscription = subscription;
	client->want_count = 1;
	client->seen = from == START_LATEST ? hub_head(hub) : position;
	client->from_earliest = from == START_EARLIEST;
	client->input_len = 0;
	client->was_ready = false;
	client->has_ended = false;
	return hub_subscribe(hub, &client->subscriber, client_ops(client->kind), subscription,
						 &options);
}

void
client_change(Client *client, Subscription *subscription)
{
	if (client->want_count == CLIENT_MAX_WANTS || subscriber_is_out(&client->subscriber))
	{
		subscription_release(subscription);
		return;
	}
	client->wants[client->want_count].from = subscriber_position(&client->subscriber);
	client->wants[client->want_count++].subscription = subscription;
	subscriber_change(&client->subscriber, subscription);
}

void
client_make_room(Client *client, size_t room)
{
	client->room = room;
	subscriber_writable(&client->subscriber);
}

bool
client_insert(Client *client)
{
	char words[CURSOR_SIZE + 2] = "#";

	subscriber_cursor(&client->subscriber, words + 1);
	strcat(words, "\n");
	return subscriber_insert(&client->subscriber, words, strlen(words));
}
