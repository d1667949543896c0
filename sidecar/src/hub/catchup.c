/*
 * catchup.c - from the table, or the ring, back into the log.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A subscriber that is not joined has a position p, and the next source is chosen by p alone:
 * the log when it reaches back to p, else the ring, else the table.  Each step gives it frames of
 * (p, q] and moves it to q; then the choice is made anew.  Since floors and head only ever rise,
 * and each source tells the truth about everything from its floor to the head, nothing is skipped
 * or repeated however the feed moves on between two steps.
 *
 * The table can be ahead of the feed.  Then q lies beyond the head, and the subscriber waits until
 * the feed has passed q: what lies between is in the ring by then, and q is found again there (or
 * in the log) like any other position.
 *
 * With filters both log and ring have the answers from a position on only (channel_filters_floor),
 * and below that the table is asked, with the filters.  Who has had everything up to the head of a
 * channel whose filters are not all live waits for that, without asking anybody: when they are
 * live, from a position q on, and the head had moved from p to q meanwhile, the table has (p, q].
 *
 * An event on which a filter failed ends the subscriber who gets to it, be it in the ring or in a
 * page of the table, after it has had what comes before.  So does a page that the database refuses
 * to read with its filters, or takes too long for: then it ends where it stands.
 *
 * A cursor must be good before anything is said to its client.  What retention has removed from the
 * table may still be in the ring; then all eventsd of a database should answer alike, whatever they
 * remember.  So the table is asked, unless the cursor is hardly older than a tick, which is what
 * clients have who are here all the time, or the table has just vouched for that cursor or an
 * older one: a crowd that comes back together costs a few questions a second.  When the table
 * cannot be asked, what ring or log cover is good.
 */
#include "hub/hub_private.h"

#include <string.h>

/* events of the ring looked at in one step */
#define RING_STEP 4096

/* ---- in and out of the log ---- */

void
catchup_join(Subscriber *subscriber)
{
	subscriber->frame = framelog_find(&subscriber->channel->log, subscriber->position);
	subscriber->joined = true;
	subscriber->hub->stats.behind--;
}

void
catchup_unjoin(Subscriber *subscriber)
{
	subscriber->position = subscriber_position(subscriber);
	subscriber->joined = false;
	subscriber->hub->stats.behind++;
}

/* ---- pages ---- */

static void
page_begin(Subscriber *subscriber)
{
	Hub *hub = subscriber->hub;

	if (hub->page != NULL &&
		(hub->page->references > 1 || hub->page->capacity != hub->config.queue_size))
	{
		segment_release(hub->page);
		hub->page = NULL;
	}
	if (hub->page == NULL)
		hub->page = segment_new(hub->config.queue_size);
	hub->page->used = 0;
	hub->page_owner = subscriber;
	hub->page_events = 0;
	hub->page_position = subscriber->position;
	hub->page_full = false;
	hub->page_failed = 0;
}

/* the first event always fits */
static bool
page_has_room(Subscriber *subscriber, size_t size)
{
	Hub *hub = subscriber->hub;

	if (subscriber->limit > 0 && hub->page_events >= subscriber->limit)
		return false;
	if (segment_room(hub->page) >= size)
		return true;
	if (hub->page_events > 0)
		return false;
	segment_release(hub->page);
	hub->page = segment_new(size);
	return true;
}

/* the page ends before this event */
static bool
page_ends(Hub *hub)
{
	hub->page_full = true;
	return false;
}

/* false: full, the event is not in it; numbers as of subscription_match() */
static bool
page_add(Subscriber *subscriber, const EventView *event, const int64_t *numbers)
{
	Hub *hub = subscriber->hub;
	const Framing *framing = subscriber->ops->framing;
	size_t size;

	switch (subscription_match(subscriber->channel->subscription, event, numbers))
	{
		case SUBSCRIPTION_NO:
			break;
		case SUBSCRIPTION_YES:
			size = framing->size(event);
			if (!page_has_room(subscriber, size))
				return page_ends(hub);
			framing->write(event, hub->epoch, hub->page->data + hub->page->used);
			hub->page->used += (uint32_t) size;
			hub->page_events++;
			break;
		case SUBSCRIPTION_UNKNOWN:
			/* what comes before it goes out first, and then it is looked at again */
			if (hub->page_events == 0)
				hub->page_failed = event->position;
			return page_ends(hub);
	}
	hub->page_position = event->position;
	return true;
}

/* ---- the ring ---- */

