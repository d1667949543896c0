/* SPDX-License-Identifier: PostgreSQL
 *
 * containment.h: is every value of one schema a value of another?  Shared by
 * the files that decide it; compatibility.c asks.
 */
#ifndef EV_CONTAINMENT_H
#define EV_CONTAINMENT_H

#include "schema/compatibility.h"
#include "schema/conjunction.h"

typedef struct EvContainment
{
	EvGraphs *graphs;
	EvSchemaChangeKind kind; /* backward: the inner schema is the older one */
	bool strict;
	int quiet;		/* > 0: only trying, nothing is reported */
	List *changes;	/* of EvSchemaChange */
	HTAB *reported; /* hashes of them */
	MemoryContext result_context;
	HTAB *pairs;	 /* what is known of (conjunction, node) */
	int depth;		 /* pairs being looked at */
	int lowest;		 /* of those, the outermost that was taken for granted */
	int64 work_left; /* pairs that may be looked at still */
} EvContainment;

/* ---- containment.c */

/* The rest of it, in CurrentMemoryContext. */
extern void ev_containment_init(EvContainment *c);

/* Does `outer` accept all that satisfies `inner`?  Reports why not, unless quiet. */
extern bool ev_containment_holds(EvContainment *c, EvConjunction *inner, const EvNode *outer);

/* Only tries. */
extern bool ev_containment_holds_quietly(EvContainment *c, EvConjunction *inner,
										 const EvNode *outer);

/*
 * Only tries, and by the letter.  For what is excluded, where the sides change
 * their roles: a name that the schema under `not` does not mention may well be
 * one that the values have.
 */
extern bool ev_containment_holds_strictly(EvContainment *c, EvConjunction *inner,
										  const EvNode *outer);

/* A change, in words for the one kind of promise and for the other; answers false. */
extern bool ev_containment_report(EvContainment *c, const EvNode *where, const char *backward,
								  const char *forward);

/* "<what> changed from <old> to <new>", given what inner and outer say; answers false. */
extern bool ev_containment_report_limit(EvContainment *c, const EvNode *where, const char *what,
										const char *inner, const char *outer);

/* ---- containment_scalar.c, _array.c, _object.c, _logic.c: the keywords of `outer` */

typedef bool (*EvContainmentCheck)(EvContainment *c, EvConjunction *inner, const EvNode *outer);

extern bool ev_containment_types(EvContainment *c, EvConjunction *inner, const EvNode *outer);
extern bool ev_containment_values(EvContainment *c, EvConjunction *inner, const EvNode *outer);
extern bool ev_containment_numbers(EvContainment *c, EvConjunction *inner, const EvNode *outer);
extern bool ev_containment_strings(EvContainment *c, EvConjunction *inner, const EvNode *outer);
extern bool ev_containment_arrays(EvContainment *c, EvConjunction *inner, const EvNode *outer);
extern bool ev_containment_objects(EvContainment *c, EvConjunction *inner, const EvNode *outer);
extern bool ev_containment_references(EvContainment *c, EvConjunction *inner, const EvNode *outer);
extern bool ev_containment_all_of(EvContainment *c, EvConjunction *inner, const EvNode *outer);
extern bool ev_containment_any_of(EvContainment *c, EvConjunction *inner, const EvNode *outer);
extern bool ev_containment_one_of(EvContainment *c, EvConjunction *inner, const EvNode *outer);
extern bool ev_containment_not(EvContainment *c, EvConjunction *inner, const EvNode *outer);
extern bool ev_containment_condition(EvContainment *c, EvConjunction *inner, const EvNode *outer);

/* ---- containment_unevaluated.c */

extern bool ev_containment_unevaluated_items(EvContainment *c, EvConjunction *inner,
											 const EvNode *outer);
extern bool ev_containment_unevaluated_properties(EvContainment *c, EvConjunction *inner,
												  const EvNode *outer);

/* ---- containment_object.c: names one by one */

typedef struct EvInnerMember
{
	const char *name;
	int length;
	EvConjunction *inner; /* what it satisfies */
	bool named;			  /* the inner side speaks of it */
	bool possible;
	const EvNode *where; /* that the inner side knows it by; or NULL */
} EvInnerMember;

extern EvInnerMember ev_containment_member_of(EvContainment *c, EvConjunction *inner,
											  const char *name, int length);

/* Names that either side mentions, as EvProperty; the inner side in a branch too. */
extern List *ev_containment_names(const EvConjunction *inner, const EvObjectRules *rules);

/* Does `node`, a rule of `outer`, accept the member?  Or all that nobody mentions? */
extern bool ev_containment_member(EvContainment *c, const EvInnerMember *member, const EvNode *node,
								  const EvNode *outer);
extern bool ev_containment_unnamed(EvContainment *c, EvConjunction *unnamed, const EvNode *node,
								   const EvNode *outer);

/* Or all whose names match a pattern? */
extern bool ev_containment_like(EvContainment *c, EvConjunction *like, const EvPattern *pattern,
								const EvNode *node, const EvNode *outer);

/* ---- containment_scalar.c: what others use of it */

/* If only finitely many values satisfy `inner`: each is tried, *contained is the answer. */
extern bool ev_containment_each_value(EvContainment *c, EvConjunction *inner, const EvNode *outer,
									  bool *contained);

/* Lower and upper limits of lengths and counts. */
extern bool ev_containment_least(EvContainment *c, const EvNode *outer, const char *what,
								 int64 inner, int64 wanted);
extern bool ev_containment_most(EvContainment *c, const EvNode *outer, const char *what,
								int64 inner, int64 wanted);

/* The text of a value, cut off if it is long. */
extern char *ev_containment_show(const EvView *value);

#endif /* EV_CONTAINMENT_H */
