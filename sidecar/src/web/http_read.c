/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * http_read.c: from a client's bytes to requests.
 *
 * All input goes through conn->in.  In HEAD and BODY it is consumed as it
 * comes; in the busy states it is kept for later, at most HTTP_PIPELINE_KEPT
 * bytes of it, and then reading stops.  The buffer is given back whenever it
 * is empty, so that a held connection owns none.
 *
 * http_conn_consume() is a loop, not a recursion: a handler that answers at
 * once puts the connection back into HEAD, and the loop goes on with the next
 * request; an answer given later, from some other callback, puts the
 * connection on the server's `again` list, and tidy() goes on with it at the
 * end of the turn.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/mem.h"
#include "web/http_host.h"
#include "web/http_internal.h"
#include "web/metrics.h"
#include "web/problem.h"
#include "web/trace.h"

/* The Origin header, when cors_origins allows it. */
static char *
allowed_origin(const HttpServer *server, const HttpHead *head)
{
	const ConfList *allowed = server->conf.cors_origins;
	const HttpHeader *origin = http_find_header(head, "origin");

	if (origin == NULL || allowed == NULL || origin->value.len > 256)
		return NULL;
	for (int i = 0; i < allowed->count; i++)
	{
		if (strcmp(allowed->items[i], "*") == 0)
			return mem_strdup("*");
		if (strlen(allowed->items[i]) == origin->value.len &&
			memcmp(allowed->items[i], origin->value.at, origin->value.len) == 0)
			return mem_strndup(origin->value.at, origin->value.len);
	}
	return NULL;
}

/* An id that the client gave is kept; another is made when somebody asks for it. */
static void
identify(HttpConn *conn, HttpRequest *request)
{
	char given[TRACE_SIZE];

	conn->serial++;
	if (trace_from_head(&request->head, given, request->traceparent))
		conn->correlation = mem_strdup(given);
}

/*
 * Most requests are small and short-lived: the memory of the last one is used
 * again.
 */
static HttpWork *
work_new(HttpServer *server, size_t head_len)
{
	HttpWork *work = server->spare_work;
	size_t capacity = head_len < HTTP_WORK_CAPACITY ? HTTP_WORK_CAPACITY : head_len;

	if (work != NULL && head_len <= work->capacity)
		server->spare_work = NULL;
	else
	{
		work = mem_alloc(sizeof(*work) + capacity);
		work->capacity = capacity;
	}
	memset(&work->chunked, 0, sizeof(work->chunked));
	work->received = work->paced = work->counted = 0;
	buf_init(&work->body, server->conf.limits.max_body_size);
	work->request.traceparent[0] = '\0';
	return work;
}

static void
dispatch(HttpConn *conn)
{
	HttpServer *server = conn->server;
	HttpWork *work = conn->work;

	loop_timeout_stop(&conn->timeout);
	work->request.body = buf_text(&work->body);
	work->request.body_len = work->body.len;
	conn->state = HTTP_STATE_HANDLED;
	METRIC_ADD(requests_total, 1);
	log_debug("request",
			  LOG_STRN("method", work->request.head.method_name.at,
					   work->request.head.method_name.len),
			  LOG_STRN("path", work->request.head.path.at, work->request.head.path.len),
			  LOG_STR("peer", http_peer(conn)), LOG_CORRELATION(http_correlation_id(conn)));
	server->conf.handler(server->conf.arg, conn, &work->request);
}

/* A browser always sends Accept-Language, and a page's script cannot take it away. */
static bool
is_from_browser(const HttpHead *head)
{
	return http_find_header(head, "accept-language") != NULL ||
		   http_find_header(head, "origin") != NULL ||
		   http_find_header(head, "sec-fetch-site") != NULL;
}

/* Pages only are held to the name that they call us by; see http_host.h. */
static bool
is_for_us(const HttpServer *server, const HttpHead *head)
{
	const HttpHeader *host = http_find_header(head, "host");

	return server->conf.allowed_hosts == NULL || host == NULL || !is_from_browser(head) ||
		   http_host_is_known(host->value, server->conf.allowed_hosts);
}

