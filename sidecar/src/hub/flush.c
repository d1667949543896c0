/*
 * flush.c - the end of a turn: every ready subscriber gets what it has not had.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * The common case by far is a joined stream subscriber whose socket has room: one look at its log
 * finds one run of bytes, one send() takes them all, and it goes to the end of its channel's idle
 * list.  Everything else (short writes, falling off the log, catching up, the beginning and the
 * end) is the same loop taken once more.
 *
 * A turn serves flush_batch subscribers; the rest goes on in the next turn, so that a fan-out to
 * ten thousand does not hold up those who knock at the door.
 */
#include "hub/hub_private.h"

#include <string.h>

/* segments in one one-shot answer */
#define BATCH_PIECES 64

/* ---- counting ---- */

static void
count_sent(const Subscriber *subscriber, size_t bytes)
{
	HubStats *stats = &subscriber->hub->stats;
	FramingTransport transport = subscriber->ops->framing->transport;

	if (bytes == 0)
		return;
	stats->sends[transport]++;
	stats->bytes[transport] += (int64_t) bytes;
}

static void
count_events(const Subscriber *subscriber, uint64_t events)
{
	subscriber->hub->stats.deliveries[subscriber->ops->framing->transport] += (int64_t) events;
}

/* tells of each frame's first delivery */
static void
observe(Hub *hub, Channel *channel, uint64_t until)
{
	uint64_t number = channel->observed;

	if (number >= until)
		return;
	if (number < channel->log.first)
		number = channel->log.first;
	for (; number < until; number++)
		hub->environment.delivered(hub->environment.arg,
								   framelog_get(&channel->log, number)->recorded_at);
	channel->observed = until;
}

/* ---- the end ---- */

void
flush_end(Subscriber *subscriber, SubscriberEnd reason)
{
	Hub *hub = subscriber->hub;
	SubscriberEnded ended = {
		.reason = reason,
		.was_ready = subscriber->is_ready,
		.is_clean = pending_is_empty(&subscriber->pending),
	};
	int64_t oldest = hub->oldest > 0 ? hub->oldest - 1 : 0;
	int64_t position = hub->head;

	if (reason == END_RESET_TOO_OLD)
		position = oldest;
	else if (reason == END_FILTER_FAILED && hub->page_failed > 0)
		position = hub->page_failed;
	else if (reason == END_UNAVAILABLE || reason == END_FILTER_FAILED)
		position = subscriber->position;
	else if (reason == END_RESET_EPOCH && oldest > position)
		position = oldest;
	cursor_format(ended.cursor, hub->epoch, position);
	cursor_format(ended.oldest, hub->epoch, oldest);
	hub->page_failed = 0;
	if (reason == END_FILTER_FAILED)
		hub->stats.filter_failures++;
	else if (reason != END_UNAVAILABLE)
		hub->stats.resets++;
	subscriber_detach(subscriber);
	subscriber->ops->ended(subscriber, &ended);
}

/* what is pending first, as far as it goes */
static void
end_at_last(Subscriber *subscriber)
{
	SubscriberEnd reason = (SubscriberEnd) (subscriber->end - 1);

	if (!pending_is_empty(&subscriber->pending))
	{
		size_t len = pending_length(&subscriber->pending);
		ssize_t sent = subscriber->ops->send(
			subscriber, subscriber->pending.segment->data + subscriber->pending.from, len);

		if (sent > 0)
			pending_consume(&subscriber->pending, (size_t) sent);
	}
	flush_end(subscriber, reason);
}

bool
flush_begin(Subscriber *subscriber)
{
	const SubscriberOps *ops = subscriber->ops;

	if (subscriber->is_ready || ops->framing->one_shot)
		return true;
	subscriber->is_ready = true;
	return ops->ready == NULL || ops->ready(subscriber);
}

/* ---- streams ---- */

bool
flush_pending(Subscriber *subscriber)
{
	Pending *pending = &subscriber->pending;
	size_t len = pending_length(pending);
	ssize_t sent;

	if (pending_is_empty(pending))
		return true;
	sent = subscriber->ops->send(subscriber, pending->segment->data + pending->from, len);
	if (sent < 0)
	{
		subscriber_detach(subscriber);
		return false;
	}
	count_sent(subscriber, (size_t) sent);
	pending_consume(pending, (size_t) sent);
	if ((size_t) sent == len)
		return true;
	if (subscriber->state == SUBSCRIBER_READY)
		hub_park(subscriber, SUBSCRIBER_BLOCKED, NULL);
	return false;
}

