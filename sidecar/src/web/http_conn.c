/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * http_conn.c: the states of a connection, from its first byte to its last.
 *
 * Reading is in http_read.c, writing in http_answer.c; here is what leads
 * from one state to the next, and who is told.  Nothing is freed in the
 * middle of a turn: a closed connection goes on the server's list of the
 * dead, and tidy() frees it at the end of the turn.
 *
 * The time-outs: idle until the first byte of a request; head from there to
 * the end of the head, whatever trickles in; body for each further KiB;
 * send while the socket takes nothing; linger.  HANDLED and HELD have none:
 * how long these may last is the owner's business.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "web/http_internal.h"
#include "web/problem.h"
#include "web/trace.h"

static void conn_io(LoopIo *io, int events, void *arg);

/* of all servers of the process: correlation ids are made of it */
static uint64_t last_id;

HttpConn *
http_conn_new(HttpServer *server, int fd, HttpSlot *slot)
{
	HttpConn *conn = mem_zalloc(sizeof(*conn));

	conn->server = server;
	conn->slot = slot;
	conn->id = ++last_id;
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

bool
http_conn_is_busy(const HttpConn *conn)
{
	return conn->state == HTTP_STATE_HANDLED || conn->state == HTTP_STATE_HELD ||
		   conn->state == HTTP_STATE_STREAM || conn->state == HTTP_STATE_ANSWER;
}

void
http_conn_watch(HttpConn *conn)
{
	int events = 0;

	if (conn->state == HTTP_STATE_CLOSED)
		return;
	if (!conn->input_over && !(http_conn_is_busy(conn) && conn->in.len >= HTTP_PIPELINE_KEPT))
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
	conn->server->bodies -= conn->work->counted;
	buf_clear(&conn->work->body);
	if (conn->server->spare_work == NULL && conn->work->capacity == HTTP_WORK_CAPACITY)
		conn->server->spare_work = conn->work;
	else
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
	conn->out_sent = 0;
	http_conn_count_output(conn);
	if (conn->refused)
		server->refused--;
	conn->state = HTTP_STATE_CLOSED;
}

void
http_conn_close(HttpConn *conn)
{
	int fd;

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
	void *arg = conn->owner_arg;

	if (conn->state == HTTP_STATE_CLOSED)
		return;
	http_conn_close(conn);
	if (owner != NULL && owner->departed != NULL)
		owner->departed(arg, conn);
}

int
http_take_socket(HttpConn *conn, char **rest, size_t *rest_len, HttpSlot **slot)
{
	int fd = loop_io_fd(&conn->io);

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
	if (!conn->keep_alive || conn->server->stopping || (conn->input_over && conn->in.len == 0))
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

void
http_conn_fault(HttpConn *conn, int status, const char *detail)
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

void
http_conn_tidy(HttpServer *server)
{
	Dlist again;
	DlistNode *node;

	dlist_init(&again);
	dlist_splice(&again, &server->again);
	while ((node = dlist_pop_head(&again)) != NULL)
	{
		HttpConn *conn = DLIST_OWNER(HttpConn, again, node);

		if (conn->broken)
			http_conn_depart(conn);
		else
			http_conn_consume(conn);
	}
	while ((node = dlist_pop_head(&server->dead)) != NULL)
		mem_free(DLIST_OWNER(HttpConn, node, node));
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
	HttpConn *conn = arg;

	(void) io;
	if (events & LOOP_WRITE)
		conn_write(conn);
	if ((events & LOOP_READ) && conn->state != HTTP_STATE_CLOSED)
		http_conn_read(conn);
}

void
http_conn_timed_out(LoopTimeout *timeout, void *arg)
{
	HttpConn *conn = DLIST_OWNER(HttpConn, timeout, timeout);

	(void) arg;
	switch (conn->state)
	{
		case HTTP_STATE_HEAD:
			if (conn->in.len == 0)
				http_conn_close(conn);
			else
			{
				conn->is_head = false;
				http_conn_fault(conn, 408, "The head of the request did not come in time.");
			}
			break;
		case HTTP_STATE_BODY:
			http_conn_fault(conn, 408, "The body of the request did not come in time.");
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

size_t
http_owed(const HttpConn *conn)
{
	return conn->server->owed;
}

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
	return conn->state == HTTP_STATE_HANDLED && conn->work != NULL ? &conn->work->request : NULL;
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
