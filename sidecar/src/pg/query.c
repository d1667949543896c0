/*
 * query.c - requests, queues and pools.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A request is on the waiting list of its pool, or running on one of the pool's connections, or
 * on the list of those that failed at once and are told so at the end of the turn.  Cancelling
 * frees it in the first and third case; a running one is only made mute, and freed when its
 * connection has finished with it (cancelling inside the server would need another connection,
 * and what runs here is short).
 *
 * When a pool has no connection left, its waiting requests fail: better a quick 503 than a client
 * that waits for a database that is away.
 */
#include "pg/query.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "pg/conn.h"
#include "pg/page.h"
#include "pg/refusal.h"

typedef enum QueryKind
{
	QUERY_INTAKE,
	QUERY_HISTORY,
	QUERY_POSITION,
	QUERY_MAINTAIN
} QueryKind;

typedef struct Pool Pool;
typedef struct PoolConn PoolConn;

struct Query
{
	DlistNode	node;
	Pool	   *pool;
	QueryKind	kind;
	const ConnStatement *statement;
	PageParams	params;			/* five texts fit all kinds */
	const char *failure;		/* static; set while on the failed list */
	bool		malformed;		/* it failed by its own fault */
	bool		running;
	bool		mute;
	union
	{
		QueryIntakeFn intake;
		QueryHistoryFn history;
		QueryPositionFn position;
		QueryDoneFn done;
	}			fn;
	void	   *arg;
};

struct PoolConn
{
	Pool	   *pool;
	PgConn	   *conn;
	Query	   *query;			/* running */
};

struct Pool
{
	Queries    *queries;
	PoolConn   *conns;
	int			count;
	int			up;
	Dlist		waiting;
	int			waiting_count;
};

struct Queries
{
	Pool		read;
	Pool		publish;
	int			queue_limit;
	Dlist		failed;
	LoopDefer	tell_failed;
	uint64_t	answered;
	uint64_t	failures;
};

static const ConnStatement intake_statement = {
	.number = 5,
	.sql = "SELECT ordinal, id, status, errors FROM events._intake($1::jsonb, $2::jsonb)",
	.params = 2
};
static const ConnStatement position_statement = {
	.number = 6,
	.sql = "SELECT events.position_at($1::timestamptz)",
	.params = 1,
	.binary = true
};
static const ConnStatement maintain_statement = {
	.number = 7,
	.sql = "SELECT events.maintain()"
};

/* ---- answers ---- */

static void
free_query(Query *query)
{
	page_params_clear(&query->params);
	mem_free(query);
}

static void
answer_error(Query *query, const QueryError *error)
{
	switch (query->kind)
	{
		case QUERY_INTAKE:
			query->fn.intake(query->arg, NULL, error);
			break;
		case QUERY_HISTORY:
			query->fn.history(query->arg, NULL, error);
			break;
		case QUERY_POSITION:
			query->fn.position(query->arg, 0, error);
			break;
		case QUERY_MAINTAIN:
			if (query->fn.done)
				query->fn.done(query->arg, error);
			break;
	}
}

static Str
text_field(const PGresult *rows, int row, int column)
{
	return (Str) {PQgetvalue(rows, row, column), (size_t) PQgetlength(rows, row, column)};
}

static bool
answer_intake(Query *query, const PGresult *rows)
{
	IntakeResult result = {.count = PQntuples(rows)};
	IntakeRow  *list;

	if (PQnfields(rows) != 4)
		return false;
	list = mem_array((size_t) result.count, sizeof(IntakeRow));
	for (int i = 0; i < result.count; i++)
	{
		list[i].ordinal = atoi(PQgetvalue(rows, i, 0));
		list[i].id = text_field(rows, i, 1);
		list[i].status = text_field(rows, i, 2);
		list[i].errors = text_field(rows, i, 3);
		list[i].accepted = str_equal(list[i].status, STR("accepted"));
		result.accepted += list[i].accepted;
	}
	result.rows = list;
	query->fn.intake(query->arg, &result, NULL);
	mem_free(list);
	return true;
}

static bool
answer_history(Query *query, const PGresult *rows)
{
	Page		page;
	HistoryResult result;
	bool		good = page_read(&page, rows);

	if (good)
	{
		memcpy(result.epoch, page.epoch, sizeof(result.epoch));
		result.position = page.position;
		result.events = page.events;
		result.count = page.count;
		query->fn.history(query->arg, &result, NULL);
	}
	page_clear(&page);
	return good;
}

