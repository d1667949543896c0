/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * http_conn.c: reading requests, and the states of a connection.
 *
 * All input goes through conn->in.  In HEAD and BODY it is consumed as it
 * comes; in the busy states it is kept for later, at most HTTP_PIPELINE_KEPT
 * bytes of it, and then reading stops.  The buffer is given back whenever it
 * is empty, so that a held connection owns none.
 *
 * consume() is a loop, not a recursion: a handler that answers at once puts
 * the connection back into HEAD, and the loop goes on with the next request;
 * an answer given later, from some other callback, puts the connection on the
 * server's `again` list, and tidy() goes on with it at the end of the turn.
 *
 * The time-outs: idle until the first byte of a request; head from there to
 * the end of the head, whatever trickles in; body for each further piece;
 * send while the socket takes nothing; linger.  HANDLED and HELD have none:
 * how long these may last is the owner's business.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "web/http_internal.h"
#include "web/metrics.h"
#include "web/problem.h"
#include "web/trace.h"

static void conn_io(LoopIo *io, int events, void *arg);

HttpConn *
http_conn_new(HttpServer *server, int fd, HttpSlot *slot)
{
	HttpConn   *conn = mem_zalloc(sizeof(*conn));

	conn->server = server;
	conn->slot = slot;
	conn->id = ++server->last_id;
	conn->state = HTTP_STATE_HEAD;
	conn->keep_alive = true;
	conn->minor = 1;
	buf_init(&conn->in, server->conf.limits.max_head_size + 2 * HTTP_READ_SIZE);
	buf_init(&conn->out, HTTP_MAX_OUTPUT);
	dlist_node_init(&conn->again);
	dlist_push_tail(&server->open, &conn->node);
	loop_timeout_init(&conn->timeout);
	loop_timeout_start(&server->idle_timeouts, &conn->timeout);
	loop_io_init(&conn->io, server->loop, fd, conn_io, conn);
	http_conn_watch(conn);
	return conn;
}

static bool
is_busy(const HttpConn *conn)
{
	return conn->state == HTTP_STATE_HANDLED || conn->state == HTTP_STATE_HELD ||
		conn->state == HTTP_STATE_STREAM || conn->state == HTTP_STATE_ANSWER;
}

void
http_conn_watch(HttpConn *conn)
{
	int			events = 0;

	if (conn->state == HTTP_STATE_CLOSED)
		return;
	if (!conn->input_over && !(is_busy(conn) && conn->in.len >= HTTP_PIPELINE_KEPT))
		events |= LOOP_READ;
	if (http_conn_has_output(conn) || conn->want_writable)
		events |= LOOP_WRITE;
	loop_io_set(&conn->io, events);
}

void
http_conn_release_work(HttpConn *conn)
{
	if (conn->work == NULL)
		return;
	buf_clear(&conn->work->body);
	mem_free(conn->work);
	conn->work = NULL;
}

/* What one request has left behind, apart from input and output. */
static void
forget_request(HttpConn *conn)
{
	http_conn_release_work(conn);
	conn->owner = NULL;
	conn->owner_arg = NULL;
	conn->want_writable = false;
	mem_free(conn->origin);
	conn->origin = NULL;
	mem_free(conn->correlation);
	conn->correlation = NULL;
}

static void
detach(HttpConn *conn)
{
	HttpServer *server = conn->server;

	forget_request(conn);
	loop_timeout_stop(&conn->timeout);
	loop_io_clear(&conn->io);
	dlist_remove(&conn->again);
	dlist_remove(&conn->node);
	dlist_push_tail(&server->dead, &conn->node);
	loop_defer(&server->tidy);
	buf_clear(&conn->in);
	buf_clear(&conn->out);
	if (conn->refused)
		server->refused--;
	conn->state = HTTP_STATE_CLOSED;
}

