/*
 * upkeep.c - events.maintain() and filing for search where nobody else does it.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "pg/upkeep.h"

#include "base/log.h"
#include "base/mem.h"

#define INTERVAL 10000 /* ms */
#define FIRST 1000
#define MORE 1000 /* after a round that has left something to do */

struct Upkeep
{
	Queries *queries;
	const Feed *feed;
	LoopTimer timer;
	Query *running;
	bool has_more; /* the last round has left something to do */
};

static void
report(const char *what, const QueryError *error)
{
	log_warning(what, LOG_STR("reason", error->message), LOG_STR("sqlstate", error->sqlstate),
				LOG_STR("detail", error->detail), LOG_STR("hint", error->hint));
}

static void file_events(Upkeep *upkeep);
static void begin_round(Upkeep *upkeep);

static void
piece_filed(void *arg, int64_t events, const QueryError *error)
{
	Upkeep *upkeep = arg;

	upkeep->running = NULL;
	if (error)
		report("filing events for search failed", error);
	else if (events > 0 && upkeep->has_more)
		begin_round(upkeep);
	else if (events > 0)
		file_events(upkeep);
}

/* Events for search, piece after piece; one that comes meanwhile can wait for the next round. */
static void
file_events(Upkeep *upkeep)
{
	const FeedState *state = feed_state(upkeep->feed);

	if (state->connected && !state->worker)
		upkeep->running = query_index_search(upkeep->queries, piece_filed, upkeep);
}

static void
round_done(void *arg, int64_t more, const QueryError *error)
{
	Upkeep *upkeep = arg;

	upkeep->running = NULL;
	upkeep->has_more = !error && more > 0;
	if (upkeep->has_more)
		loop_timer_start(&upkeep->timer, MORE, INTERVAL);
	if (error)
		report("maintenance failed", error);
	else
		file_events(upkeep);
}

static void
begin_round(Upkeep *upkeep)
{
	const FeedState *state = feed_state(upkeep->feed);

	if (!upkeep->running && state->connected && !state->worker)
		upkeep->running = query_maintain(upkeep->queries, round_done, upkeep);
}

static void
round_due(LoopTimer *timer, void *arg)
{
	(void) timer;
	begin_round(arg);
}

Upkeep *
upkeep_new(Loop *loop, Queries *queries, const Feed *feed)
{
	Upkeep *upkeep = mem_zalloc(sizeof(Upkeep));

	upkeep->queries = queries;
	upkeep->feed = feed;
	loop_timer_init(&upkeep->timer, loop, round_due, upkeep);
	loop_timer_start(&upkeep->timer, FIRST, INTERVAL);
	return upkeep;
}

void
upkeep_free(Upkeep *upkeep)
{
	if (!upkeep)
		return;
	loop_timer_clear(&upkeep->timer);
	if (upkeep->running)
		query_cancel(upkeep->running);
	mem_free(upkeep);
}
