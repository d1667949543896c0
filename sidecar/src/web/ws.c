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

void
ws_watch(Ws *ws)
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

/* ---- writing ---- */

/* Bytes that the socket took: 0 when it is full, -1 when it is broken. */
static ssize_t
send_some(Ws *ws, struct iovec *iov, int count)
{
	struct msghdr message = {.msg_iov = iov, .msg_iovlen = (size_t) count};
	ssize_t n;

	do
		n = count == 1 ? send(loop_io_fd(&ws->io), iov->iov_base, iov->iov_len, MSG_NOSIGNAL)
					   : sendmsg(loop_io_fd(&ws->io), &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	return n;
}

void
ws_send_or_queue(Ws *ws, struct iovec *iov, int count)
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
	ws_watch(ws);
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
	ws_send_or_queue(ws, (struct iovec[]) {{header, header_len}, {(void *) payload, len}}, 2);
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
	ws_watch(ws);
}

void
ws_pause(Ws *ws, bool pause)
{
	ws->paused = pause;
	if (!pause && ws->held.len > 0)
		look_again(ws);
	ws_watch(ws);
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
	ssize_t n = recv(loop_io_fd(&ws->io), server->read_buffer, WS_READ_SIZE, 0);

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
		ws_watch(ws);
		ws->handler->writable(ws->arg, ws);
	}
	else
		ws_watch(ws);
}

void
ws_on_io(LoopIo *io, int events, void *arg)
{
	Ws *ws = arg;

	(void) io;
	if (events & LOOP_WRITE)
		writable(ws);
	if ((events & LOOP_READ) && ws->state != WS_STATE_CLOSED && !ws->broken)
		readable(ws);
}

void
ws_ping_due(LoopTimeout *timeout, void *arg)
{
	WsServer *server = arg;
	Ws *ws = DLIST_OWNER(Ws, timeout, timeout);

	/* of one that we do not read we can hear nothing */
	if (ws->pinged && !ws->heard && !ws->paused)
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

void
ws_closing_over(LoopTimeout *timeout, void *arg)
{
	(void) arg;
	ws_gone(DLIST_OWNER(Ws, timeout, timeout));
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
