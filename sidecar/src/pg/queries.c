/*
 * queries.c - the pools, their queues, and who waits in them.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A request is on the waiting list of its pool, or running on one of the pool's connections, or
 * on the list of those that failed at once and are told so at the end of the turn.
 *
 * When a pool has no connection left, its waiting requests fail: better a quick 503 than a client
 * that waits for a database that is away.
 *
 * A patient request is one that may take long, and that nobody depends on.  Others go before it,
 * but not for ever: after PATIENCE of them it is its turn.  Few of them wait, so that they leave
 * room in the queue.  In the pool of searches all are, but for those that want one event.
 *
 * A search that nobody waits for any more is ended by pg_cancel_backend(), on a connection for
 * reading.  That says whose process is meant, not which statement; so its connection runs nothing
 * until that is answered, and what comes late meets an idle process, which ignores it.  So does a
 * process that has not read its statement yet: the server is asked again while the search runs.
 */
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "pg/query_private.h"

#define PATIENCE 8
#define MAX_PATIENT 32
#define CANCEL_AGAIN 1000 /* ms */

/* ---- failing at the end of the turn ---- */

static void
tell_failed(LoopDefer *defer, void *arg)
{
	Queries *queries = arg;
	Dlist batch; /* a callback may ask again, and fail again: in the next turn */
	DlistNode *node;

	(void) defer;
	dlist_init(&batch);
	dlist_splice(&batch, &queries->failed);
	while ((node = dlist_pop_head(&batch)))
	{
		Query *query = DLIST_OWNER(Query, node, node);
		QueryError error = {.unavailable = !query->malformed, .message = query->failure};

		error.retry_after = error.unavailable ? 1 : 0;
		if (query->malformed)
			memcpy(error.sqlstate, "22021", 6); /* character_not_in_repertoire */
		queries->failures++;
		query_answer_error(query, &error);
		query_free(query);
	}
}

void
queries_fail(Query *query, const char *why)
{
	Queries *queries = query->pool->queries;

	query->failure = why;
	dlist_push_tail(&queries->failed, &query->node);
	loop_defer(&queries->tell_failed);
}

/* ---- pools ---- */

static void
run(PoolConn *slot, Query *query)
{
	slot->query = query;
	query->running = true;
	conn_send(slot->conn, query->statement, (const char *const *) query->params.values);
}

/* off its list of those that wait */
static void
take_out(Query *query)
{
	dlist_remove(&query->node);
	query->pool->waiting_count--;
	if (query->patient)
		query->pool->patient_count--;
}

static bool
is_free(const PoolConn *slot)
{
	return !slot->query && !slot->cancelling && conn_is_idle(slot->conn);
}

static Query *
choose_next(Pool *pool)
{
	DlistNode *node = dlist_first(&pool->waiting);

	if (!node || (!dlist_is_empty(&pool->patient) && pool->ahead >= PATIENCE))
		node = dlist_first(&pool->patient);
	return node ? DLIST_OWNER(Query, node, node) : NULL;
}

static void
take_next(PoolConn *slot)
{
	Query *query;

	if (!is_free(slot))
		return;
	query = choose_next(slot->pool);
	if (!query)
		return;
	take_out(query);
	slot->pool->ahead = query->patient ? 0 : slot->pool->ahead + 1;
	run(slot, query);
}

static void
pool_up(void *arg, PgConn *conn)
{
	PoolConn *slot = arg;

	(void) conn;
	slot->pool->up++;
	take_next(slot);
}

static void
pool_down(void *arg, PgConn *conn)
{
	PoolConn *slot = arg;
	DlistNode *node;

	(void) conn;
	if (--slot->pool->up > 0)
		return;
	dlist_splice(&slot->pool->waiting, &slot->pool->patient);
	while ((node = dlist_pop_head(&slot->pool->waiting)))
		queries_fail(DLIST_OWNER(Query, node, node), "the connection to PostgreSQL was lost");
	slot->pool->waiting_count = slot->pool->patient_count = 0;
}

static void
pool_done(void *arg, PgConn *conn, const ConnOutcome *outcome)
{
	PoolConn *slot = arg;
	Query *query = slot->query;

	(void) conn;
	slot->query = NULL;
	loop_timer_clear(&slot->again);
	slot->pool->queries->answered++;
	if (!query->mute)
		query_answer(query, outcome);
	query_free(query);
	take_next(slot);
}

static void cancel_again(LoopTimer *timer, void *arg);

