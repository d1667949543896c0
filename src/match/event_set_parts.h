/* SPDX-License-Identifier: PostgreSQL
 *
 * event_set_parts.h: the compiled form of a set of patterns.
 *
 * Paths of all patterns are one tree of nodes, equal conditions at one node are
 * one condition, whose answer is remembered for the event.
 *
 * A unit is a part of a pattern that makes it match: one of its conjuncts, or
 * the whole of it.  A unit is filed under one of its conditions, the access
 * condition: one that few others share and few events fulfil; a unit with
 * alternatives, under one of each.  Only access conditions are indexed.  An event
 * is walked along the tree as far as there is an index below; each scalar found
 * there is looked up, and the units filed under the conditions that it passes
 * are candidates, which are then verified with all their conditions.  So a
 * condition that all patterns share costs nothing but one test, and only units
 * that match, or nearly do, are looked at.
 *
 * Conditions that ask only for something to be there (exists, anything-but) are
 * passed by any scalar; those that take absence cannot be looked up at all, and
 * units that have no other are always candidates.  Nearly all of those match.
 *
 * Nothing is cleared between two events: what belongs to the present one bears
 * its number (`event`).
 *
 * Array consistency is not looked after here: where several conditions of a
 * conjunct find values below elements of arrays, the conjunct is asked as a
 * single pattern is.
 */
#ifndef EV_EVENT_SET_PARTS_H
#define EV_EVENT_SET_PARTS_H

#include "match/event_pattern_parts.h"
#include "match/event_set.h"

typedef struct EvSetIndex EvSetIndex;
typedef struct EvSetUnit EvSetUnit;

/* A list of pointers that grows. */
typedef struct EvSetList
{
	int count;
	int capacity;
	void **items;
} EvSetList;

typedef struct EvSetNode
{
	struct EvSetNode *parent;
	const char *name;
	int length;
	const char *alias;
	EvSetList children; /* by ev_view_compare_keys() */
	bool has_grandchildren;
	bool has_conditions;
	bool has_access;	/* an index or presence, here or below */
	EvSetIndex *index;	/* NULL: none */
	EvSetList presence; /* access conditions that any scalar passes */
	int nuses;			/* of its conditions that can be looked up, while it is compiled */
	int nranges;		/* ranges in them */

	/* of the present event */
	uint64 event;
	int first;			 /* scalars, in the pool; -1: none */
	int pending;		 /* objects that have not been looked into */
	bool opened;		 /* objects are looked into at once */
	bool below_elements; /* some scalars are below elements of arrays */
} EvSetNode;

typedef struct EvSetCondition
{
	EvSetNode *node;
	const EvCondition *condition;
	int uses;			  /* conjuncts that have it */
	double company;		  /* how many conditions of the node are passed along with it */
	double cost;		  /* of a unit that is filed here, for an event */
	EvSetList units;	  /* filed here */
	uint64 candidates_of; /* the event for which they have become candidates */
	uint64 answered_for;  /* the event for which `answer` is */
	bool answer;
} EvSetCondition;

typedef struct EvSetBranch
{
	EvBranchKind kind;
	const EvConjunct *conjunct;
	int count;
	EvSetCondition **conditions; /* of a conjunct, the least expensive first */
	struct EvSetBranch **parts;
} EvSetBranch;

struct EvSetUnit
{
	int pattern;
	EvSetBranch *branch;
	uint64 candidate_of; /* event */
};

/* A scalar, or an object that is pending. */
typedef struct EvSetValue
{
	EvView view;
	int next; /* of the same node; -1: none */
	bool below_element;
} EvSetValue;

struct EvEventSet
{
	MemoryContext context;
	int npatterns;
	EvSetNode *root;
	EvSetList aliased; /* children of the root that have an alias */
	EvSetList always;  /* units that are candidates for every event */
	EvSetList units;   /* all */

	/* of the present event */
	uint64 event;
	EvSubject *subject;
	EvSetValue *pool;
	int npool;
	int pool_capacity;
	bool overflow; /* there is more than the pool takes, or deeper than the stack */
	bool too_deep; /* for the stack: not all candidates were found */
	EvPatternWalk walk;
	EvSetList candidates;
	uint64 *matched;		 /* by pattern: the event; also if it is not known */
	uint64 *unknown;		 /* by pattern: the event */
	EvPatternLimit exceeded; /* why something is unknown */
	int *indexes;
	int nindexes;
};

/* ---- event_set.c ---- */

extern void ev_event_set_append(EvSetList *list, void *item);

/* The children by a name, which may be two: one with an alias, one without. */
extern int ev_event_set_find(const EvSetNode *node, const char *name, int length, int *first);

/* The units under the condition become candidates. */
extern void ev_event_set_fire(EvEventSet *set, EvSetCondition *condition);

/* The condition holds for some scalar, and its units become candidates. */
extern void ev_event_set_pass(EvEventSet *set, EvSetCondition *condition);

/* ---- the index of one node (event_set_index.c) ---- */

/* Can the condition be looked up by values? */
extern bool ev_event_set_index_takes(const EvCondition *condition);
/* A hash of what the test, which is no range, is looked up by. */
extern uint64 ev_event_set_index_key(const EvTest *test);
extern void ev_event_set_index_add(EvSetNode *node, EvSetCondition *condition);
extern void ev_event_set_index_finish(EvSetNode *node);

/* Fires the conditions that a scalar passes. */
extern void ev_event_set_index_look_up(EvEventSet *set, const EvSetNode *node,
									   const EvView *scalar);

/* ---- ranges (event_set_range.c) ---- */

typedef struct EvSetRanges EvSetRanges;

typedef struct EvSetRange
{
	const EvRange *range;
	EvSetCondition *condition;
} EvSetRange;

/* The ranges are sorted in place, and kept. */
extern EvSetRanges *ev_event_set_range_build(EvSetRange *ranges, int n);
extern void ev_event_set_range_look_up(EvEventSet *set, const EvSetRanges *ranges,
									   const EvView *number);

/* ---- event_set_compile.c ---- */

extern void ev_event_set_file(EvEventSet *set, EvEventPattern *const *patterns);

/* ---- verifying (event_set_verify.c) ---- */

extern bool ev_event_set_verify(EvEventSet *set, const EvSetBranch *branch);

/* Looks into all objects on the way to the node. */
extern void ev_event_set_open(EvEventSet *set, EvSetNode *node);

#endif /* EV_EVENT_SET_PARTS_H */
