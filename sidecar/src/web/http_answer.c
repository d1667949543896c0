/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * http_answer.c: writing answers and streams; see http_conn.h.
 *
 * An answer is written at once, head and body by one writev(), straight from
 * the caller's memory.  Only what the socket does not take is copied, and the
 * connection stays in ANSWER until that is out: no further request is looked
 * at before, so a connection owes at most one answer.
 *
 * Header lines that depend on the connection come last: Date (made once a
 * second), Connection, CORS and the correlation id.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/mem.h"
#include "web/http_internal.h"
#include "web/problem.h"

#define COMMON_SIZE 768
#define JOINED_SIZE 2048

bool
http_conn_has_output(const HttpConn *conn)
{
	return conn->out.len > conn->out_sent;
}

void
http_conn_count_output(HttpConn *conn)
{
	conn->server->owed -= conn->owed;
	conn->owed = conn->out.len > 0 ? conn->out.capacity : 0;
	conn->server->owed += conn->owed;
}

static void
mark_broken(HttpConn *conn)
{
	conn->broken = true;
	http_conn_look_again(conn);
}

/* Short pieces are put together: the kernel is slower at that than memcpy. */
static ssize_t
send_joined(HttpConn *conn, const struct iovec *iov, int count)
{
	char bytes[JOINED_SIZE];
	size_t len = 0;

	for (int i = 0; i < count; i++)
	{
		if (iov[i].iov_len > 0)
			memcpy(bytes + len, iov[i].iov_base, iov[i].iov_len);
		len += iov[i].iov_len;
	}
	return send(loop_io_fd(&conn->io), bytes, len, MSG_NOSIGNAL);
}

static size_t
total_of(const struct iovec *iov, int count)
{
	size_t total = 0;

	for (int i = 0; i < count; i++)
		total += iov[i].iov_len;
	return total;
}

