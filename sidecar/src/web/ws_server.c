/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * ws_server.c: the set of WebSocket connections: how they come, how they go.
 *
 * A connection comes out of the HTTP front with its socket, its slot in the
 * limits and what the client has sent already.  It goes in two steps: ws_gone()
 * closes the socket and tells the handler, and tidy() frees the memory at the
 * end of the turn, since whoever is on the stack may still look at it.
 */
#include <stdio.h>
#include <sys/uio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "web/ws_internal.h"

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
	ws_watch(ws);
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
	loop_timeouts_init(&server->pings, loop, conf->ping_interval_ms, ws_ping_due, server);
	loop_timeouts_init(&server->closings, loop, WS_CLOSE_TIME_MS, ws_closing_over, server);
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
ws_server_drain_some(WsServer *server, int count, int64_t spread_ms)
{
	char reason[32];
	DlistNode *node;

	for (; count > 0 && (node = dlist_pop_head(&server->open)) != NULL; count--)
	{
		dlist_push_tail(&server->draining, node);
		snprintf(reason, sizeof(reason), "retry=%d", clock_return_ms(spread_ms));
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

	ws_send_or_queue(ws, &(struct iovec) {head, (size_t) len}, 1);
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
	loop_io_init(&ws->io, server->loop, fd, ws_on_io, ws);
	server->connections++;
	send_upgrade(ws, handshake);
	handler->opened(arg, ws);
	if (rest_len > 0 && ws->state == WS_STATE_OPEN)
		ws_read_input(ws, (unsigned char *) rest, rest_len);
	mem_free(rest);
	ws_watch(ws);
}

int
ws_server_connections(const WsServer *server)
{
	return server->connections;
}
