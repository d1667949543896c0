/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * session.h: what is said on a WebSocket beside events.
 *
 * The server begins with a CloudEvent of type WebSessionStarted, whose data
 * has the session's id and the cursor from which events follow.  Then events
 * come as they are (each has `specversion`), and the client may send
 *
 *	 {"type":"ping"}										{"type":"pong"}
 *	 {"type":"subscribe","id":"1","data":{"topics":[["a"]],"types":["b.*"]}}
 *	 {"type":"unsubscribe","id":"2","data":{...}}			the same data, or none: all
 *	 {"type":"publish","id":"3","data":[...]}				one event or an array
 *
 * where each but ping is answered by {"type":"ack","id":...} or
 * {"type":"error","id":...,"code":"...","message":"..."}.  The id may be any
 * string or number, and comes back as it was.  An ack of publish carries the
 * same groups as the answer to a POST, in `data`.
 *
 * A subscription may have "pattern" and "filter" too, which the database checks
 * first; the session is not read meanwhile, so its messages keep their order.
 *
 * What a session wants to get: the filters of its URL, joined by those of each
 * `subscribe`.  A URL without filters means everything, until the first
 * `subscribe` says what is wanted instead.
 *
 * With the subprotocol cloudevents.json everything on the wire is a
 * CloudEvent: answers are wrapped as the data of one whose type is
 * WebSessionPong, WebSessionAck or WebSessionError, the client may wrap its
 * messages likewise (type, id and data are found at the same places), and any
 * other CloudEvent that it sends is published.
 */
#ifndef WEB_SESSION_H
#define WEB_SESSION_H

#include "conf/conf.h"
#include "pg/query.h"
#include "web/check.h"
#include "web/deliver.h"
#include "web/ws.h"

typedef struct SessionServer
{
	const Conf *conf;
	WsServer *ws_server;
	Queries *queries;
	Checker *checker;
	Deliver *deliver;
	int publishing; /* publications under way, also those whose session is gone */
} SessionServer;

/*
 * Makes a session of a checked handshake.  is_explicit: the URL had filters.
 * The subscription's reference stays with the caller.
 */
extern void session_open(SessionServer *server, HttpConn *conn, const WsHandshake *handshake,
						 Subscription *subscription, bool is_explicit, const Start *start);

#endif /* WEB_SESSION_H */