static void
pool_init(Pool *pool, Queries *queries, Loop *loop, const Conf *conf, int count,
		  const char *purpose)
{
	static const ConnHandler handler = {.on_up = pool_up,
										.on_down = pool_down,
										.on_done = pool_done};

	pool->queries = queries;
	pool->count = count;
	pool->conns = mem_array((size_t) count, sizeof(PoolConn));
	dlist_init(&pool->waiting);
	dlist_init(&pool->patient);
	for (int i = 0; i < count; i++)
	{
		pool->conns[i].pool = pool;
		pool->conns[i].conn = conn_new(loop, conf, false, purpose, &handler, &pool->conns[i]);
		loop_timer_init(&pool->conns[i].again, loop, cancel_again, &pool->conns[i]);
		if (i > 0)
			conn_set_quiet(pool->conns[i].conn);
	}
}

static void
pool_clear(Pool *pool)
{
	DlistNode *node;

	for (int i = 0; i < pool->count; i++)
	{
		loop_timer_clear(&pool->conns[i].again);
		conn_free(pool->conns[i].conn);
		if (pool->conns[i].query)
			query_free(pool->conns[i].query);
	}
	dlist_splice(&pool->waiting, &pool->patient);
	while ((node = dlist_pop_head(&pool->waiting)))
		query_free(DLIST_OWNER(Query, node, node));
	mem_free(pool->conns);
}

void
queries_submit(Query *query)
{
	Pool *pool = query->pool;

	if (pool->up == 0)
	{
		queries_fail(query, "PostgreSQL cannot be reached");
		return;
	}
	for (int i = 0; i < pool->count && pool->waiting_count == 0; i++)
	{
		if (is_free(&pool->conns[i]))
		{
			run(&pool->conns[i], query);
			return;
		}
	}
	if (pool->waiting_count >= pool->queries->queue_limit ||
		(query->patient && pool->patient_count >= MAX_PATIENT))
	{
		queries_fail(query, "too many requests wait for PostgreSQL");
		return;
	}
	pool->waiting_count++;
	if (query->patient)
		pool->patient_count++;
	dlist_push_tail(query->patient ? &pool->patient : &pool->waiting, &query->node);
}

/* ---- ending what runs ---- */

static void
backend_cancelled(void *arg, const QueryError *error)
{
	PoolConn *slot = arg;

	if (error)
		log_debug("a search could not be cancelled", LOG_STR("reason", error->message));
	slot->cancelling = false;
	if (slot->query)
		loop_timer_start(&slot->again, CANCEL_AGAIN, 0);
	else
		take_next(slot);
}

static void
cancel_backend(PoolConn *slot)
{
	int pid = conn_backend_pid(slot->conn);

	/* where it cannot be done, the search ends by its own time-out */
	if (pid == 0)
		return;
	slot->cancelling = true;
	query_cancel_backend(slot->pool->queries, pid, backend_cancelled, slot);
}

static void
cancel_again(LoopTimer *timer, void *arg)
{
	(void) timer;
	cancel_backend(arg);
}

static PoolConn *
find_slot(const Query *query)
{
	Pool *pool = query->pool;

	for (int i = 0; i < pool->count; i++)
	{
		if (pool->conns[i].query == query)
			return &pool->conns[i];
	}
	return NULL;
}

void
queries_end_running(Query *query)
{
	PoolConn *slot = query->pool->cancels ? find_slot(query) : NULL;

	if (slot)
		cancel_backend(slot);
}

void
queries_withdraw(Query *query)
{
	if (query->failure)
		dlist_remove(&query->node);
	else
		take_out(query);
}

/* ---- all of it ---- */

Queries *
queries_new(Loop *loop, const Conf *conf)
{
	Queries *queries = mem_zalloc(sizeof(Queries));

	queries->queue_limit = (int) conf->query_queue;
	dlist_init(&queries->failed);
	loop_defer_init(&queries->tell_failed, loop, tell_failed, queries);
	pool_init(&queries->read, queries, loop, conf, (int) conf->read_connections, "read");
	pool_init(&queries->publish, queries, loop, conf, (int) conf->publish_connections, "publish");
	pool_init(&queries->search, queries, loop, conf, (int) conf->search_connections, "search");
	queries->search.cancels = true;
	return queries;
}

void
queries_free(Queries *queries)
{
	DlistNode *node;

	if (!queries)
		return;
	loop_defer_clear(&queries->tell_failed);
	while ((node = dlist_pop_head(&queries->failed)))
		query_free(DLIST_OWNER(Query, node, node));
	pool_clear(&queries->search);
	pool_clear(&queries->read);
	pool_clear(&queries->publish);
	mem_free(queries);
}

QueriesState
queries_state(const Queries *queries)
{
	return (QueriesState) {.read_connections = queries->read.up,
						   .publish_connections = queries->publish.up,
						   .search_connections = queries->search.up,
						   .read_waiting = queries->read.waiting_count,
						   .publish_waiting = queries->publish.waiting_count,
						   .search_waiting = queries->search.waiting_count,
						   .queries = queries->answered,
						   .failures = queries->failures};
}
