/* SPDX-License-Identifier: PostgreSQL
 *
 * filter.h: what a reader asks for: topics, types, an event pattern, a FEEL expression.
 *
 * All that is given must hold.  The cheap questions come first: whoever wants
 * another type costs a comparison of bytes, and nothing of his event is looked
 * at besides.
 */
#ifndef EV_FILTER_H
#define EV_FILTER_H

#include "match/event_pattern.h"
#include "match/feel.h"
#include "match/topic.h"

typedef struct EvFilter
{
	EvTopicFilter *topics;	 /* topics and types */
	EvEventPattern *pattern; /* NULL: any event */
	EvFeel *expression;		 /* NULL: any event */
} EvFilter;

/* Arguments of an SQL function; NULL for what was not given. */
typedef struct EvFilterSource
{
	ArrayType *topics;
	ArrayType *types;
	Jsonb *pattern;
	text *expression;
} EvFilterSource;

/*
 * Made in CurrentMemoryContext; the arrays must live as long.  Raises 22023 for
 * bad topics, types or pattern, 42601 for what is not FEEL.
 */
extern EvFilter *ev_filter_make(const EvFilterSource *source);

/* By type and topic alone: false if the event is not wanted whatever else it is. */
extern bool ev_filter_may_match(const EvFilter *filter, const text *type, ArrayType *topic);

/* By pattern and expression.  Raises 54001 where the expression passes a limit. */
extern bool ev_filter_matches(const EvFilter *filter, EvSubject *subject);

/* The same without raising: false if it cannot be known, because a limit was passed. */
extern bool ev_filter_try(const EvFilter *filter, EvSubject *subject, bool *matches);

#endif /* EV_FILTER_H */