void
http_conn_close(HttpConn *conn)
{
	int			fd;

	if (conn->state == HTTP_STATE_CLOSED)
		return;
	fd = loop_io_fd(&conn->io);
	detach(conn);
	close(fd);
	http_slot_release(conn->slot);
}

void
http_conn_depart(HttpConn *conn)
{
	const HttpOwner *owner = conn->owner;
	void	   *arg = conn->owner_arg;

	if (conn->state == HTTP_STATE_CLOSED)
		return;
	http_conn_close(conn);
	if (owner != NULL && owner->departed != NULL)
		owner->departed(arg, conn);
}

int
http_take_socket(HttpConn *conn, char **rest, size_t *rest_len, HttpSlot **slot)
{
	int			fd = loop_io_fd(&conn->io);

	*slot = conn->slot;
	*rest_len = conn->in.len;
	*rest = conn->in.len > 0 ? mem_strndup(conn->in.data, conn->in.len) : NULL;
	detach(conn);
	return fd;
}

void
http_conn_look_again(HttpConn *conn)
{
	if (dlist_is_linked(&conn->again))
		return;
	dlist_push_tail(&conn->server->again, &conn->again);
	loop_defer(&conn->server->tidy);
}

/* The last answer is out: wait until the client has read it and hung up. */
static void
linger(HttpConn *conn)
{
	forget_request(conn);
	buf_clear(&conn->in);
	if (conn->input_over || shutdown(loop_io_fd(&conn->io), SHUT_WR) < 0)
	{
		http_conn_close(conn);
		return;
	}
	conn->state = HTTP_STATE_LINGER;
	loop_timeout_start(&conn->server->linger_timeouts, &conn->timeout);
	http_conn_watch(conn);
}

void
http_conn_next(HttpConn *conn)
{
	if (!conn->keep_alive || conn->server->stopping ||
		(conn->input_over && conn->in.len == 0))
	{
		linger(conn);
		return;
	}
	forget_request(conn);
	conn->state = HTTP_STATE_HEAD;
	conn->scanned = 0;
	conn->empty_lines = 0;
	loop_timeout_start(&conn->server->idle_timeouts, &conn->timeout);
	if (conn->in.len > 0 && !conn->consuming)
		http_conn_look_again(conn);
	http_conn_watch(conn);
}

/* Answers a message that cannot be served, for the last time. */
static void
fault(HttpConn *conn, int status, const char *detail)
{
	loop_timeout_stop(&conn->timeout);
	conn->state = HTTP_STATE_HANDLED;
	conn->keep_alive = false;
	http_problem(conn, status, "bad-message", "%s", detail);
}

void
http_conn_refuse(HttpConn *conn, int status, const char *code, const char *detail)
{
	loop_timeout_stop(&conn->timeout);
	conn->refused = true;
	conn->server->refused++;
	conn->state = HTTP_STATE_HANDLED;
	conn->keep_alive = false;
	problem_respond(conn, status, code, detail, NULL, "Retry-After: 5\r\n");
}

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

static void
identify(HttpConn *conn, HttpRequest *request)
{
	conn->serial++;
	if (trace_from_head(&request->head, request->correlation_id, request->traceparent))
		conn->correlation = mem_strdup(request->correlation_id);
	else
		snprintf(request->correlation_id, sizeof(request->correlation_id), "%s",
				 http_correlation_id(conn));
}

static void
dispatch(HttpConn *conn)
{
	HttpServer *server = conn->server;
	HttpWork   *work = conn->work;

	loop_timeout_stop(&conn->timeout);
	work->request.body = buf_text(&work->body);
	work->request.body_len = work->body.len;
	conn->state = HTTP_STATE_HANDLED;
	METRIC_ADD(requests_total, 1);
	server->conf.handler(server->conf.arg, conn, &work->request);
}

