/* SPDX-License-Identifier: PostgreSQL
 *
 * containment_unevaluated.c: unevaluatedItems and unevaluatedProperties.
 *
 * The outer node's keyword is about parts that no schema applied in place looks
 * at.  Which those are may depend on the value, where there are branches.  What
 * is looked at in any case is known.  Of branches it is known that they look at
 * the same parts as the inner side's, if the inner side has the same branches:
 * then a part is looked at by them on both sides, or on neither, and there the
 * inner side's own keyword speaks.  Otherwise branches are not counted on.
 */
#include "base/compat.h"

#include "miscadmin.h"
#include "schema/containment.h"

/* A part of a value: an element by its index, or a member (NULL: one that nobody mentions). */
typedef struct Part
{
	bool is_element;
	int index;
	const EvInnerMember *member;
} Part;

static bool
looks_at_element(const EvArrayRules *rules, int index, bool itself)
{
	return rules != NULL && (rules->items != NULL || index < rules->prefix.count ||
							 (!itself && rules->unevaluated != NULL));
}

static bool
looks_at_member(const EvObjectRules *rules, const EvInnerMember *member, bool itself)
{
	const EvProperty *property;

	if (rules == NULL)
		return false;
	if (rules->additional != NULL || (!itself && rules->unevaluated != NULL))
		return true;
	if (member == NULL)
		return false;
	property = ev_property_find(rules, member->name, member->length);
	if (property != NULL && property->node != NULL)
		return true;
	for (int i = 0; i < rules->npatterns; i++)
	{
		if (ev_pattern_matches(rules->patterns[i].pattern, member->name, member->length))
			return true;
	}
	return false;
}

/* Does the node look at the part in any case, its own unevaluated... aside? */
static bool
surely_looks(EvContainment *c, const EvNode *node, const Part *part)
{
	const EvConjunction *applied = ev_conjunction_add(c->graphs, NULL, node);

	for (int i = 0; i < applied->count; i++)
	{
		const EvNode *other = applied->nodes[i];

		if (part->is_element ? looks_at_element(other->array, part->index, other == node)
							 : looks_at_member(other->object, part->member, other == node))
			return true;
	}
	return false;
}

/* ---- the same branches? */

static bool
same_or_missing(const EvGraphs *graphs, const EvNode *a, const EvNode *b)
{
	return a == NULL || (b != NULL && ev_graphs_same(graphs, a, b));
}

static bool
has_all_of(const EvGraphs *graphs, const EvNodeList *inner, const EvNodeList *outer)
{
	for (int i = 0; i < inner->count; i++)
	{
		bool found = false;

		for (int j = 0; j < outer->count && !found; j++)
			found = ev_graphs_same(graphs, inner->nodes[i], outer->nodes[j]);
		if (!found)
			return false;
	}
	return true;
}

static bool
has_dependency(const EvGraphs *graphs, const EvObjectRules *rules, const EvDependency *wanted)
{
	for (int i = 0; rules != NULL && i < rules->ndependencies; i++)
	{
		const EvDependency *own = &rules->dependencies[i];

		if (own->node != NULL &&
			ev_view_compare_keys(own->name, own->length, wanted->name, wanted->length) == 0 &&
			ev_graphs_same(graphs, own->node, wanted->node))
			return true;
	}
	return false;
}

/* What the inner node may look at besides, depending on the value, the outer one looks at too. */
static bool
has_branches(const EvGraphs *graphs, const EvNode *inner, const EvNode *outer)
{
	const EvArrayRules *array = inner->array;
	const EvObjectRules *object = inner->object;

	if (inner->ref_kind > EV_REF_STATIC || inner->second_kind > EV_REF_STATIC)
		return false;
	if (array != NULL && array->contains != NULL && array->contains_evaluates &&
		(outer->array == NULL || !outer->array->contains_evaluates ||
		 !same_or_missing(graphs, array->contains, outer->array->contains)))
		return false;
	for (int i = 0; object != NULL && i < object->ndependencies; i++)
	{
		if (object->dependencies[i].node != NULL &&
			!has_dependency(graphs, outer->object, &object->dependencies[i]))
			return false;
	}
	return has_all_of(graphs, &inner->any_of, &outer->any_of) &&
		   has_all_of(graphs, &inner->one_of, &outer->one_of) &&
		   same_or_missing(graphs, inner->if_node, outer->if_node) &&
		   same_or_missing(graphs, inner->then_node, outer->then_node) &&
		   same_or_missing(graphs, inner->else_node, outer->else_node);
}

