/*
 * deliver_history.c - see deliver_history.h.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A read is a small struct between a hub's reader and a query; it is freed with the answer or with
 * the cancellation.  Failures that are nobody's cursor are logged here, the hub only learns that
 * the table cannot be read now.
 */
#include "web/deliver_history.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "hub/hub.h"
#include "pg/query.h"

struct HistoryRead
{
	Query *query;
	const HistoryReader *reader;
	void *arg;
};

static EventView
view_of(const FeedEvent *event)
{
	return (EventView) {
		.position = event->position,
		.recorded_at = event->recorded_at,
		.type = event->type,
		.topic = event->topic,
		.json = event->json,
		.matches = event->matches,
		.match_count = event->match_count,
	};
}

/* ---- the table ---- */

/* "Events up to position N were removed": 0 when the detail says nothing of the kind */
static int64_t
oldest_of(const QueryError *error)
{
	const char *digits = error->detail ? strpbrk(error->detail, "0123456789") : NULL;

	return digits ? strtoll(digits, NULL, 10) + 1 : 0;
}

static HistoryOutcome
outcome_of(const QueryError *error)
{
	if (strcmp(error->sqlstate, QUERY_CURSOR_TOO_OLD) == 0)
		return HISTORY_TOO_OLD;
	if (strcmp(error->sqlstate, QUERY_CURSOR_FUTURE) == 0)
		return HISTORY_FUTURE;
	if (error->unavailable)
		return HISTORY_UNAVAILABLE;
	log_warning("history cannot be read", LOG_STR("sqlstate", error->sqlstate),
				LOG_STR("reason", error->message), LOG_STR("detail", error->detail));
	return query_is_client_fault(error) || query_took_too_long(error) ? HISTORY_REFUSED
																	  : HISTORY_FAILED;
}

static void
answered(void *arg, const HistoryResult *result, const QueryError *error)
{
	HistoryRead *read = arg;
	HistoryEnd end = {.outcome = HISTORY_OK};

	if (error != NULL)
	{
		end.outcome = outcome_of(error);
		if (end.outcome == HISTORY_TOO_OLD)
			end.oldest = oldest_of(error);
	}
	else
	{
		end.position = result->position;
		end.epoch = result->epoch;
		for (int i = 0; i < result->count; i++)
		{
			EventView view = view_of(&result->events[i]);

			read->reader->event(read->arg, &view);
		}
	}
	read->reader->done(read->arg, &end);
	mem_free(read);
}

static HistoryRead *
start(void *source, int64_t after, int max_count, int max_bytes, const EventFilter *filter,
	  const HistoryReader *reader, void *arg)
{
	HistoryRead *read = mem_zalloc(sizeof(*read));
	HistoryRequest request = {
		.after = after,
		.max_count = max_count,
		.max_bytes = max_bytes,
		.filter = filter,
	};

	read->reader = reader;
	read->arg = arg;
	read->query = query_history(source, &request, answered, read);
	if (read->query == NULL)
	{
		mem_free(read);
		return NULL;
	}
	return read;
}

static void
cancel(void *source, HistoryRead *read)
{
	(void) source;
	query_cancel(read->query);
	mem_free(read);
}

const HistorySource deliver_history = {start, cancel};

/* ---- the feed ---- */

static void
on_epoch(void *arg, const FeedEpoch *epoch)
{
	hub_open(arg, epoch->epoch, epoch->oldest, epoch->position);
}

static FeedFilters
filters(void *arg)
{
	const FilterList *list = hub_ask_page(arg);

	return (FeedFilters) {.texts = {list->texts, list->count}, .version = list->version};
}

static void
on_page(void *arg)
{
	hub_begin_page(arg);
}

static void
on_filters_refused(void *arg)
{
	hub_refuse_filters(arg);
}

static void
on_event(void *arg, const FeedEvent *event)
{
	EventView view = view_of(event);

	hub_publish(arg, &view);
}

static void
on_page_end(void *arg, int64_t position, const char *epoch)
{
	(void) epoch;
	hub_advance(arg, position);
}

static void
on_state(void *arg, bool connected)
{
	(void) arg;
	(void) connected;
}

const FeedHandler deliver_feed_handler = {.on_epoch = on_epoch,
										  .filters = filters,
										  .on_page = on_page,
										  .on_filters_refused = on_filters_refused,
										  .on_event = on_event,
										  .on_page_end = on_page_end,
										  .on_state = on_state};
