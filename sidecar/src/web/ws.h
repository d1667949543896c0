/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * ws.h: WebSocket connections (RFC 6455).
 *
 * The handshake is read by our HTTP code and checked here; then the socket
 * changes hands and speaks frames.  The codec is our own, as the HTTP parser
 * is: libwebsockets 4.1.6, tried first, takes unmasked frames from clients
 * (the standard says MUST close) and gives no way to see it.  What is refused,
 * and with which code:
 *
 *	 1002	unmasked, reserved bits or opcodes, a control frame that is
 *			fragmented or longer than 125 bytes, a stray continuation, a length
 *			not in its shortest form, a close code that may not be sent
 *	 1003	a binary message
 *	 1007	text that is not UTF-8
 *	 1008	answers that are not read, or a limit of the session
 *	 1009	a message longer than max_frame_size
 *
 * Extensions are not negotiated (no permessage-deflate).
 *
 * Writing goes two ways, and both keep frames whole:
 *
 * ws_send_raw() takes *preframed* bytes, one or more whole server frames (a
 * channel's log), and takes only whole frames.  Bytes go straight to the
 * socket; when a write ends inside a frame, the rest of that frame is copied
 * (at most one frame) and counted as taken.  So the caller's offset is always
 * at a frame's start, and a control message can go between any two calls.
 *
 * ws_send_text() frames and sends one control message (ack, error, pong).
 * Those that do not fit at once are queued, up to a bound; a client that
 * does not read its answers is closed with 1008.
 *
 * Lifetime: a Ws is made by ws_adopt() and freed by this module at the end of
 * the turn in which handler->closed() was called, which happens exactly once.
 * No callback comes from inside ws_send_raw(), ws_send_text() or ws_close().
 */
#ifndef WEB_WS_H
#define WEB_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "conf/conf.h"
#include "loop/loop.h"
#include "web/http_conn.h"

typedef struct Ws Ws;
typedef struct WsServer WsServer;

typedef enum WsProtocol
{
	WS_EVENTS_V1,		/* "events.v1", the default */
	WS_CLOUDEVENTS_JSON /* "cloudevents.json": only CloudEvents on the wire */
} WsProtocol;

/* Close codes that we send. */
enum
{
	WS_CLOSE_NORMAL = 1000,
	WS_CLOSE_GOING_AWAY = 1001, /* drain */
	WS_CLOSE_PROTOCOL = 1002,
	WS_CLOSE_UNSUPPORTED = 1003, /* a binary frame */
	WS_CLOSE_INVALID = 1007,	 /* not UTF-8 */
	WS_CLOSE_POLICY = 1008,		 /* does not read, or asks too much */
	WS_CLOSE_TOO_BIG = 1009,
	WS_CLOSE_INTERNAL = 1011,
	WS_CLOSE_TRY_LATER = 1013,
	WS_CLOSE_RESET = 4410,		  /* the cursor is no longer good */
	WS_CLOSE_FILTER_FAILED = 4422 /* a filter passed a limit on an event */
};

/* What happens to a connection; arg is what ws_adopt() was given. */
typedef struct WsHandler
{
	/* Open; the first bytes may be sent from here. */
	void (*opened)(void *arg, Ws *ws);
	/* A whole text message, valid UTF-8, at most max_frame_size. */
	void (*message)(void *arg, Ws *ws, const char *text, size_t len);
	/* After ws_send_raw() took less than all: there is room now. */
	void (*writable)(void *arg, Ws *ws);
	/* Gone; arg is the handler's to free. */
	void (*closed)(void *arg, Ws *ws);
} WsHandler;

typedef struct WsServerConf
{
	size_t max_frame_size;		  /* of a message from a client; more is 1009 */
	int ping_interval_ms;		  /* an idle connection is pinged */
	size_t max_answer_queue;	  /* bytes of control messages kept */
	const ConfList *cors_origins; /* whose pages may connect; same origin always may */
} WsServerConf;

extern WsServer *ws_server_new(Loop *loop, const WsServerConf *conf);

/* After a reload: limits and origins of what comes from now on; the interval stays. */
extern void ws_server_reload(WsServer *server, const WsServerConf *conf);

/* Closes what is left and frees the server. */
extern void ws_server_free(WsServer *server);

/*
 * Checks the handshake of a HANDLED GET that asks for an upgrade.  True when
 * it is good; else it was answered with 400, 403, 405, 426 or 505.
 */
typedef struct WsHandshake
{
	WsProtocol protocol;
	bool protocol_asked; /* the client named it: it is answered */
	char accept[32];	 /* Sec-WebSocket-Accept */
} WsHandshake;

extern bool ws_check_handshake(WsServer *server, HttpConn *conn, WsHandshake *handshake);

/*
 * Upgrades a checked connection.  conn is gone afterwards; opened() is called
 * from inside, then what the client has sent already is read.
 */
extern void ws_adopt(WsServer *server, HttpConn *conn, const WsHandshake *handshake,
					 const WsHandler *handler, void *arg);

/*
 * Whole preframed frames, see above.  Returns bytes taken (always a sum of
 * whole frames); less than len means writable() will be called.  -1: broken,
 * closed() will be called, not from inside.
 */
extern ssize_t ws_send_raw(Ws *ws, const void *frames, size_t len);

/* Calls writable() when the socket has room (also when it has room now). */
extern void ws_want_write(Ws *ws);

/* One text message, framed here. */
extern void ws_send_text(Ws *ws, const char *text, size_t len);

/* Begins the closing handshake; what was sent before still goes out first. */
extern void ws_close(Ws *ws, int code, const char *reason);

extern WsProtocol ws_protocol(const Ws *ws);
extern const char *ws_peer(const Ws *ws);
extern uint64_t ws_id(const Ws *ws);
extern int ws_server_connections(const WsServer *server);

/* Stops or goes on reading: back-pressure on a client that asks too much. */
extern void ws_pause(Ws *ws, bool pause);

/*
 * SIGTERM: says 1001 to so many of those that are left, and when to be back, spread over
 * spread_ms; returns how many are left.
 */
extern int ws_server_drain_some(WsServer *server, int count, int64_t spread_ms);

/*
 * Writes the header of a server text frame of that payload length into out
 * (at most 10 bytes) and returns its length.  For those who preframe.
 */
extern size_t ws_frame_header(unsigned char *out, uint64_t payload_len);

#endif /* WEB_WS_H */
