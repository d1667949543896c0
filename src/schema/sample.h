/* SPDX-License-Identifier: PostgreSQL
 *
 * sample.h: a value that is valid by a schema.
 */
#ifndef EV_SAMPLE_H
#define EV_SAMPLE_H

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"
#include "schema/compile.h"

/* A small one; raises 22023 if none is found.  palloc'd. */
extern Jsonb *ev_sample_of(const Jsonb *schema, EvCompileOptions options);

/* ---- inside sample*.c */

typedef struct EvSampler
{
	const EvSchema *schema;
	int depth, max_depth;
	bool too_deep; /* max_depth stood in the way */
	int64 budget;  /* work that may still be done */
	StringInfoData path;
	int failed_depth; /* of the deepest place for which there is no value, ... */
	char *failed_path;
	const EvNode *failed_node; /* ... and a schema of it */
} EvSampler;

/* What a value has to fulfil. */
typedef struct EvSampleGoal
{
	EvSampler *sampler;
	List *nodes; /* EvNodes, and all that apply in place and were chosen */
	List *asked; /* the ones it began with: by these a value is judged */
	List *taken; /* Jsonb: values that it must differ from */
} EvSampleGoal;

/* A value for all of these schemas; NULL if none is found. */
extern Jsonb *ev_sample_make(EvSampler *sampler, List *nodes, List *taken);

/* One step, which makes so many bytes; false if the search has to be given up. */
extern bool ev_sample_spend(EvSampler *sampler, int64 bytes);

/* Does this value do? */
extern bool ev_sample_fits(EvSampleGoal *goal, Jsonb *value);

/* Continue with one more schema in place. */
extern Jsonb *ev_sample_make_with(EvSampleGoal *goal, EvNode *node);

extern Jsonb *ev_sample_object(EvSampleGoal *goal);
extern Jsonb *ev_sample_array(EvSampleGoal *goal);
extern Jsonb *ev_sample_number(EvSampleGoal *goal, bool integer);
extern Jsonb *ev_sample_string(EvSampleGoal *goal);

/*
 * A string that the expression (of ECMA-262) matches, if it can be told from its
 * parts; `more` times more of what may be repeated, and the `choice`th of what
 * may be chosen.  false if it is beyond us.
 */
extern bool ev_sample_pattern(EvSampler *sampler, const EvPattern *pattern, int more, int choice,
							  StringInfo out);

extern Jsonb *ev_sample_from_text(const char *s, int length);
extern void ev_sample_to_value(const Jsonb *jsonb, JsonbValue *value);

#endif /* EV_SAMPLE_H */
