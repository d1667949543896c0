/* SPDX-License-Identifier: PostgreSQL
 *
 * containment.c: is every value of one schema a value of another?
 *
 * The question is put for a conjunction (what is known of a value of the inner
 * schema) and a node of the outer schema, which contains it if each of its
 * keywords does.  The answer "yes" is always right.  "No" may mean that it was
 * not seen: what JSON Schema can say is too much to decide it all.
 *
 * - What the inner side has among its members, or a member that means the same,
 *   is contained whatever it says (node_class.c).
 * - An inner side of finitely many values is tried value by value.
 * - Else all keywords of the outer node are checked against what the inner side
 *   implies.  If that fails and the inner side has a choice, each alternative
 *   is checked on its own.
 * - A pair that is met again while it is being looked at is taken for contained:
 *   a value is finite, so a difference would show itself without going round.
 *   What was found with the help of such an assumption is forgotten until the
 *   pair it was about is done.
 *
 * First it is only tried; what fails is then walked again, to report the changes
 * where they are.  The work is bounded; past the bound the answer is "no".
 */
#include "base/compat.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "schema/containment.h"

typedef enum PairState
{
	PAIR_UNKNOWN,
	PAIR_ASKED,
	PAIR_CONTAINED,
	PAIR_NOT_CONTAINED
} PairState;

/* Hashed as bytes: no padding. */
typedef struct PairKey
{
	const EvConjunction *inner;
	const EvNode *outer;
	uintptr_t strict;
} PairKey;

typedef struct Pair
{
	PairKey key;
	PairState state;
	bool reported;
	int depth; /* while it is asked */
} Pair;

