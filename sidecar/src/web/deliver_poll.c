/*
 * deliver_poll.c - long-poll: a GET that is held until there is something to answer.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A held poll is a PollClient, a one-shot subscriber and nothing more.  When events come the hub
 * hands it a batch, and the answer is
 *
 *	  200, application/cloudevents-batch+json, Events-Cursor: <go on from here>, [event,event,...]
 *
 * All who wait at the same place of the same channel get the very same bytes, so answers are kept
 * with the channel: the last few of them, found by the frames that they hold.  All channels
 * together keep KEPT_BYTES; what is more is made for one client and forgotten, and the hub has
 * old ones freed from time to time.
 *
 * When the time is over, or nobody wanted to wait, it is 204 with the newest cursor: so a quiet
 * subscription moves on too.
 *
 * Deadlines lie on a wheel of quarter seconds, because every client may wait differently long.
 * A frame is an event and a comma; the last comma of an answer becomes the bracket.
 */
#include "base/mem.h"
#include "web/deliver_internal.h"
#include "web/problem.h"

#define DEFAULT_WAIT_MS 25000
#define DEFAULT_LIMIT 100

/* answers kept with a channel: those who come back are at most a few places apart */
#define KEPT_ANSWERS 4
#define KEPT_BYTES ((size_t) 32 << 20)
#define HEAD_SIZE 256

/* clients whose memory is kept for the next */
#define MAX_FREE_POLLS 256

typedef struct PollClient
{
	Subscriber subscriber;
	DlistNode slot; /* of the wheel */
	int rounds;		/* of the whole wheel that are still to go */
	Deliver *deliver;
	HttpConn *conn;
} PollClient;

typedef struct Answer
{
	uint64_t key[2];
	size_t head_len;
	char head[HEAD_SIZE];
	size_t body_len;
	char *body; /* NULL: this place is free */
} Answer;

/* hangs in Batch.share */
typedef struct Answers
{
	Answer kept[KEPT_ANSWERS];
	unsigned next; /* to be replaced */
} Answers;

/* of the bodies of all answers that are kept */
static size_t kept_bytes;

static PollClient *
client_new(Deliver *deliver, HttpConn *conn)
{
	DlistNode *node = dlist_pop_head(&deliver->free_polls);
	PollClient *client;

	if (node == NULL)
		client = mem_alloc(sizeof(*client));
	else
	{
		client = DLIST_OWNER(PollClient, slot, node);
		deliver->free_poll_count--;
	}
	client->deliver = deliver;
	client->conn = conn;
	dlist_node_init(&client->slot);
	subscriber_init(&client->subscriber);
	return client;
}

static void
client_free(PollClient *client)
{
	Deliver *deliver = client->deliver;

	subscriber_leave(&client->subscriber);
	if (dlist_is_linked(&client->slot))
	{
		dlist_remove(&client->slot);
		if (--deliver->polls_waiting == 0)
			loop_timer_clear(&deliver->poll_timer);
	}
	if (deliver->free_poll_count < MAX_FREE_POLLS)
	{
		dlist_push_head(&deliver->free_polls, &client->slot);
		deliver->free_poll_count++;
	}
	else
		mem_free(client);
}

/* ---- frames ---- */

static size_t
frame_size(const EventView *event)
{
	return event->json.len + 1;
}

static void
frame_write(const EventView *event, const char *epoch, char *out)
{
	(void) epoch;
	out = put_bytes(out, event->json.data, event->json.len);
	*out = ',';
}

/* its place becomes free */
static void
answer_forget(Answer *answer)
{
	if (answer->body == NULL)
		return;
	kept_bytes -= answer->body_len;
	mem_free(answer->body);
	answer->body = NULL;
}

static void
answers_free(void *share)
{
	Answers *answers = share;

	for (int i = 0; i < KEPT_ANSWERS; i++)
		answer_forget(&answers->kept[i]);
	mem_free(answers);
}

static const Framing framing = {
	.name = "poll",
	.transport = FRAMING_POLL,
	.one_shot = true,
	.size = frame_size,
	.write = frame_write,
	.share_free = answers_free,
};

/* ---- answers ---- */

static void
answer_build(Answer *answer, const Batch *batch)
{
	char cursor[CURSOR_SIZE];
	char *at;

	answer->key[0] = batch->share_key[0];
	answer->key[1] = batch->share_key[1];
	answer->body_len = batch->length + 1;
	answer->body = mem_alloc(answer->body_len);
	at = answer->body;
	*at++ = '[';
	for (int i = 0; i < batch->piece_count; i++)
		at = put_bytes(at, batch->pieces[i].data, batch->pieces[i].len);
	at[-1] = ']';

	cursor_format(cursor, batch->epoch, batch->position);
	answer->head_len = (size_t) snprintf(
		answer->head, HEAD_SIZE,
		"HTTP/1.1 200 OK\r\n"
		"Content-Type: application/cloudevents-batch+json\r\n"
		"Content-Length: %zu\r\nEvents-Cursor: %s\r\nCache-Control: no-store\r\n",
		answer->body_len, cursor);
}

/* from those kept with the channel, or made and kept there; NULL: too much is kept already */
static const Answer *
answer_shared(const Batch *batch)
{
	Answers *answers = *batch->share;
	Answer *answer;

	if (answers == NULL)
		*batch->share = answers = mem_zalloc(sizeof(*answers));
	for (int i = 0; i < KEPT_ANSWERS; i++)
	{
		answer = &answers->kept[i];
		if (answer->body != NULL && answer->key[0] == batch->share_key[0] &&
			answer->key[1] == batch->share_key[1])
			return answer;
	}
	answer = &answers->kept[answers->next++ % KEPT_ANSWERS];
	answer_forget(answer);
	if (kept_bytes + batch->length + 1 > KEPT_BYTES)
		return NULL;
	answer_build(answer, batch);
	kept_bytes += answer->body_len;
	return answer;
}

