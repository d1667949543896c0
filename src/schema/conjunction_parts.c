/* SPDX-License-Identifier: PostgreSQL
 *
 * conjunction_parts.c: what the elements of an array and the members of an
 * object satisfy, if the whole satisfies a set of nodes.
 *
 * `unevaluatedProperties` and `unevaluatedItems` hold for a part that no schema
 * applied in place can have looked at, whichever branches hold.
 */
#include "base/compat.h"

#include "miscadmin.h"
#include "schema/conjunction.h"

/* Schemas applied in place that are looked through for names. */
#define MAX_IN_PLACE 1000

bool
ev_pattern_same(const EvPattern *a, const EvPattern *b)
{
	return strcmp(ev_pattern_source(a), ev_pattern_source(b)) == 0;
}

bool
ev_pattern_is_in(const EvObjectRules *rules, const EvPattern *pattern)
{
	for (int i = 0; i < rules->npatterns; i++)
	{
		if (ev_pattern_same(rules->patterns[i].pattern, pattern))
			return true;
	}
	return false;
}

bool
ev_conjunction_has_pattern(const EvConjunction *c, const EvPattern *pattern)
{
	for (int i = 0; i < c->count; i++)
	{
		if (c->nodes[i]->object != NULL && ev_pattern_is_in(c->nodes[i]->object, pattern))
			return true;
	}
	return false;
}

/* ---- what schemas applied in place may have looked at */

typedef struct Lookout
{
	const char *name; /* NULL: a name that nobody mentions, or elements */
	int length;
	int index; /* of an element, where array is true */
	bool array;
	int left;				  /* how many schemas may be looked at still */
	bool found;				  /* it may have been looked at */
	bool named;				  /* the name was mentioned */
	const EvObjectRules *but; /* all names that are mentioned are collected, but those here */
	List *names;
} Lookout;

/* How a schema is applied: the node asked about itself, in any case, or perhaps. */
typedef enum Applied
{
	ITSELF,
	ALWAYS,
	PERHAPS
} Applied;

static void look(Lookout *lookout, const EvNode *node, Applied applied);

static void
look_at_list(Lookout *lookout, const EvNodeList *list, Applied applied)
{
	for (int i = 0; i < list->count; i++)
		look(lookout, list->nodes[i], applied);
}

static void
look_at_array(Lookout *lookout, const EvArrayRules *rules, Applied applied)
{
	if (rules->items != NULL || lookout->index < rules->prefix.count ||
		(rules->contains != NULL && rules->contains_evaluates) ||
		(applied != ITSELF && rules->unevaluated != NULL))
		lookout->found = true;
}

static void
look_for_name(Lookout *lookout, const EvObjectRules *rules)
{
	const EvProperty *property = ev_property_find(rules, lookout->name, lookout->length);

	if (property != NULL)
	{
		lookout->named = true;
		lookout->found |= property->node != NULL;
	}
	for (int i = 0; i < rules->npatterns; i++)
	{
		if (ev_pattern_matches(rules->patterns[i].pattern, lookout->name, lookout->length))
			lookout->named = lookout->found = true;
	}
	for (int i = 0; i < rules->ndependencies; i++)
	{
		if (ev_view_compare_keys(lookout->name, lookout->length, rules->dependencies[i].name,
								 rules->dependencies[i].length) == 0)
			lookout->named = true;
	}
}

static void
look_at_object(Lookout *lookout, const EvObjectRules *rules, Applied applied)
{
	if (rules->additional != NULL || (applied != ITSELF && rules->unevaluated != NULL))
		lookout->found = true;
	if (lookout->name != NULL)
		look_for_name(lookout, rules);
	else if (applied == PERHAPS && rules->npatterns > 0)
		lookout->found = true; /* by a pattern; those that always apply are asked about apart */
	for (int i = 0; lookout->but != NULL && i < rules->nproperties; i++)
	{
		if (ev_property_find(lookout->but, rules->properties[i].name,
							 rules->properties[i].length) == NULL)
			lookout->names = lappend(lookout->names, &rules->properties[i]);
	}
	for (int i = 0; i < rules->ndependencies; i++)
		look(lookout, rules->dependencies[i].node, PERHAPS);
}

static void
look(Lookout *lookout, const EvNode *node, Applied applied)
{
	Applied below = applied == PERHAPS ? PERHAPS : ALWAYS;

	check_stack_depth();
	if (node == NULL)
		return;
	/* Who cannot see all takes it for looked at: then nothing follows from it. */
	if (lookout->left-- <= 0 || node->ref_kind > EV_REF_STATIC || node->second_kind > EV_REF_STATIC)
	{
		lookout->found = lookout->named = true;
		return;
	}
	if (lookout->array && node->array != NULL)
		look_at_array(lookout, node->array, applied);
	if (!lookout->array && node->object != NULL)
		look_at_object(lookout, node->object, applied);
	look(lookout, node->ref, below);
	look(lookout, node->second_ref, below);
	look_at_list(lookout, &node->all_of, below);
	look_at_list(lookout, &node->any_of, PERHAPS);
	look_at_list(lookout, &node->one_of, PERHAPS);
	look(lookout, node->if_node, PERHAPS);
	look(lookout, node->then_node, PERHAPS);
	look(lookout, node->else_node, PERHAPS);
}