/* A whole head is at the front of conn->in. */
static void
begin_request(HttpConn *conn, size_t head_len)
{
	HttpServer *server = conn->server;
	HttpWork   *work = mem_alloc(sizeof(*work) + head_len);
	HttpHead   *head = &work->request.head;
	HttpFault	refusal = {0};

	memcpy(work->bytes, conn->in.data, head_len);
	memset(&work->chunked, 0, sizeof(work->chunked));
	buf_init(&work->body, server->conf.limits.max_body_size);
	work->request.correlation_id[0] = work->request.traceparent[0] = '\0';
	buf_consume(&conn->in, head_len);
	conn->scanned = 0;
	conn->work = work;
	if (http_parse_head(work->bytes, head_len, &server->conf.limits, head,
						&refusal) == HTTP_PARSE_FAULT)
	{
		conn->is_head = false;
		http_conn_release_work(conn);
		fault(conn, refusal.status, refusal.detail);
		return;
	}
	conn->minor = head->minor & 1;
	conn->is_head = head->method == HTTP_HEAD;
	conn->keep_alive = head->keep_alive;
	identify(conn, &work->request);
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
	HttpFault	refusal = {0};
	size_t		head_len = 0;

	if (conn->scanned == 0)
	{
		size_t		blank = http_skip_empty_lines(conn->in.data, conn->in.len);

		buf_consume(&conn->in, blank);
		if (blank / 2 + conn->empty_lines > HTTP_MAX_EMPTY_LINES)
		{
			conn->is_head = false;
			fault(conn, 400, "There are too many empty lines before the request.");
			return true;
		}
		conn->empty_lines += (unsigned) (blank / 2);
	}
	if (conn->in.len == 0)
		return false;
	switch (http_scan_head(conn->in.data, conn->in.len, &conn->scanned,
						   &server->conf.limits, &head_len, &refusal))
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
			fault(conn, refusal.status, refusal.detail);
			return true;
	}
}

static bool
consume_chunked(HttpConn *conn)
{
	HttpWork   *work = conn->work;
	HttpFault	refusal = {0};
	HttpSlice	data;
	size_t		used = 0;
	size_t		at = 0;
	HttpParse	parse = HTTP_PARSE_MORE;

	while (at < conn->in.len && parse == HTTP_PARSE_MORE)
	{
		parse = http_chunked_read(&work->chunked, conn->in.data + at, conn->in.len - at,
								  &conn->server->conf.limits, &used, &data, &refusal);
		if (parse == HTTP_PARSE_FAULT)
		{
			fault(conn, refusal.status, refusal.detail);
			return true;
		}
		buf_append(&work->body, data.at, data.len);
		at += used;
	}
	buf_consume(&conn->in, at);
	if (parse == HTTP_PARSE_DONE)
		dispatch(conn);
	return parse == HTTP_PARSE_DONE;
}

static bool
consume_length(HttpConn *conn)
{
	HttpWork   *work = conn->work;
	size_t		left = (size_t) work->request.head.content_length - work->body.len;
	size_t		take = conn->in.len < left ? conn->in.len : left;

	buf_append(&work->body, conn->in.data, take);
	buf_consume(&conn->in, take);
	if (take < left)
		return false;
	dispatch(conn);
	return true;
}

/* Goes on with what is in conn->in, as far as it goes. */
static void
consume(HttpConn *conn)
{
	bool		more = true;

	conn->consuming = true;
	while (more && conn->in.len > 0)
	{
		if (conn->state == HTTP_STATE_HEAD)
			more = consume_head(conn);
		else if (conn->state == HTTP_STATE_BODY)
			more = conn->work->request.head.chunked ? consume_chunked(conn)
				: consume_length(conn);
		else
			more = false;
	}
	conn->consuming = false;
	if (conn->state == HTTP_STATE_CLOSED)
		return;
	if (conn->in.len == 0)
		buf_clear(&conn->in);
	if (conn->input_over && (conn->state == HTTP_STATE_HEAD ||
							 conn->state == HTTP_STATE_BODY))
		http_conn_close(conn);	/* half a request will not become a whole one */
	else
		http_conn_watch(conn);
}