static CatchupStep
step_in_ring(Subscriber *subscriber)
{
	Hub *hub = subscriber->hub;
	size_t index = ring_find(&hub->ring, subscriber->position);
	size_t end = hub->ring.count;

	if (end - index > RING_STEP)
		end = index + RING_STEP;
	page_begin(subscriber);
	while (index < end &&
		   page_add(subscriber, &ring_get(&hub->ring, index)->view, subscriber->channel->numbers))
		index++;
	hub->page_owner = NULL;

	subscriber->position = index == hub->ring.count ? hub->head : hub->page_position;
	if (hub->page_failed > 0)
	{
		flush_end(subscriber, END_FILTER_FAILED);
		return CATCHUP_OVER;
	}
	return hub->page_events > 0 ? CATCHUP_PAGE : CATCHUP_AGAIN;
}

/* ---- the table ---- */

/* does the ring, or the log, have everything after its position? */
static bool
is_remembered(const Subscriber *subscriber)
{
	const Hub *hub = subscriber->hub;

	return subscriber->position <= hub->head &&
		   (subscriber->position >= hub->ring.floor ||
			subscriber->position >= subscriber->channel->log.floor);
}

/* with the answers of its filters? */
static bool
is_covered(const Subscriber *subscriber)
{
	return is_remembered(subscriber) &&
		   subscriber->position >= channel_filters_floor(subscriber->channel);
}

/* can it go on without the table? */
static bool
needs_no_table(const Subscriber *subscriber)
{
	return subscriber->position == subscriber->hub->head || is_covered(subscriber);
}

/* begun streams wait for better times, others are told */
static void
table_unavailable(Subscriber *subscriber)
{
	if (!subscriber->checked && needs_no_table(subscriber) &&
		subscriber->position >= subscriber->hub->oldest - 1)
	{
		subscriber->checked = true;
		hub_make_ready(subscriber);
	}
	else if (subscriber->is_ready)
		hub_park(subscriber, SUBSCRIBER_RETRY, &subscriber->hub->retry);
	else
		flush_end(subscriber, END_UNAVAILABLE);
}

static void
table_too_old(Subscriber *subscriber, int64_t oldest)
{
	hub_set_oldest(subscriber->hub, oldest > 0 ? oldest : subscriber->position + 2);
	if (subscriber->from_earliest && !subscriber->checked && oldest > 0)
		hub_make_ready(subscriber);
	else if (subscriber->from_earliest && !subscriber->checked)
		hub_park(subscriber, SUBSCRIBER_RETRY, &subscriber->hub->retry);
	else
		flush_end(subscriber, END_RESET_TOO_OLD);
}

static void
table_answered(Subscriber *subscriber, const HistoryEnd *end)
{
	Hub *hub = subscriber->hub;
	int64_t before = subscriber->position;
	int64_t after = hub->page_full ? hub->page_position : end->position;

	/* the database has moved to another epoch, and the feed is about to tell us */
	if (strcmp(end->epoch, hub->epoch) != 0)
	{
		hub->page_failed = 0;
		hub_park(subscriber, SUBSCRIBER_RETRY, &hub->retry);
		return;
	}
	/* the beginning speaks of the position from which the page goes on */
	subscriber->checked = true;
	if (before < hub->vouched)
		hub->vouched = before;
	if (hub->page_failed > 0)
	{
		flush_end(subscriber, END_FILTER_FAILED);
		return;
	}
	if (!flush_begin(subscriber))
		return;
	if (after > before)
		subscriber->position = after;
	if (hub->page_events > 0)
		flush_page(subscriber);
	else if (after > before || before >= hub->head)
		hub_make_ready(subscriber);
	else /* it knows less than we do: asked again, but not at once */
		hub_park(subscriber, SUBSCRIBER_RETRY, &hub->retry);
}

static void
on_event(void *reader, const EventView *view)
{
	Subscriber *subscriber = reader;
	Hub *hub = subscriber->hub;
	Event *event;

	if (hub->page_owner != subscriber)
		page_begin(subscriber);
	if (hub->page_full || view->position <= hub->page_position)
		return;
	if (memchr(view->json.data, '\n', view->json.len) == NULL &&
		memchr(view->json.data, '\r', view->json.len) == NULL)
	{
		page_add(subscriber, view, NULL);
		return;
	}
	event = event_new(view); /* makes it one line */
	page_add(subscriber, &event->view, NULL);
	event_release(event);
}

