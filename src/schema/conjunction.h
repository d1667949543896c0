/* SPDX-License-Identifier: PostgreSQL
 *
 * conjunction.h: two schemas to be compared, and sets of their nodes that all
 * hold for one value.  For the files that compare schemas; nobody else includes
 * it.
 */
#ifndef EV_CONJUNCTION_H
#define EV_CONJUNCTION_H

#include "nodes/pg_list.h"
#include "schema/node.h"
#include "utils/hsearch.h"

/* Types as they are told apart here; a number that may be no integer has both bits. */
#define EV_NTYPES 6
#define EV_TYPES_NUMBER (EV_TYPE_NUMBER | EV_TYPE_INTEGER)

/*
 * Both schemas with what comparing them needs.  A node's number is its index,
 * those of the second schema after those of the first; last come nodes that
 * stand in no schema and only have a type.
 */
typedef struct EvGraphs
{
	const EvSchema *schemas[2];
	MemoryContext context;
	bool dynamic;			 /* some reference is resolved during evaluation */
	uint64 *classes;		 /* by number: equal for nodes that mean the same */
	HTAB *conjunctions;		 /* by hash, chained */
	EvNode types[EV_NTYPES]; /* null, boolean, number, string, array, object */
} EvGraphs;

typedef struct EvBound
{
	Numeric value; /* NULL: none */
	bool exclusive;
} EvBound;

typedef enum EvEmptiness
{
	EV_EMPTINESS_UNKNOWN,
	EV_EMPTINESS_ASKED,
	EV_EMPTY,
	EV_NOT_EMPTY /* as far as can be seen */
} EvEmptiness;

/* How a node offers a choice. */
typedef enum EvChoiceKind
{
	EV_CHOICE_ANY_OF,
	EV_CHOICE_ONE_OF,
	EV_CHOICE_IF
} EvChoiceKind;

#define EV_NCHOICES 3

/*
 * Nodes that all hold, with what follows from them together.  References and
 * allOf are resolved into members.  There is one of each set, so that equal
 * sets have the same address.
 */
typedef struct EvConjunction
{
	struct EvConjunction *next; /* of the same hash */
	int count;
	const EvNode **nodes; /* by number; without those that are true */
	int nchosen;
	int *chosen; /* choices whose outcome is a member: number * EV_NCHOICES + kind, sorted */
	bool never;	 /* one of them is false */

	uint8 types;
	bool strict_integer;
	EvBound lower, upper;
	int64 min_length, max_length;
	int64 min_items, max_items;
	int nprefix; /* elements that have schemas of their own */
	bool unique;
	int64 min_properties, max_properties;
	EvEmptiness emptiness;
} EvConjunction;

/* ---- graphs.c */

extern EvGraphs *ev_graphs_make(const EvSchema *first, const EvSchema *second);
extern int ev_graphs_number(const EvGraphs *graphs, const EvNode *node);
extern bool ev_graphs_same(const EvGraphs *graphs, const EvNode *a, const EvNode *b);

/* It says nothing: true, or annotations only. */
extern bool ev_graphs_is_true(const EvNode *node);

/* Where the node stands in its schema; palloc'd. */
extern char *ev_graphs_location(const EvGraphs *graphs, const EvNode *node);

/* Is the value valid?  `doubt` is the answer where that cannot be said of a node alone. */
extern bool ev_graphs_accepts(const EvGraphs *graphs, const EvNode *node, const EvView *value,
							  bool doubt);

/* The class of each node of both schemas. */
extern uint64 *ev_graphs_classify(const EvGraphs *graphs);

/* ---- conjunction.c */

/* The nodes in the list, and those of `base` with its choices unless it is NULL. */
extern EvConjunction *ev_conjunction_make(EvGraphs *graphs, const EvConjunction *base, List *nodes);

/* `base` with one more node, which may be NULL. */
extern EvConjunction *ev_conjunction_add(EvGraphs *graphs, const EvConjunction *base,
										 const EvNode *node);

extern bool ev_conjunction_has(const EvConjunction *conjunction, const EvNode *node);

/* The alternatives of its first choice that is open, as conjunctions; NIL if there is none. */
extern List *ev_conjunction_choose(EvGraphs *graphs, const EvConjunction *conjunction);

/* One conjunction for each type that is possible. */
extern List *ev_conjunction_by_type(EvGraphs *graphs, const EvConjunction *conjunction);

/* If only finitely many values are possible, all of them (EvView) and true. */
extern bool ev_conjunction_values(EvGraphs *graphs, const EvConjunction *conjunction,
								  List **values);

/* Surely no value satisfies it. */
extern bool ev_conjunction_is_empty(EvGraphs *graphs, EvConjunction *conjunction);

/* ---- conjunction_parts.c: the conjunctions that elements and members satisfy */

extern EvConjunction *ev_conjunction_element(EvGraphs *graphs, const EvConjunction *conjunction,
											 int index);

extern bool ev_conjunction_requires(const EvConjunction *conjunction, const char *name, int length);

/* *named: some member says something of this very name, or of names like it. */
extern EvConjunction *ev_conjunction_member(EvGraphs *graphs, const EvConjunction *conjunction,
											const char *name, int length, bool *named);

/* Of a name that matches this pattern of one of the members. */
extern EvConjunction *ev_conjunction_like(EvGraphs *graphs, const EvConjunction *conjunction,
										  const EvPattern *pattern);

/* Of a name that no member knows. */
extern EvConjunction *ev_conjunction_unnamed(EvGraphs *graphs, const EvConjunction *conjunction);

extern bool ev_pattern_same(const EvPattern *a, const EvPattern *b);
extern bool ev_pattern_is_in(const EvObjectRules *rules, const EvPattern *pattern);
extern bool ev_conjunction_has_pattern(const EvConjunction *conjunction, const EvPattern *pattern);

/* Adds the properties (EvProperty) that the node mentions, in a branch too, and `but` does not. */
extern List *ev_conjunction_mentioned(const EvNode *node, const EvObjectRules *but, List *names);

#endif /* EV_CONJUNCTION_H */
