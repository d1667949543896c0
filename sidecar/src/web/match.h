/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * match.h: POST on /v1/match: which of some events does a filter match?
 *
 *	 {"pattern":{...},"filter":"...","events":[...],"explain":true}
 *
 * A dry run, for people who write filters: the events come with the request, at
 * most MATCH_MAX_EVENTS of them, and nothing is published.  Pattern, filter or
 * both are given.  The answer is the database's own:
 *
 *	 {"matches":[true,false,null],"explain":[...]}
 *
 * where null is an event on which a limit was passed, and explain is there when
 * it was asked for.
 */
#ifndef WEB_MATCH_H
#define WEB_MATCH_H

#include "conf/conf.h"
#include "pg/query.h"
#include "web/http_conn.h"

#define MATCH_MAX_EVENTS 200

typedef struct Match
{
	const Conf *conf;
	Queries *queries;
} Match;

/* Serves a HANDLED POST; the Match must outlive it. */
extern void match_post(Match *match, HttpConn *conn, const HttpRequest *request);

#endif /* WEB_MATCH_H */
