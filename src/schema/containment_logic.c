/* SPDX-License-Identifier: PostgreSQL
 *
 * containment_logic.c: schemas applied to the same value.
 *
 * anyOf is contained in if one branch takes all, or one branch for each type of
 * value; whoever asks has taken the choices of the inner side apart before.
 * oneOf asks that no second branch takes a value too: it contradicts the inner
 * side, or all that it takes is refused because of the inner side's own oneOf.
 * not and if ask for schemas to exclude or to include each other.
 */
#include "base/compat.h"

#include "schema/containment.h"

/* What cannot be seen from the keyword's branches one by one. */
static bool
report_undecided(EvContainment *c, const EvNode *outer, const char *keyword)
{
	if (c->quiet > 0)
		return false;
	return ev_containment_report(
		c, outer, psprintf("cannot be decided: \"%s\" may refuse what was valid", keyword),
		psprintf("cannot be decided: \"%s\" may have refused what is valid now", keyword));
}

bool
ev_containment_references(EvContainment *c, EvConjunction *inner, const EvNode *outer)
{
	bool contained = true;

	if (outer->ref_kind > EV_REF_STATIC || outer->second_kind > EV_REF_STATIC)
		return report_undecided(c, outer, outer->ref_keyword != NULL ? outer->ref_keyword : "$ref");
	if (outer->ref_kind == EV_REF_STATIC)
		contained = ev_containment_holds(c, inner, outer->ref);
	if (outer->second_kind == EV_REF_STATIC)
		contained &= ev_containment_holds(c, inner, outer->second_ref);
	return contained;
}

bool
ev_containment_all_of(EvContainment *c, EvConjunction *inner, const EvNode *outer)
{
	bool contained = true;

	for (int i = 0; i < outer->all_of.count && (contained || c->quiet == 0); i++)
		contained &= ev_containment_holds(c, inner, outer->all_of.nodes[i]);
	return contained;
}

/* ---- one of several branches */

/* The branch that takes all; NULL if there is none. */
static const EvNode *
find_branch(EvContainment *c, EvConjunction *inner, const EvNodeList *branches)
{
	for (int i = 0; i < branches->count; i++)
	{
		if (ev_containment_holds_quietly(c, inner, branches->nodes[i]))
			return branches->nodes[i];
	}
	return NULL;
}

static bool
excludes(EvContainment *c, EvConjunction *inner, const EvNode *node)
{
	return ev_conjunction_is_empty(c->graphs, ev_conjunction_add(c->graphs, inner, node));
}

/* Is no other branch possible beside the one taken? */
typedef bool (*BranchCheck)(EvContainment *c, EvConjunction *inner, const EvNode *outer,
							const EvNode *taken);

static bool contains_in_branches(EvContainment *c, EvConjunction *inner, const EvNode *outer,
								 const EvNodeList *branches, BranchCheck also);

/* Each of the values, if they are finitely many. */
static bool
contains_values_in_branches(EvContainment *c, EvConjunction *inner, const EvNodeList *branches,
							bool exactly_one, bool *contained)
{
	List *values;
	ListCell *lc;

	if (!ev_conjunction_values(c->graphs, inner, &values))
		return false;
	*contained = true;
	foreach (lc, values)
	{
		int taken = 0;

		for (int i = 0; i < branches->count; i++)
			taken += ev_graphs_accepts(c->graphs, branches->nodes[i], lfirst(lc), false);
		if (taken == 0 || (exactly_one && (taken > 1 || c->graphs->dynamic)))
			*contained = false;
	}
	return true;
}

/* Which branch is to blame: the only one that values of the inner side could satisfy. */
static void
report_branch(EvContainment *c, EvConjunction *inner, const EvNode *outer,
			  const EvNodeList *branches)
{
	const EvNode *candidate = NULL;
	int before = list_length(c->changes);
	const char *keyword = branches == &outer->any_of ? "anyOf" : "oneOf";

	for (int i = 0; i < branches->count; i++)
	{
		if (excludes(c, inner, branches->nodes[i]))
			continue;
		if (candidate != NULL)
		{
			(void) report_undecided(c, outer, keyword);
			return;
		}
		candidate = branches->nodes[i];
	}
	if (candidate == NULL)
		(void) ev_containment_report(
			c, outer, psprintf("no branch of \"%s\" allows what was valid", keyword),
			psprintf("no branch of \"%s\" allowed what is valid now", keyword));
	else if (ev_containment_holds(c, inner, candidate) || list_length(c->changes) == before)
		(void) report_undecided(c, outer, keyword);
}

