/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * query.h: the parameters of a GET on /v1/events, parsed and checked.
 *
 * They are read once, from the query string and from Last-Event-ID (which
 * wins over `after`, because a browser's EventSource reconnects with the URL
 * it was made with).  Nothing is guessed: an unknown parameter, a repeated
 * one that may not be repeated, a broken percent escape, invalid UTF-8 or a
 * control character is refused with a sentence that names the parameter.
 *
 * A cursor is kept as text here; whether it is still valid is known to the
 * hub only.  Topics are paths: `topics` is a JSON array of arrays of strings;
 * `topic=a/b%2Fc` is the path {"a","b/c"} after the percent escapes of the
 * URL itself were taken off and the value was split at '/'; each element is
 * then decoded once more (an element that holds '/' is written %252F in a
 * URL, and %2F inside the value, as in the `topic` attribute on the wire).
 */
#ifndef WEB_QUERY_H
#define WEB_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "web/http_parse.h"

typedef enum QueryStart
{
	QUERY_LATEST,				/* from now on (the default) */
	QUERY_EARLIEST,				/* from the oldest event kept */
	QUERY_CURSOR,				/* after `cursor` */
	QUERY_SINCE					/* recorded at or after `since` */
} QueryStart;

/* One topic path; "*" stands for any one element. */
typedef struct QueryTopic
{
	int			nelements;
	char	  **elements;
} QueryTopic;

typedef struct Query
{
	QueryStart	start;
	char	   *cursor;			/* as given, shape not yet checked */
	char	   *since;			/* as given, checked to be RFC 3339 */
	int			wait_ms;		/* long-poll; -1 when not given */
	int			limit;			/* long-poll; -1 when not given */
	int			ntopics;		/* 0: all */
	QueryTopic *topics;
	int			ntypes;			/* 0: all */
	char	  **types;			/* may end in '*' */
	char	   *client_id;		/* NULL when not given; for logs */
	char	   *name;
	char	   *version;
} Query;

typedef struct QueryLimits
{
	int			max_wait_ms;	/* larger waits are cut to this */
	int			max_limit;		/* larger limits are refused */
	int			max_subscriptions;	/* topics + types */
} QueryLimits;

#define QUERY_MAX_ELEMENTS 64	/* elements of one topic path */
#define QUERY_MAX_ELEMENT_SIZE 1024

/* A refusal: status 400 or 501, and a sentence. */
typedef struct QueryFault
{
	int			status;
	char		detail[256];
} QueryFault;

/*
 * last_event_id: value of that header, or a slice of length 0.  On false,
 * fault is filled in and there is nothing to clear.
 */
extern bool query_parse(Query *query, HttpSlice query_string, HttpSlice last_event_id,
						const QueryLimits *limits, QueryFault *fault);
extern void query_clear(Query *query);

/*
 * Topics out of JSON text such as [["order"],["service","production"]], used
 * by WebSocket subscribe messages too.  Returns false with the fault.
 */
extern bool query_topics_from_json(const char *json, size_t len, QueryTopic **topics,
								   int *ntopics, QueryFault *fault);
extern void query_topics_free(QueryTopic *topics, int ntopics);

/* Checks one type (non-empty, '*' only at the end, no control characters). */
extern bool query_type_is_valid(const char *type, size_t len);

/* Valid UTF-8 without control characters? */
extern bool query_text_is_clean(const char *text, size_t len);

#endif							/* WEB_QUERY_H */
