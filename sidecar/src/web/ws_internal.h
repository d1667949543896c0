/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * ws_internal.h: what the files ws*.c share.
 *
 * A connection is in one of four states:
 *
 *	 OPEN		frames go both ways
 *	 CLOSING	our close frame is sent or queued; waiting for the client's
 *	 FAILED		ditto, but the input is beyond understanding: it is discarded
 *	 CLOSED		the socket is closed, the memory goes at the end of the turn
 */
#ifndef WEB_WS_INTERNAL_H
#define WEB_WS_INTERNAL_H

#include <sys/uio.h>

#include "base/buf.h"
#include "base/dlist.h"
#include "web/http_server.h"
#include "web/ws.h"
#include "web/ws_frame.h"

#define WS_READ_SIZE 65536
#define WS_CLOSE_TIME_MS 5000
#define WS_MAX_OUTPUT ((size_t) 256 << 20) /* one frame that was cut, and answers */

typedef enum WsState
{
	WS_STATE_OPEN,
	WS_STATE_CLOSING,
	WS_STATE_FAILED,
	WS_STATE_CLOSED
} WsState;

struct Ws
{
	LoopIo io;
	LoopTimeout timeout; /* the next ping, or the end of CLOSING */
	DlistNode node;		 /* server's open or dead list */
	DlistNode again;	 /* server's list of those to look at at the end of the turn */
	WsServer *server;
	HttpSlot *slot;
	uint64_t id;
	const WsHandler *handler;
	void *arg;
	WsReader reader;
	unsigned char control[WS_MAX_CONTROL];
	uint8_t control_len;
	Buf message;
	Buf held; /* input that came before we paused */
	Buf out;
	size_t out_sent; /* of out */
	size_t answers;	 /* bytes of control messages in out */
	unsigned state : 2;
	unsigned protocol : 1;
	unsigned want_writable : 1;
	unsigned paused : 1;
	unsigned broken : 1; /* closed at the end of the turn */
	unsigned heard : 1;	 /* anything, since the last ping */
	unsigned pinged : 1; /* and waiting to hear */
};

struct WsServer
{
	Loop *loop;
	WsServerConf conf;
	int connections;
	Dlist open;
	Dlist draining;
	Dlist dead;
	Dlist again;
	LoopDefer tidy;
	LoopTimeouts pings;
	LoopTimeouts closings;
	unsigned char read_buffer[WS_READ_SIZE];
};

/* ws_read.c */
extern void ws_read_input(Ws *ws, unsigned char *bytes, size_t len);

/* ws.c */
extern void ws_watch(Ws *ws); /* sets what to wait for, from the state */
extern void ws_on_io(LoopIo *io, int events, void *arg);
extern void ws_ping_due(LoopTimeout *timeout, void *arg);
extern void ws_closing_over(LoopTimeout *timeout, void *arg);
/* sends, and queues what the socket does not take */
extern void ws_send_or_queue(Ws *ws, struct iovec *iov, int count);
extern void ws_send_control(Ws *ws, int opcode, const void *payload, size_t len);
extern void ws_fail(Ws *ws, int code, const char *reason);
extern void ws_gone(Ws *ws);

#endif /* WEB_WS_INTERNAL_H */
