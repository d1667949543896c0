/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * http_server.h: listeners, and the set of connections they took.
 *
 * A server accepts in bounded bursts, counts connections in total and by
 * address, and answers those beyond the limits with 503 or 429 before it
 * closes them.  When descriptors run out it gives up a reserve descriptor to
 * take, answer and close the newcomer, then pauses accepting for a moment.
 * It does not read requests itself: http_conn.c does.
 */
#ifndef WEB_HTTP_SERVER_H
#define WEB_HTTP_SERVER_H

#include "conf/conf.h"
#include "loop/loop.h"
#include "web/http_conn.h"

/* Called with each complete request; must lead to an answer. */
typedef void (*HttpHandler)(void *arg, HttpConn *conn, const HttpRequest *request);

typedef struct HttpServerConf
{
	const char *name; /* "public" or "admin", for logs */
	HttpHandler handler;
	void *arg;
	HttpLimits limits;
	int max_connections;			 /* WebSockets included */
	int max_connections_per_address; /* 0: no limit */
	int64_t head_timeout_ms;		 /* first byte to the end of the head */
	int64_t body_timeout_ms;		 /* the next piece of a body */
	int64_t idle_timeout_ms;		 /* between two requests */
	int64_t send_timeout_ms;		 /* a client that takes nothing */
	const ConfList *cors_origins;	 /* may be NULL */
	const ConfList *allowed_hosts;	 /* see http_host.h; NULL: every name is good */
} HttpServerConf;

/* conf is copied; its strings must outlive the server. */
extern HttpServer *http_server_new(Loop *loop, const HttpServerConf *conf);

/* After a reload: limits and origins of what comes from now on; time-outs stay. */
extern void http_server_reload(HttpServer *server, const HttpServerConf *conf);

/* Starts to accept on a bound, listening, non-blocking socket. */
extern bool http_server_listen(HttpServer *server, int fd);

/* Open connections, those included whose socket was taken (WebSocket). */
extern int http_server_connections(const HttpServer *server);

/*
 * The limits count a taken socket until its taker gives the slot back.  The
 * slot also knows the address, as text.
 */
extern const char *http_slot_peer(const HttpSlot *slot);
extern void http_slot_release(HttpSlot *slot);

/* Stops accepting; answers from now on say "Connection: close". */
extern void http_server_stop(HttpServer *server);

/*
 * Asks one slice of the owners to finish: called every so often while
 * draining, so that departures are spread over the drain time.  Returns how
 * many connections are left.
 */
extern int http_server_drain_some(HttpServer *server, int count);

/* Breaks every connection off and frees the server. */
extern void http_server_free(HttpServer *server);

#endif /* WEB_HTTP_SERVER_H */
