/* SPDX-License-Identifier: PostgreSQL
 *
 * request.h: what a search asks for: text, filters, times.
 *
 * The arguments that all functions of search have in common come first in each of them, in
 * one order (EvRequestArgument).  All that is given must hold.
 */
#ifndef EV_SEARCH_REQUEST_H
#define EV_SEARCH_REQUEST_H

#include "base/compat.h"

#include "datatype/timestamp.h"
#include "match/filter.h"
#include "nodes/pg_list.h"
#include "search/text_query.h"

typedef enum EvRequestArgument
{
	EV_REQUEST_QUERY,
	EV_REQUEST_TYPES,
	EV_REQUEST_TOPICS,
	EV_REQUEST_SOURCES,
	EV_REQUEST_SUBJECT,
	EV_REQUEST_FROM_TIME,
	EV_REQUEST_TO_TIME,
	EV_REQUEST_DATA_CONTAINS,
	EV_REQUEST_PATTERN,
	EV_REQUEST_FILTER,
	EV_REQUEST_NARGUMENTS
} EvRequestArgument;

/* The text for documents that were made with one text search configuration. */
typedef struct EvConfigured
{
	Oid configuration;
	int64 key;
	TSQuery query;	  /* NULL: nothing of the text is searched for */
	TSQuery narrowed; /* for an index: the words of data_contains too; NULL: no words */
} EvConfigured;

typedef struct EvRequest
{
	EvTextQuery *text; /* NULL: any */
	EvFilter *filter;  /* topics, types, pattern, FEEL expression */
	int nsources;	   /* -1: any */
	text **sources;
	text *subject; /* NULL: any */
	TimestampTz from;
	TimestampTz to;
	Jsonb *contains; /* NULL: any */
	uint64 hash;	 /* of all but the times */
	MemoryContext context;
	List *configured; /* EvConfigured, as they were asked for */
} EvRequest;

/* From the arguments of an SQL function.  Raises 22023, 22004 or 42601 for what is wrong. */
extern EvRequest *ev_request_make(FunctionCallInfo fcinfo);

/* All but the text: does this event belong to what is asked for? */
extern bool ev_request_matches(const EvRequest *request, const Datum *values, const bool *nulls);

/* Is it recorded in time? */
static inline bool
ev_request_is_in_time(const EvRequest *request, TimestampTz recorded_at)
{
	return recorded_at >= request->from && recorded_at < request->to;
}

/* The text for documents with the key of a configuration. */
extern const EvConfigured *ev_request_configured(EvRequest *request, Oid configuration, int64 key);

#endif /* EV_SEARCH_REQUEST_H */
