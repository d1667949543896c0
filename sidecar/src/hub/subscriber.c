/*
 * subscriber.c - what a connection may do with its place in the stream.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * Nothing here calls back: whatever is to happen is left for hub_flush().  "Latest" is the one
 * thing that is decided at once, since it means the moment of asking.
 */
#include "hub/subscriber.h"

#include <string.h>

#include "hub/hub_private.h"

void
subscriber_init(Subscriber *subscriber)
{
	memset(subscriber, 0, sizeof(*subscriber));
	dlist_node_init(&subscriber->node);
	dlist_node_init(&subscriber->member);
}

const char *
subscriber_end_name(SubscriberEnd reason)
{
	switch (reason)
	{
		case END_RESET_EPOCH:
			return "epoch";
		case END_RESET_TOO_OLD:
			return "too_old";
		case END_RESET_FUTURE:
			return "future";
		case END_FILTER_FAILED:
			return "filter_failed";
		case END_UNAVAILABLE:
			break;
	}
	return "unavailable";
}

static void
set_start(Hub *hub, Subscriber *subscriber, const Start *start)
{
	switch (start->from)
	{
		case START_LATEST:
			subscriber->position = hub->head;
			subscriber->checked = true;
			break;
		case START_EARLIEST:
			subscriber->from_earliest = true;
			catchup_check(subscriber);
			break;
		case START_CURSOR:
			subscriber->position = start->cursor.position;
			if (start->cursor.epoch[0] != '\0' && strcmp(start->cursor.epoch, hub->epoch) != 0)
				subscriber->end = END_RESET_EPOCH + 1;
			break;
	}
}

bool
hub_subscribe(Hub *hub, Subscriber *subscriber, const SubscriberOps *ops,
			  Subscription *subscription, const SubscribeOptions *options)
{
	if (!hub->is_open)
		return false;
	subscriber_init(subscriber);
	subscriber->hub = hub;
	subscriber->ops = ops;
	subscriber->limit = ops->framing->one_shot ? options->limit : 0;
	subscriber->no_wait = ops->framing->one_shot && options->no_wait;
	subscriber->channel = channel_acquire(&hub->channels, subscription, ops->framing, hub->head);
	set_start(hub, subscriber, &options->start);

	dlist_push_tail(&hub->members, &subscriber->member);
	hub->stats.subscribers[ops->framing->transport]++;
	hub->stats.sessions[ops->framing->transport]++;
	hub->stats.behind++;
	if (options->start.from == START_LATEST && !channel_is_waiting(subscriber->channel))
		catchup_join(subscriber);
	hub_make_ready(subscriber);
	return true;
}

static void
leave_channel(Subscriber *subscriber)
{
	Hub *hub = subscriber->hub;

	catchup_cancel(subscriber);
	channel_release(&hub->channels, subscriber->channel, hub->tick + hub->config.linger);
	subscriber->channel = NULL;
}

void
subscriber_detach(Subscriber *subscriber)
{
	Hub *hub = subscriber->hub;

	leave_channel(subscriber);
	if (!subscriber->joined)
		hub->stats.behind--;
	subscriber->joined = false;
	hub->stats.subscribers[subscriber->ops->framing->transport]--;
	dlist_remove(&subscriber->member);
	pending_clear(&subscriber->pending);
	hub_park(subscriber, SUBSCRIBER_OUT, NULL);
}

void
subscriber_leave(Subscriber *subscriber)
{
	if (!subscriber_is_out(subscriber))
		subscriber_detach(subscriber);
}

void
subscriber_writable(Subscriber *subscriber)
{
	if (subscriber->state == SUBSCRIBER_BLOCKED)
		hub_make_ready(subscriber);
	else if (!subscriber_is_out(subscriber) && !pending_is_empty(&subscriber->pending))
		flush_pending(subscriber);
}

void
subscriber_change(Subscriber *subscriber, Subscription *subscription)
{
	Hub *hub = subscriber->hub;

	if (subscriber_is_out(subscriber) ||
		subscription_equal(subscriber->channel->subscription, subscription))
		return;
	if (subscriber->joined)
		catchup_unjoin(subscriber);
	leave_channel(subscriber);
	subscriber->channel = channel_acquire(&hub->channels, subscription, subscriber->ops->framing,
										  hub->head);
	if (subscriber->state != SUBSCRIBER_BLOCKED)
		hub_make_ready(subscriber);
}

bool
subscriber_insert(Subscriber *subscriber, const char *bytes, size_t len)
{
	ssize_t sent = 0;

	if (subscriber_is_out(subscriber) || subscriber->end != 0)
		return false;
	if (pending_is_empty(&subscriber->pending) && subscriber->state != SUBSCRIBER_BLOCKED)
	{
		sent = subscriber->ops->send(subscriber, bytes, len);
		if (sent < 0)
		{
			subscriber_detach(subscriber);
			return false;
		}
		if ((size_t) sent == len)
			return true;
		if (subscriber->state == SUBSCRIBER_IDLE || subscriber->state == SUBSCRIBER_READY)
			hub_park(subscriber, SUBSCRIBER_BLOCKED, NULL);
	}
	else if (pending_length(&subscriber->pending) + len > subscriber->hub->config.queue_size)
		return false;
	pending_append(&subscriber->pending, bytes + sent, len - (size_t) sent);
	return true;
}

void
subscriber_finish(Subscriber *subscriber)
{
	if (subscriber_is_out(subscriber) || !subscriber->ops->framing->one_shot)
		return;
	subscriber->no_wait = true;
	if (subscriber->state == SUBSCRIBER_IDLE || subscriber->state == SUBSCRIBER_AHEAD ||
		subscriber->state == SUBSCRIBER_AWAITING || subscriber->state == SUBSCRIBER_RETRY)
		hub_make_ready(subscriber);
}

int64_t
subscriber_position(const Subscriber *subscriber)
{
	const FrameLog *log;

	if (!subscriber->joined)
		return subscriber->position;
	log = &subscriber->channel->log;
	if (subscriber->frame == log->end)
		return subscriber->hub->head;
	if (subscriber->frame > log->first)
	{
		int64_t last = framelog_get(log, subscriber->frame - 1)->position;

		if (last > subscriber->position)
			return last;
	}
	return subscriber->position;
}

char *
subscriber_cursor(Subscriber *subscriber, char text[CURSOR_SIZE])
{
	subscriber->position = subscriber_position(subscriber);
	return cursor_format(text, subscriber->hub->epoch, subscriber->position);
}
