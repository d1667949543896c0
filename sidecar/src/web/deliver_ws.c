/*
 * deliver_ws.c - events as WebSocket text messages.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A frame is a server's text frame: the header, unmasked, and the event.  ws_send_raw() takes only
 * whole frames, so control messages may go in between whenever ws.c likes.
 */
#include "base/mem.h"
#include "web/deliver_internal.h"

struct DeliverWs
{
	Subscriber subscriber;
	Ws *ws;
	DeliverWsEndedFn on_ended;
	void *arg;
};

static DeliverWs *
client_of(Subscriber *subscriber)
{
	return (DeliverWs *) ((char *) subscriber - offsetof(DeliverWs, subscriber));
}

static size_t
frame_size(const EventView *event)
{
	unsigned char header[10];

	return ws_frame_header(header, event->json.len) + event->json.len;
}

static void
frame_write(const EventView *event, const char *epoch, char *out)
{
	(void) epoch;
	out += ws_frame_header((unsigned char *) out, event->json.len);
	put_bytes(out, event->json.data, event->json.len);
}

static const Framing framing = {.name = "websocket",
								.transport = FRAMING_WEBSOCKET,
								.size = frame_size,
								.write = frame_write};

static ssize_t
send_frames(Subscriber *subscriber, const char *bytes, size_t len)
{
	return ws_send_raw(client_of(subscriber)->ws, bytes, len);
}

static void
ended(Subscriber *subscriber, const SubscriberEnded *end)
{
	DeliverWs *client = client_of(subscriber);
	DeliverWsEndedFn on_ended = client->on_ended;
	void *arg = client->arg;

	mem_free(client);
	on_ended(arg, end);
}

static const SubscriberOps ops = {.framing = &framing, .send = send_frames, .ended = ended};

DeliverWs *
deliver_ws_open(Deliver *deliver, Ws *ws, Subscription *subscription, const Start *start,
				DeliverWsEndedFn on_ended, void *arg)
{
	DeliverWs *client = mem_zalloc(sizeof(*client));
	SubscribeOptions options = {.start = *start};

	client->ws = ws;
	client->on_ended = on_ended;
	client->arg = arg;
	if (!hub_subscribe(deliver->hub, &client->subscriber, &ops, subscription, &options))
	{
		mem_free(client);
		return NULL;
	}
	return client;
}

void
deliver_ws_writable(DeliverWs *client)
{
	subscriber_writable(&client->subscriber);
}

void
deliver_ws_change(DeliverWs *client, Subscription *subscription)
{
	subscriber_change(&client->subscriber, subscription);
}

char *
deliver_ws_cursor(DeliverWs *client, char text[CURSOR_SIZE])
{
	return subscriber_cursor(&client->subscriber, text);
}

void
deliver_ws_close(DeliverWs *client)
{
	subscriber_leave(&client->subscriber);
	mem_free(client);
}
