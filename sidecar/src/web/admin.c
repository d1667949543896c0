/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * admin.c: health, metrics and log level; see admin.h.
 *
 * Process 0 answers for all: metrics are sums over the shared counters, and a
 * new log level is left in its block, where the others look once a second.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/counters.h"
#include "base/json.h"
#include "base/log.h"
#include "web/admin.h"
#include "web/metrics.h"
#include "web/problem.h"
#include "web/uri.h"

void
admin_collect(const Admin *admin)
{
	const FeedState *feed = feed_state(admin->feed);
	QueriesState queries = queries_state(admin->queries);
	HandlersState handlers = handlers_state(admin->handlers);

	METRIC_SET(pg_connected, feed->connected);
	METRIC_SET(feed_lag, feed->horizon > feed->position ? feed->horizon - feed->position : 0);
	METRIC_TOTAL(feed_pages_total, (int64_t) feed->pages_read);
	METRIC_TOTAL(feed_notifications_total, (int64_t) feed->notifications);
	METRIC_TOTAL(feed_reconnects_total, (int64_t) feed->reconnects);
	METRIC_SET(read_connections, queries.read_connections);
	METRIC_SET(publish_connections, queries.publish_connections);
	METRIC_SET(search_connections, queries.search_connections);
	METRIC_SET(read_waiting, queries.read_waiting);
	METRIC_SET(publish_waiting, queries.publish_waiting);
	METRIC_SET(search_waiting, queries.search_waiting);
	METRIC_TOTAL(queries_total, (int64_t) queries.queries);
	METRIC_TOTAL(query_failures_total, (int64_t) queries.failures);
	METRIC_SET(handlers_running, handlers.running);
	METRIC_TOTAL(handler_rounds_total, (int64_t) handlers.rounds);
	METRIC_TOTAL(handler_failures_total, (int64_t) handlers.failures);
	deliver_collect(admin->deliver);
}

static void
respond(HttpConn *conn, int status, const char *content_type, const Buf *body)
{
	http_respond(conn, &(HttpResponse) {.status = status,
										.content_type = content_type,
										.extra = "Cache-Control: no-store\r\n",
										.body = buf_text(body),
										.body_len = body->len});
}

static void
write_feed(Buf *out, const FeedState *feed)
{
	char cursor[CURSOR_SIZE];

	buf_puts(out, ",\"postgresql\":{");
	json_put_member_bool(out, "connected", feed->connected);
	json_put_member_bool(out, "listening", feed->listening);
	json_put_member_bool(out, "worker", feed->worker);
	json_put_member(out, "extension", feed->version);
	buf_puts(out, "},\"feed\":{");
	json_put_member(out, "epoch", feed->epoch);
	json_put_member_int(out, "position", feed->position);
	json_put_member_int(out, "horizon", feed->horizon);
	json_put_member_int(out, "oldest", feed->oldest);
	json_put_member_int(out, "lag",
						feed->horizon > feed->position ? feed->horizon - feed->position : 0);
	if (cursor_epoch_is_valid(feed->epoch))
		json_put_member(out, "cursor", cursor_format(cursor, feed->epoch, feed->position));
	buf_putc(out, '}');
}

static void
healthcheck(Admin *admin, HttpConn *conn)
{
	const FeedState *feed = feed_state(admin->feed);
	bool well = feed->connected && !admin->draining;
	Buf out;

	buf_init(&out, 65536);
	buf_putc(&out, '{');
	json_put_member(&out, "status", admin->draining ? "draining" : well ? "ok" : "unavailable");
	json_put_member(&out, "version", EVENTSD_VERSION);
	json_put_member_int(&out, "uptime_seconds",
						(clock_real_us() - metrics->started_at_us) / 1000000);
	write_feed(&out, feed);
	json_put_member_int(&out, "connections",
						(int64_t) counters_sum(METRIC_INDEX(http_connections)));
	json_put_member_int(&out, "processes", counters_processes());
	buf_puts(&out, "}\n");
	respond(conn, well ? 200 : 503, "application/json", &out);
	buf_clear(&out);
}

static void
show_metrics(Admin *admin, HttpConn *conn)
{
	Buf out;

	admin_collect(admin);
	buf_init(&out, (size_t) 1 << 20);
	metrics_write(&out, EVENTSD_VERSION);
	respond(conn, 200, "text/plain; version=0.0.4; charset=utf-8", &out);
	buf_clear(&out);
}

static void
show_logging(HttpConn *conn)
{
	Buf out;

	buf_init(&out, 256);
	buf_putc(&out, '{');
	json_put_member(&out, "level", log_level_name(log_get_level()));
	buf_puts(&out, "}\n");
	respond(conn, 200, "application/json", &out);
	buf_clear(&out);
}

static void
set_logging(HttpConn *conn, const HttpRequest *request)
{
	JsonError error;
	Json *root = json_parse(request->body, request->body_len, &error);
	Str text = json_text(json_member(root, "level"));
	LogLevel level;

	if (root == NULL)
		http_problem(conn, 400, "malformed-json", "The body is not JSON: %s.", error.message);
	else if (text.data == NULL || json_count(root) != 1 || !log_parse_level(text.data, &level))
		http_problem(conn, 400, "bad-level",
					 "The body is {\"level\":\"...\"} with error, "
					 "warning, info or debug.");
	else
	{
		log_set_level(level);
		METRIC_SET(wanted_log_level, (int64_t) level + 1);
		show_logging(conn);
	}
	json_release(root);
}

static void
show_heap(HttpConn *conn)
{
	char *text = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&text, &len);

	if (file == NULL || malloc_info(0, file) != 0)
		problem_internal(conn, "malloc_info failed");
	if (file != NULL)
		fclose(file);
	http_respond(conn, &(HttpResponse) {.status = 200,
										.content_type = "application/xml",
										.extra = "Cache-Control: no-store\r\n",
										.body = text,
										.body_len = len});
	free(text);
}

static void
only_get(HttpConn *conn, const char *allow)
{
	problem_respond(conn, 405, "method-not-allowed", "This path does not know that method.", NULL,
					allow);
}

void
admin_request(void *arg, HttpConn *conn, const HttpRequest *request)
{
	Admin *admin = arg;
	HttpSlice path = request->head.path;
	bool is_get = request->head.method == HTTP_GET || request->head.method == HTTP_HEAD;

	if (uri_path_is(path, "/sys/logging") && request->head.method == HTTP_PUT)
		set_logging(conn, request);
	else if (uri_path_is(path, "/sys/logging"))
		is_get ? show_logging(conn) : only_get(conn, "Allow: GET, HEAD, PUT\r\n");
	else if (uri_path_is(path, "/sys/healthcheck"))
		is_get ? healthcheck(admin, conn) : only_get(conn, "Allow: GET, HEAD\r\n");
	else if (uri_path_is(path, "/metrics"))
		is_get ? show_metrics(admin, conn) : only_get(conn, "Allow: GET, HEAD\r\n");
	else if (uri_path_is(path, "/sys/heapdump"))
		is_get ? show_heap(conn) : only_get(conn, "Allow: GET, HEAD\r\n");
	else
		http_problem(conn, 404, "not-found", "There is nothing at this path.");
}
