/* SPDX-License-Identifier: PostgreSQL
 *
 * defaults.c: filling in what a value leaves out.
 *
 * A property that is missing gets the `default` of its schema: its own, else
 * that of what it refers to, else the first one in allOf.  What is filled in is
 * filled in further, and nothing that is there is changed.  `items` and
 * prefixItems are gone through, and additionalProperties and patternProperties
 * for members that are there.  Schemas applied to the same value come after the
 * node's own properties, and see them filled in: references and allOf always,
 * then, else, dependentSchemas and the branches of anyOf and oneOf where they
 * apply and are valid.
 *
 * Views are not changed either: a container of which some part changes is made
 * anew, parts that did not change are copied as they lie.
 *
 * A schema can ask for a default inside of that same default without end.  The
 * defaults being filled in are on a list, and one that is on it is left out.
 *
 * Not done: unevaluatedProperties and unevaluatedItems fill nothing in, nor
 * does `contains`.
 */
#include "schema/evaluation.h"

#include "miscadmin.h"

typedef struct Expansion
{
	const EvNode *node; /* whose default is being filled in */
	const struct Expansion *outer;
} Expansion;

typedef struct Filler
{
	EvEvaluation e; /* for verdicts on branches, and the dynamic scope */
	const Expansion *expansions;
	int nreferences; /* followed for the same value */
} Filler;

static EvView fill(Filler *f, const EvNode *node, EvView value);

/* Into a part of the value: references count anew. */
static bool
fill_part(Filler *f, const EvNode *node, EvView *part)
{
	int nreferences = f->nreferences;
	const char *before = part->data;

	f->nreferences = 0;
	*part = fill(f, node, *part);
	f->nreferences = nreferences;
	return part->data != before;
}

static bool
find_default(Filler *f, const EvNode *node, EvView *value)
{
	bool found;

	if (node->source.type != EV_JSON_OBJECT)
		return false;
	check_stack_depth();
	if (ev_view_get(&node->source, "default", value))
		return true;
	if (node->ref_kind != EV_REF_NONE)
	{
		if (++f->nreferences > f->e.schema->nnodes)
			return false;
		found = find_default(f, ev_scope_resolve(&f->e, node, node->ref_kind, node->ref), value);
		f->nreferences--;
		if (found)
			return true;
	}
	for (int i = 0; i < node->all_of.count; i++)
	{
		if (find_default(f, node->all_of.nodes[i], value))
			return true;
	}
	return false;
}

/* The default of a missing property, itself filled in. */
static bool
make_default(Filler *f, const EvNode *node, EvView *value)
{
	Expansion expansion = {.node = node, .outer = f->expansions};
	int nreferences = f->nreferences;
	bool found;

	for (const Expansion *outer = f->expansions; outer != NULL; outer = outer->outer)
	{
		if (outer->node == node)
			return false;
	}
	f->nreferences = 0;
	found = find_default(f, node, value);
	if (found)
	{
		f->expansions = &expansion;
		*value = fill(f, node, *value);
		f->expansions = expansion.outer;
	}
	f->nreferences = nreferences;
	return found;
}

/* A member that `properties` does not name; true if it changed. */
static bool
fill_otherwise(Filler *f, const EvObjectRules *rules, EvMember *member, bool named)
{
	bool changed = false;
	bool matched = named;

	for (int i = 0; i < rules->npatterns; i++)
	{
		if (!ev_pattern_matches(rules->patterns[i].pattern, member->key, member->key_length))
			continue;
		matched = true;
		changed |= fill_part(f, rules->patterns[i].node, &member->value);
	}
	if (!matched && rules->additional != NULL)
		changed |= fill_part(f, rules->additional, &member->value);
	return changed;
}

/* The missing properties with names before some key (NULL: all that are left). */
static int
fill_missing(Filler *f, const EvProperty **property, const EvProperty *end, const EvMember *next,
			 EvMember *members)
{
	int n = 0;

	for (; *property < end; (*property)++)
	{
		if (next != NULL && ev_view_compare_keys((*property)->name, (*property)->length, next->key,
												 next->key_length) >= 0)
			break;
		if ((*property)->node != NULL && make_default(f, (*property)->node, &members[n].value))
		{
			members[n].key = (*property)->name;
			members[n].key_length = (*property)->length;
			n++;
		}
	}
	return n;
}

static EvView
fill_members(Filler *f, const EvObjectRules *rules, EvView value)
{
	const EvProperty *property = rules->properties;
	const EvProperty *end = property + rules->nproperties;
	Size room = (Size) ev_view_count(&value) + rules->nproperties;
	EvMember *members = MemoryContextAllocHuge(CurrentMemoryContext, room * sizeof(EvMember));
	EvMember member;
	EvCursor cursor;
	int n = 0;
	bool changed = false;

	ev_view_begin(&cursor, &value);
	while (ev_view_next_member(&cursor, &member.key, &member.key_length, &member.value))
	{
		bool named = false;
		int added = fill_missing(f, &property, end, &member, members + n);

		changed |= added > 0;
		n += added;
		if (property < end && ev_view_compare_keys(property->name, property->length, member.key,
												   member.key_length) == 0)
		{
			if (property->node != NULL)
			{
				named = true;
				changed |= fill_part(f, property->node, &member.value);
			}
			property++;
		}
		changed |= fill_otherwise(f, rules, &member, named);
		members[n++] = member;
	}
	room = fill_missing(f, &property, end, NULL, members + n);
	if (changed || room > 0)
		value = ev_view_make_object(members, n + (int) room);
	pfree(members);
	return value;
}

