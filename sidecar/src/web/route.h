/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * route.h: the public listener: which request goes where.
 *
 *	 /v1/events, /events	GET: WebSocket, SSE, NDJSON or long-poll, by what the
 *							request asks for; POST: intake; OPTIONS: CORS
 *	 /, /events.js, ...		the embedded files
 */
#ifndef WEB_ROUTE_H
#define WEB_ROUTE_H

#include "web/intake.h"
#include "web/session.h"

typedef struct Route
{
	const Conf *conf;
	Intake		intake;
	SessionServer sessions;
} Route;

/* HttpHandler; arg is the Route. */
extern void route_request(void *arg, HttpConn *conn, const HttpRequest *request);

#endif							/* WEB_ROUTE_H */