static void
answer_nothing(HttpConn *conn, const char *epoch, int64_t position)
{
	char cursor[CURSOR_SIZE];
	char head[HEAD_SIZE];
	int len;

	cursor_format(cursor, epoch, position);
	len = snprintf(head, sizeof(head),
				   "HTTP/1.1 204 No Content\r\nEvents-Cursor: %s\r\n"
				   "Cache-Control: no-store\r\n",
				   cursor);
	http_respond_shared(conn, head, (size_t) len, NULL, 0);
}

static void
answer_with(HttpConn *conn, const Answer *answer)
{
	http_respond_shared(conn, answer->head, answer->head_len, answer->body, answer->body_len);
}

/* ---- the hub's side ---- */

static void
on_batch(Subscriber *subscriber, const Batch *batch)
{
	PollClient *client = DLIST_OWNER(PollClient, subscriber, subscriber);
	HttpConn *conn = client->conn;
	const Answer *shared = NULL;

	if (batch->count > 0 && batch->share != NULL)
		shared = answer_shared(batch);
	/* the answer may bring the next request of this connection: we are done before it */
	client_free(client);
	if (batch->count == 0)
		answer_nothing(conn, batch->epoch, batch->position);
	else if (shared != NULL)
		answer_with(conn, shared);
	else
	{
		Answer answer;

		answer_build(&answer, batch);
		answer_with(conn, &answer);
		mem_free(answer.body);
	}
}

static void
on_ended(Subscriber *subscriber, const SubscriberEnded *ended)
{
	PollClient *client = DLIST_OWNER(PollClient, subscriber, subscriber);
	HttpConn *conn = client->conn;

	client_free(client);
	deliver_refuse(conn, ended);
}

static const SubscriberOps ops = {.framing = &framing, .batch = on_batch, .ended = on_ended};

/* ---- the connection's side ---- */

static void
departed(void *arg, HttpConn *conn)
{
	(void) conn;
	client_free(arg);
}

static void
drain(void *arg, HttpConn *conn)
{
	PollClient *client = arg;

	(void) conn;
	subscriber_finish(&client->subscriber);
}

static const HttpOwner owner = {departed, NULL, drain};

/* ---- the wheel ---- */

static void
turn_wheel(LoopTimer *timer, void *arg)
{
	Deliver *deliver = arg;
	Dlist *slot = &deliver->poll_slots[deliver->poll_slot];
	Dlist due;
	DlistNode *node;

	(void) timer;
	deliver->poll_slot = (deliver->poll_slot + 1) % POLL_SLOTS;
	dlist_init(&due);
	dlist_splice(&due, slot);
	while ((node = dlist_pop_head(&due)) != NULL)
	{
		PollClient *client = DLIST_OWNER(PollClient, slot, node);

		if (client->rounds-- > 0)
		{
			dlist_push_tail(slot, node);
			continue;
		}
		deliver->polls_waiting--;
		subscriber_finish(&client->subscriber);
	}
	if (deliver->polls_waiting == 0)
		loop_timer_clear(&deliver->poll_timer);
}

static void
start_waiting(PollClient *client, int wait_ms)
{
	Deliver *deliver = client->deliver;
	int slots = (wait_ms + POLL_SLOT_MS - 1) / POLL_SLOT_MS;

	client->rounds = slots / POLL_SLOTS;
	dlist_push_tail(&deliver->poll_slots[(deliver->poll_slot + slots) % POLL_SLOTS], &client->slot);
	deliver->polls_waiting++;
	if (!loop_timer_is_running(&deliver->poll_timer))
		loop_timer_start(&deliver->poll_timer, POLL_SLOT_MS, POLL_SLOT_MS);
}

void
deliver_poll_init(Deliver *deliver)
{
	for (int i = 0; i < POLL_SLOTS; i++)
		dlist_init(&deliver->poll_slots[i]);
	dlist_init(&deliver->free_polls);
	loop_timer_init(&deliver->poll_timer, deliver->loop, turn_wheel, deliver);
}

void
deliver_poll_clear(Deliver *deliver)
{
	DlistNode *node;

	loop_timer_clear(&deliver->poll_timer);
	while ((node = dlist_pop_head(&deliver->free_polls)) != NULL)
		mem_free(DLIST_OWNER(PollClient, slot, node));
}

/* ---- the beginning ---- */

static void
begin(Deliver *deliver, HttpConn *conn, const DeliverRequest *request)
{
	PollClient *client;
	int wait_ms = request->wait_ms < 0 ? DEFAULT_WAIT_MS : request->wait_ms;
	SubscribeOptions options = {
		.start = request->start,
		.limit = request->limit < 1 ? DEFAULT_LIMIT : request->limit,
		.no_wait = wait_ms == 0,
	};

	if (request->start.from == START_LATEST && hub_is_open(deliver->hub))
	{
		answer_nothing(conn, hub_epoch(deliver->hub), hub_head(deliver->hub));
		return;
	}
	client = client_new(deliver, conn);
	if (!hub_subscribe(deliver->hub, &client->subscriber, &ops, request->subscription, &options))
	{
		client_free(client);
		problem_unavailable(conn, "The database has not been reached yet.");
		return;
	}
	if (!options.no_wait)
		start_waiting(client, wait_ms < deliver->max_wait_ms ? wait_ms : deliver->max_wait_ms);
	http_hold(conn, &owner, client);
}

const DeliverMethod deliver_poll = {begin};
