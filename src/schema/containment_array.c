/* SPDX-License-Identifier: PostgreSQL
 *
 * containment_array.c: arrays.
 *
 * Elements with schemas of their own on either side are compared one by one,
 * and then the rest, all at once.
 */
#include "base/compat.h"

#include "miscadmin.h"
#include "schema/containment.h"

static const EvNode *
schema_of_element(const EvArrayRules *rules, int index)
{
	return index < rules->prefix.count ? rules->prefix.nodes[index] : rules->items;
}

/* Elements beside those with schemas of their own; the index that stands for them. */
static int
rest_of(const EvConjunction *inner, const EvNode *outer)
{
	return Max(inner->nprefix, outer->array->prefix.count);
}

static bool
contains_elements(EvContainment *c, EvConjunction *inner, const EvNode *outer)
{
	int rest = rest_of(inner, outer);
	bool contained = true;

	for (int i = 0; i <= rest && (contained || c->quiet == 0); i++)
	{
		const EvNode *node = schema_of_element(outer->array, i);

		CHECK_FOR_INTERRUPTS();
		if (node == NULL || (inner->max_items != EV_NO_LIMIT && inner->max_items <= i))
			continue;
		contained &= ev_containment_holds(c, ev_conjunction_element(c->graphs, inner, i), node);
	}
	return contained;
}

/* Do all elements satisfy it? */
static bool
all_elements_satisfy(EvContainment *c, EvConjunction *inner, const EvNode *node)
{
	for (int i = 0; i <= inner->nprefix; i++)
	{
		if (inner->max_items != EV_NO_LIMIT && inner->max_items <= i)
			break;
		if (!ev_containment_holds_quietly(c, ev_conjunction_element(c->graphs, inner, i), node))
			return false;
	}
	return true;
}

static bool
contains_enough(EvContainment *c, EvConjunction *inner, const EvArrayRules *rules)
{
	if (rules->min_contains <= 0)
		return true;
	for (int i = 0; i < inner->count; i++)
	{
		const EvArrayRules *other = inner->nodes[i]->array;

		if (other != NULL && other->contains != NULL &&
			other->min_contains >= rules->min_contains &&
			ev_containment_holds_quietly(c, ev_conjunction_add(c->graphs, NULL, other->contains),
										 rules->contains))
			return true;
	}
	return inner->min_items >= rules->min_contains &&
		   all_elements_satisfy(c, inner, rules->contains);
}

static bool
contains_not_too_many(EvContainment *c, EvConjunction *inner, const EvArrayRules *rules)
{
	int64 limit = rules->max_contains;

	if (limit == EV_NO_LIMIT || (inner->max_items != EV_NO_LIMIT && inner->max_items <= limit))
		return true;
	for (int i = 0; i < inner->count; i++)
	{
		const EvArrayRules *other = inner->nodes[i]->array;

		if (other != NULL && other->contains != NULL && other->max_contains != EV_NO_LIMIT &&
			other->max_contains <= limit &&
			ev_containment_holds_strictly(c, ev_conjunction_add(c->graphs, NULL, rules->contains),
										  other->contains))
			return true;
	}
	return false;
}

static bool
contains_contains(EvContainment *c, EvConjunction *inner, const EvNode *outer)
{
	const EvArrayRules *rules = outer->array;

	if (rules->contains == NULL ||
		(contains_enough(c, inner, rules) && contains_not_too_many(c, inner, rules)))
		return true;
	return ev_containment_report(c, outer, "\"contains\" may refuse what was valid",
								 "\"contains\" may have refused what is valid now");
}

bool
ev_containment_arrays(EvContainment *c, EvConjunction *inner, const EvNode *outer)
{
	const EvArrayRules *rules = outer->array;
	bool contained;

	if (rules == NULL || !(inner->types & outer->types & EV_TYPE_ARRAY))
		return true;
	contained = ev_containment_least(c, outer, "minItems", inner->min_items, rules->min_items);
	contained &= ev_containment_most(c, outer, "maxItems", inner->max_items, rules->max_items);
	if (rules->unique && !inner->unique && (inner->max_items < 0 || inner->max_items > 1))
		contained = ev_containment_report_limit(c, outer, "uniqueItems", "false", "true");
	contained &= contains_elements(c, inner, outer);
	contained &= contains_contains(c, inner, outer);
	return ev_containment_unevaluated_items(c, inner, outer) && contained;
}
