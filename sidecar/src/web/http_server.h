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
typedef void (*HttpHandler) (void *arg, HttpConn *conn, const HttpRequest *request);

typedef struct HttpServerConf
{
	const char *name;			/* "public" or "admin", for logs */
	HttpHandler handler;
	void	   *arg;
	HttpLimits	limits;
	int			max_connections;	/* 0: no limit */
	int			max_connections_per_address;	/* 0: no limit */
	int			head_timeout_ms;	/* head and body must come within these */
	int			body_timeout_ms;
	int			idle_timeout_ms;	/* between two requests */
	const ConfList *cors_origins;	/* may be NULL */
} HttpServerConf;

/* conf is copied; its strings must outlive the server. */
extern HttpServer *http_server_new(Loop *loop, const HttpServerConf *conf);

/* Starts to accept on a bound, listening, non-blocking socket. */
extern bool http_server_listen(HttpServer *server, int fd);

extern int	http_server_connections(const HttpServer *server);

/* Stops accepting; answers from now on say "Connection: close". */
extern void http_server_stop(HttpServer *server);

/*
 * Asks one slice of the owners to finish: called every so often while
 * draining, so that departures are spread over the drain time.  Returns how
 * many connections are left.
 */
extern int	http_server_drain_some(HttpServer *server, int count);

/* Breaks every connection off and frees the server. */
extern void http_server_free(HttpServer *server);

#endif							/* WEB_HTTP_SERVER_H */