static void
on_done(void *reader, const HistoryEnd *end)
{
	Subscriber *subscriber = reader;
	Hub *hub = subscriber->hub;

	subscriber->read = NULL;
	subscriber->state = SUBSCRIBER_READY;
	hub->stats.reads--;
	if (hub->page_owner != subscriber)
		page_begin(subscriber);
	hub->page_owner = NULL;
	switch (end->outcome)
	{
		case HISTORY_OK:
			table_answered(subscriber, end);
			break;
		case HISTORY_TOO_OLD:
			table_too_old(subscriber, end->oldest);
			break;
		case HISTORY_FUTURE:
			if (subscriber->position > hub->head)
				flush_end(subscriber, END_RESET_FUTURE);
			else
				hub_park(subscriber, SUBSCRIBER_RETRY, &hub->retry);
			break;
		case HISTORY_REFUSED:
			/* asked again with these filters, the answer would hardly be another */
			if (subscriber->channel->filter_count > 0)
				flush_end(subscriber, END_FILTER_FAILED);
			else
				table_unavailable(subscriber);
			break;
		case HISTORY_UNAVAILABLE:
		case HISTORY_FAILED:
			table_unavailable(subscriber);
			break;
	}
	catchup_start_reads(hub);
}

static const HistoryReader reader_functions = {on_event, on_done};

static bool
start_read(Subscriber *subscriber)
{
	Hub *hub = subscriber->hub;
	const HistorySource *source = hub->environment.history;
	int max_count = hub->config.page_count;

	if (subscriber->limit > 0 && subscriber->limit < max_count)
		max_count = subscriber->limit;
	subscriber->read = source->read(hub->environment.history_arg, subscriber->position, max_count,
									hub->config.page_bytes,
									subscription_filter(subscriber->channel->subscription),
									&reader_functions, subscriber);
	if (subscriber->read == NULL)
		return false;
	hub->stats.reads++;
	hub->stats.history_reads++;
	hub_park(subscriber, SUBSCRIBER_READING, NULL);
	return true;
}

void
catchup_start_reads(Hub *hub)
{
	DlistNode *node;

	while (hub->stats.reads < hub->config.max_reads &&
		   (node = dlist_pop_head(&hub->queued)) != NULL)
	{
		Subscriber *subscriber = DLIST_OWNER(Subscriber, node, node);

		subscriber->state = SUBSCRIBER_READY;
		if (!subscriber->checked)
			catchup_check(subscriber);
		if (subscriber->checked && needs_no_table(subscriber))
			hub_make_ready(subscriber);
		else if (!start_read(subscriber))
			table_unavailable(subscriber);
	}
}

void
catchup_cancel(Subscriber *subscriber)
{
	Hub *hub = subscriber->hub;

	if (subscriber->read == NULL)
		return;
	hub->environment.history->cancel(hub->environment.history_arg, subscriber->read);
	subscriber->read = NULL;
	hub->stats.reads--;
	if (!dlist_is_empty(&hub->queued))
		hub_wake(hub); /* the free place is given away by hub_flush() */
}

/* ---- the choice ---- */

void
catchup_check(Subscriber *subscriber)
{
	const Hub *hub = subscriber->hub;

	if (subscriber->from_earliest)
	{
		subscriber->position = hub->oldest > 0 ? hub->oldest - 1 : 0;
		if (subscriber->position > hub->head)
			subscriber->position = hub->head;
	}
	if (subscriber->position >= hub->vouched && is_remembered(subscriber))
		subscriber->checked = true;
}

/* one whose position is good, and not beyond the head */
static CatchupStep
step_below_head(Subscriber *subscriber)
{
	Hub *hub = subscriber->hub;
	Channel *channel = subscriber->channel;

	/* who wants nothing has had it all */
	if (subscription_is_none(channel->subscription))
		subscriber->position = hub->head;
	if (subscriber->position >= channel->log.floor)
	{
		catchup_join(subscriber);
		return CATCHUP_JOINED;
	}
	if (subscriber->position >= hub->ring.floor && is_covered(subscriber))
		return step_in_ring(subscriber);
	if (subscriber->position == hub->head)
		hub_park(subscriber, SUBSCRIBER_AWAITING, &channel->awaiting);
	else
		hub_park(subscriber, SUBSCRIBER_QUEUED, &hub->queued);
	return CATCHUP_WAIT;
}

CatchupStep
catchup_step(Subscriber *subscriber)
{
	Hub *hub = subscriber->hub;

	if (subscriber->checked && subscriber->position <= hub->head)
		return step_below_head(subscriber);
	if (subscriber->checked)
		hub_park(subscriber, SUBSCRIBER_AHEAD, &hub->ahead);
	else
		hub_park(subscriber, SUBSCRIBER_QUEUED, &hub->queued);
	return CATCHUP_WAIT;
}