static bool
answer_rows(Query *query, const PGresult *rows)
{
	switch (query->kind)
	{
		case QUERY_INTAKE:
			return answer_intake(query, rows);
		case QUERY_HISTORY:
			return answer_history(query, rows);
		case QUERY_POSITION:
			if (PQntuples(rows) != 1 || PQgetlength(rows, 0, 0) != 8)
				return false;
			query->fn.position(query->arg, page_bigint(rows, 0, 0), NULL);
			return true;
		case QUERY_MAINTAIN:
			if (query->fn.done)
				query->fn.done(query->arg, NULL);
			return true;
	}
	return false;
}

static void
answer(Query *query, const ConnOutcome *outcome)
{
	QueryError	error;

	if (outcome->rows && answer_rows(query, outcome->rows))
		return;
	query->pool->queries->failures++;
	refusal_read(&error, outcome);
	/* what was under way may be done; a statement that PostgreSQL refused is not */
	error.unknown_outcome = !outcome->refusal && query->kind == QUERY_INTAKE;
	answer_error(query, &error);
}

/* ---- failing at the end of the turn ---- */

static void
tell_failed(LoopDefer *defer, void *arg)
{
	Queries    *queries = arg;
	Dlist		batch;			/* a callback may ask again, and fail again: in the next turn */
	DlistNode  *node;

	(void) defer;
	dlist_init(&batch);
	dlist_splice(&batch, &queries->failed);
	while ((node = dlist_pop_head(&batch)))
	{
		Query	   *query = DLIST_OWNER(Query, node, node);
		QueryError	error = {.unavailable = !query->malformed, .message = query->failure};

		error.retry_after = error.unavailable ? 1 : 0;
		if (query->malformed)
			strcpy(error.sqlstate, "22021");	/* character_not_in_repertoire */
		queries->failures++;
		answer_error(query, &error);
		free_query(query);
	}
}

