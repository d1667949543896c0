/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * search.h: GET on /v1/events/search and /v1/events/{id}: what is in the history?
 *
 * The database makes the whole answer (events._search_page(), events._event_page()), and it
 * is passed on as it is.  Searches have connections of their own (pg/query.h), so that
 * readers and publishers wait for none of them.  A client that goes away before
 * it has its answer ends its search: like a long-poll the connection is held, so that the end
 * of its input is a departure.
 *
 *	 400 invalid-search	the database refuses it: with "hint", and "line", "column" and
 *						"pointer" where it names them
 *	 404 not-found		there is no such event
 *	 503 search-too-slow	it took longer than it may
 *	 503 too-busy			clients have still to take more answers than search_answers_size
 */
#ifndef WEB_SEARCH_H
#define WEB_SEARCH_H

#include "conf/conf.h"
#include "pg/query.h"
#include "web/http_conn.h"

typedef struct Search
{
	const Conf *conf;
	Queries *queries;
} Search;

/* Both serve a HANDLED GET or HEAD; the Search must outlive it.  id is still escaped. */
extern void search_get(const Search *search, HttpConn *conn, const HttpRequest *request);
extern void search_get_event(const Search *search, HttpConn *conn, const HttpRequest *request,
							 HttpSlice id);

#endif /* WEB_SEARCH_H */
