/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * intake.h: events that clients publish, by POST or by WebSocket.
 *
 * What comes is checked for its form (JSON, size, media type) and goes to
 * events._intake() as text; what is an acceptable event is decided there, in
 * one place.  The answer names every event:
 *
 *	 {"success":[{"status":"success","id":"7","event":{...}}],
 *	  "invalid":[{"status":"invalid","id":"8","event":{...},
 *				  "context":{"errors":[{"instanceLocation":"/time","message":"..."}]}}],
 *	  "error":[]}
 *
 * A status of "duplicate" among the successes is an event that was published before
 * under the same source and id; the first one stands.
 *
 * The answer comes with 201 when all were accepted, 207 when some were, 400 when none was.
 * Events that were accepted are committed when the answer is sent.
 */
#ifndef WEB_INTAKE_H
#define WEB_INTAKE_H

#include "base/buf.h"
#include "pg/query.h"
#include "web/http_conn.h"

typedef struct Intake
{
	Queries *queries;
	const char *source; /* for events that come without one; "" for none */
} Intake;

/* Serves a HANDLED POST on /v1/events; intake must outlive it. */
extern void intake_post(Intake *intake, HttpConn *conn, const HttpRequest *request);

/* ---- parts of it, for WebSocket messages and tests ---- */

/*
 * The second argument of events._intake(): what fills attributes that an
 * event lacks.
 */
extern void intake_write_context(Buf *out, const char *source, const char *peer,
								 const char *correlation_id, const char *traceparent);

/* The three groups; events is the text that was sent in. */
extern void intake_write_result(Buf *out, const IntakeResult *result, Str events);

/* What went wrong, as status, code and sentence for the client. */
typedef struct IntakeFailure
{
	int status;
	const char *code;
	const char *detail;
} IntakeFailure;

/* Logs what must not be told to clients. */
extern IntakeFailure intake_explain(const QueryError *error, const char *correlation_id);

/*
 * A binary-mode request (ce-* headers) as one structured event.  False with a
 * sentence when it cannot be one.
 */
extern bool intake_from_binary(Buf *out, const HttpRequest *request, const char **detail);

/* Has the request headers of binary mode? */
extern bool intake_is_binary(const HttpHead *head);

#endif /* WEB_INTAKE_H */
