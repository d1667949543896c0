/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * http_internal.h: what the files http_*.c share.
 *
 * Nobody else includes this.  A connection is kept small, because ten
 * thousand of them are held: what belongs to a request lives in an
 * HttpWork, which is freed when the request is answered, held or streamed;
 * input and output that a socket did not take at once live in Bufs that are
 * empty most of the time.  Reading goes through one buffer of the server.
 */
#ifndef WEB_HTTP_INTERNAL_H
#define WEB_HTTP_INTERNAL_H

#include <sys/uio.h>

#include "base/buf.h"
#include "base/dlist.h"
#include "base/net.h"
#include "web/http_server.h"

#define HTTP_READ_SIZE 65536
#define HTTP_SPARE_INPUT ((size_t) 4096)
#define HTTP_WORK_CAPACITY ((size_t) 1024) /* head bytes in a request that is used again */
#define HTTP_LINGER_MS 5000
#define HTTP_MAX_OUTPUT ((size_t) 256 << 20) /* of one answer, unsent */
#define HTTP_BODY_PACE 1024					 /* so much of a body must come in each body_timeout */
#define HTTP_MAX_BODIES ((size_t) 128 << 20) /* bytes of all; or 8 of the greatest size */
#define HTTP_SMALL_BODY 65536				 /* so much is taken beyond that */
#define HTTP_MAX_EMPTY_LINES 2 /* before a request; old clients send one after a POST */
#define HTTP_MAX_REFUSED 64	   /* refused newcomers that may linger at a time */

typedef enum HttpState
{
	HTTP_STATE_HEAD,
	HTTP_STATE_BODY,
	HTTP_STATE_HANDLED,
	HTTP_STATE_HELD,
	HTTP_STATE_STREAM,
	HTTP_STATE_ANSWER,
	HTTP_STATE_LINGER,
	HTTP_STATE_CLOSED /* on the server's list of the dead */
} HttpState;

/* How many connections one address has; peers is a hash of these. */
struct HttpSlot
{
	HttpServer *server;
	HttpSlot *next; /* in its bucket */
	int count;
	char text[NET_TEXT_SIZE];
};

/* A request in work.  The head's bytes follow the struct. */
typedef struct HttpWork
{
	HttpRequest request;
	HttpChunked chunked;
	Buf body;
	size_t received; /* of the body, framing included */
	size_t paced;	 /* received when the time-out was last started */
	size_t counted;	 /* of the body, in the server's bodies */
	size_t capacity; /* of bytes */
	char bytes[];
} HttpWork;

struct HttpConn
{
	LoopIo io;
	LoopTimeout timeout;
	DlistNode node;	 /* server's open, drained or dead list */
	DlistNode again; /* server's list of those to look at again */
	HttpServer *server;
	HttpSlot *slot;
	uint64_t id;
	const HttpOwner *owner;
	void *owner_arg;
	HttpWork *work;
	char *origin;	   /* of a CORS request that is allowed, else NULL */
	char *correlation; /* that the client gave, else NULL: made of id and serial */
	uint32_t serial;   /* of the request on this connection */
	Buf in;			   /* input not yet understood, or kept */
	Buf out;		   /* output that the socket did not take */
	size_t out_sent;   /* of out */
	size_t owed;	   /* bytes of out, as they are counted in the server's owed */
	size_t scanned;	   /* of in, for http_scan_head() */
	unsigned state : 4;
	unsigned minor : 1;			/* of the current request */
	unsigned is_head : 1;		/* current request is HEAD */
	unsigned keep_alive : 1;	/* current request allows another */
	unsigned input_over : 1;	/* end of input seen */
	unsigned broken : 1;		/* write failed; departs at the end of the turn */
	unsigned consuming : 1;		/* conn_consume() is on the stack */
	unsigned refused : 1;		/* over a limit; only lingers */
	unsigned want_writable : 1; /* owner waits for room */
	unsigned empty_lines : 2;	/* seen before the current request */
	unsigned in_head : 1;		/* the head time-out runs */
};

#define HTTP_SLOT_BUCKETS 1024
#define HTTP_MAX_LISTENERS 16

struct HttpServer
{
	Loop *loop;
	HttpServerConf conf;
	LoopIo listeners[HTTP_MAX_LISTENERS];
	int nlisteners;
	LoopTimer accept_pause;
	int reserve_fd;
	bool stopping;
	int connections; /* slots in use */
	int refused;	 /* lingering newcomers beyond the limits */
	size_t bodies;	 /* bytes of them, of all requests in work */
	size_t owed;	 /* bytes that clients have still to take */
	Dlist open;
	Dlist drained; /* asked to finish */
	Dlist dead;	   /* freed at the end of the turn */
	Dlist again;   /* kept input to consume, or broken */
	LoopDefer tidy;
	LoopTimeouts head_timeouts;
	LoopTimeouts body_timeouts;
	LoopTimeouts idle_timeouts;
	LoopTimeouts send_timeouts;
	LoopTimeouts linger_timeouts;
	HttpSlot *slots[HTTP_SLOT_BUCKETS];
	HttpWork *spare_work; /* may be NULL */
	Buf spare_input;	  /* memory of the last request's */
	char read_buffer[HTTP_READ_SIZE];
};

/* http_server.c: slots and limits */
extern HttpSlot *http_slot_acquire(HttpServer *server, const NetAddress *address);

/* http_conn.c */
extern HttpConn *http_conn_new(HttpServer *server, int fd, HttpSlot *slot);
/* over a limit: the answer, then linger */
extern void http_conn_refuse(HttpConn *conn, int status, const char *code, const char *detail);
/* at the end of a turn: kept input, departures, the dead */
extern void http_conn_tidy(HttpServer *server);
/* closes; nobody is told */
extern void http_conn_close(HttpConn *conn);
/* closes; the owner, if there is one, is told */
extern void http_conn_depart(HttpConn *conn);
extern void http_conn_release_work(HttpConn *conn);
/* the answer is with the kernel: the next request, or the end */
extern void http_conn_next(HttpConn *conn);
/* have tidy() look at it at the end of this turn */
extern void http_conn_look_again(HttpConn *conn);
/* after a change of out: counts it in the server's owed */
extern void http_conn_count_output(HttpConn *conn);
/* sets what to wait for, from the state */
extern void http_conn_watch(HttpConn *conn);
extern void http_conn_timed_out(LoopTimeout *timeout, void *arg);

/* answers a message that cannot be served, for the last time */
extern void http_conn_fault(HttpConn *conn, int status, const char *detail);
extern bool http_conn_is_busy(const HttpConn *conn);

/* http_read.c */
extern void http_conn_read(HttpConn *conn);
/* goes on with what is in conn->in, as far as it goes */
extern void http_conn_consume(HttpConn *conn);

/* http_answer.c */
/* sends pending output; false when the connection is broken */
extern bool http_conn_flush(HttpConn *conn);
extern bool http_conn_has_output(const HttpConn *conn);
/* sends, keeping what the socket does not take */
extern void http_conn_write(HttpConn *conn, struct iovec *iov, int count);

#endif /* WEB_HTTP_INTERNAL_H */
