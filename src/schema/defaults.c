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
 * anew, parts that did not change are copied as they lie.  What was made on the
 * way is freed when it has been copied.
 *
 * A schema can ask for a default inside of that same default without end.  The
 * defaults being filled in are on a list, and one that is on it is left out.
 * Without any such circle a small schema can still ask for two defaults at each
 * of forty levels: what is filled in altogether has a bound.
 *
 * Not done: unevaluatedProperties and unevaluatedItems fill nothing in, nor
 * does `contains`.
 */
#include "schema/evaluation.h"

#include "miscadmin.h"
#include "nodes/pg_list.h"

/* All that is filled in, names and values. */
#define MAX_FILLED_MB 64

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
	Size filled;	 /* bytes, of MAX_FILLED_MB */
} Filler;

/* A value on its way. */
typedef struct Filling
{
	EvView view;
	bool made; /* a container of our own, to be freed; else it lies in the data or the schema */
} Filling;

/* The members of an object that may have to be made. */
typedef struct Members
{
	EvMember *list;
	Size n, room;
	bool changed;
	List *made; /* values of our own */
} Members;

static void fill(Filler *f, const EvNode *node, Filling *value);

static void
replace(Filling *value, EvView made)
{
	if (value->made)
		pfree((void *) value->view.data);
	value->view = made;
	value->made = true;
}

/* Into a part of the value: references count anew. */
static void
fill_part(Filler *f, const EvNode *node, Filling *part)
{
	int nreferences = f->nreferences;

	f->nreferences = 0;
	fill(f, node, part);
	f->nreferences = nreferences;
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

/* One more default; names and values have an entry each in jsonb. */
static void
count_filled(Filler *f, const EvProperty *property, const EvView *value)
{
	f->filled += (Size) property->length + value->length + 2 * sizeof(JEntry);
	if (f->filled > (Size) MAX_FILLED_MB * 1024 * 1024)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("too much to fill in"),
				 errdetail("The defaults that a value lacks come to more than %d MB.",
						   MAX_FILLED_MB),
				 errhint("A default that is filled in with defaults that are filled in themselves "
						 "grows with every level: have fewer of them in the schema.")));
}

/* The default of a missing property, itself filled in. */
static bool
make_default(Filler *f, const EvProperty *property, Filling *value)
{
	Expansion expansion = {.node = property->node, .outer = f->expansions};
	int nreferences = f->nreferences;
	bool found;

	for (const Expansion *outer = f->expansions; outer != NULL; outer = outer->outer)
	{
		if (outer->node == property->node)
			return false;
	}
	f->nreferences = 0;
	value->made = false;
	found = find_default(f, property->node, &value->view);
	if (found)
	{
		count_filled(f, property, &value->view);
		f->expansions = &expansion;
		fill(f, property->node, value);
		f->expansions = expansion.outer;
	}
	f->nreferences = nreferences;
	return found;
}

/* ---- objects and arrays */

static void
add_member(Members *members, const char *key, int key_length, const Filling *value)
{
	if (members->n == members->room)
	{
		members->room = members->room * 2 + 8;
		members->list = repalloc_huge(members->list, members->room * sizeof(EvMember));
	}
	members->list[members->n++] = (EvMember) {key, key_length, value->view};
	if (value->made)
		members->made = lappend(members->made, (void *) value->view.data);
	members->changed |= value->made;
}

/* A member that `properties` does not name. */
static void
fill_otherwise(Filler *f, const EvObjectRules *rules, const EvMember *member, bool named,
			   Filling *value)
{
	bool matched = named;

	for (int i = 0; i < rules->npatterns; i++)
	{
		if (!ev_pattern_matches(rules->patterns[i].pattern, member->key, member->key_length))
			continue;
		matched = true;
		fill_part(f, rules->patterns[i].node, value);
	}
	if (!matched && rules->additional != NULL)
		fill_part(f, rules->additional, value);
}

/* The missing properties with names before some key (NULL: all that are left). */
static void
fill_missing(Filler *f, const EvProperty **property, const EvProperty *end, const EvMember *next,
			 Members *members)
{
	Filling value;

	for (; *property < end; (*property)++)
	{
		if (next != NULL && ev_view_compare_keys((*property)->name, (*property)->length, next->key,
												 next->key_length) >= 0)
			break;
		if ((*property)->node != NULL && make_default(f, *property, &value))
		{
			add_member(members, (*property)->name, (*property)->length, &value);
			members->changed = true;
		}
	}
}

static void
fill_members(Filler *f, const EvObjectRules *rules, Filling *object)
{
	const EvProperty *property = rules->properties;
	const EvProperty *end = property + rules->nproperties;
	Members members = {.room = (Size) ev_view_count(&object->view) + 1};
	EvMember member;
	EvCursor cursor;

	members.list = MemoryContextAllocHuge(CurrentMemoryContext, members.room * sizeof(EvMember));
	ev_view_begin(&cursor, &object->view);
	while (ev_view_next_member(&cursor, &member.key, &member.key_length, &member.value))
	{
		Filling value = {.view = member.value};
		bool named = false;

		fill_missing(f, &property, end, &member, &members);
		if (property < end && ev_view_compare_keys(property->name, property->length, member.key,
												   member.key_length) == 0)
		{
			if (property->node != NULL)
			{
				named = true;
				fill_part(f, property->node, &value);
			}
			property++;
		}
		fill_otherwise(f, rules, &member, named, &value);
		add_member(&members, member.key, member.key_length, &value);
	}
	fill_missing(f, &property, end, NULL, &members);
	if (members.changed)
		replace(object, ev_view_make_object(members.list, (int) members.n));
	list_free_deep(members.made);
	pfree(members.list);
}

