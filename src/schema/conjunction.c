/* SPDX-License-Identifier: PostgreSQL
 *
 * conjunction.c: sets of nodes that all hold for one value, and what follows
 * from them together.
 *
 * A value of a schema satisfies its root, what the root refers to and all
 * branches of its allOf; a member of an object satisfies what each of them says
 * of its name.  So what is known of a value is a set of nodes.  What a set
 * implies may say less than the set does (a superset of its values), never more.
 *
 * A choice (anyOf, oneOf, if) is a member that says little by itself.  It can
 * be taken apart: each value of the set satisfies one of the alternatives.
 * Of oneOf it is forgotten that the other branches fail, and of a failing `if`
 * that it fails.
 *
 * Sets are made once and kept: as many as there are combinations that are come
 * across, which whoever compares schemas bounds by the work it does.
 */
#include "base/compat.h"

#include "base/number.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "schema/conjunction.h"
#include "utils/fmgrprotos.h"

/* Values of an enumeration that are tried out. */
#define MAX_VALUES 100000

/* Alternatives of a choice that are looked into to find a set empty. */
#define MAX_ALTERNATIVES 16

typedef struct Slot
{
	uint32 hash;
	EvConjunction *first;
} Slot;

/* ---- what follows */

static int
compare_numerics(Numeric a, Numeric b)
{
	EvNumber x = ev_number_read(a), y = ev_number_read(b);

	return ev_number_compare(&x, &y);
}

/* `sign` is 1 for a lower bound, -1 for an upper one: the tighter one is kept. */
static void
tighten(EvBound *bound, Numeric value, bool exclusive, int sign)
{
	int order;

	if (value == NULL)
		return;
	order = bound->value == NULL ? 1 : sign * compare_numerics(value, bound->value);
	if (order > 0 || (order == 0 && exclusive))
	{
		bound->value = value;
		bound->exclusive = exclusive;
	}
}

static int64
least(int64 a, int64 b)
{
	if (a == EV_NO_LIMIT || b == EV_NO_LIMIT)
		return Max(a, b);
	return Min(a, b);
}

static void
imply_array(EvConjunction *c, const EvArrayRules *rules)
{
	c->min_items = Max(c->min_items, rules->min_items);
	if (rules->contains != NULL)
		c->min_items = Max(c->min_items, rules->min_contains);
	c->max_items = least(c->max_items, rules->max_items);
	if (rules->items != NULL && rules->items->kind == EV_NODE_FALSE)
		c->max_items = least(c->max_items, rules->prefix.count);
	c->nprefix = Max(c->nprefix, rules->prefix.count);
	c->unique |= rules->unique;
}

static void
imply(EvConjunction *c, const EvNode *node)
{
	uint8 types = node->types;

	if (types & EV_TYPE_NUMBER)
		types |= EV_TYPE_INTEGER;
	c->types &= types;
	c->strict_integer |= node->strict_integer && !(types & EV_TYPE_NUMBER);
	if (node->number != NULL)
	{
		tighten(&c->lower, node->number->minimum, false, 1);
		tighten(&c->lower, node->number->exclusive_minimum, true, 1);
		tighten(&c->upper, node->number->maximum, false, -1);
		tighten(&c->upper, node->number->exclusive_maximum, true, -1);
	}
	if (node->string != NULL)
	{
		c->min_length = Max(c->min_length, node->string->min_length);
		c->max_length = least(c->max_length, node->string->max_length);
	}
	if (node->array != NULL)
		imply_array(c, node->array);
	if (node->object != NULL)
	{
		c->min_properties = Max(c->min_properties,
								Max(node->object->min_properties, node->object->nrequired));
		c->max_properties = least(c->max_properties, node->object->max_properties);
	}
}

/* An exclusive or fractional bound of integers as an inclusive integer. */
static void
round_bound(EvBound *bound, bool is_lower)
{
	Datum value = NumericGetDatum(bound->value);
	Datum rounded = DirectFunctionCall1(is_lower ? numeric_ceil : numeric_floor, value);

	if (bound->exclusive && compare_numerics(DatumGetNumeric(rounded), bound->value) == 0)
		rounded = DirectFunctionCall2(is_lower ? numeric_add : numeric_sub, rounded,
									  NumericGetDatum(int64_to_numeric(1)));
	bound->value = DatumGetNumeric(rounded);
	bound->exclusive = false;
}