static void
fail(Query *query, const char *why)
{
	Queries    *queries = query->pool->queries;

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

static void
take_next(PoolConn *slot)
{
	DlistNode  *node;

	if (slot->query || !conn_is_idle(slot->conn))
		return;
	node = dlist_pop_head(&slot->pool->waiting);
	if (!node)
		return;
	slot->pool->waiting_count--;
	run(slot, DLIST_OWNER(Query, node, node));
}

static void
pool_up(void *arg, PgConn *conn)
{
	PoolConn   *slot = arg;

	(void) conn;
	slot->pool->up++;
	take_next(slot);
}

static void
pool_down(void *arg, PgConn *conn)
{
	PoolConn   *slot = arg;
	DlistNode  *node;

	(void) conn;
	if (--slot->pool->up > 0)
		return;
	while ((node = dlist_pop_head(&slot->pool->waiting)))
		fail(DLIST_OWNER(Query, node, node), "the connection to PostgreSQL was lost");
	slot->pool->waiting_count = 0;
}

static void
pool_done(void *arg, PgConn *conn, const ConnOutcome *outcome)
{
	PoolConn   *slot = arg;
	Query	   *query = slot->query;

	(void) conn;
	slot->query = NULL;
	slot->pool->queries->answered++;
	if (!query->mute)
		answer(query, outcome);
	free_query(query);
	take_next(slot);
}

static void
pool_init(Pool *pool, Queries *queries, Loop *loop, const Conf *conf, int count,
		  const char *purpose)
{
	static const ConnHandler handler = {
		.on_up = pool_up, .on_down = pool_down, .on_done = pool_done
	};

	pool->queries = queries;
	pool->count = count;
	pool->conns = mem_array((size_t) count, sizeof(PoolConn));
	dlist_init(&pool->waiting);
	for (int i = 0; i < count; i++)
	{
		pool->conns[i].pool = pool;
		pool->conns[i].conn = conn_new(loop, conf, false, purpose, &handler, &pool->conns[i]);
		if (i > 0)
			conn_set_quiet(pool->conns[i].conn);
	}
}

static void
pool_clear(Pool *pool)
{
	DlistNode  *node;

	for (int i = 0; i < pool->count; i++)
	{
		conn_free(pool->conns[i].conn);
		if (pool->conns[i].query)
			free_query(pool->conns[i].query);
	}
	while ((node = dlist_pop_head(&pool->waiting)))
		free_query(DLIST_OWNER(Query, node, node));
	mem_free(pool->conns);
}

static void
submit(Query *query)
{
	Pool	   *pool = query->pool;

	if (pool->up == 0)
	{
		fail(query, "PostgreSQL cannot be reached");
		return;
	}
	for (int i = 0; i < pool->count && dlist_is_empty(&pool->waiting); i++)
	{
		if (!pool->conns[i].query && conn_is_idle(pool->conns[i].conn))
		{
			run(&pool->conns[i], query);
			return;
		}
	}
	if (pool->waiting_count >= pool->queries->queue_limit)
	{
		fail(query, "too many requests wait for PostgreSQL");
		return;
	}
	pool->waiting_count++;
	dlist_push_tail(&pool->waiting, &query->node);
}

static Query *
new_query(Pool *pool, QueryKind kind, const ConnStatement *statement, void *arg)
{
	Query	   *query = mem_zalloc(sizeof(Query));

	dlist_node_init(&query->node);
	query->pool = pool;
	query->kind = kind;
	query->statement = statement;
	query->arg = arg;
	return query;
}

/* ---- requests ---- */

Query *
query_intake(Queries *queries, Str events, const char *context, QueryIntakeFn fn, void *arg)
{
	Query	   *query = new_query(&queries->publish, QUERY_INTAKE, &intake_statement, arg);

	query->fn.intake = fn;
	if (memchr(events.data, '\0', events.len))
	{
		query->malformed = true;
		fail(query, "a NUL byte in JSON text");
		return query;
	}
	query->params.values[0] = mem_strndup(events.data, events.len);
	query->params.values[1] = mem_strdup(context);
	submit(query);
	return query;
}

Query *
query_history(Queries *queries, const HistoryRequest *request, QueryHistoryFn fn, void *arg)
{
	Query	   *query = new_query(&queries->read, QUERY_HISTORY, &page_statement, arg);

	query->fn.history = fn;
	if (page_params_init(&query->params, request->after, request->max_count,
						 request->max_bytes, request->filter))
		submit(query);
	else
	{
		query->malformed = true;
		fail(query, "the filter is too large, or holds a NUL byte");
	}
	return query;
}

Query *
query_position_at(Queries *queries, const char *since, QueryPositionFn fn, void *arg)
{
	Query	   *query = new_query(&queries->read, QUERY_POSITION, &position_statement, arg);

	query->fn.position = fn;
	query->params.values[0] = mem_strdup(since);
	submit(query);
	return query;
}

Query *
query_maintain(Queries *queries, QueryDoneFn fn, void *arg)
{
	Query	   *query = new_query(&queries->publish, QUERY_MAINTAIN, &maintain_statement, arg);

	query->fn.done = fn;
	submit(query);
	return query;
}

void
query_cancel(Query *query)
{
	if (query->running)
	{
		query->mute = true;
		return;
	}
	if (!query->failure)
		query->pool->waiting_count--;
	dlist_remove(&query->node);
	free_query(query);
}

/* ---- all of it ---- */

Queries *
queries_new(Loop *loop, const Conf *conf)
{
	Queries    *queries = mem_zalloc(sizeof(Queries));

	queries->queue_limit = (int) conf->query_queue;
	dlist_init(&queries->failed);
	loop_defer_init(&queries->tell_failed, loop, tell_failed, queries);
	pool_init(&queries->read, queries, loop, conf, (int) conf->read_connections, "read");
	pool_init(&queries->publish, queries, loop, conf, (int) conf->publish_connections, "publish");
	return queries;
}

void
queries_free(Queries *queries)
{
	DlistNode  *node;

	if (!queries)
		return;
	loop_defer_clear(&queries->tell_failed);
	while ((node = dlist_pop_head(&queries->failed)))
		free_query(DLIST_OWNER(Query, node, node));
	pool_clear(&queries->read);
	pool_clear(&queries->publish);
	mem_free(queries);
}

QueriesState
queries_state(const Queries *queries)
{
	return (QueriesState) {
		.read_connections = queries->read.up,
		.publish_connections = queries->publish.up,
		.read_waiting = queries->read.waiting_count,
		.publish_waiting = queries->publish.waiting_count,
		.queries = queries->answered,
		.failures = queries->failures
	};
}
