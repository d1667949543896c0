/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * search.c: searches over HTTP; see search.h.
 *
 * What a client gives reaches the database as parameters of two fixed statements and
 * in no other way; write_request() is the one place where a search is told to the
 * database, so also where it is told who asks.
 *
 * A search is given three quarters of statement_timeout, unless the database's own
 * events.search_timeout is less: so it is the database that ends it, and says how far
 * it came.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "web/check.h"
#include "web/filter.h"
#include "web/metrics.h"
#include "web/problem.h"
#include "web/search.h"
#include "web/search_params.h"
#include "web/uri.h"

#define MAX_PAGE_SIZE ((int64_t) 4 << 20) /* bytes of events; the first one is given anyway */
#define MAX_REQUEST_SIZE ((size_t) 4 << 20)
#define MAX_ID_SIZE 8192

/* A request while the database works on it. */
typedef struct Asking
{
	const Search *search;
	HttpConn *conn;
	Query *query;
	const char *content_type;
	int64_t asked_at; /* monotonic ms */
} Asking;

/* ---- refusals ---- */

static void
refuse_with_hint(HttpConn *conn, int status, const char *code, const QueryError *error)
{
	char *sentence = check_sentence(error);
	Buf members;

	buf_init(&members, 65536);
	buf_putc(&members, '{');
	check_put_members(&members, error);
	problem_respond(conn, status, code, sentence, members.len > 1 ? buf_text(&members) + 1 : NULL,
					status == 503 ? "Retry-After: 5\r\n" : NULL);
	buf_clear(&members);
	mem_free(sentence);
}

/* It waited for others who were in its way, or undid it: a deadlock, or lock_timeout. */
static bool
is_passing(const QueryError *error)
{
	return error->unavailable || strncmp(error->sqlstate, "40", 2) == 0 ||
		   strcmp(error->sqlstate, "55P03") == 0;
}

static void
refuse(HttpConn *conn, const QueryError *error)
{
	if (query_took_too_long(error))
	{
		METRIC_ADD(search_failures_total, 1);
		refuse_with_hint(conn, 503, "search-too-slow", error);
	}
	else if (query_is_client_fault(error))
		refuse_with_hint(conn, 400, "invalid-search", error);
	else
	{
		METRIC_ADD(search_failures_total, 1);
		if (!is_passing(error))
		{
			problem_internal(conn, error->message);
			return;
		}
		log_warning("a search was not possible", LOG_STR("reason", error->message),
					LOG_STR("hint", error->hint), LOG_CORRELATION(http_correlation_id(conn)));
		problem_unavailable(conn, "The history cannot be searched now.");
	}
}

/* ---- waiting for the database ---- */

static void
departed(void *arg, HttpConn *conn)
{
	Asking *asking = arg;

	(void) conn;
	METRIC_ADD(searches_abandoned_total, 1);
	query_cancel(asking->query);
	mem_free(asking);
}

/* It ends by itself, soon enough; until then its client waits. */
static void
drained(void *arg, HttpConn *conn)
{
	(void) arg;
	(void) conn;
}

static const HttpOwner owner = {.departed = departed, .drain = drained};

/*
 * An answer may have 4 MB, and a client may take its time: what all of them have still to take
 * is bounded, or some thousand slow ones would have all memory.  So it is looked at before a
 * search is begun, and once more before its answer is given: many can be begun together.
 */
static bool
is_crowded(const Search *search, HttpConn *conn)
{
	if (http_owed(conn) <= (size_t) search->conf->search_answers_size)
		return false;
	METRIC_ADD(search_failures_total, 1);
	problem_respond(conn, 503, "too-busy", "Too many answers wait for their clients to take them.",
					NULL, "Retry-After: 5\r\n");
	return true;
}

static void
on_answer(void *arg, Str text, const QueryError *error)
{
	Asking *asking = arg;
	const Search *search = asking->search;
	HttpConn *conn = asking->conn;
	const char *content_type = asking->content_type;

	metrics_observe(&metrics->search, (clock_monotonic_ms() - asking->asked_at) * 1000);
	mem_free(asking);
	if (error != NULL)
		refuse(conn, error);
	else if (text.data == NULL)
		http_problem(conn, 404, "not-found", "There is no event of this id.");
	else if (!is_crowded(search, conn))
		http_respond(conn, &(HttpResponse) {.status = 200,
											.content_type = content_type,
											.extra = "Cache-Control: no-store\r\n",
											.body = text.data,
											.body_len = text.len});
}

static Asking *
new_asking(const Search *search, HttpConn *conn, const char *content_type)
{
	Asking *asking = mem_zalloc(sizeof(*asking));

	asking->search = search;
	asking->conn = conn;
	asking->content_type = content_type;
	asking->asked_at = clock_monotonic_ms();
	return asking;
}

/* ---- a search ---- */

static void
write_request(const Search *search, const SearchParams *params, Buf *out)
{
	buf_putc(out, '{');
	search_params_write(out, params);
	json_put_member_int(out, "max_bytes", MAX_PAGE_SIZE);
	json_put_key(out, "timeout");
	buf_printf(out, "%.3f}", (double) search->conf->statement_timeout / 1000 * 3 / 4);
}

static void
ask(const Search *search, HttpConn *conn, const SearchParams *params)
{
	Asking *asking;
	Buf request;

	buf_init(&request, MAX_REQUEST_SIZE);
	write_request(search, params, &request);
	if (request.overflowed)
		http_problem(conn, 400, "bad-parameter", "The parameters are too long.");
	else
	{
		asking = new_asking(search, conn, "application/json");
		asking->query = query_search(search->queries, buf_text(&request), on_answer, asking);
		http_hold(conn, &owner, asking);
	}
	buf_clear(&request);
}

void
search_get(const Search *search, HttpConn *conn, const HttpRequest *request)
{
	ParamsLimits limits = {.max_limit = (int) search->conf->max_limit,
						   .max_subscriptions = (int) search->conf->max_subscriptions,
						   .max_filter_size = (size_t) search->conf->max_filter_size};
	SearchParams params;
	ParamsFault fault;

	if (!search_params_parse(&params, request->head.query, &limits, &fault))
	{
		http_problem(conn, 400, "bad-parameter", "%s", fault.detail);
		return;
	}
	/* the head of a GET, as far as it is known without a search */
	if (request->head.method == HTTP_HEAD)
		http_respond(conn, &(HttpResponse) {.status = 200,
											.unsized = true,
											.content_type = "application/json",
											.extra = "Cache-Control: no-store\r\n"});
	else if (!is_crowded(search, conn))
		ask(search, conn, &params);
	search_params_clear(&params);
}

/* ---- one event ---- */

void
search_get_event(const Search *search, HttpConn *conn, const HttpRequest *request, HttpSlice raw)
{
	size_t len = 0;
	char *id = raw.len <= MAX_ID_SIZE ? uri_decode(raw, false, &len) : NULL;
	char *source = NULL;
	ParamsFault fault;

	if (id == NULL || !filter_text_is_clean(id, len))
		http_problem(
			conn, 400, "bad-parameter",
			"The id is too long, has a broken percent escape or a control character, or is "
			"not UTF-8.");
	else if (!search_params_parse_source(&source, request->head.query, &fault))
		http_problem(conn, 400, "bad-parameter", "%s", fault.detail);
	else if (!is_crowded(search, conn))
	{
		Asking *asking = new_asking(search, conn, "application/cloudevents+json");

		asking->query = query_event(search->queries, id, source, on_answer, asking);
		http_hold(conn, &owner, asking);
	}
	mem_free(source);
	mem_free(id);
}