static void
imply_all(EvConjunction *c)
{
	c->types = EV_TYPE_ANY;
	c->max_length = c->max_items = c->max_properties = EV_NO_LIMIT;
	for (int i = 0; i < c->count; i++)
		imply(c, c->nodes[i]);
	if ((c->types & EV_TYPES_NUMBER) == EV_TYPE_INTEGER)
	{
		if (c->lower.value != NULL)
			round_bound(&c->lower, true);
		if (c->upper.value != NULL)
			round_bound(&c->upper, false);
	}
}

/* ---- making them */

typedef struct Builder
{
	const EvGraphs *graphs;
	List *nodes;
	bool never;
} Builder;

static void
add_node(Builder *builder, const EvNode *node)
{
	check_stack_depth();
	if (node->kind == EV_NODE_FALSE)
		builder->never = true;
	if (node->kind != EV_NODE_RULES || ev_graphs_is_true(node) ||
		list_member_ptr(builder->nodes, node))
		return;
	builder->nodes = lappend(builder->nodes, unconstify(EvNode *, node));
	if (node->ref_kind == EV_REF_STATIC)
		add_node(builder, node->ref);
	if (node->second_kind == EV_REF_STATIC)
		add_node(builder, node->second_ref);
	for (int i = 0; i < node->all_of.count; i++)
		add_node(builder, node->all_of.nodes[i]);
}

static const EvGraphs *sorting;

static int
compare_nodes(const void *a, const void *b)
{
	return ev_graphs_number(sorting, *(EvNode *const *) a) -
		   ev_graphs_number(sorting, *(EvNode *const *) b);
}

static bool
same_members(const EvConjunction *a, const EvConjunction *b)
{
	return a->never == b->never && a->count == b->count && a->nchosen == b->nchosen &&
		   memcmp(a->nodes, b->nodes, sizeof(EvNode *) * a->count) == 0 &&
		   (a->nchosen == 0 || memcmp(a->chosen, b->chosen, sizeof(int) * a->nchosen) == 0);
}

/* The one that is kept, which may be this one. */
static EvConjunction *
intern(EvGraphs *graphs, EvConjunction *conjunction)
{
	uint32 hash = hash_bytes((const unsigned char *) conjunction->nodes,
							 sizeof(EvNode *) * conjunction->count);
	bool found;
	Slot *slot = hash_search(graphs->conjunctions, &hash, HASH_ENTER, &found);

	if (!found)
		slot->first = NULL;
	for (EvConjunction *c = slot->first; c != NULL; c = c->next)
	{
		if (same_members(c, conjunction))
		{
			pfree(conjunction->nodes);
			pfree(conjunction);
			return c;
		}
	}
	imply_all(conjunction);
	conjunction->next = slot->first;
	slot->first = conjunction;
	return conjunction;
}

static EvConjunction *
finish(EvGraphs *graphs, Builder *builder, const int *chosen, int nchosen)
{
	EvConjunction *conjunction = palloc0(sizeof(EvConjunction));

	conjunction->never = builder->never;
	conjunction->nodes = palloc(sizeof(EvNode *) * Max(list_length(builder->nodes), 1));
	for (int i = 0; i < list_length(builder->nodes); i++)
		conjunction->nodes[conjunction->count++] = list_nth(builder->nodes, i);
	sorting = graphs;
	qsort(conjunction->nodes, conjunction->count, sizeof(EvNode *), compare_nodes);
	list_free(builder->nodes);
	conjunction->chosen = unconstify(int *, chosen);
	conjunction->nchosen = nchosen;
	return intern(graphs, conjunction);
}

EvConjunction *
ev_conjunction_make(EvGraphs *graphs, const EvConjunction *base, List *nodes)
{
	MemoryContext old = MemoryContextSwitchTo(graphs->context);
	Builder builder = {.graphs = graphs};
	EvConjunction *conjunction;
	ListCell *lc;

	if (base != NULL)
	{
		builder.never = base->never;
		for (int i = 0; i < base->count; i++)
			builder.nodes = lappend(builder.nodes, unconstify(EvNode *, base->nodes[i]));
	}
	foreach (lc, nodes)
		add_node(&builder, lfirst(lc));
	conjunction = finish(graphs, &builder, base != NULL ? base->chosen : NULL,
						 base != NULL ? base->nchosen : 0);
	MemoryContextSwitchTo(old);
	return conjunction;
}

EvConjunction *
ev_conjunction_add(EvGraphs *graphs, const EvConjunction *base, const EvNode *node)
{
	return ev_conjunction_make(graphs, base,
							   node != NULL ? list_make1(unconstify(EvNode *, node)) : NIL);
}

