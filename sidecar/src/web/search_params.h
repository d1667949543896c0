/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * search_params.h: the parameters of GET /v1/events/search, parsed and checked.
 *
 * As strict as those of GET /v1/events (params.h), of which types, topic, topics,
 * pattern and filter are the same.  What only the database can say, whether a
 * pattern or a cursor is good, which facets there are, is left to it.
 *
 *	 q			what to look for; may be empty, as forms send it
 *	 type		one, repeatable, which may end in *
 *	 user		one, repeatable; users: several, with commas between
 *	 source		one, repeatable; sources: several, with commas between
 *	 since		recorded at or after; until: before
 *	 contains	JSON that data must contain
 *	 bucket		as in duration.h, or auto
 */
#ifndef WEB_SEARCH_PARAMS_H
#define WEB_SEARCH_PARAMS_H

#include "base/buf.h"
#include "base/str.h"
#include "web/params.h"

/* What is given, else NULL, -1 or empty; the strings are ours. */
typedef struct SearchParams
{
	char *query;
	EventFilter filter; /* topics and types */
	StrList sources;
	StrList users;
	char *subject;
	char *since;
	char *until;
	char *contains;
	char *pattern;
	char *expression; /* the parameter named filter */
	char *cursor;
	char *order;
	StrList facets;
	int64_t bucket; /* seconds; 0: auto */
	int limit;
} SearchParams;

/* On false, fault is filled in and there is nothing to clear. */
extern bool search_params_parse(SearchParams *params, HttpSlice query_string,
								const ParamsLimits *limits, ParamsFault *fault);
extern void search_params_clear(SearchParams *params);

/* The parameters of GET /v1/events/{id}: source, which may be NULL and is freed by mem_free(). */
extern bool search_params_parse_source(char **source, HttpSlice query_string, ParamsFault *fault);

/* As members of the request of events._search_page(), behind an opening brace. */
extern void search_params_write(Buf *out, const SearchParams *params);

#endif /* WEB_SEARCH_PARAMS_H */
