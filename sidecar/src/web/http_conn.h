/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * http_conn.h: the life of one HTTP/1.1 connection.
 *
 * A connection goes round in these states:
 *
 *	 HEAD	  reading a request head (time-out head_timeout once a byte has
 *			  come, idle_timeout before)
 *	 BODY	  reading the body into memory, at most max_body_size
 *	 HANDLED  the handler has the request and has not answered yet
 *	 HELD	  the handler holds the connection (long-poll): no request
 *			  memory is kept, the owner is told at once when the client goes
 *	 STREAM	  an unending answer is being sent (SSE, NDJSON)
 *	 ANSWER	  an answer did not fit into the socket; the rest is being sent
 *	 LINGER	  answered for the last time: write side shut, input drained for
 *			  at most 5 s, then closed
 *
 * In HANDLED, HELD and STREAM the connection keeps reading.  What comes is
 * the next pipelined request: up to 16 KiB are kept, then reading stops and
 * TCP pushes back.  In HELD and STREAM the end of input is a departure (the
 * client has hung up); in HANDLED it is not, since the request is already
 * whole and `shutdown(SHUT_WR)` after a POST is legal.
 *
 * Lifetimes
 * ---------
 * A handler is called with an HttpRequest that lives until the connection is
 * answered, held or streamed, whichever comes first; whoever holds or streams
 * copies out of it what it needs before.  An HttpConn is freed by this module
 * only, never inside a call that was given it: after http_respond() and its
 * sisters, and inside owner->departed(), the pointer is still good until
 * the function returns to the loop, but the caller has no further business
 * with it.  Every HANDLED connection must be answered, held or streamed in
 * the end; whoever is still working for it registers an owner by http_own(),
 * so as to be told when the client is gone.
 *
 * All functions here are for the loop's thread, and none of them blocks.
 */
#ifndef WEB_HTTP_CONN_H
#define WEB_HTTP_CONN_H

#include <stdarg.h>
#include <sys/types.h>

#include "web/http_parse.h"

typedef struct HttpConn HttpConn;
typedef struct HttpServer HttpServer;
typedef struct HttpSlot HttpSlot;

#define HTTP_PIPELINE_KEPT 16384 /* bytes of next requests kept while busy */

/* A complete request: head and body. */
typedef struct HttpRequest
{
	HttpHead head; /* slices into memory of the request */
	const char *body;
	size_t body_len;
	char traceparent[64]; /* as sent when well-formed, else "" */
} HttpRequest;

/*
 * Who is told what happens to a connection that is handled, held or streamed.
 * Static tables; arg is the owner's own state.
 */
typedef struct HttpOwner
{
	/*
	 * The client is gone, or the connection was closed by us (drain, time
	 * out).  The owner forgets the connection; nothing can be sent any more.
	 */
	void (*departed)(void *arg, HttpConn *conn);

	/* STREAM only: after http_send() took less than all, there is room now. */
	void (*writable)(void *arg, HttpConn *conn);

	/*
	 * Drain (SIGTERM): finish soon and properly: a long-poll answers, a
	 * stream writes its last words and calls http_stream_end().  May be NULL
	 * for work that ends by itself (a POST waiting for the database).
	 */
	void (*drain)(void *arg, HttpConn *conn);
} HttpOwner;

/* One answer.  extra: further header lines, each ended by CRLF, or NULL. */
typedef struct HttpResponse
{
	int status;
	const char *content_type; /* NULL: no body */
	const char *extra;
	const char *body;
	size_t body_len;
	bool unsized; /* HEAD: how long the body of a GET would be is not known */
	bool close;	  /* close afterwards, whatever the request said */
} HttpResponse;

/* Answers a HANDLED or HELD request.  HEAD requests get the head only. */
extern void http_respond(HttpConn *conn, const HttpResponse *response);

/*
 * Answers a HELD (or HANDLED) request with an answer that many connections
 * share.  shared_head: status line and header lines, each ended by CRLF,
 * without the empty line, with Content-Length; what differs from connection
 * to connection (Date, Connection, CORS, correlation id) is added here.  The
 * bytes are copied only when the socket does not take them.
 */
extern void http_respond_shared(HttpConn *conn, const char *shared_head, size_t head_len,
								const char *body, size_t body_len);

/* Answers with application/problem+json; see problem.h for richer ones. */
extern void http_problem(HttpConn *conn, int status, const char *code, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Registers who is told of a departure while the request is HANDLED. */
extern void http_own(HttpConn *conn, const HttpOwner *owner, void *arg);

/*
 * HANDLED -> HELD.  The request's memory is released.  Later exactly one of
 * http_respond*(), http_problem(), http_stream_begin() or departed().
 */
extern void http_hold(HttpConn *conn, const HttpOwner *owner, void *arg);

/*
 * HANDLED or HELD -> STREAM.  Sends the head of an unending 200 answer.
 * On HTTP/1.1 the body is chunked, and the owner writes the chunk framing
 * itself (so that it is made once per channel); on HTTP/1.0 it is plain and
 * ends with the connection.  http_is_chunked() tells which, before or after.
 * Answers HEAD requests by itself; then it returns false and the connection
 * is not the owner's any more.
 */
extern bool http_stream_begin(HttpConn *conn, const char *content_type, const HttpOwner *owner,
							  void *arg);

extern bool http_is_chunked(const HttpConn *conn);

/*
 * STREAM: raw bytes to the socket, without copying.  Returns how many were
 * taken; fewer than len (0 too) means the socket is full and
 * owner->writable() will be called.  -1: the connection is broken; departed()
 * will be called at the end of this turn, not from inside.
 */
extern ssize_t http_send(HttpConn *conn, const void *bytes, size_t len);

/*
 * STREAM: the stream is over.  `last` (may be NULL) is written first; it is
 * in the stream's own framing, the closing chunk "0\r\n\r\n" is added here.
 * Must only be called between two frames.  departed() is not called.
 */
extern void http_stream_end(HttpConn *conn, const void *last, size_t len);

/* Breaks the connection off (a stream that cannot be ended properly); departed() is not called. */
extern void http_abort(HttpConn *conn);

/* Facts for logs, intake and metrics. */
extern const char *http_peer(const HttpConn *conn); /* address without port */
extern size_t http_owed(const HttpConn *conn);		/* bytes that all clients have still to take */
extern uint64_t http_conn_id(const HttpConn *conn); /* unique in the process */
extern HttpServer *http_conn_server(const HttpConn *conn);

/* The current request's; also once it is held or streamed.  Good until the next call. */
extern const char *http_correlation_id(const HttpConn *conn);

/* The request of a HANDLED connection, NULL in any other state. */
extern const HttpRequest *http_request(const HttpConn *conn);

/*
 * Takes the socket out of a HANDLED connection (WebSocket).  The connection
 * is freed without closing; owner and request are gone.  rest/rest_len are
 * the bytes that came after the request, the caller's to mem_free() (NULL when
 * none); slot is to be given back by http_slot_release() when the socket is
 * closed.
 */
extern int http_take_socket(HttpConn *conn, char **rest, size_t *rest_len, HttpSlot **slot);

#endif /* WEB_HTTP_CONN_H */
