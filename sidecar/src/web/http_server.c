/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * http_server.c: accepting, limits, and the end; see http_server.h.
 *
 * Accepting is done in bursts of at most ACCEPT_BURST, so that a flood of
 * newcomers does not hold up those who are being served.
 *
 * A newcomer beyond a limit gets its answer at once, before it has said
 * anything, and lingers until it has read it: a socket that is closed with
 * unread input sends a reset, and a reset can overtake the answer.  Only so
 * many may linger like that; beyond them a newcomer is closed without words.
 *
 * Running out of descriptors is the one accept error that does not go away
 * by itself: the newcomer stays in the backlog and the listener stays
 * readable.  The reserve descriptor is given up to take it, answer it and
 * close it, and then accepting pauses.
 *
 * The server is also the housekeeper: http_conn.c never frees a connection
 * in the middle of a turn, it puts it on the list of the dead, and tidy()
 * frees those at the end of the turn.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "web/http_internal.h"
#include "web/metrics.h"

#define ACCEPT_BURST 64
#define ACCEPT_PAUSE_MS 250

static unsigned
slot_bucket(const char *text)
{
	unsigned hash = 2166136261u;

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char) *text) * 16777619u;
	return hash % HTTP_SLOT_BUCKETS;
}

HttpSlot *
http_slot_acquire(HttpServer *server, const NetAddress *address)
{
	char text[NET_TEXT_SIZE];
	HttpSlot **bucket;
	HttpSlot *slot;

	net_format_host(address, text);
	bucket = &server->slots[slot_bucket(text)];
	for (slot = *bucket; slot != NULL; slot = slot->next)
		if (strcmp(slot->text, text) == 0)
			break;
	if (slot == NULL)
	{
		slot = mem_zalloc(sizeof(*slot));
		slot->server = server;
		memcpy(slot->text, text, sizeof(slot->text));
		slot->next = *bucket;
		*bucket = slot;
	}
	slot->count++;
	server->connections++;
	METRIC_ADD(http_connections, 1);
	return slot;
}

void
http_slot_release(HttpSlot *slot)
{
	HttpSlot **link;

	slot->server->connections--;
	METRIC_ADD(http_connections, -1);
	if (--slot->count > 0)
		return;
	link = &slot->server->slots[slot_bucket(slot->text)];
	while (*link != slot)
		link = &(*link)->next;
	*link = slot->next;
	mem_free(slot);
}

const char *
http_slot_peer(const HttpSlot *slot)
{
	return slot->text;
}

int
http_server_connections(const HttpServer *server)
{
	return server->connections;
}

/* Is this newcomer one too many?  Its slot is counted already. */
static bool
refuse_if_full(HttpServer *server, HttpConn *conn)
{
	const HttpServerConf *conf = &server->conf;

	if (server->connections - server->refused > conf->max_connections)
		http_conn_refuse(conn, 503, "too-many-connections",
						 "The server has as many connections as it takes.");
	else if (conf->max_connections_per_address > 0 &&
			 conn->slot->count > conf->max_connections_per_address)
		http_conn_refuse(conn, 429, "too-many-connections-from-address",
						 "Your address has as many connections as one may have.");
	else
		return false;
	return true;
}

static void
welcome(HttpServer *server, int fd, const NetAddress *address)
{
	int on = 1;
	unsigned patience = (unsigned) server->conf.send_timeout_ms;
	HttpConn *conn;

	if (server->refused >= HTTP_MAX_REFUSED &&
		server->connections - server->refused >= server->conf.max_connections)
	{
		METRIC_ADD(connections_refused_total, 1);
		close(fd);
		return;
	}
	/* the second: a client that vanished without a word, while we send to it */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience, sizeof(patience));
	METRIC_ADD(connections_total, 1);
	conn = http_conn_new(server, fd, http_slot_acquire(server, address));
	if (refuse_if_full(server, conn))
		METRIC_ADD(connections_refused_total, 1);
}

static void
pause_accepting(HttpServer *server)
{
	for (int i = 0; i < server->nlisteners; i++)
		loop_io_set(&server->listeners[i], 0);
	loop_timer_start(&server->accept_pause, ACCEPT_PAUSE_MS, 0);
}

static void
resume_accepting(LoopTimer *timer, void *arg)
{
	HttpServer *server = arg;

	(void) timer;
	if (server->reserve_fd < 0)
		server->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	for (int i = 0; i < server->nlisteners; i++)
		loop_io_set(&server->listeners[i], LOOP_READ);
}

/* Out of descriptors: answer one newcomer with the reserve, then wait. */
static void
out_of_descriptors(HttpServer *server, int listener)
{
	static const char answer[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n"
								 "Content-Length: 0\r\nConnection: close\r\n\r\n";
	int fd;

	log_warning("out of file descriptors, not accepting for a moment",
				LOG_STR("listener", server->conf.name),
				LOG_INT("connections", server->connections));
	if (server->reserve_fd >= 0)
	{
		close(server->reserve_fd);
		fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0)
		{
			if (send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL) < 0)
				log_debug("the refusal of a connection could not be sent");
			close(fd);
			METRIC_ADD(connections_refused_total, 1);
		}
		server->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	}
	pause_accepting(server);
}