/* the socket took `sent` bytes of a run and no more: keep the place, and the rest of a frame */
static void
stop_inside(Subscriber *subscriber, const FrameRun *run, size_t sent)
{
	const FrameLog *log = &subscriber->channel->log;
	uint32_t at = run->from + (uint32_t) sent;
	uint64_t next = framelog_frame_at(log, subscriber->frame, run, at);
	const Frame *frame = framelog_get(log, next);

	if (at > frame->from)
	{
		pending_set(&subscriber->pending, run->segment, at, frame->to);
		next++;
	}
	count_events(subscriber, next - subscriber->frame);
	observe(subscriber->hub, subscriber->channel, next);
	if (next > subscriber->frame)
		subscriber->position = framelog_get(log, next - 1)->position;
	subscriber->frame = next;
	hub_park(subscriber, SUBSCRIBER_BLOCKED, NULL);
}

static void
send_log(Subscriber *subscriber)
{
	Hub *hub = subscriber->hub;
	Channel *channel = subscriber->channel;
	const FrameLog *log = &channel->log;

	while (subscriber->frame < log->end)
	{
		FrameRun run = framelog_run(log, subscriber->frame, log->end);
		size_t len = run.to - run.from;
		ssize_t sent = subscriber->ops->send(subscriber, run.segment->data + run.from, len);

		if (sent < 0)
		{
			subscriber_detach(subscriber);
			return;
		}
		count_sent(subscriber, (size_t) sent);
		if ((size_t) sent < len)
		{
			stop_inside(subscriber, &run, (size_t) sent);
			return;
		}
		count_events(subscriber, run.next - subscriber->frame);
		observe(hub, channel, run.next);
		subscriber->frame = run.next;
	}
	subscriber->position = hub->head;
	hub_park(subscriber, SUBSCRIBER_IDLE, &channel->idle);
}

/* ---- one-shots ---- */

/* out of the hub, and the answer to its owner; the log or page it points into outlives the call */
static void
hand_over(Subscriber *subscriber, const Batch *batch)
{
	count_events(subscriber, (uint64_t) batch->count);
	count_sent(subscriber, batch->length);
	subscriber_detach(subscriber);
	subscriber->ops->batch(subscriber, batch);
}

static void
answer_nothing(Subscriber *subscriber)
{
	Batch batch = {
		.position = subscriber_position(subscriber),
		.epoch = subscriber->hub->epoch,
	};

	hand_over(subscriber, &batch);
}

static void
answer_from_log(Subscriber *subscriber)
{
	Hub *hub = subscriber->hub;
	Channel *channel = subscriber->channel;
	const FrameLog *log = &channel->log;
	Str pieces[BATCH_PIECES];
	Batch batch = {.pieces = pieces, .epoch = hub->epoch, .share = &channel->share};
	uint64_t next = subscriber->frame;
	uint64_t limit = log->end;

	if (subscriber->limit > 0 && limit - next > (uint64_t) subscriber->limit)
		limit = next + (uint64_t) subscriber->limit;
	while (next < limit && batch.piece_count < BATCH_PIECES &&
		   batch.length < hub->config.queue_size)
	{
		FrameRun run = framelog_run(log, next, limit);

		pieces[batch.piece_count++] = (Str) {run.segment->data + run.from, run.to - run.from};
		batch.length += run.to - run.from;
		next = run.next;
	}
	batch.count = (int) (next - subscriber->frame);
	batch.position = next == log->end ? hub->head : framelog_get(log, next - 1)->position;
	batch.share_key[0] = subscriber->frame;
	batch.share_key[1] = next;
	observe(hub, channel, next);
	hand_over(subscriber, &batch);
}

static void
serve_one_shot(Subscriber *subscriber)
{
	if (subscriber->frame < subscriber->channel->log.end)
		answer_from_log(subscriber);
	else if (subscriber->no_wait)
		answer_nothing(subscriber);
	else
	{
		subscriber->position = subscriber->hub->head;
		hub_park(subscriber, SUBSCRIBER_IDLE, &subscriber->channel->idle);
	}
}

