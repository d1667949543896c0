/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * match.c: POST on /v1/match; see match.h.
 *
 * The body is scanned, not parsed: events and pattern go on as they came, and
 * only the filter, a string, is decoded.
 */
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "web/check.h"
#include "web/json_scan.h"
#include "web/match.h"
#include "web/media.h"
#include "web/problem.h"

/* The members of the body, as they came. */
typedef struct Body
{
	Str pattern;
	Str filter;
	Str events;
	Str explain;
	bool unknown; /* there is another member, or one twice */
} Body;

/* A request while the database works on it. */
typedef struct Trial
{
	HttpConn *conn;
	Query *query;
} Trial;

/* ---- the answer ---- */

static void
departed(void *arg, HttpConn *conn)
{
	Trial *trial = arg;

	(void) conn;
	query_cancel(trial->query);
	mem_free(trial);
}

static const HttpOwner owner = {.departed = departed};

static void
on_tried(void *arg, Str answer, const QueryError *error)
{
	Trial *trial = arg;
	HttpConn *conn = trial->conn;

	http_own(conn, NULL, NULL);
	mem_free(trial);
	if (error != NULL)
		check_refuse(conn, error);
	else
		http_respond(conn, &(HttpResponse) {.status = 200,
											.content_type = "application/json",
											.extra = "Cache-Control: no-store\r\n",
											.body = answer.data,
											.body_len = answer.len});
}

/* ---- the request ---- */

static void
note_member(void *arg, Str key, Str value)
{
	static const struct
	{
		const char *name;
		size_t offset;
	} members[] = {{"\"pattern\"", offsetof(Body, pattern)},
				   {"\"filter\"", offsetof(Body, filter)},
				   {"\"events\"", offsetof(Body, events)},
				   {"\"explain\"", offsetof(Body, explain)}};
	Body *body = arg;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
	{
		Str *member = (Str *) ((char *) body + members[i].offset);

		if (!str_equal(key, str_from(members[i].name)))
			continue;
		body->unknown = body->unknown || member->data != NULL;
		*member = value;
		return;
	}
	body->unknown = true;
}

static void
count_event(void *arg, Str key, Str value)
{
	int *count = arg;

	(void) key;
	(void) value;
	(*count)++;
}

static int
count_events(Str events)
{
	JsonFault fault;
	char kind;
	int count = 0;

	json_scan(events, &kind, count_event, &count, &fault);
	return count;
}

/* Is the body as it should be?  Else it is answered. */
static bool
body_is_good(const Match *match, HttpConn *conn, const HttpRequest *request, Body *body)
{
	JsonFault fault;
	char kind;

	if (request->body_len == 0)
		http_problem(conn, 400, "empty-body", "The request has no body.");
	else if (!json_scan((Str) {request->body, request->body_len}, &kind, note_member, body, &fault))
		http_problem(conn, 400, "malformed-json", "The body is not JSON: %s, at byte %zu.",
					 fault.message, fault.offset);
	else if (kind != '{' || body->unknown)
		http_problem(conn, 400, "bad-request",
					 "The body is an object of pattern, filter, events and explain.");
	else if (body->events.data == NULL || body->events.data[0] != '[')
		http_problem(conn, 400, "bad-request", "events is an array of CloudEvents.");
	else if (count_events(body->events) > MATCH_MAX_EVENTS)
		http_problem(conn, 400, "too-many-events", "At most %d events are tried at once.",
					 MATCH_MAX_EVENTS);
	else if (body->explain.data != NULL && !str_equal(body->explain, STR("true")) &&
			 !str_equal(body->explain, STR("false")))
		http_problem(conn, 400, "bad-request", "explain is true or false.");
	else if (body->pattern.len + body->filter.len > (size_t) match->conf->max_filter_size)
		http_problem(conn, 400, "invalid-filter", "pattern and filter are longer than %lld bytes.",
					 (long long) match->conf->max_filter_size);
	else if (body->filter.data != NULL && body->filter.data[0] != '"')
		http_problem(conn, 400, "invalid-filter", "filter is a string.");
	else if (body->pattern.data == NULL && body->filter.data == NULL)
		http_problem(conn, 400, "invalid-filter", "pattern, filter or both have to be given.");
	else
		return true;
	return false;
}

static void
try_it(Match *match, HttpConn *conn, const Body *body)
{
	Trial *trial = mem_zalloc(sizeof(*trial));
	Json *filter = NULL;
	char *pattern = NULL;
	TryRequest request = {.events = body->events, .explain = str_equal(body->explain, STR("true"))};

	if (body->pattern.data != NULL)
		pattern = mem_strndup(body->pattern.data, body->pattern.len);
	if (body->filter.data != NULL)
		filter = json_parse(body->filter.data, body->filter.len, NULL);
	request.pattern = pattern;
	request.filter = json_text(filter).data;
	trial->conn = conn;
	http_own(conn, &owner, trial);
	trial->query = query_try_filter(match->queries, &request, on_tried, trial);
	mem_free(pattern);
	json_release(filter);
}

void
match_post(Match *match, HttpConn *conn, const HttpRequest *request)
{
	const HttpHeader *type = http_find_header(&request->head, "content-type");
	const HttpHeader *encoding = http_find_header(&request->head, "content-encoding");
	Media media = {0};
	Body body = {0};

	if (request->head.query.len > 0)
		http_problem(conn, 400, "unknown-parameter", "POST takes no parameters here.");
	else if (encoding != NULL && !http_slice_is(encoding->value, "identity"))
		problem_respond(conn, 415, "content-encoding",
						"Bodies are taken without content encoding only.", NULL,
						"Accept-Encoding: identity\r\n");
	else if (type == NULL || !media_parse(type->value, &media) ||
			 !http_slice_is(media.type, "application/json") || !media_is_utf8(&media))
		problem_respond(conn, 415, "content-type", "The body is application/json, in UTF-8.", NULL,
						"Accept-Post: application/json\r\n");
	else if (body_is_good(match, conn, request, &body))
		try_it(match, conn, &body);
}