static void
fill_elements(Filler *f, const EvArrayRules *rules, Filling *array)
{
	int n = ev_view_count(&array->view);
	EvView *elements;
	EvCursor cursor;
	List *made = NIL;

	if (n == 0 || (rules->prefix.count == 0 && rules->items == NULL))
		return;
	elements = MemoryContextAllocHuge(CurrentMemoryContext, n * sizeof(EvView));
	ev_view_begin(&cursor, &array->view);
	for (int i = 0; i < n && ev_view_next_element(&cursor, &elements[i]); i++)
	{
		const EvNode *node = i < rules->prefix.count ? rules->prefix.nodes[i] : rules->items;
		Filling element = {.view = elements[i]};

		if (node == NULL)
			continue;
		fill_part(f, node, &element);
		elements[i] = element.view;
		if (element.made)
			made = lappend(made, (void *) element.view.data);
	}
	if (made != NIL)
		replace(array, ev_view_make_array(elements, n));
	list_free_deep(made);
	pfree(elements);
}

/* ---- schemas that apply to the same value */

static void
fill_reference(Filler *f, const EvNode *node, EvRefKind kind, const EvNode *target, Filling *value)
{
	if (kind == EV_REF_NONE)
		return;
	if (++f->nreferences > f->e.schema->nnodes)
		ev_evaluate_refuse_cycle(node);
	fill(f, ev_scope_resolve(&f->e, node, kind, target), value);
	f->nreferences--;
}

/* Branches that are valid, for the value as it came, or the only one that is. */
static void
fill_branches(Filler *f, const EvNodeList *branches, bool only_one, Filling *value)
{
	Filling filled = {.view = value->view};
	const EvNode *last = NULL;
	int nvalid = 0;

	for (int i = 0; i < branches->count; i++)
	{
		if (!ev_evaluate(&f->e, branches->nodes[i], &value->view, NULL))
			continue;
		nvalid++;
		last = branches->nodes[i];
		if (!only_one)
			fill(f, last, &filled);
	}
	if (only_one && nvalid == 1)
		fill(f, last, &filled);
	if (filled.made)
		replace(value, filled.view);
}

static void
fill_applied(Filler *f, const EvNode *node, Filling *value)
{
	fill_reference(f, node, node->ref_kind, node->ref, value);
	fill_reference(f, node, node->second_kind, node->second_ref, value);
	for (int i = 0; i < node->all_of.count; i++)
		fill(f, node->all_of.nodes[i], value);
	fill_branches(f, &node->any_of, false, value);
	fill_branches(f, &node->one_of, true, value);
	if (node->then_node != NULL || node->else_node != NULL)
	{
		const EvNode *branch = ev_evaluate(&f->e, node->if_node, &value->view, NULL)
								   ? node->then_node
								   : node->else_node;

		if (branch != NULL && ev_evaluate(&f->e, branch, &value->view, NULL))
			fill(f, branch, value);
	}
}

static void
fill_dependencies(Filler *f, const EvObjectRules *rules, Filling *value)
{
	EvView member;

	for (int i = 0; i < rules->ndependencies; i++)
	{
		const EvDependency *dependency = &rules->dependencies[i];

		if (dependency->node != NULL &&
			ev_view_member(&value->view, dependency->name, dependency->length, &member) &&
			ev_evaluate(&f->e, dependency->node, &value->view, NULL))
			fill(f, dependency->node, value);
	}
}

static void
fill(Filler *f, const EvNode *node, Filling *value)
{
	EvScope scope = {.resource = node->resource, .outer = f->e.scope};
	EvJsonType type = value->view.type;

	if (node->kind != EV_NODE_RULES || (type != EV_JSON_OBJECT && type != EV_JSON_ARRAY))
		return;
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (node->resource != scope.outer->resource)
		f->e.scope = &scope;
	if (type == EV_JSON_ARRAY && node->array != NULL)
		fill_elements(f, node->array, value);
	else if (type == EV_JSON_OBJECT && node->object != NULL)
		fill_members(f, node->object, value);
	fill_applied(f, node, value);
	if (type == EV_JSON_OBJECT && node->object != NULL)
		fill_dependencies(f, node->object, value);
	f->e.scope = scope.outer;
}

Jsonb *
ev_schema_apply_defaults(const EvSchema *schema, const EvView *data)
{
	EvScope scope = {.resource = schema->root->resource};
	Filler f = {.e = {.schema = schema, .scope = &scope}};
	Filling value = {.view = *data};
	Jsonb *filled;

	fill(&f, schema->root, &value);
	filled = ev_view_to_jsonb(&value.view);
	if (value.made)
		pfree((void *) value.view.data);
	return filled;
}