List *
ev_conjunction_mentioned(const EvNode *node, const EvObjectRules *but, List *names)
{
	Lookout lookout = {.but = but, .names = names, .left = MAX_IN_PLACE};

	look(&lookout, node, ITSELF);
	return lookout.names;
}

static bool
may_be_evaluated(const EvNode *node, const char *name, int length, int index)
{
	Lookout lookout = {.name = name, .length = length, .index = index, .left = MAX_IN_PLACE};

	lookout.array = index >= 0;
	look(&lookout, node, ITSELF);
	return lookout.found;
}

/* Does a schema applied in place, in a branch maybe, speak of the name? */
static bool
is_mentioned(const EvConjunction *c, const char *name, int length)
{
	for (int i = 0; i < c->count; i++)
	{
		Lookout lookout = {.name = name, .length = length, .left = MAX_IN_PLACE};

		look(&lookout, c->nodes[i], ITSELF);
		if (lookout.named)
			return true;
	}
	return false;
}

/* ---- elements */

EvConjunction *
ev_conjunction_element(EvGraphs *graphs, const EvConjunction *c, int index)
{
	List *nodes = NIL;

	for (int i = 0; i < c->count; i++)
	{
		const EvArrayRules *rules = c->nodes[i]->array;

		if (rules == NULL)
			continue;
		if (index < rules->prefix.count)
			nodes = lappend(nodes, rules->prefix.nodes[index]);
		else if (rules->items != NULL)
			nodes = lappend(nodes, rules->items);
		if (rules->unevaluated != NULL && !may_be_evaluated(c->nodes[i], NULL, 0, index))
			nodes = lappend(nodes, rules->unevaluated);
	}
	return ev_conjunction_make(graphs, NULL, nodes);
}

/* ---- members */

bool
ev_conjunction_requires(const EvConjunction *c, const char *name, int length)
{
	for (int i = 0; i < c->count; i++)
	{
		const EvProperty *property = ev_property_find(c->nodes[i]->object, name, length);

		if (property != NULL && property->required)
			return true;
	}
	return false;
}

/* What one node says of a name; true if it names it. */
static bool
add_member_nodes(const EvNode *node, const char *name, int length, List **nodes)
{
	const EvObjectRules *rules = node->object;
	const EvProperty *property = ev_property_find(rules, name, length);
	bool known = property != NULL && property->node != NULL;

	if (known)
		*nodes = lappend(*nodes, property->node);
	for (int i = 0; i < rules->npatterns; i++)
	{
		if (ev_pattern_matches(rules->patterns[i].pattern, name, length))
		{
			*nodes = lappend(*nodes, rules->patterns[i].node);
			known = true;
		}
	}
	if (!known && rules->additional != NULL)
	{
		*nodes = lappend(*nodes, rules->additional);
		known = !ev_graphs_is_true(rules->additional);
	}
	if (rules->unevaluated != NULL && !may_be_evaluated(node, name, length, -1))
		*nodes = lappend(*nodes, rules->unevaluated);
	return known || property != NULL;
}

EvConjunction *
ev_conjunction_member(EvGraphs *graphs, const EvConjunction *c, const char *name, int length,
					  bool *named)
{
	List *nodes = NIL;

	*named = false;
	for (int i = 0; i < c->count; i++)
	{
		if (c->nodes[i]->object != NULL && add_member_nodes(c->nodes[i], name, length, &nodes))
			*named = true;
	}
	if (!*named)
		*named = is_mentioned(c, name, length);
	return ev_conjunction_make(graphs, NULL, nodes);
}

EvConjunction *
ev_conjunction_like(EvGraphs *graphs, const EvConjunction *c, const EvPattern *pattern)
{
	List *nodes = NIL;

	for (int i = 0; i < c->count; i++)
	{
		const EvObjectRules *rules = c->nodes[i]->object;

		for (int j = 0; rules != NULL && j < rules->npatterns; j++)
		{
			if (ev_pattern_same(rules->patterns[j].pattern, pattern))
				nodes = lappend(nodes, rules->patterns[j].node);
		}
	}
	return ev_conjunction_make(graphs, NULL, nodes);
}

EvConjunction *
ev_conjunction_unnamed(EvGraphs *graphs, const EvConjunction *c)
{
	List *nodes = NIL;

	for (int i = 0; i < c->count; i++)
	{
		const EvObjectRules *rules = c->nodes[i]->object;

		if (rules == NULL)
			continue;
		if (rules->additional != NULL)
			nodes = lappend(nodes, rules->additional);
		if (rules->unevaluated != NULL && !may_be_evaluated(c->nodes[i], NULL, 0, -1))
			nodes = lappend(nodes, rules->unevaluated);
	}
	return ev_conjunction_make(graphs, NULL, nodes);
}
