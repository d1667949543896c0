/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * ws.c: the life of WebSocket connections; see ws.h.
 *
 * Output
 * ------
 * While the socket takes everything nothing is copied.  `out` holds what it
 * did not take: the rest of one frame that was cut, then answers and control
 * frames.  While there is something in `out`, ws_send_raw() takes nothing:
 * the caller keeps its events where they are, in the channel's log.
 *
 * Silence
 * -------
 * Every ping_interval each connection is pinged.  Whoever has given no sign
 * of life until the next one (no bytes came, and the socket took none of
 * those that wait) is gone.
 *
 * The end
 * -------
 * Our close frame goes out behind what is queued; then the client has
 * WS_CLOSE_TIME_MS to answer with its own.  The server closes TCP first, as
 * the standard wants it.  A connection that breaks inside a call of the
 * handler's is closed at the end of the turn, so that closed() never comes
 * from inside such a call.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "web/ws_internal.h"

size_t
ws_frame_header(unsigned char *out, uint64_t payload_len)
{
	return ws_frame_write(out, WS_OP_TEXT, payload_len);
}

static bool
has_output(const Ws *ws)
{
	return ws->out.len > ws->out_sent;
}

static void
watch(Ws *ws)
{
	int events = 0;

	if (ws->state == WS_STATE_CLOSED)
		return;
	if ((!ws->paused && ws->held.len == 0) || ws->state != WS_STATE_OPEN)
		events |= LOOP_READ;
	if (has_output(ws) || ws->want_writable)
		events |= LOOP_WRITE;
	loop_io_set(&ws->io, events);
}

void
ws_gone(Ws *ws)
{
	int fd;

	if (ws->state == WS_STATE_CLOSED)
		return;
	ws->state = WS_STATE_CLOSED;
	fd = loop_io_fd(&ws->io);
	loop_io_clear(&ws->io);
	loop_timeout_stop(&ws->timeout);
	close(fd);
	http_slot_release(ws->slot);
	dlist_remove(&ws->again);
	dlist_remove(&ws->node);
	dlist_push_tail(&ws->server->dead, &ws->node);
	loop_defer(&ws->server->tidy);
	ws->server->connections--;
	ws->handler->closed(ws->arg, ws);
}

/* Have tidy() look at it at the end of the turn. */
static void
look_again(Ws *ws)
{
	if (ws->state == WS_STATE_CLOSED || dlist_is_linked(&ws->again))
		return;
	dlist_push_tail(&ws->server->again, &ws->again);
	loop_defer(&ws->server->tidy);
}

static void
mark_broken(Ws *ws)
{
	ws->broken = true;
	look_again(ws);
}

static void
free_dead(WsServer *server)
{
	DlistNode *node;

	while ((node = dlist_pop_head(&server->dead)) != NULL)
	{
		Ws *ws = DLIST_OWNER(Ws, node, node);

		buf_clear(&ws->message);
		buf_clear(&ws->held);
		buf_clear(&ws->out);
		mem_free(ws);
	}
}

/* Goes on with what had come when the connection was paused. */
static void
read_held(Ws *ws)
{
	size_t len;
	char *bytes;

	if (ws->paused || ws->held.len == 0)
		return;
	bytes = buf_detach(&ws->held, &len);
	ws_read_input(ws, (unsigned char *) bytes, len);
	mem_free(bytes);
	watch(ws);
}

static void
tidy(LoopDefer *defer, void *arg)
{
	WsServer *server = arg;
	DlistNode *node;

	(void) defer;
	while ((node = dlist_pop_head(&server->again)) != NULL)
	{
		Ws *ws = DLIST_OWNER(Ws, again, node);

		if (ws->broken)
			ws_gone(ws);
		else
			read_held(ws);
	}
	free_dead(server);
}

/* ---- writing ---- */