static bool
contains_by_type(EvContainment *c, EvConjunction *inner, const EvNode *outer,
				 const EvNodeList *branches, BranchCheck also)
{
	List *by_type = ev_conjunction_by_type(c->graphs, inner);
	bool contained = true;
	ListCell *lc;

	foreach (lc, by_type)
	{
		if (!ev_conjunction_is_empty(c->graphs, lfirst(lc)))
			contained &= contains_in_branches(c, lfirst(lc), outer, branches, also);
		if (!contained && c->quiet > 0)
			break;
	}
	return contained;
}

static bool
contains_in_branches(EvContainment *c, EvConjunction *inner, const EvNode *outer,
					 const EvNodeList *branches, BranchCheck also)
{
	const EvNode *taken = find_branch(c, inner, branches);
	bool contained;

	if (taken != NULL && (also == NULL || also(c, inner, outer, taken)))
		return true;
	if (contains_values_in_branches(c, inner, branches, also != NULL, &contained) && contained)
		return true;
	if ((inner->types & (inner->types - 1)) != 0 && (inner->types & ~EV_TYPES_NUMBER) != 0)
		return contains_by_type(c, inner, outer, branches, also);
	if (taken != NULL)
		return report_undecided(c, outer, "oneOf");
	if (c->quiet == 0)
		report_branch(c, inner, outer, branches);
	return false;
}

bool
ev_containment_any_of(EvContainment *c, EvConjunction *inner, const EvNode *outer)
{
	return outer->any_of.count == 0 || contains_in_branches(c, inner, outer, &outer->any_of, NULL);
}

/* ---- exactly one */

/*
 * The inner side has a oneOf of which it satisfies a branch other than one that
 * takes all of `node`: then it cannot satisfy `node`.
 */
static bool
refused_by_one_of(EvContainment *c, const EvConjunction *inner, const EvNode *node)
{
	for (int i = 0; i < inner->count; i++)
	{
		const EvNodeList *branches = &inner->nodes[i]->one_of;
		const EvNode *satisfied = NULL;

		for (int j = 0; j < branches->count && satisfied == NULL; j++)
		{
			if (ev_conjunction_has(inner, branches->nodes[j]))
				satisfied = branches->nodes[j];
		}
		for (int j = 0; j < branches->count && satisfied != NULL; j++)
		{
			if (branches->nodes[j] != satisfied &&
				ev_containment_holds_strictly(c, ev_conjunction_add(c->graphs, NULL, node),
											  branches->nodes[j]))
				return true;
		}
	}
	return false;
}

static bool
others_refuse(EvContainment *c, EvConjunction *inner, const EvNode *outer, const EvNode *taken)
{
	for (int i = 0; i < outer->one_of.count; i++)
	{
		const EvNode *other = outer->one_of.nodes[i];

		if (other != taken && !excludes(c, inner, other) && !refused_by_one_of(c, inner, other))
			return false;
	}
	return true;
}

bool
ev_containment_one_of(EvContainment *c, EvConjunction *inner, const EvNode *outer)
{
	return outer->one_of.count == 0 ||
		   contains_in_branches(c, inner, outer, &outer->one_of, others_refuse);
}

/* ---- not, if */

bool
ev_containment_not(EvContainment *c, EvConjunction *inner, const EvNode *outer)
{
	if (outer->not_node == NULL || excludes(c, inner, outer->not_node))
		return true;
	for (int i = 0; i < inner->count; i++)
	{
		const EvNode *excluded = inner->nodes[i]->not_node;

		if (excluded != NULL &&
			ev_containment_holds_strictly(c, ev_conjunction_add(c->graphs, NULL, outer->not_node),
										  excluded))
			return true;
	}
	return report_undecided(c, outer, "not");
}

/* A member of the inner side with the same `if`. */
static const EvNode *
find_condition(const EvContainment *c, const EvConjunction *inner, const EvNode *condition)
{
	for (int i = 0; i < inner->count; i++)
	{
		const EvNode *other = inner->nodes[i]->if_node;

		if (other != NULL && ev_graphs_same(c->graphs, other, condition))
			return inner->nodes[i];
	}
	return NULL;
}

bool
ev_containment_condition(EvContainment *c, EvConjunction *inner, const EvNode *outer)
{
	const EvNode *same;
	bool contained = true;

	if (outer->if_node == NULL)
		return true;
	same = find_condition(c, inner, outer->if_node);
	if (outer->then_node != NULL)
	{
		EvConjunction *held = ev_conjunction_add(c->graphs, inner, outer->if_node);

		if (same != NULL)
			held = ev_conjunction_add(c->graphs, held, same->then_node);
		contained = ev_containment_holds(c, held, outer->then_node);
	}
	if (outer->else_node != NULL && !ev_containment_holds_quietly(c, inner, outer->if_node))
	{
		EvConjunction *failed = ev_conjunction_add(c->graphs, inner,
												   same != NULL ? same->else_node : NULL);

		contained &= ev_containment_holds(c, failed, outer->else_node);
	}
	return contained;
}
