/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * problem.c: error answers; see problem.h.
 *
 * Every refusal is one log line, at level info for what the client did wrong
 * and error for what we did.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "web/metrics.h"
#include "web/problem.h"

const char *
problem_title(int status)
{
	static const struct
	{
		int status;
		const char *title;
	} titles[] = {
		{200, "OK"},
		{201, "Created"},
		{202, "Accepted"},
		{204, "No Content"},
		{207, "Multi-Status"},
		{304, "Not Modified"},
		{400, "Bad Request"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{406, "Not Acceptable"},
		{408, "Request Timeout"},
		{410, "Gone"},
		{413, "Content Too Large"},
		{414, "URI Too Long"},
		{415, "Unsupported Media Type"},
		{417, "Expectation Failed"},
		{421, "Misdirected Request"},
		{422, "Unprocessable Content"},
		{426, "Upgrade Required"},
		{429, "Too Many Requests"},
		{431, "Request Header Fields Too Large"},
		{500, "Internal Server Error"},
		{501, "Not Implemented"},
		{503, "Service Unavailable"},
		{505, "HTTP Version Not Supported"},
	};

	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		if (titles[i].status == status)
			return titles[i].title;
	return "Unknown";
}

void
problem_write(Buf *out, int status, const char *code, const char *detail,
			  const char *correlation_id, const char *members)
{
	buf_printf(out, "{\"type\":\"urn:events:problem:%s\",\"title\":\"%s\",\"status\":%d", code,
			   problem_title(status), status);
	json_put_member(out, "detail", detail);
	json_put_member(out, "code", code);
	if (correlation_id != NULL)
		json_put_member(out, "correlation_id", correlation_id);
	if (members != NULL)
	{
		buf_putc(out, ',');
		buf_puts(out, members);
	}
	buf_puts(out, "}\n");
}

void
problem_respond(HttpConn *conn, int status, const char *code, const char *detail,
				const char *members, const char *extra_headers)
{
	char extra[512];
	const char *correlation = http_correlation_id(conn);
	Buf body;

	if (status >= 500)
		METRIC_ADD(request_failures_total, 1);
	else
		METRIC_ADD(request_errors_total, 1);
	log_info("request refused", LOG_INT("status", status), LOG_STR("code", code),
			 LOG_STR("detail", detail), LOG_STR("peer", http_peer(conn)),
			 LOG_CORRELATION(correlation));
	snprintf(extra, sizeof(extra), "Cache-Control: no-store\r\n%s",
			 extra_headers != NULL ? extra_headers : "");
	buf_init(&body, 65536);
	problem_write(&body, status, code, detail, correlation, members);
	http_respond(conn, &(HttpResponse) {.status = status,
										.content_type = "application/problem+json",
										.extra = extra,
										.body = buf_text(&body),
										.body_len = body.len});
	buf_clear(&body);
}

void
problem_reset(HttpConn *conn, const char *reason, const char *cursor, const char *oldest)
{
	char members[256];
	char headers[128];
	const char *detail = "The database was restored to an earlier point; "
						 "what the cursor stood for is no longer so.";

	if (strcmp(reason, "too_old") == 0)
		detail = "Events after the cursor are no longer kept.";
	else if (strcmp(reason, "future") == 0)
		detail = "The cursor is beyond the newest event.";
	snprintf(members, sizeof(members), "\"reset\":\"%s\",\"cursor\":\"%s\",\"oldest\":\"%s\"",
			 reason, cursor, oldest);
	snprintf(headers, sizeof(headers), "Events-Cursor: %s\r\n", cursor);
	problem_respond(conn, 410, "reset", detail, members, headers);
}

void
problem_filter_failed(HttpConn *conn, const char *detail, const char *cursor)
{
	char members[64];

	snprintf(members, sizeof(members), "\"cursor\":\"%s\"", cursor);
	problem_respond(conn, 422, "filter-failed", detail, members, NULL);
}

void
problem_unavailable(HttpConn *conn, const char *detail)
{
	problem_respond(conn, 503, "database-unavailable", detail, NULL, "Retry-After: 2\r\n");
}

void
problem_internal(HttpConn *conn, const char *detail)
{
	log_error("internal error", LOG_STR("detail", detail), LOG_STR("peer", http_peer(conn)),
			  LOG_CORRELATION(http_correlation_id(conn)));
	problem_respond(conn, 500, "internal", "Internal Error", NULL, NULL);
}