/* ---- pages out of ring or table ---- */

static void
answer_page(Subscriber *subscriber)
{
	Hub *hub = subscriber->hub;
	Str piece = {hub->page->data, hub->page->used};
	Batch batch = {
		.pieces = &piece,
		.piece_count = 1,
		.length = piece.len,
		.count = hub->page_events,
		.position = subscriber->position,
		.epoch = hub->epoch,
	};

	hand_over(subscriber, &batch);
}

void
flush_page(Subscriber *subscriber)
{
	Segment *page = subscriber->hub->page;
	bool was_pending = !pending_is_empty(&subscriber->pending);
	ssize_t sent = 0;

	if (subscriber->ops->framing->one_shot)
	{
		answer_page(subscriber);
		return;
	}
	count_events(subscriber, (uint64_t) subscriber->hub->page_events);
	if (was_pending)
		pending_append(&subscriber->pending, page->data, page->used);
	else
	{
		sent = subscriber->ops->send(subscriber, page->data, page->used);
		if (sent < 0)
		{
			subscriber_detach(subscriber);
			return;
		}
		count_sent(subscriber, (size_t) sent);
		pending_set(&subscriber->pending, page, (uint32_t) sent, page->used);
	}
	if (pending_is_empty(&subscriber->pending))
		hub_make_ready(subscriber);
	else
		hub_park(subscriber, SUBSCRIBER_BLOCKED, NULL);
}

/* ---- serving ---- */

/* one that is not joined; true: it is now */
static bool
serve_behind(Subscriber *subscriber)
{
	Hub *hub = subscriber->hub;

	switch (catchup_step(subscriber))
	{
		case CATCHUP_JOINED:
			return true;
		case CATCHUP_PAGE:
			hub->budget -= PAGE_COST;
			flush_page(subscriber);
			break;
		case CATCHUP_AGAIN:
			hub->budget -= PAGE_COST;
			hub_make_ready(subscriber);
			break;
		case CATCHUP_WAIT:
			if (subscriber->no_wait &&
				(subscriber->state == SUBSCRIBER_AHEAD || subscriber->state == SUBSCRIBER_AWAITING))
				answer_nothing(subscriber);
			break;
		case CATCHUP_OVER:
			break;
	}
	return false;
}

void
flush_serve(Subscriber *subscriber)
{
	Hub *hub = subscriber->hub;

	subscriber->state = SUBSCRIBER_READY;
	if (subscriber->end != 0)
	{
		end_at_last(subscriber);
		return;
	}
	if (!subscriber->checked)
		catchup_check(subscriber);
	if (subscriber->checked && !flush_begin(subscriber))
		return;
	if (!flush_pending(subscriber))
		return;
	if (subscriber->joined && subscriber->frame < subscriber->channel->log.first)
	{
		hub->stats.fallen_behind++;
		catchup_unjoin(subscriber);
	}
	if (!subscriber->joined && !serve_behind(subscriber))
		return;
	if (subscriber->ops->framing->one_shot)
		serve_one_shot(subscriber);
	else
		send_log(subscriber);
}

/* filters have come that no page was asked for with */
static void
tell_filters(Hub *hub)
{
	const FilterTable *filters = &hub->channels.filters;

	if (!filters_are_wanted(filters) || hub->filters_told == filters->last_number)
		return;
	hub->filters_told = filters->last_number;
	if (hub->environment.filters_wanted != NULL)
		hub->environment.filters_wanted(hub->environment.arg);
}

void
hub_flush(Hub *hub)
{
	DlistNode *node;

	hub->woken = true; /* what becomes ready meanwhile needs no wake of its own */
	tell_filters(hub);
	hub->turn++;
	hub->budget = hub->config.flush_batch;
	while (hub->budget-- > 0 && (node = dlist_pop_head(&hub->ready)) != NULL)
		flush_serve(DLIST_OWNER(Subscriber, node, node));
	catchup_start_reads(hub);
	hub->woken = false;
	if (!dlist_is_empty(&hub->ready))
		hub_wake(hub);
}