/* Of the inner node and all that it applies in any case, some outer one has the branches. */
static bool
has_all_branches(EvContainment *c, const EvNode *inner, const EvNode *outer)
{
	EvConjunction *applied = ev_conjunction_add(c->graphs, NULL, inner);
	EvConjunction *candidates = ev_conjunction_add(c->graphs, NULL, outer);

	for (int i = 0; i < applied->count; i++)
	{
		bool found = false;

		for (int j = 0; j < candidates->count && !found; j++)
			found = has_branches(c->graphs, applied->nodes[i], candidates->nodes[j]);
		if (!found)
			return false;
	}
	return true;
}

static const EvNode *
unevaluated_of(const EvNode *node, bool elements)
{
	if (elements)
		return node->array != NULL ? node->array->unevaluated : NULL;
	return node->object != NULL ? node->object->unevaluated : NULL;
}

/* A member of the inner side with the same keyword and the same branches; or NULL. */
static const EvNode *
find_counterpart(EvContainment *c, const EvConjunction *inner, const EvNode *outer, bool elements)
{
	const EvNode *wanted = unevaluated_of(outer, elements);

	for (int i = 0; i < inner->count; i++)
	{
		const EvNode *own = unevaluated_of(inner->nodes[i], elements);

		if (own != NULL && ev_graphs_same(c->graphs, own, wanted) &&
			has_all_branches(c, inner->nodes[i], outer))
			return inner->nodes[i];
	}
	return NULL;
}

/* Nothing is left to ask about this part. */
static bool
is_settled(EvContainment *c, const EvNode *outer, const EvNode *counterpart, const Part *part)
{
	return surely_looks(c, outer, part) ||
		   (counterpart != NULL && !surely_looks(c, counterpart, part));
}

/* ---- the keywords */

bool
ev_containment_unevaluated_items(EvContainment *c, EvConjunction *inner, const EvNode *outer)
{
	const EvNode *unevaluated = outer->array->unevaluated;
	const EvNode *counterpart;
	bool contained = true;
	int rest;

	if (unevaluated == NULL)
		return true;
	counterpart = find_counterpart(c, inner, outer, true);
	rest = Max(inner->nprefix, ev_conjunction_add(c->graphs, NULL, outer)->nprefix);
	for (int i = 0; i <= rest && (contained || c->quiet == 0); i++)
	{
		Part part = {.is_element = true, .index = i};

		if (inner->max_items != EV_NO_LIMIT && inner->max_items <= i)
			break;
		if (!is_settled(c, outer, counterpart, &part))
			contained &= ev_containment_holds(c, ev_conjunction_element(c->graphs, inner, i),
											  unevaluated);
	}
	return contained;
}

/* Names like patterns of the inner side, which the outer side does not look at. */
static bool
contains_like(EvContainment *c, EvConjunction *inner, const EvNode *outer)
{
	const EvConjunction *applied = ev_conjunction_add(c->graphs, NULL, outer);
	bool contained = true;

	for (int i = 0; i < inner->count; i++)
	{
		const EvObjectRules *rules = inner->nodes[i]->object;

		for (int j = 0; rules != NULL && j < rules->npatterns; j++)
		{
			const EvPattern *pattern = rules->patterns[j].pattern;

			if (!ev_conjunction_has_pattern(applied, pattern))
				contained &= ev_containment_like(c, ev_conjunction_like(c->graphs, inner, pattern),
												 pattern, outer->object->unevaluated, outer);
		}
	}
	return contained;
}

bool
ev_containment_unevaluated_properties(EvContainment *c, EvConjunction *inner, const EvNode *outer)
{
	const EvNode *unevaluated = outer->object->unevaluated;
	const EvNode *counterpart;
	EvConjunction *unnamed;
	Part rest = {.member = NULL};
	bool contained = true;
	ListCell *lc;

	if (unevaluated == NULL)
		return true;
	counterpart = find_counterpart(c, inner, outer, false);
	foreach (lc, ev_containment_names(inner, outer->object))
	{
		const EvProperty *property = lfirst(lc);
		EvInnerMember member = ev_containment_member_of(c, inner, property->name, property->length);
		Part part = {.member = &member};

		if (member.possible && (member.named || c->strict) &&
			!is_settled(c, outer, counterpart, &part))
			contained &= ev_containment_member(c, &member, unevaluated, outer);
	}
	if (is_settled(c, outer, NULL, &rest))
		return contained;
	contained &= contains_like(c, inner, outer);
	unnamed = ev_conjunction_unnamed(c->graphs, inner);
	if (ev_conjunction_is_empty(c->graphs, unnamed) || is_settled(c, outer, counterpart, &rest))
		return contained;
	return ev_containment_unnamed(c, unnamed, unevaluated, outer) && contained;
}