void
ev_containment_init(EvContainment *c)
{
	HASHCTL control = {.keysize = sizeof(PairKey),
					   .entrysize = sizeof(Pair),
					   .hcxt = CurrentMemoryContext};

	c->lowest = INT_MAX;
	c->pairs = hash_create("events pairs", 1024, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	control.keysize = control.entrysize = sizeof(uint64);
	c->reported = hash_create("events changes", 64, &control,
							  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* ---- reports */

/* Was the same said of the same place?  What is reported first, stays. */
static bool
is_reported(EvContainment *c, const EvSchemaChange *change)
{
	uint64 hash = hash_combine64(
		hash_bytes_extended((const unsigned char *) change->location, strlen(change->location), 0),
		hash_bytes_extended((const unsigned char *) change->change, strlen(change->change), 0));
	bool found;

	(void) hash_search(c->reported, &hash, HASH_ENTER, &found);
	return found;
}

bool
ev_containment_report(EvContainment *c, const EvNode *where, const char *backward,
					  const char *forward)
{
	EvSchemaChange *change;
	MemoryContext old;

	if (c->quiet > 0)
		return false;
	old = MemoryContextSwitchTo(c->result_context);
	change = palloc(sizeof(EvSchemaChange));
	change->kind = c->kind;
	change->location = ev_graphs_location(c->graphs, where);
	change->change = pstrdup(c->kind == EV_BREAKS_BACKWARD ? backward : forward);
	if (!is_reported(c, change))
		c->changes = lappend(c->changes, change);
	MemoryContextSwitchTo(old);
	return false;
}

bool
ev_containment_report_limit(EvContainment *c, const EvNode *where, const char *what,
							const char *inner, const char *outer)
{
	bool backward = c->kind == EV_BREAKS_BACKWARD;
	char *change;

	if (c->quiet > 0)
		return false;
	change = psprintf("%s changed from %s to %s", what, backward ? inner : outer,
					  backward ? outer : inner);
	return ev_containment_report(c, where, change, change);
}

/* ---- deciding */

static bool
contains_by_keywords(EvContainment *c, EvConjunction *inner, const EvNode *outer)
{
	static const EvContainmentCheck checks[] = {
		ev_containment_types,	   ev_containment_values, ev_containment_numbers,
		ev_containment_strings,	   ev_containment_arrays, ev_containment_objects,
		ev_containment_references, ev_containment_all_of, ev_containment_any_of,
		ev_containment_one_of,	   ev_containment_not,	  ev_containment_condition,
	};
	bool contained = true;

	for (int i = 0; i < lengthof(checks) && (contained || c->quiet == 0); i++)
	{
		if (!checks[i](c, inner, outer))
			contained = false;
	}
	return contained;
}

static bool
is_member(const EvContainment *c, const EvConjunction *inner, const EvNode *outer)
{
	for (int i = 0; i < inner->count; i++)
	{
		if (ev_graphs_same(c->graphs, inner->nodes[i], outer))
			return true;
	}
	return false;
}

static bool
contains_each(EvContainment *c, List *alternatives, const EvNode *outer)
{
	bool contained = true;
	ListCell *lc;

	foreach (lc, alternatives)
	{
		if (!ev_containment_holds(c, lfirst(lc), outer))
			contained = false;
		if (!contained && c->quiet > 0)
			break;
	}
	return contained;
}

static bool
decide(EvContainment *c, EvConjunction *inner, const EvNode *outer)
{
	List *alternatives;
	bool contained;

	if (is_member(c, inner, outer) || ev_conjunction_is_empty(c->graphs, inner))
		return true;
	if (outer->kind == EV_NODE_FALSE)
		return ev_containment_report(c, outer, "no value is allowed here any longer",
									 "values are allowed here that were not");
	if (ev_containment_each_value(c, inner, outer, &contained))
		return contained;
	alternatives = ev_conjunction_choose(c->graphs, inner);
	if (alternatives == NIL)
		return contains_by_keywords(c, inner, outer);
	c->quiet++;
	contained = contains_by_keywords(c, inner, outer);
	c->quiet--;
	return contained || contains_each(c, alternatives, outer);
}

bool
ev_containment_holds(EvContainment *c, EvConjunction *inner, const EvNode *outer)
{
	PairKey key = {.inner = inner, .outer = outer, .strict = c->strict};
	int lowest_before = c->lowest;
	bool found, contained;
	Pair *pair;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (outer->kind == EV_NODE_TRUE)
		return true;
	if (c->work_left-- <= 0)
		return ev_containment_report(c, outer, "cannot be decided: there is too much to compare",
									 "cannot be decided: there is too much to compare");
	pair = hash_search(c->pairs, &key, HASH_ENTER, &found);
	if (!found)
	{
		pair->state = PAIR_UNKNOWN;
		pair->reported = false;
	}
	if (pair->state == PAIR_CONTAINED)
		return true;
	if (pair->state == PAIR_ASKED)
	{
		c->lowest = Min(c->lowest, pair->depth);
		return true;
	}
	if (pair->state == PAIR_NOT_CONTAINED && (pair->reported || c->quiet > 0))
		return false;

	pair->state = PAIR_ASKED;
	pair->depth = ++c->depth;
	c->lowest = INT_MAX;
	contained = decide(c, inner, outer);
	c->depth--;
	if (!contained)
	{
		pair->state = PAIR_NOT_CONTAINED;
		pair->reported |= c->quiet == 0;
	}
	else
		pair->state = c->lowest >= pair->depth ? PAIR_CONTAINED : PAIR_UNKNOWN;
	c->lowest = Min(lowest_before, c->lowest >= pair->depth ? INT_MAX : c->lowest);
	return contained;
}

bool
ev_containment_holds_quietly(EvContainment *c, EvConjunction *inner, const EvNode *outer)
{
	bool contained;

	c->quiet++;
	contained = ev_containment_holds(c, inner, outer);
	c->quiet--;
	return contained;
}

bool
ev_containment_holds_strictly(EvContainment *c, EvConjunction *inner, const EvNode *outer)
{
	bool strict = c->strict;
	bool contained;

	c->strict = true;
	contained = ev_containment_holds_quietly(c, inner, outer);
	c->strict = strict;
	return contained;
}