/* Before its body is read, or in the middle of it: so the connection ends with the answer. */
static void
refuse_request(HttpConn *conn, int status, const char *code, const char *detail)
{
	conn->state = HTTP_STATE_HANDLED;
	conn->keep_alive = false;
	loop_timeout_stop(&conn->timeout);
	problem_respond(conn, status, code, detail, NULL, status == 503 ? "Retry-After: 5\r\n" : NULL);
}

/* A whole head is at the front of conn->in. */
static void
begin_request(HttpConn *conn, size_t head_len)
{
	HttpServer *server = conn->server;
	HttpWork *work = work_new(server, head_len);
	HttpHead *head = &work->request.head;
	HttpFault refusal = {0};

	memcpy(work->bytes, conn->in.data, head_len);
	buf_consume(&conn->in, head_len);
	conn->scanned = 0;
	conn->work = work;
	if (http_parse_head(work->bytes, head_len, &server->conf.limits, head, &refusal) ==
		HTTP_PARSE_FAULT)
	{
		conn->is_head = false;
		http_conn_release_work(conn);
		http_conn_fault(conn, refusal.status, refusal.detail);
		return;
	}
	conn->minor = head->minor & 1;
	conn->is_head = head->method == HTTP_HEAD;
	conn->keep_alive = head->keep_alive;
	identify(conn, &work->request);
	if (!is_for_us(server, head))
	{
		refuse_request(conn, 421, "unknown-host",
					   "This server does not answer for that name (see allowed_hosts).");
		return;
	}
	conn->origin = allowed_origin(server, head);
	if (!head->chunked && head->content_length == 0)
	{
		dispatch(conn);
		return;
	}
	conn->state = HTTP_STATE_BODY;
	loop_timeout_start(&server->body_timeouts, &conn->timeout);
	if (head->expect_continue && conn->in.len == 0)
	{
		struct iovec line = {"HTTP/1.1 100 Continue\r\n\r\n", 25};

		http_conn_write(conn, &line, 1);
	}
}

/* Looks for a head at the front of conn->in; false: not enough input. */
static bool
consume_head(HttpConn *conn)
{
	HttpServer *server = conn->server;
	HttpFault refusal = {0};
	size_t head_len = 0;

	if (conn->scanned == 0)
	{
		size_t blank = http_skip_empty_lines(conn->in.data, conn->in.len);

		buf_consume(&conn->in, blank);
		if (blank / 2 + conn->empty_lines > HTTP_MAX_EMPTY_LINES)
		{
			conn->is_head = false;
			http_conn_fault(conn, 400, "There are too many empty lines before the request.");
			return true;
		}
		conn->empty_lines += (unsigned) (blank / 2);
	}
	if (conn->in.len == 0)
		return false;
	switch (http_scan_head(conn->in.data, conn->in.len, &conn->scanned, &server->conf.limits,
						   &head_len, &refusal))
	{
		case HTTP_PARSE_MORE:
			if (!conn->in_head)
				loop_timeout_start(&server->head_timeouts, &conn->timeout);
			conn->in_head = true;
			return false;
		case HTTP_PARSE_DONE:
			conn->in_head = false;
			begin_request(conn, head_len);
			return true;
		default:
			conn->in_head = false;
			conn->is_head = false;
			http_conn_fault(conn, refusal.status, refusal.detail);
			return true;
	}
}

/*
 * One client may send a large body, ten thousand may not do so at a time; small ones always fit.
 * False: it was refused.
 */
static bool
count_body(HttpConn *conn)
{
	HttpServer *server = conn->server;
	HttpWork *work = conn->work;
	size_t most = 8 * (size_t) server->conf.limits.max_body_size;

	server->bodies += work->body.len - work->counted;
	work->counted = work->body.len;
	if (work->counted <= HTTP_SMALL_BODY ||
		server->bodies <= (most > HTTP_MAX_BODIES ? most : HTTP_MAX_BODIES))
		return true;
	refuse_request(conn, 503, "too-many-bodies",
				   "The server has as many large bodies at hand as it takes.");
	return false;
}

