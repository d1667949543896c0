/*
 * deliver.h - the ways in which events reach a client, behind one table of functions.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * Four ways: WebSocket, SSE, NDJSON and long-poll.  Each is a file (deliver_ws.c, ...) with a
 * Framing, the callbacks that the hub needs, and how it begins and ends.  Routing decides the way,
 * parses the query and makes the Subscription; from deliver_http() or deliver_ws_open() on the
 * client is this module's business, until it departs.
 *
 *	way			begins				quiet for keepalive_interval	reset			drain
 *	SSE			200 when the		": keep-alive" and an `id:`	410 before the	`retry:` hint and
 *				start is known		that moves the cursor		head; later an	end of stream
 *				to be good, then									event "reset"
 *				`retry:` and `id:`
 *	NDJSON		ditto				an empty line				410; later the	end of stream
 *																end of stream
 *	long-poll	held				-							410				204 with cursor
 *	WebSocket	at once				(protocol pings, ws.c)		on_ended		(ws.c)
 *
 * A filter that failed (END_FILTER_FAILED) ends a client as a reset does, with other words: 422
 * before the head, later an event "error" (SSE) or a line {"error":...} (NDJSON).
 *
 * The `id:` blocks without data give a browser a cursor to resume from before any event has come,
 * and keep it from growing too old on a quiet subscription; they dispatch no event.
 *
 * A long-poll from `latest` answers 204 at once, with the cursor to go on from: what it waited
 * for would otherwise be lost between two polls.  One with a cursor waits.
 *
 * Metrics: deliver_collect() copies the hub's figures into the metrics block.
 */
#ifndef WEB_DELIVER_H
#define WEB_DELIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "hub/hub.h"
#include "loop/loop.h"
#include "pg/feed.h"
#include "web/http_conn.h"
#include "web/ws.h"

typedef struct Deliver Deliver;

typedef enum DeliverWay
{
	DELIVER_SSE,
	DELIVER_NDJSON,
	DELIVER_POLL,
	DELIVER_HTTP_WAYS /* how many ways go over plain HTTP */
} DeliverWay;

/*
 * Makes the hub and what drives it: flushes at the end of the turn, ticks once a second.
 * `history` reads the table (deliver_history.h makes one out of the query pools).
 */
Deliver *deliver_new(Loop *loop, const Conf *conf, const HistorySource *history, void *history_arg);
/* connections must be gone */
void deliver_free(Deliver *deliver);
/* after SIGHUP: times and limits of what begins from now on */
void deliver_reload(Deliver *deliver, const Conf *conf);
Hub *deliver_hub(Deliver *deliver);
/*
 * The feed whose oldest position the hub is to hear of, once a second, and which is to read a page
 * when there are new filters.
 */
void deliver_watch(Deliver *deliver, Feed *feed);
/* the hub's figures into the metrics block; called once a second by itself, and before a scrape */
void deliver_collect(Deliver *deliver);

typedef struct DeliverRequest
{
	DeliverWay way;
	Subscription *subscription; /* the caller keeps its reference */
	Start start;
	int wait_ms; /* long-poll; below 0: the default of 25 s */
	int limit;	 /* long-poll; below 1: the default of 100 */
} DeliverRequest;

/*
 * Serves a HANDLED (or HELD) connection for good: from here on it is held, streamed and answered
 * by this module; errors too (410, 503 when the database was never reached).
 */
void deliver_http(Deliver *deliver, HttpConn *conn, const DeliverRequest *request);

/* ---- WebSocket: the connection is ws.c's, its events are ours ---- */

typedef struct DeliverWs DeliverWs;

/* The subscription is over; the DeliverWs is freed already.  Not from inside a call below. */
typedef void (*DeliverWsEndedFn)(void *arg, const SubscriberEnded *ended);

/*
 * Events flow from the end of this turn on.  NULL: the database was never reached (try later).
 * The caller passes WsHandler.writable on to deliver_ws_writable(), and calls deliver_ws_close()
 * from WsHandler.closed unless on_ended was called before.
 */
DeliverWs *deliver_ws_open(Deliver *deliver, Ws *ws, Subscription *subscription, const Start *start,
						   DeliverWsEndedFn on_ended, void *arg);
void deliver_ws_writable(DeliverWs *client);
/* another subscription from here on, without gap or repetition */
void deliver_ws_change(DeliverWs *client, Subscription *subscription);
/* everything up to here was sent; as text */
char *deliver_ws_cursor(DeliverWs *client, char text[CURSOR_SIZE]);
void deliver_ws_close(DeliverWs *client);

#endif /* WEB_DELIVER_H */
