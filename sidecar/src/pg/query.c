/*
 * query.c - requests and their answers.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A request knows its statement and its parameters as texts; an answer is made of PostgreSQL's
 * rows on the stack and in one array, and is gone when the callback has returned.
 *
 * Cancelling frees a request that waits or has failed; a running one is only made mute, and freed
 * when its connection has finished with it.  Most of what runs here is short: a page looks at
 * 10,000 rows at most, and statement_timeout ends whatever hangs.  Only searches are ended in the
 * server as well: not by libpq's way, which opens a connection and waits for it, but by
 * pg_cancel_backend() on a connection for reading (queries.c).
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "pg/query_private.h"
#include "pg/refusal.h"

static const ConnStatement intake_statement = {
	.number = 5,
	.sql = "SELECT ordinal, id, status, errors FROM events._intake($1::jsonb, $2::jsonb)",
	.params = 2};
static const ConnStatement position_statement =
	{.number = 6, .sql = "SELECT events.position_at($1::timestamptz)", .params = 1, .binary = true};
static const ConnStatement try_statement = {
	.number = 9,
	.sql = "SELECT events._try_filter($1::text, $2::text, $3::jsonb, $4::boolean)",
	.params = 4};
static const ConnStatement search_statement = {.number = 13,
											   .sql = "SELECT events._search_page($1::jsonb)",
											   .params = 1};
static const ConnStatement event_statement =
	{.number = 14, .sql = "SELECT events._event_page($1::text, $2::text)", .params = 2};
static const ConnStatement cancel_statement = {.number = 15,
											   .sql = "SELECT pg_cancel_backend($1::int)",
											   .params = 1};
static const ConnStatement maintain_statement = {.number = 7,
												 .sql = "SELECT events._maintain()::int::bigint",
												 .binary = true};
static const ConnStatement index_statement =
	{.number = 21, .sql = "SELECT events._index_search(events.horizon(), 5000)", .binary = true};

/* ---- answers ---- */

void
query_free(Query *query)
{
	page_params_clear(&query->params);
	mem_free(query);
}

void
query_answer_error(Query *query, const QueryError *error)
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
		case QUERY_TEXT:
			query->fn.text(query->arg, (Str) {NULL, 0}, error);
			break;
		case QUERY_DONE:
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
	IntakeRow *list;
	Str status;

	if (PQnfields(rows) != 4)
		return false;
	list = mem_array((size_t) result.count, sizeof(IntakeRow));
	for (int i = 0; i < result.count; i++)
	{
		list[i].ordinal = (int) strtol(PQgetvalue(rows, i, 0), NULL, 10);
		list[i].id = text_field(rows, i, 1);
		list[i].errors = text_field(rows, i, 3);
		status = text_field(rows, i, 2);
		list[i].duplicate = str_equal(status, STR("duplicate"));
		list[i].accepted = list[i].duplicate || str_equal(status, STR("accepted"));
		result.accepted += list[i].accepted;
		result.duplicates += list[i].duplicate;
	}
	result.rows = list;
	query->fn.intake(query->arg, &result, NULL);
	mem_free(list);
	return true;
}

static bool
answer_history(Query *query, const PGresult *rows)
{
	Page page;
	HistoryResult result;
	bool good = page_read(&page, rows);

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
		case QUERY_TEXT:
			if (PQntuples(rows) != 1 || (PQgetisnull(rows, 0, 0) && !query->may_be_null))
				return false;
			query->fn.text(query->arg,
						   PQgetisnull(rows, 0, 0) ? (Str) {NULL, 0} : text_field(rows, 0, 0),
						   NULL);
			return true;
		case QUERY_DONE:
			if (query->fn.done)
				query->fn.done(query->arg, NULL);
			return true;
	}
	return false;
}

void
query_answer(Query *query, const ConnOutcome *outcome)
{
	QueryError error;

	if (outcome->rows && answer_rows(query, outcome->rows))
		return;
	query->pool->queries->failures++;
	refusal_read(&error, outcome);
	/* what was under way may be done, which "unavailable" denies; what was refused is not */
	error.unknown_outcome = !outcome->refusal && query->kind == QUERY_INTAKE;
	if (error.unknown_outcome)
		error.unavailable = false;
	query_answer_error(query, &error);
}

