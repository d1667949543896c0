/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * intake.c: POST on /v1/events; see intake.h.
 *
 * Which mode a request is in follows the CloudEvents HTTP binding: a
 * Content-Type that begins with application/cloudevents is structured (or a
 * batch), whatever other headers there are; else ce- headers mean binary;
 * else application/json is an event or an array of events.
 *
 * A Posted is the request while the database works on it.  When the client
 * goes away meanwhile, the publication goes on (it cannot be taken back), only
 * the answer has nowhere to go.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "web/intake.h"
#include "web/json_scan.h"
#include "web/media.h"
#include "web/problem.h"

typedef struct Posted
{
	HttpConn *conn; /* NULL when the client is gone */
	Buf built;		/* the event made of a binary-mode request */
	Str events;		/* that, or the request's body */
} Posted;

#define ACCEPT_POST                               \
	"Accept-Post: application/cloudevents+json, " \
	"application/cloudevents-batch+json, application/json\r\n"

static void
posted_free(Posted *posted)
{
	buf_clear(&posted->built);
	mem_free(posted);
}

static void
departed(void *arg, HttpConn *conn)
{
	Posted *posted = arg;

	(void) conn;
	posted->conn = NULL;
}

static const HttpOwner owner = {.departed = departed};

static void
answer_result(Posted *posted, const IntakeResult *result)
{
	int status = 201;
	Buf body;

	if (result->accepted < result->count)
		status = result->accepted == 0 ? 400 : 207;
	buf_init(&body, (size_t) 256 << 20);
	intake_write_result(&body, result, posted->events);
	buf_putc(&body, '\n');
	http_respond(posted->conn, &(HttpResponse) {.status = status,
												.content_type = "application/json",
												.extra = "Cache-Control: no-store\r\n",
												.body = buf_text(&body),
												.body_len = body.len});
	buf_clear(&body);
}

static void
answer_error(HttpConn *conn, const QueryError *error)
{
	IntakeFailure failure = intake_explain(error, http_correlation_id(conn));
	char retry[40];

	snprintf(retry, sizeof(retry), "Retry-After: %d\r\n",
			 error->retry_after > 0 ? error->retry_after : 2);
	problem_respond(conn, failure.status, failure.code, failure.detail, NULL,
					failure.status == 503 ? retry : NULL);
}

static void
on_intake(void *arg, const IntakeResult *result, const QueryError *error)
{
	Posted *posted = arg;

	if (posted->conn != NULL && error != NULL)
		answer_error(posted->conn, error);
	else if (posted->conn != NULL)
		answer_result(posted, result);
	posted_free(posted);
}

static void
publish(Intake *intake, HttpConn *conn, const HttpRequest *request, Posted *posted)
{
	Buf context;

	buf_init(&context, 4096);
	intake_write_context(&context, intake->source, http_peer(conn), http_correlation_id(conn),
						 request->traceparent);
	posted->conn = conn;
	http_own(conn, &owner, posted);
	query_intake(intake->queries, posted->events, buf_text(&context), on_intake, posted);
	buf_clear(&context);
}

static void
count_event(void *arg, Str key, Str value)
{
	int *count = arg;

	(void) key;
	(void) value;
	(*count)++;
}

/* Is the body what a structured request may hold?  Else it is answered. */
static bool
body_is_good(HttpConn *conn, const HttpRequest *request, char wanted)
{
	JsonFault fault;
	char kind;
	int events = 0;

	if (request->body_len == 0)
		http_problem(conn, 400, "empty-body", "The request has no body.");
	else if (!json_scan((Str) {request->body, request->body_len}, &kind, count_event, &events,
						&fault))
		http_problem(conn, 400, "malformed-json", "The body is not JSON: %s, at byte %zu.",
					 fault.message, fault.offset);
	else if (kind != '{' && kind != '[')
		http_problem(conn, 400, "malformed-event", "An event is a JSON object.");
	else if (wanted != '\0' && kind != wanted)
		http_problem(conn, 400, "malformed-event",
					 wanted == '{'
						 ? "application/cloudevents+json is one event, a JSON object."
						 : "application/cloudevents-batch+json is a JSON array of events.");
	else if (kind == '[' && events == 0)
		http_problem(conn, 400, "no-events", "The array of events is empty.");
	else
		return true;
	return false;
}

static void
post_structured(Intake *intake, HttpConn *conn, const HttpRequest *request, char wanted)
{
	Posted *posted;

	if (!body_is_good(conn, request, wanted))
		return;
	posted = mem_zalloc(sizeof(*posted));
	buf_init(&posted->built, 0);
	posted->events = (Str) {request->body, request->body_len};
	publish(intake, conn, request, posted);
}

static void
post_binary(Intake *intake, HttpConn *conn, const HttpRequest *request)
{
	Posted *posted = mem_zalloc(sizeof(*posted));
	const char *detail = NULL;

	/* Escapes make a string six times as long at most, and headers are few. */
	buf_init(&posted->built, 6 * request->body_len + 65536 * 6);
	if (!intake_from_binary(&posted->built, request, &detail))
	{
		posted_free(posted);
		http_problem(conn, 400, "malformed-event", "%s", detail);
		return;
	}
	posted->events = (Str) {posted->built.data, posted->built.len};
	publish(intake, conn, request, posted);
}

static bool
is_identity(const HttpHead *head)
{
	const HttpHeader *encoding = http_find_header(head, "content-encoding");

	return encoding == NULL || http_slice_is(encoding->value, "identity");
}

void
intake_post(Intake *intake, HttpConn *conn, const HttpRequest *request)
{
	const HttpHead *head = &request->head;
	const HttpHeader *type = http_find_header(head, "content-type");
	bool binary = intake_is_binary(head);
	Media media = {0};
	bool known = type != NULL && media_parse(type->value, &media);
	bool single = known && http_slice_is(media.type, "application/cloudevents+json");
	bool batch = known && http_slice_is(media.type, "application/cloudevents-batch+json");
	bool plain = known && http_slice_is(media.type, "application/json");

	if (head->query.len > 0)
		http_problem(conn, 400, "unknown-parameter", "POST takes no parameters here.");
	else if (!is_identity(head))
		problem_respond(conn, 415, "content-encoding",
						"Bodies are taken without content encoding only.", NULL,
						"Accept-Encoding: identity\r\n");
	else if (binary && !single && !batch)
		post_binary(intake, conn, request);
	else if (!single && !batch && !plain)
		problem_respond(conn, 415, "content-type",
						"Events come as application/json, application/cloudevents+json or "
						"application/cloudevents-batch+json, or with ce- headers.",
						NULL, ACCEPT_POST);
	else if (!media_is_utf8(&media))
		problem_respond(conn, 415, "charset", "JSON is taken in UTF-8 only.", NULL, ACCEPT_POST);
	else
		post_structured(intake, conn, request, single ? '{' : batch ? '[' : '\0');
}
