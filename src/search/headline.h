/* SPDX-License-Identifier: PostgreSQL
 *
 * headline.h: a line that shows why an event was found.
 */
#ifndef EV_SEARCH_HEADLINE_H
#define EV_SEARCH_HEADLINE_H

#include "search/request.h"
#include "store/columns.h"

/*
 * About 200 characters of an event's text around what was found, as HTML: what is of the
 * event is escaped, what was found stands between <mark> and </mark>.  query may be NULL.
 */
extern text *ev_headline_make(const Datum *values, const bool *nulls, Oid configuration,
							  TSQuery query);

#endif /* EV_SEARCH_HEADLINE_H */