bool
ev_conjunction_has(const EvConjunction *conjunction, const EvNode *node)
{
	for (int i = 0; i < conjunction->count; i++)
	{
		if (conjunction->nodes[i] == node)
			return true;
	}
	return false;
}

/* ---- taking them apart */

static bool
is_chosen(const EvConjunction *c, int choice)
{
	for (int i = 0; i < c->nchosen; i++)
	{
		if (c->chosen[i] == choice)
			return true;
	}
	return false;
}

static EvConjunction *
mark_chosen(EvGraphs *graphs, const EvConjunction *base, int choice)
{
	MemoryContext old = MemoryContextSwitchTo(graphs->context);
	int *chosen = palloc(sizeof(int) * (base->nchosen + 1));
	Builder builder = {.graphs = graphs, .never = base->never};
	EvConjunction *conjunction;
	int n = 0;

	for (int i = 0; i < base->nchosen && base->chosen[i] < choice; i++)
		chosen[n++] = base->chosen[i];
	chosen[n++] = choice;
	for (int i = n - 1; i < base->nchosen; i++)
		chosen[n++] = base->chosen[i];
	for (int i = 0; i < base->count; i++)
		builder.nodes = lappend(builder.nodes, unconstify(EvNode *, base->nodes[i]));
	conjunction = finish(graphs, &builder, chosen, n);
	MemoryContextSwitchTo(old);
	return conjunction;
}

static bool
offers(const EvNode *node, EvChoiceKind kind)
{
	switch (kind)
	{
		case EV_CHOICE_ANY_OF:
			return node->any_of.count > 0;
		case EV_CHOICE_ONE_OF:
			return node->one_of.count > 0;
		case EV_CHOICE_IF:
			return node->if_node != NULL && (node->then_node != NULL || node->else_node != NULL);
	}
	return false;
}

static List *
alternatives(EvGraphs *graphs, const EvConjunction *base, const EvNode *node, EvChoiceKind kind)
{
	const EvNodeList *list = kind == EV_CHOICE_ANY_OF ? &node->any_of : &node->one_of;
	List *result = NIL;

	if (kind == EV_CHOICE_IF)
	{
		EvConjunction *then = ev_conjunction_add(graphs, base, node->if_node);

		return list_make2(ev_conjunction_add(graphs, then, node->then_node),
						  ev_conjunction_add(graphs, base, node->else_node));
	}
	for (int i = 0; i < list->count; i++)
		result = lappend(result, ev_conjunction_add(graphs, base, list->nodes[i]));
	return result;
}

List *
ev_conjunction_choose(EvGraphs *graphs, const EvConjunction *conjunction)
{
	for (int i = 0; i < conjunction->count; i++)
	{
		const EvNode *node = conjunction->nodes[i];

		for (EvChoiceKind kind = 0; kind < EV_NCHOICES; kind++)
		{
			int choice = ev_graphs_number(graphs, node) * EV_NCHOICES + kind;

			if (offers(node, kind) && !is_chosen(conjunction, choice))
				return alternatives(graphs, mark_chosen(graphs, conjunction, choice), node, kind);
		}
	}
	return NIL;
}

List *
ev_conjunction_by_type(EvGraphs *graphs, const EvConjunction *conjunction)
{
	List *result = NIL;

	for (int i = 0; i < EV_NTYPES; i++)
	{
		if (conjunction->types & graphs->types[i].types)
			result = lappend(result, ev_conjunction_add(graphs, conjunction, &graphs->types[i]));
	}
	return result;
}

/* ---- the values of a finite one */

static bool
accepted_by_all(const EvGraphs *graphs, const EvConjunction *c, const EvView *value)
{
	CHECK_FOR_INTERRUPTS();
	for (int i = 0; i < c->count; i++)
	{
		if (!ev_graphs_accepts(graphs, c->nodes[i], value, true))
			return false;
	}
	return true;
}

static void
add_value(EvGraphs *graphs, const EvConjunction *c, EvView value, List **values)
{
	if (accepted_by_all(graphs, c, &value))
	{
		EvView *copy = palloc(sizeof(EvView));

		*copy = value;
		*values = lappend(*values, copy);
	}
}