static Query *
new_query(Pool *pool, QueryKind kind, const ConnStatement *statement, void *arg)
{
	Query *query = mem_zalloc(sizeof(Query));

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
	Query *query = new_query(&queries->publish, QUERY_INTAKE, &intake_statement, arg);

	query->fn.intake = fn;
	if (memchr(events.data, '\0', events.len))
	{
		query->malformed = true;
		queries_fail(query, "a NUL byte in JSON text");
		return query;
	}
	query->params.values[0] = mem_strndup(events.data, events.len);
	query->params.values[1] = mem_strdup(context);
	queries_submit(query);
	return query;
}

Query *
query_history(Queries *queries, const HistoryRequest *request, QueryHistoryFn fn, void *arg)
{
	Query *query = new_query(&queries->read, QUERY_HISTORY, &page_statement, arg);
	PageRequest page = {.after = request->after,
						.max_count = request->max_count,
						.max_bytes = request->max_bytes,
						.filter = request->filter};

	query->fn.history = fn;
	if (page_params_init(&query->params, &page))
		queries_submit(query);
	else
	{
		query->malformed = true;
		queries_fail(query, "the filter is too large, or holds a NUL byte");
	}
	return query;
}

Query *
query_position_at(Queries *queries, const char *since, QueryPositionFn fn, void *arg)
{
	Query *query = new_query(&queries->read, QUERY_POSITION, &position_statement, arg);

	query->fn.position = fn;
	query->params.values[0] = mem_strdup(since);
	queries_submit(query);
	return query;
}

static char *
copied(const char *text)
{
	return text ? mem_strdup(text) : NULL;
}

Query *
query_check_filter(Queries *queries, const char *pattern, const char *filter, QueryTextFn fn,
				   void *arg)
{
	Query *query = new_query(&queries->read, QUERY_TEXT, &check_statement, arg);

	query->fn.text = fn;
	query->params.values[0] = copied(pattern);
	query->params.values[1] = copied(filter);
	queries_submit(query);
	return query;
}

Query *
query_try_filter(Queries *queries, const TryRequest *request, QueryTextFn fn, void *arg)
{
	Query *query = new_query(&queries->read, QUERY_TEXT, &try_statement, arg);

	query->fn.text = fn;
	query->params.values[0] = copied(request->pattern);
	query->params.values[1] = copied(request->filter);
	query->params.values[2] = mem_strndup(request->events.data, request->events.len);
	query->params.values[3] = mem_strdup(request->explain ? "t" : "f");
	query->patient = true;
	queries_submit(query);
	return query;
}

Query *
query_search(Queries *queries, const char *request, QueryTextFn fn, void *arg)
{
	Query *query = new_query(&queries->search, QUERY_TEXT, &search_statement, arg);

	query->fn.text = fn;
	query->params.values[0] = mem_strdup(request);
	query->patient = true;
	queries_submit(query);
	return query;
}

Query *
query_event(Queries *queries, const char *id, const char *source, QueryTextFn fn, void *arg)
{
	Query *query = new_query(&queries->search, QUERY_TEXT, &event_statement, arg);

	query->fn.text = fn;
	query->may_be_null = true;
	query->params.values[0] = mem_strdup(id);
	query->params.values[1] = copied(source);
	queries_submit(query);
	return query;
}

Query *
query_cancel_backend(Queries *queries, int pid, QueryDoneFn fn, void *arg)
{
	Query *query = new_query(&queries->read, QUERY_DONE, &cancel_statement, arg);

	query->fn.done = fn;
	query->params.values[0] = mem_printf("%d", pid);
	queries_submit(query);
	return query;
}

Query *
query_maintain(Queries *queries, QueryPositionFn fn, void *arg)
{
	Query *query = new_query(&queries->publish, QUERY_POSITION, &maintain_statement, arg);

	query->fn.position = fn;
	queries_submit(query);
	return query;
}

Query *
query_index_search(Queries *queries, QueryPositionFn fn, void *arg)
{
	Query *query = new_query(&queries->publish, QUERY_POSITION, &index_statement, arg);

	query->fn.position = fn;
	query->patient = true;
	queries_submit(query);
	return query;
}

void
query_cancel(Query *query)
{
	if (query->running)
	{
		query->mute = true;
		queries_end_running(query);
		return;
	}
	queries_withdraw(query);
	query_free(query);
}

bool
query_is_running(const Query *query)
{
	return query->running;
}
