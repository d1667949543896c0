/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * admin.h: the admin listener, for operators and their machines.
 *
 *	 /sys/healthcheck	200 when PostgreSQL can be read, else 503; facts as JSON
 *	 /metrics			Prometheus text
 *	 /sys/logging		GET and PUT {"level":"debug"}
 *	 /sys/heapdump		the allocator's figures, XML
 */
#ifndef WEB_ADMIN_H
#define WEB_ADMIN_H

#include "pg/feed.h"
#include "pg/handlers.h"
#include "pg/query.h"
#include "web/deliver.h"
#include "web/http_server.h"

typedef struct Admin
{
	Feed *feed;
	Queries *queries;
	Handlers *handlers; /* or NULL */
	Deliver *deliver;
	HttpServer *public; /* of this process */
	bool draining;
} Admin;

/* HttpHandler; arg is the Admin. */
extern void admin_request(void *arg, HttpConn *conn, const HttpRequest *request);

/* Copies what feed and pools know into the metrics block; before a scrape and once a second. */
extern void admin_collect(const Admin *admin);

#endif /* WEB_ADMIN_H */
