/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * problem.h: error answers, application/problem+json (RFC 9457).
 *
 *	 {"type":"urn:events:problem:<code>","title":"Not Found","status":404,
 *	  "detail":"...","code":"<code>","correlation_id":"..."}
 *
 * The code is a short stable word for programs, the detail a sentence for
 * people.  A reset (410) adds "reset", "cursor" and "oldest": why the cursor
 * is no longer good, the cursor to go on from, and the oldest one that would
 * be.  An unexpected failure never shows its detail to the client: it is
 * logged under the correlation id, and the answer is a plain 500.
 */
#ifndef WEB_PROBLEM_H
#define WEB_PROBLEM_H

#include "base/buf.h"
#include "web/http_conn.h"

/* The reason phrase of a status code. */
extern const char *problem_title(int status);

/*
 * Writes the document.  members: further members as JSON text without
 * braces ("\"reset\":\"epoch\"") or NULL.
 */
extern void problem_write(Buf *out, int status, const char *code, const char *detail,
						  const char *correlation_id, const char *members);

/* Answers with a problem that has further members and header lines (or NULL). */
extern void problem_respond(HttpConn *conn, int status, const char *code, const char *detail,
							const char *members, const char *extra_headers);

/* 410: reason is "epoch", "too_old" or "future"; cursors are wire text. */
extern void problem_reset(HttpConn *conn, const char *reason, const char *cursor,
						  const char *oldest);

/* 422: cursor is that of the event on which the filter failed. */
extern void problem_filter_failed(HttpConn *conn, const char *detail, const char *cursor);

/* 503 with Retry-After: the database is away. */
extern void problem_unavailable(HttpConn *conn, const char *detail);

/* 500: detail goes to the log only. */
extern void problem_internal(HttpConn *conn, const char *detail);

#endif /* WEB_PROBLEM_H */