bool
ev_conjunction_values(EvGraphs *graphs, const EvConjunction *c, List **values)
{
	const EvEnum *shortest = NULL;
	const EvView *constant = NULL;

	*values = NIL;
	if (c->never)
		return true;
	for (int i = 0; i < c->count; i++)
	{
		const EvEnum *enumeration = c->nodes[i]->enumeration;

		if (c->nodes[i]->constant != NULL)
			constant = c->nodes[i]->constant;
		if (enumeration != NULL && (shortest == NULL || enumeration->count < shortest->count))
			shortest = enumeration;
	}
	if (constant != NULL)
		add_value(graphs, c, *constant, values);
	else if (shortest != NULL && shortest->count <= MAX_VALUES)
	{
		for (int i = 0; i < shortest->count; i++)
			add_value(graphs, c, shortest->values[i], values);
	}
	else if ((c->types & ~(EV_TYPE_NULL | EV_TYPE_BOOLEAN)) == 0)
	{
		if (c->types & EV_TYPE_NULL)
			add_value(graphs, c, (EvView) {.type = EV_JSON_NULL}, values);
		for (int b = 0; b < 2 && (c->types & EV_TYPE_BOOLEAN); b++)
			add_value(graphs, c, (EvView) {.type = EV_JSON_BOOLEAN, .boolean = b}, values);
	}
	else
		return false;
	return true;
}

/* ---- is there any value? */

static bool
bounds_cross(const EvConjunction *c)
{
	int order;

	if (c->lower.value == NULL || c->upper.value == NULL)
		return false;
	order = compare_numerics(c->lower.value, c->upper.value);
	return order > 0 || (order == 0 && (c->lower.exclusive || c->upper.exclusive));
}

static bool
limits_cross(int64 min, int64 max)
{
	return max != EV_NO_LIMIT && min > max;
}

static bool
some_required_is_empty(EvGraphs *graphs, const EvConjunction *c)
{
	for (int i = 0; i < c->count; i++)
	{
		const EvObjectRules *rules = c->nodes[i]->object;

		for (int j = 0; rules != NULL && j < rules->nproperties; j++)
		{
			const EvProperty *property = &rules->properties[j];
			bool named;

			if (property->required &&
				ev_conjunction_is_empty(graphs, ev_conjunction_member(graphs, c, property->name,
																	  property->length, &named)))
				return true;
		}
	}
	return false;
}

static bool
some_element_is_empty(EvGraphs *graphs, const EvConjunction *c)
{
	for (int i = 0; i < c->min_items && i <= c->nprefix; i++)
	{
		if (ev_conjunction_is_empty(graphs, ev_conjunction_element(graphs, c, i)))
			return true;
	}
	return false;
}

/* Does one member say that another one fails? */
static bool
contradicts_itself(const EvGraphs *graphs, const EvConjunction *c)
{
	for (int i = 0; i < c->count; i++)
	{
		const EvNode *excluded = c->nodes[i]->not_node;

		for (int j = 0; excluded != NULL && j < c->count; j++)
		{
			if (ev_graphs_same(graphs, excluded, c->nodes[j]))
				return true;
		}
		if (excluded != NULL && ev_graphs_is_true(excluded))
			return true;
	}
	return false;
}

static bool
no_alternative_left(EvGraphs *graphs, const EvConjunction *c)
{
	List *choice = ev_conjunction_choose(graphs, c);
	ListCell *lc;

	if (choice == NIL || list_length(choice) > MAX_ALTERNATIVES || c->nchosen > 1)
		return false;
	foreach (lc, choice)
	{
		if (!ev_conjunction_is_empty(graphs, lfirst(lc)))
			return false;
	}
	return true;
}

static bool
find_empty(EvGraphs *graphs, const EvConjunction *c)
{
	List *values;

	if (c->never || c->types == 0 || contradicts_itself(graphs, c))
		return true;
	if (ev_conjunction_values(graphs, c, &values))
		return values == NIL;
	if ((c->types & ~EV_TYPES_NUMBER) == 0 && bounds_cross(c))
		return true;
	if (c->types == EV_TYPE_STRING && limits_cross(c->min_length, c->max_length))
		return true;
	if (c->types == EV_TYPE_ARRAY &&
		(limits_cross(c->min_items, c->max_items) || some_element_is_empty(graphs, c)))
		return true;
	if (c->types == EV_TYPE_OBJECT &&
		(limits_cross(c->min_properties, c->max_properties) || some_required_is_empty(graphs, c)))
		return true;
	return no_alternative_left(graphs, c);
}

bool
ev_conjunction_is_empty(EvGraphs *graphs, EvConjunction *c)
{
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (c->emptiness == EV_EMPTINESS_UNKNOWN)
	{
		c->emptiness = EV_EMPTINESS_ASKED;
		c->emptiness = find_empty(graphs, c) ? EV_EMPTY : EV_NOT_EMPTY;
	}
	return c->emptiness == EV_EMPTY;
}