void
http_conn_tidy(HttpServer *server)
{
	Dlist		again;
	DlistNode  *node;

	dlist_init(&again);
	dlist_splice(&again, &server->again);
	while ((node = dlist_pop_head(&again)) != NULL)
	{
		HttpConn   *conn = DLIST_OWNER(HttpConn, again, node);

		if (conn->broken)
			http_conn_depart(conn);
		else
			consume(conn);
	}
	while ((node = dlist_pop_head(&server->dead)) != NULL)
		mem_free(DLIST_OWNER(HttpConn, node, node));
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

static void
conn_read(HttpConn *conn)
{
	HttpServer *server = conn->server;
	size_t		room = HTTP_PIPELINE_KEPT;
	ssize_t		n;

	if (conn->state == HTTP_STATE_BODY || conn->state == HTTP_STATE_LINGER)
		room = HTTP_READ_SIZE;
	else if (is_busy(conn))
		room -= conn->in.len;
	n = read(loop_io_fd(&conn->io), server->read_buffer, room);
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
		loop_timeout_start(&server->body_timeouts, &conn->timeout);
	if (!buf_append(&conn->in, server->read_buffer, (size_t) n))
	{
		http_conn_depart(conn);
		return;
	}
	if (is_busy(conn))
		http_conn_watch(conn);
	else
		consume(conn);
}

static void
conn_write(HttpConn *conn)
{
	if (!http_conn_flush(conn))
	{
		http_conn_depart(conn);
		return;
	}
	if (http_conn_has_output(conn))
		return;
	if (conn->state == HTTP_STATE_ANSWER)
		http_conn_next(conn);
	else if (conn->want_writable && conn->owner != NULL)
	{
		conn->want_writable = false;
		loop_timeout_stop(&conn->timeout);
		http_conn_watch(conn);
		conn->owner->writable(conn->owner_arg, conn);
	}
	else
		http_conn_watch(conn);
}

static void
conn_io(LoopIo *io, int events, void *arg)
{
	HttpConn   *conn = arg;

	(void) io;
	if (events & LOOP_WRITE)
		conn_write(conn);
	if ((events & LOOP_READ) && conn->state != HTTP_STATE_CLOSED)
		conn_read(conn);
}

void
http_conn_timed_out(LoopTimeout *timeout, void *arg)
{
	HttpConn   *conn = DLIST_OWNER(HttpConn, timeout, timeout);

	(void) arg;
	switch (conn->state)
	{
		case HTTP_STATE_HEAD:
			if (conn->in.len == 0)
				http_conn_close(conn);
			else
			{
				conn->is_head = false;
				fault(conn, 408, "The head of the request did not come in time.");
			}
			break;
		case HTTP_STATE_BODY:
			fault(conn, 408, "The body of the request did not come in time.");
			break;
		case HTTP_STATE_LINGER:
			http_conn_close(conn);
			break;
		default:
			log_info("client takes nothing, closed", LOG_STR("peer", http_peer(conn)),
					 LOG_CORRELATION(http_correlation_id(conn)));
			http_conn_depart(conn);
	}
}

/* ---- facts ---- */

const char *
http_peer(const HttpConn *conn)
{
	return conn->slot->text;
}

uint64_t
http_conn_id(const HttpConn *conn)
{
	return conn->id;
}

HttpServer *
http_conn_server(const HttpConn *conn)
{
	return conn->server;
}

const HttpRequest *
http_request(const HttpConn *conn)
{
	return conn->state == HTTP_STATE_HANDLED && conn->work != NULL
		? &conn->work->request : NULL;
}

const char *
http_correlation_id(const HttpConn *conn)
{
	static char text[64];

	if (conn->correlation != NULL)
		return conn->correlation;
	trace_make(text, sizeof(text), conn->id, conn->serial);
	return text;
}
