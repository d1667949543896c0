/* SPDX-License-Identifier: PostgreSQL
 *
 * walk.h: walking all that may belong to the answer of a search, from one end.
 *
 * A walk goes in stretches of positions.  Of a stretch the visitor gets the candidates:
 * events whose text and keys are asked for.  Those that were read are sure; the others
 * have to be confirmed, unless keys and text were all that was asked.
 */
#ifndef EV_SEARCH_WALK_H
#define EV_SEARCH_WALK_H

#include "search/filed.h"
#include "search/range.h"
#include "store/scan.h"

typedef struct EvWalk
{
	EvRequest *request;
	EvKeyConditions conditions;
	EvTally tally;
	EvScan *events; /* to fetch events from; its snapshot is that of all */
	EvFiled *filed; /* NULL: nothing is filed, or it is not worth looking there */
	MemoryContext context;
	bool by_index;
	bool backward;
	bool is_counting;
	bool wants_fields; /* of events that are not filed */
	bool wants_documents;

	EvRange *ranges;
	int nranges;
	int range; /* the present one */
	int64 at;  /* where the next stretch begins in it */
	int level; /* of the next stretch of the index; -1: of rows */
	int max_level;
	int64 origin;	  /* where the first stretch began; 0: there was none */
	int64 candidates; /* documents that the index named so far */
	int64 looked;	  /* positions of those stretches */
} EvWalk;

/* What was walked by one ev_walk_next(). */
typedef struct EvStretch
{
	int64 low;
	int64 high;
	bool is_ordered; /* the visitor got its candidates in order */
	bool is_counted; /* all its hits are in the total of the page */
} EvStretch;

/*
 * To be called when the horizon is known.  is_counting: all events are wanted, but little
 * of each, so documents are walked even where there is nothing to ask an index.
 */
extern EvWalk *ev_walk_open(EvRequest *request, int64 horizon, bool is_counting);
extern void ev_walk_close(EvWalk *walk);

/* Events of low..high, newest first or oldest first. */
extern void ev_walk_begin(EvWalk *walk, int64 low, int64 high, bool backward);

/* Events of these ranges, oldest first. */
extern void ev_walk_begin_ranges(EvWalk *walk, EvRange *ranges, int count);

/* Visit the next stretch; false if there is none. */
extern bool ev_walk_next(EvWalk *walk, EvVisitor visitor, void *arg, EvStretch *stretch);

/* The last stretch had too many candidates: walk it again, in smaller ones. */
extern void ev_walk_retry(EvWalk *walk, const EvStretch *stretch);

/* Does the candidate belong to the answer, by all that is asked? */
extern bool ev_walk_confirm(EvWalk *walk, const EvHit *hit);

/* The same for a candidate of which the position is kept; the event, if it does. */
extern bool ev_walk_fetch(EvWalk *walk, int64 position, Datum *values, bool *nulls);

/* Was the partition of an event dropped while it was walked? */
extern bool ev_walk_is_gone(EvWalk *walk, int64 position);

/* How well the text of a hit fits; its document is needed. */
extern float4 ev_walk_rank(const EvHit *hit);

/* The same of an event that was found, by the document that is filed of it; false if none is. */
extern bool ev_walk_rank_filed(EvWalk *walk, int64 position, float4 *rank);

#endif /* EV_SEARCH_WALK_H */