/* Bytes that the socket took: 0 when it is full, -1 when it is broken. */
static ssize_t
send_some(Ws *ws, struct iovec *iov, int count)
{
	struct msghdr message = {.msg_iov = iov, .msg_iovlen = (size_t) count};
	ssize_t n;

	do
		n = sendmsg(loop_io_fd(&ws->io), &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	return n;
}

/* Sends, and queues what the socket does not take. */
static void
send_or_queue(Ws *ws, struct iovec *iov, int count)
{
	size_t taken = 0;

	if (!has_output(ws))
	{
		ssize_t n = send_some(ws, iov, count);

		if (n < 0)
		{
			mark_broken(ws);
			return;
		}
		taken = (size_t) n;
	}
	for (int i = 0; i < count; i++)
	{
		size_t skip = taken < iov[i].iov_len ? taken : iov[i].iov_len;

		taken -= skip;
		ws->answers += iov[i].iov_len - skip;
		if (!buf_append(&ws->out, (char *) iov[i].iov_base + skip, iov[i].iov_len - skip))
			mark_broken(ws);
	}
	watch(ws);
}

void
ws_send_control(Ws *ws, int opcode, const void *payload, size_t len)
{
	unsigned char header[10];
	size_t header_len = ws_frame_write(header, opcode, len);

	if (ws->answers + len > ws->server->conf.max_answer_queue && opcode != WS_OP_CLOSE)
	{
		ws_close(ws, WS_CLOSE_POLICY, "answers are not read");
		return;
	}
	send_or_queue(ws, (struct iovec[]) {{header, header_len}, {(void *) payload, len}}, 2);
}

void
ws_send_text(Ws *ws, const char *text, size_t len)
{
	if (ws->state == WS_STATE_OPEN && !ws->broken)
		ws_send_control(ws, WS_OP_TEXT, text, len);
}

ssize_t
ws_send_raw(Ws *ws, const void *frames, size_t len)
{
	struct iovec iov = {(void *) frames, len};
	size_t end;
	ssize_t n;

	if (ws->state != WS_STATE_OPEN || ws->broken)
		return -1;
	if (has_output(ws))
	{
		ws_want_write(ws);
		return 0;
	}
	n = send_some(ws, &iov, 1);
	if (n < 0)
	{
		mark_broken(ws);
		return -1;
	}
	if ((size_t) n == len)
		return n;
	end = ws_frame_end(frames, len, (size_t) n);
	if (!buf_append(&ws->out, (const char *) frames + n, end - (size_t) n))
	{
		mark_broken(ws);
		return -1;
	}
	ws_want_write(ws);
	return (ssize_t) end;
}

void
ws_want_write(Ws *ws)
{
	ws->want_writable = true;
	watch(ws);
}

void
ws_pause(Ws *ws, bool pause)
{
	ws->paused = pause;
	if (!pause && ws->held.len > 0)
		look_again(ws);
	watch(ws);
}

/* ---- closing ---- */

/* There is nothing to hear from one who cannot speak: no more from us either. */
static void
end_if_failed(Ws *ws)
{
	if (ws->state == WS_STATE_FAILED && !has_output(ws) && !ws->broken &&
		shutdown(loop_io_fd(&ws->io), SHUT_WR) < 0)
		mark_broken(ws);
}

static void
say_goodbye(Ws *ws, int code, const char *reason, WsState state)
{
	unsigned char payload[WS_MAX_CONTROL];
	size_t len = strlen(reason);

	if (ws->state != WS_STATE_OPEN)
		return;
	if (len > sizeof(payload) - 2)
		len = sizeof(payload) - 2;
	payload[0] = (unsigned char) (code >> 8);
	payload[1] = (unsigned char) code;
	memcpy(payload + 2, reason, len);
	ws->state = state;
	ws->want_writable = false;
	loop_timeout_start(&ws->server->closings, &ws->timeout);
	ws_send_control(ws, WS_OP_CLOSE, payload, len + 2);
	end_if_failed(ws);
}

void
ws_close(Ws *ws, int code, const char *reason)
{
	say_goodbye(ws, code, reason, WS_STATE_CLOSING);
}

void
ws_fail(Ws *ws, int code, const char *reason)
{
	log_info("websocket closed", LOG_INT("code", code), LOG_STR("detail", reason),
			 LOG_STR("peer", ws_peer(ws)), LOG_INT("session", (int64_t) ws->id));
	if (ws->state == WS_STATE_CLOSING)
		ws->state = WS_STATE_FAILED;
	else
		say_goodbye(ws, code, reason, WS_STATE_FAILED);
}

/* ---- events ---- */

static void
readable(Ws *ws)
{
	WsServer *server = ws->server;
	ssize_t n = read(loop_io_fd(&ws->io), server->read_buffer, WS_READ_SIZE);

	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return;
	if (n <= 0)
	{
		ws_gone(ws);
		return;
	}
	ws->heard = true;
	if (ws->state != WS_STATE_FAILED)
		ws_read_input(ws, server->read_buffer, (size_t) n);
}

static void
writable(Ws *ws)
{
	ws->heard = true; /* the client has taken what was in its way */
	if (has_output(ws))
	{
		struct iovec rest = {ws->out.data + ws->out_sent, ws->out.len - ws->out_sent};
		ssize_t n = send_some(ws, &rest, 1);

		if (n < 0)
		{
			ws_gone(ws);
			return;
		}
		ws->out_sent += (size_t) n;
		if (has_output(ws))
			return;
		buf_clear(&ws->out);
		ws->out_sent = ws->answers = 0;
		end_if_failed(ws);
	}
	if (ws->want_writable && ws->state == WS_STATE_OPEN)
	{
		ws->want_writable = false;
		watch(ws);
		ws->handler->writable(ws->arg, ws);
	}
	else
		watch(ws);
}

static void
on_io(LoopIo *io, int events, void *arg)
{
	Ws *ws = arg;

	(void) io;
	if (events & LOOP_WRITE)
		writable(ws);
	if ((events & LOOP_READ) && ws->state != WS_STATE_CLOSED)
		readable(ws);
}

static void
ping_due(LoopTimeout *timeout, void *arg)
{
	WsServer *server = arg;
	Ws *ws = DLIST_OWNER(Ws, timeout, timeout);

	if (ws->pinged && !ws->heard)
	{
		log_info("websocket is silent, closed", LOG_STR("peer", ws_peer(ws)),
				 LOG_INT("session", (int64_t) ws->id));
		ws_gone(ws);
		return;
	}
	loop_timeout_start(&server->pings, timeout);
	ws_send_control(ws, WS_OP_PING, "", 0);
	ws->pinged = true;
	ws->heard = false;
}

static void
closing_over(LoopTimeout *timeout, void *arg)
{
	(void) arg;
	ws_gone(DLIST_OWNER(Ws, timeout, timeout));
}

/* ---- the server ---- */

WsServer *
ws_server_new(Loop *loop, const WsServerConf *conf)
{
	WsServer *server = mem_zalloc(sizeof(*server));

	server->loop = loop;
	server->conf = *conf;
	dlist_init(&server->open);
	dlist_init(&server->draining);
	dlist_init(&server->dead);
	dlist_init(&server->again);
	loop_defer_init(&server->tidy, loop, tidy, server);
	loop_timeouts_init(&server->pings, loop, conf->ping_interval_ms, ping_due, server);
	loop_timeouts_init(&server->closings, loop, WS_CLOSE_TIME_MS, closing_over, server);
	return server;
}

void
ws_server_reload(WsServer *server, const WsServerConf *conf)
{
	server->conf = *conf;
}

void
ws_server_free(WsServer *server)
{
	DlistNode *node;

	dlist_splice(&server->open, &server->draining);
	while ((node = dlist_first(&server->open)) != NULL)
		ws_gone(DLIST_OWNER(Ws, node, node));
	free_dead(server);
	loop_defer_clear(&server->tidy);
	loop_timeouts_clear(&server->pings);
	loop_timeouts_clear(&server->closings);
	mem_free(server);
}

int
ws_server_drain_some(WsServer *server, int count, const char *reason)
{
	DlistNode *node;

	for (; count > 0 && (node = dlist_pop_head(&server->open)) != NULL; count--)
	{
		dlist_push_tail(&server->draining, node);
		ws_close(DLIST_OWNER(Ws, node, node), WS_CLOSE_GOING_AWAY, reason);
	}
	return server->connections;
}

static void
send_upgrade(Ws *ws, const WsHandshake *handshake)
{
	static const char *const names[] = {"events.v1", "cloudevents.json"};
	char head[320];
	int len = snprintf(head, sizeof(head),
					   "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
					   "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n%s%s%s\r\n",
					   handshake->accept,
					   handshake->protocol_asked ? "Sec-WebSocket-Protocol: " : "",
					   handshake->protocol_asked ? names[handshake->protocol] : "",
					   handshake->protocol_asked ? "\r\n" : "");

	send_or_queue(ws, &(struct iovec) {head, (size_t) len}, 1);
}

void
ws_adopt(WsServer *server, HttpConn *conn, const WsHandshake *handshake, const WsHandler *handler,
		 void *arg)
{
	Ws *ws = mem_zalloc(sizeof(*ws));
	char *rest;
	size_t rest_len;
	int fd;

	ws->server = server;
	ws->id = http_conn_id(conn);
	ws->handler = handler;
	ws->arg = arg;
	ws->protocol = handshake->protocol;
	ws->state = WS_STATE_OPEN;
	fd = http_take_socket(conn, &rest, &rest_len, &ws->slot);
	buf_init(&ws->message, server->conf.max_frame_size);
	buf_init(&ws->held, WS_READ_SIZE + HTTP_PIPELINE_KEPT);
	buf_init(&ws->out, WS_MAX_OUTPUT);
	dlist_node_init(&ws->again);
	dlist_push_tail(&server->open, &ws->node);
	loop_timeout_init(&ws->timeout);
	loop_timeout_start(&server->pings, &ws->timeout);
	loop_io_init(&ws->io, server->loop, fd, on_io, ws);
	server->connections++;
	send_upgrade(ws, handshake);
	handler->opened(arg, ws);
	if (rest_len > 0 && ws->state == WS_STATE_OPEN)
		ws_read_input(ws, (unsigned char *) rest, rest_len);
	mem_free(rest);
	watch(ws);
}

/* ---- facts ---- */

WsProtocol
ws_protocol(const Ws *ws)
{
	return ws->protocol;
}

const char *
ws_peer(const Ws *ws)
{
	return http_slot_peer(ws->slot);
}

uint64_t
ws_id(const Ws *ws)
{
	return ws->id;
}

int
ws_server_connections(const WsServer *server)
{
	return server->connections;
}