/* send() that says -1 for broken and 0 for full. */
static ssize_t
send_some(HttpConn *conn, struct iovec *iov, int count)
{
	struct msghdr message = {.msg_iov = iov, .msg_iovlen = (size_t) count};
	ssize_t n;

	do
	{
		if (count == 1)
			n = send(loop_io_fd(&conn->io), iov->iov_base, iov->iov_len, MSG_NOSIGNAL);
		else if (total_of(iov, count) <= JOINED_SIZE)
			n = send_joined(conn, iov, count);
		else
			n = sendmsg(loop_io_fd(&conn->io), &message, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	return n;
}

static void
await_room(HttpConn *conn)
{
	loop_timeout_start(&conn->server->send_timeouts, &conn->timeout);
	http_conn_watch(conn);
}

bool
http_conn_flush(HttpConn *conn)
{
	struct iovec rest = {conn->out.data + conn->out_sent, conn->out.len - conn->out_sent};
	ssize_t n;

	if (rest.iov_len == 0)
		return true;
	n = send_some(conn, &rest, 1);
	if (n < 0)
		return false;
	conn->out_sent += (size_t) n;
	if (http_conn_has_output(conn))
	{
		if (n > 0)
			await_room(conn);
		return true;
	}
	buf_clear(&conn->out);
	conn->out_sent = 0;
	http_conn_count_output(conn);
	if (conn->state != HTTP_STATE_BODY)
		loop_timeout_stop(&conn->timeout);
	return true;
}

void
http_conn_write(HttpConn *conn, struct iovec *iov, int count)
{
	size_t taken = 0;

	if (conn->broken)
		return;
	if (!http_conn_has_output(conn))
	{
		ssize_t n = send_some(conn, iov, count);

		if (n < 0)
		{
			mark_broken(conn);
			return;
		}
		taken = (size_t) n;
	}
	for (int i = 0; i < count; i++)
	{
		size_t skip = taken < iov[i].iov_len ? taken : iov[i].iov_len;

		taken -= skip;
		if (!buf_append(&conn->out, (char *) iov[i].iov_base + skip, iov[i].iov_len - skip))
		{
			mark_broken(conn);
			break;
		}
	}
	http_conn_count_output(conn);
	if (conn->broken)
		return;
	if (http_conn_has_output(conn) && conn->state != HTTP_STATE_BODY)
		await_room(conn);
	else
		http_conn_watch(conn);
}

/* ---- heads ---- */

/* Made once a second; *len is its length. */
static const char *
date_line(size_t *len)
{
	static char text[48];
	static size_t text_len;
	static time_t made;
	time_t now = time(NULL); /* of the last tick: cheaper than a clock with microseconds */
	struct tm parts;

	if (now != made)
	{
		made = now;
		gmtime_r(&now, &parts);
		text_len = strftime(text, sizeof(text), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
	}
	*len = text_len;
	return text;
}

static char *
put(char *out, const char *text, size_t len)
{
	memcpy(out, text, len);
	return out + len;
}

#define PUT(out, literal) put((out), (literal), sizeof(literal) - 1)

static char *
put_origin(char *out, const char *origin)
{
	out = PUT(out, "Access-Control-Allow-Origin: ");
	out = put(out, origin, strlen(origin));
	if (strcmp(origin, "*") != 0)
		out = PUT(out, "\r\nVary: Origin");
	return PUT(out, "\r\nAccess-Control-Expose-Headers: "
					"Events-Cursor, Retry-After, X-Request-Id\r\n");
}

/*
 * What differs from connection to connection, and the empty line.  Origins
 * and correlation ids are short, see allowed_origin() and trace.h.
 */
static size_t
common_lines(HttpConn *conn, char out[COMMON_SIZE])
{
	size_t date_len;
	const char *date = date_line(&date_len);
	char *at = put(out, date, date_len);

	if (!conn->keep_alive)
		at = PUT(at, "Connection: close\r\n");
	else if (conn->minor == 0)
		at = PUT(at, "Connection: keep-alive\r\n");
	if (conn->origin != NULL)
		at = put_origin(at, conn->origin);
	if (conn->correlation != NULL)
	{
		at = PUT(at, "X-Request-Id: ");
		at = put(at, conn->correlation, strlen(conn->correlation));
		at = PUT(at, "\r\n");
	}
	at = PUT(at, "\r\n");
	return (size_t) (at - out);
}

/* The owner has no more to do with it; the request is answered. */
static void
let_go(HttpConn *conn)
{
	conn->owner = NULL;
	conn->owner_arg = NULL;
	conn->want_writable = false;
	http_conn_release_work(conn);
}

static void
answer_written(HttpConn *conn)
{
	if (conn->broken)
		return;
	if (http_conn_has_output(conn))
	{
		conn->state = HTTP_STATE_ANSWER;
		await_room(conn);
	}
	else
		http_conn_next(conn);
}

static bool
can_answer(const HttpConn *conn)
{
	return conn->state == HTTP_STATE_HANDLED || conn->state == HTTP_STATE_HELD;
}

void
http_respond(HttpConn *conn, const HttpResponse *response)
{
	char common[COMMON_SIZE];
	size_t common_len;
	bool bodiless = response->status == 204 || response->status == 304;
	Buf head;

	if (!can_answer(conn))
		return;
	conn->keep_alive = conn->keep_alive && !response->close && !conn->server->stopping;
	common_len = common_lines(conn, common);
	buf_init(&head, 65536);
	buf_printf(&head, "HTTP/1.1 %d %s\r\n", response->status, problem_title(response->status));
	if (response->content_type != NULL)
		buf_printf(&head, "Content-Type: %s\r\nX-Content-Type-Options: nosniff\r\n",
				   response->content_type);
	if (!bodiless && !response->unsized)
		buf_printf(&head, "Content-Length: %zu\r\n", response->body_len);
	if (response->extra != NULL)
		buf_puts(&head, response->extra);
	if (conn->correlation == NULL)
		buf_printf(&head, "X-Request-Id: %s\r\n", http_correlation_id(conn));
	buf_append(&head, common, common_len);
	http_conn_write(conn,
					(struct iovec[]) {{head.data, head.len},
									  {(void *) response->body,
									   bodiless || conn->is_head ? 0 : response->body_len}},
					2);
	buf_clear(&head);
	let_go(conn);
	answer_written(conn);
}

void
http_respond_shared(HttpConn *conn, const char *shared_head, size_t head_len, const char *body,
					size_t body_len)
{
	char common[COMMON_SIZE];
	size_t common_len;

	if (!can_answer(conn))
		return;
	conn->keep_alive = conn->keep_alive && !conn->server->stopping;
	common_len = common_lines(conn, common);
	http_conn_write(conn,
					(struct iovec[]) {{(void *) shared_head, head_len},
									  {common, common_len},
									  {(void *) body, conn->is_head ? 0 : body_len}},
					3);
	let_go(conn);
	answer_written(conn);
}

void
http_problem(HttpConn *conn, int status, const char *code, const char *format, ...)
{
	char detail[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	problem_respond(conn, status, code, detail, NULL, NULL);
}

/* ---- owners and streams ---- */

/* A client that has hung up already departs at the end of the turn. */
static void
depart_if_over(HttpConn *conn)
{
	if (conn->input_over)
		mark_broken(conn);
}

void
http_own(HttpConn *conn, const HttpOwner *owner, void *arg)
{
	conn->owner = owner;
	conn->owner_arg = arg;
}

void
http_hold(HttpConn *conn, const HttpOwner *owner, void *arg)
{
	conn->state = HTTP_STATE_HELD;
	http_own(conn, owner, arg);
	http_conn_release_work(conn);
	depart_if_over(conn);
	http_conn_watch(conn);
}

bool
http_is_chunked(const HttpConn *conn)
{
	return conn->minor > 0;
}

bool
http_stream_begin(HttpConn *conn, const char *content_type, const HttpOwner *owner, void *arg)
{
	char head[COMMON_SIZE + 512];
	size_t len;

	if (!can_answer(conn))
		return false;
	conn->keep_alive = conn->keep_alive && conn->minor > 0 && !conn->server->stopping;
	len = (size_t) snprintf(head, 512,
							"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n"
							"Cache-Control: no-store\r\nX-Accel-Buffering: no\r\n"
							"X-Content-Type-Options: nosniff\r\n%s",
							content_type, conn->minor > 0 ? "Transfer-Encoding: chunked\r\n" : "");
	len += common_lines(conn, head + len);
	http_conn_write(conn, &(struct iovec) {head, len}, 1);
	let_go(conn);
	if (conn->is_head)
	{
		answer_written(conn);
		return false;
	}
	http_own(conn, owner, arg);
	conn->state = HTTP_STATE_STREAM;
	depart_if_over(conn);
	http_conn_watch(conn);
	return true;
}

ssize_t
http_send(HttpConn *conn, const void *bytes, size_t len)
{
	struct iovec iov = {(void *) bytes, len};
	ssize_t n = 0;

	if (conn->broken || conn->state != HTTP_STATE_STREAM)
		return -1;
	if (!http_conn_has_output(conn))
		n = send_some(conn, &iov, 1);
	if (n < 0)
	{
		mark_broken(conn);
		return -1;
	}
	if ((size_t) n < len && !conn->want_writable)
	{
		conn->want_writable = true;
		await_room(conn);
	}
	return n;
}

void
http_stream_end(HttpConn *conn, const void *last, size_t len)
{
	const char *end = conn->minor > 0 ? "0\r\n\r\n" : "";

	if (conn->state != HTTP_STATE_STREAM)
		return;
	conn->keep_alive = conn->keep_alive && !conn->server->stopping;
	http_conn_write(conn, (struct iovec[]) {{(void *) last, len}, {(void *) end, strlen(end)}}, 2);
	let_go(conn);
	answer_written(conn);
}

void
http_abort(HttpConn *conn)
{
	conn->owner = NULL;
	http_conn_close(conn);
}