static EvView
fill_elements(Filler *f, const EvArrayRules *rules, EvView value)
{
	int n = ev_view_count(&value);
	EvView *elements;
	EvCursor cursor;
	bool changed = false;

	if (n == 0 || (rules->prefix.count == 0 && rules->items == NULL))
		return value;
	elements = MemoryContextAllocHuge(CurrentMemoryContext, n * sizeof(EvView));
	ev_view_begin(&cursor, &value);
	for (int i = 0; ev_view_next_element(&cursor, &elements[i]); i++)
	{
		const EvNode *node = i < rules->prefix.count ? rules->prefix.nodes[i] : rules->items;

		if (node != NULL)
			changed |= fill_part(f, node, &elements[i]);
		if (i + 1 == n)
			break;
	}
	if (changed)
		value = ev_view_make_array(elements, n);
	pfree(elements);
	return value;
}

static EvView
fill_reference(Filler *f, const EvNode *node, EvRefKind kind, const EvNode *target, EvView value)
{
	if (kind == EV_REF_NONE)
		return value;
	if (++f->nreferences > f->e.schema->nnodes)
		ev_evaluate_refuse_cycle(node);
	value = fill(f, ev_scope_resolve(&f->e, node, kind, target), value);
	f->nreferences--;
	return value;
}

/* Branches that are valid, or the only one that is. */
static EvView
fill_branches(Filler *f, const EvNodeList *branches, bool only_one, EvView value)
{
	const EvNode *last = NULL;
	EvView before = value;
	int nvalid = 0;

	for (int i = 0; i < branches->count; i++)
	{
		if (!ev_evaluate(&f->e, branches->nodes[i], &before, NULL))
			continue;
		nvalid++;
		last = branches->nodes[i];
		if (!only_one)
			value = fill(f, last, value);
	}
	return only_one && nvalid == 1 ? fill(f, last, value) : value;
}

static EvView
fill_applied(Filler *f, const EvNode *node, EvView value)
{
	value = fill_reference(f, node, node->ref_kind, node->ref, value);
	value = fill_reference(f, node, node->second_kind, node->second_ref, value);
	for (int i = 0; i < node->all_of.count; i++)
		value = fill(f, node->all_of.nodes[i], value);
	value = fill_branches(f, &node->any_of, false, value);
	value = fill_branches(f, &node->one_of, true, value);
	if (node->then_node != NULL || node->else_node != NULL)
	{
		const EvNode *branch = ev_evaluate(&f->e, node->if_node, &value, NULL) ? node->then_node
																			   : node->else_node;

		if (branch != NULL && ev_evaluate(&f->e, branch, &value, NULL))
			value = fill(f, branch, value);
	}
	return value;
}

static EvView
fill_dependencies(Filler *f, const EvObjectRules *rules, EvView value)
{
	EvView member;

	for (int i = 0; i < rules->ndependencies; i++)
	{
		const EvDependency *dependency = &rules->dependencies[i];

		if (dependency->node != NULL &&
			ev_view_member(&value, dependency->name, dependency->length, &member) &&
			ev_evaluate(&f->e, dependency->node, &value, NULL))
			value = fill(f, dependency->node, value);
	}
	return value;
}

static EvView
fill(Filler *f, const EvNode *node, EvView value)
{
	EvScope scope = {.resource = node->resource, .outer = f->e.scope};

	if (node->kind != EV_NODE_RULES ||
		(value.type != EV_JSON_OBJECT && value.type != EV_JSON_ARRAY))
		return value;
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (node->resource != scope.outer->resource)
		f->e.scope = &scope;
	if (value.type == EV_JSON_ARRAY && node->array != NULL)
		value = fill_elements(f, node->array, value);
	else if (value.type == EV_JSON_OBJECT && node->object != NULL)
		value = fill_members(f, node->object, value);
	value = fill_applied(f, node, value);
	if (value.type == EV_JSON_OBJECT && node->object != NULL)
		value = fill_dependencies(f, node->object, value);
	f->e.scope = scope.outer;
	return value;
}

Jsonb *
ev_schema_apply_defaults(const EvSchema *schema, const EvView *data)
{
	EvScope scope = {.resource = schema->root->resource};
	Filler f = {.e = {.schema = schema, .scope = &scope}};
	EvView filled = fill(&f, schema->root, *data);

	return ev_view_to_jsonb(&filled);
}
