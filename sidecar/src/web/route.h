/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * route.h: the public listener: which request goes where.
 *
 *	 /v1/events, /events	GET: WebSocket, SSE, NDJSON or long-poll, by what the
 *							request asks for; POST: intake; OPTIONS: CORS
 *	 /v1/events/search, /events/search	GET: what is in the history
 *	 /v1/events/{id}, /events/{id}		GET: one event
 *	 /v1/match				POST: which of some events a filter matches
 *	 /, /events.js, ...		the embedded files
 */
#ifndef WEB_ROUTE_H
#define WEB_ROUTE_H

#include "web/intake.h"
#include "web/match.h"
#include "web/search.h"
#include "web/session.h"
#include "web/wanted.h"

typedef struct Route
{
	const Conf *conf;
	Intake intake;
	Match match;
	Search search;
	SessionServer sessions;
	Wanted *wanted;
	bool reached; /* the database was, see route_is_open() */
} Route;

/*
 * Can clients be served?  Once the feed has begun and the table can be read;
 * from then on always, whatever becomes of the database: what is in memory is
 * served, and the rest says 503 by itself.
 */
extern bool route_is_open(Route *route);

/* HttpHandler; arg is the Route. */
extern void route_request(void *arg, HttpConn *conn, const HttpRequest *request);

#endif /* WEB_ROUTE_H */