static void
on_listener(LoopIo *io, int events, void *arg)
{
	HttpServer *server = arg;

	(void) events;
	for (int i = 0; i < ACCEPT_BURST; i++)
	{
		NetAddress address = {.len = sizeof(address.storage)};
		int fd = accept4(loop_io_fd(io), (struct sockaddr *) &address.storage, &address.len,
						 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0)
			welcome(server, fd, &address);
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			return;
		else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		{
			out_of_descriptors(server, loop_io_fd(io));
			return;
		}
		else if (errno != EINTR && errno != ECONNABORTED)
			log_warning("accept failed", LOG_STR("error", strerror(errno)));
	}
}

static void
on_tidy(LoopDefer *defer, void *arg)
{
	(void) defer;
	http_conn_tidy(arg);
}

HttpServer *
http_server_new(Loop *loop, const HttpServerConf *conf)
{
	HttpServer *server = mem_zalloc(sizeof(*server));

	server->loop = loop;
	server->conf = *conf;
	dlist_init(&server->open);
	dlist_init(&server->drained);
	dlist_init(&server->dead);
	dlist_init(&server->again);
	server->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	loop_timer_init(&server->accept_pause, loop, resume_accepting, server);
	loop_defer_init(&server->tidy, loop, on_tidy, server);
	loop_timeouts_init(&server->head_timeouts, loop, conf->head_timeout_ms, http_conn_timed_out,
					   server);
	loop_timeouts_init(&server->body_timeouts, loop, conf->body_timeout_ms, http_conn_timed_out,
					   server);
	loop_timeouts_init(&server->idle_timeouts, loop, conf->idle_timeout_ms, http_conn_timed_out,
					   server);
	loop_timeouts_init(&server->send_timeouts, loop, conf->send_timeout_ms, http_conn_timed_out,
					   server);
	loop_timeouts_init(&server->linger_timeouts, loop, HTTP_LINGER_MS, http_conn_timed_out, server);
	return server;
}

void
http_server_reload(HttpServer *server, const HttpServerConf *conf)
{
	server->conf = *conf;
}

bool
http_server_listen(HttpServer *server, int fd)
{
	LoopIo *io;

	if (server->nlisteners == HTTP_MAX_LISTENERS)
		return false;
	io = &server->listeners[server->nlisteners++];
	loop_io_init(io, server->loop, fd, on_listener, server);
	loop_io_set(io, LOOP_READ);
	return true;
}

void
http_server_stop(HttpServer *server)
{
	if (server->stopping)
		return;
	server->stopping = true;
	loop_timer_clear(&server->accept_pause);
	for (int i = 0; i < server->nlisteners; i++)
	{
		int fd = loop_io_fd(&server->listeners[i]);

		loop_io_clear(&server->listeners[i]);
		close(fd);
	}
	server->nlisteners = 0;
	for (DLIST_EACH_SAFE(node, &server->open))
	{
		HttpConn *conn = DLIST_OWNER(HttpConn, node, node);

		if (conn->state == HTTP_STATE_HEAD && conn->in.len == 0)
			http_conn_close(conn);
	}
}

int
http_server_drain_some(HttpServer *server, int count)
{
	for (; count > 0 && !dlist_is_empty(&server->open); count--)
	{
		HttpConn *conn = DLIST_OWNER(HttpConn, node, dlist_pop_head(&server->open));

		dlist_push_tail(&server->drained, &conn->node);
		if (conn->state == HTTP_STATE_HEAD)
			http_conn_close(conn);
		if (conn->state != HTTP_STATE_HELD && conn->state != HTTP_STATE_STREAM)
			continue;
		if (conn->owner->drain != NULL)
			conn->owner->drain(conn->owner_arg, conn);
		else
			http_conn_depart(conn);
	}
	return server->connections;
}

static void
close_all(Dlist *list)
{
	DlistNode *node;

	while ((node = dlist_first(list)) != NULL)
	{
		HttpConn *conn = DLIST_OWNER(HttpConn, node, node);

		if (conn->owner != NULL)
			http_conn_depart(conn);
		else
			http_conn_close(conn);
	}
}

void
http_server_free(HttpServer *server)
{
	http_server_stop(server);
	close_all(&server->open);
	close_all(&server->drained);
	http_conn_tidy(server);
	loop_defer_clear(&server->tidy);
	loop_timeouts_clear(&server->head_timeouts);
	loop_timeouts_clear(&server->body_timeouts);
	loop_timeouts_clear(&server->idle_timeouts);
	loop_timeouts_clear(&server->send_timeouts);
	loop_timeouts_clear(&server->linger_timeouts);
	if (server->reserve_fd >= 0)
		close(server->reserve_fd);
	mem_free(server->spare_work);
	buf_clear(&server->spare_input);
	mem_free(server);
}