static bool
consume_chunked(HttpConn *conn)
{
	HttpWork *work = conn->work;
	HttpFault refusal = {0};
	HttpSlice data;
	size_t used = 0;
	size_t at = 0;
	HttpParse parse = HTTP_PARSE_MORE;

	while (at < conn->in.len && parse == HTTP_PARSE_MORE)
	{
		parse = http_chunked_read(&work->chunked, conn->in.data + at, conn->in.len - at,
								  &conn->server->conf.limits, &used, &data, &refusal);
		if (parse == HTTP_PARSE_FAULT)
		{
			http_conn_fault(conn, refusal.status, refusal.detail);
			return true;
		}
		buf_append(&work->body, data.at, data.len);
		at += used;
	}
	buf_consume(&conn->in, at);
	if (!count_body(conn))
		return true;
	if (parse == HTTP_PARSE_DONE)
		dispatch(conn);
	return parse == HTTP_PARSE_DONE;
}

static bool
consume_length(HttpConn *conn)
{
	HttpWork *work = conn->work;
	size_t left = (size_t) work->request.head.content_length - work->body.len;
	size_t take = conn->in.len < left ? conn->in.len : left;

	buf_append(&work->body, conn->in.data, take);
	buf_consume(&conn->in, take);
	if (!count_body(conn))
		return true;
	if (take < left)
		return false;
	dispatch(conn);
	return true;
}

/* It is empty; its memory may serve the next. */
static void
give_up_input(HttpConn *conn)
{
	HttpServer *server = conn->server;

	if (server->spare_input.data == NULL && conn->in.capacity <= HTTP_SPARE_INPUT)
		buf_give_memory(&conn->in, &server->spare_input);
	else
		buf_clear(&conn->in);
}

void
http_conn_consume(HttpConn *conn)
{
	bool more = true;

	conn->consuming = true;
	while (more && conn->in.len > 0)
	{
		if (conn->state == HTTP_STATE_HEAD)
			more = consume_head(conn);
		else if (conn->state == HTTP_STATE_BODY)
			more = conn->work->request.head.chunked ? consume_chunked(conn) : consume_length(conn);
		else
			more = false;
	}
	conn->consuming = false;
	if (conn->state == HTTP_STATE_CLOSED)
		return;
	if (conn->in.len == 0)
		give_up_input(conn);
	if (conn->input_over && (conn->state == HTTP_STATE_HEAD || conn->state == HTTP_STATE_BODY))
		http_conn_close(conn); /* half a request will not become a whole one */
	else
		http_conn_watch(conn);
}

static void
input_ended(HttpConn *conn, bool by_error)
{
	conn->input_over = true;
	if (by_error || conn->state == HTTP_STATE_LINGER || conn->state == HTTP_STATE_HELD ||
		conn->state == HTTP_STATE_STREAM)
		http_conn_depart(conn);
	else if (conn->state == HTTP_STATE_HEAD || conn->state == HTTP_STATE_BODY)
		http_conn_close(conn);
	else
		http_conn_watch(conn);
}

/* Bytes that only keep the connection busy do not buy more time. */
static void
note_pace(HttpConn *conn, size_t len)
{
	HttpWork *work = conn->work;

	work->received += len;
	if (work->received - work->paced < HTTP_BODY_PACE)
		return;
	work->paced = work->received;
	loop_timeout_start(&conn->server->body_timeouts, &conn->timeout);
}

void
http_conn_read(HttpConn *conn)
{
	HttpServer *server = conn->server;
	size_t room = HTTP_PIPELINE_KEPT;
	ssize_t n;

	if (conn->state == HTTP_STATE_BODY || conn->state == HTTP_STATE_LINGER)
		room = HTTP_READ_SIZE;
	else if (http_conn_is_busy(conn))
		room -= conn->in.len;
	n = recv(loop_io_fd(&conn->io), server->read_buffer, room, 0);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return;
	if (n <= 0)
	{
		input_ended(conn, n < 0);
		return;
	}
	if (conn->state == HTTP_STATE_LINGER)
		return;
	if (conn->state == HTTP_STATE_BODY)
		note_pace(conn, (size_t) n);
	if (conn->in.data == NULL)
		buf_give_memory(&server->spare_input, &conn->in);
	if (!buf_append(&conn->in, server->read_buffer, (size_t) n))
	{
		http_conn_depart(conn);
		return;
	}
	if (http_conn_is_busy(conn))
		http_conn_watch(conn);
	else
		http_conn_consume(conn);
}
