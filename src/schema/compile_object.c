/* SPDX-License-Identifier: PostgreSQL
 *
 * compile_object.c: keywords about objects.
 *
 * Names of `properties` and `required` become one list in the order in which
 * jsonb keeps its keys, so that the evaluator merges it with an object in one
 * pass.  `required` is compiled first, since its name is shorter.
 */
#include "base/compat.h"

#include "schema/keyword.h"

EvObjectRules *
ev_compile_object_rules(EvCompiler *compiler, EvNode *node)
{
	EvObjectRules *rules = node->object;

	if (rules != NULL)
		return rules;
	node->object = rules = ev_compile_alloc(compiler, EvObjectRules, 1);
	rules->min_properties = rules->max_properties = EV_NO_LIMIT;
	return rules;
}

/* ---- names */

static int
compare_properties(const void *a, const void *b)
{
	const EvProperty *left = a;
	const EvProperty *right = b;

	return ev_view_compare_keys(left->name, left->length, right->name, right->length);
}

/* The names of an array of strings, sorted, each once. */
static EvProperty *
make_names(EvCompiler *compiler, const EvView *value, int *count)
{
	EvProperty *names;
	EvCursor cursor;
	EvView name;
	int n = 0;

	if (value->type != EV_JSON_ARRAY)
		ev_compile_malformed(compiler, "must be an array of strings");
	names = ev_compile_alloc(compiler, EvProperty, ev_view_count(value));
	ev_view_begin(&cursor, value);
	while (ev_view_next_element(&cursor, &name))
	{
		if (name.type != EV_JSON_STRING)
			ev_compile_malformed(compiler, "must be an array of strings");
		names[n].name = name.data;
		names[n].length = name.length;
		names[n++].required = true;
	}
	qsort(names, n, sizeof(EvProperty), compare_properties);
	*count = 0;
	for (int i = 0; i < n; i++)
		if (*count == 0 || compare_properties(&names[*count - 1], &names[i]) != 0)
			names[(*count)++] = names[i];
	return names;
}

void
ev_compile_required(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	EvObjectRules *rules = ev_compile_object_rules(compiler, node);

	rules->properties = make_names(compiler, value, &rules->nproperties);
	rules->nrequired = rules->nproperties;
}

static void
must_be_object(EvCompiler *compiler, const EvView *value)
{
	if (value->type != EV_JSON_OBJECT)
		ev_compile_malformed(compiler, "must be an object");
}

void
ev_compile_properties(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	EvObjectRules *rules = ev_compile_object_rules(compiler, node);
	EvProperty *required = rules->properties;
	EvProperty *end = required + rules->nproperties;
	EvProperty *merged;
	EvCursor cursor;
	EvView schema;
	EvProperty member = {0};
	int n = 0;

	must_be_object(compiler, value);
	merged = ev_compile_alloc(compiler, EvProperty, ev_view_count(value) + rules->nproperties);
	ev_view_begin(&cursor, value);
	while (ev_view_next_member(&cursor, &member.name, &member.length, &schema))
	{
		while (required < end && compare_properties(required, &member) < 0)
			merged[n++] = *required++;
		merged[n] = member;
		merged[n].node = ev_compile_member(compiler, node, &schema, member.name, member.length);
		merged[n].required = required < end && compare_properties(required, &member) == 0;
		if (merged[n++].required)
			required++;
	}
	while (required < end)
		merged[n++] = *required++;
	rules->properties = merged;
	rules->nproperties = n;
}

void
ev_compile_pattern_properties(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	EvObjectRules *rules = ev_compile_object_rules(compiler, node);
	EvCursor cursor;
	EvView schema;
	const char *name;
	int length;

	must_be_object(compiler, value);
	rules->patterns = ev_compile_alloc(compiler, EvPatternProperty, ev_view_count(value));
	ev_view_begin(&cursor, value);
	while (ev_view_next_member(&cursor, &name, &length, &schema))
	{
		EvPatternProperty *rule = &rules->patterns[rules->npatterns++];

		rule->pattern = ev_compile_pattern(compiler, name, length, true);
		rule->node = ev_compile_member(compiler, node, &schema, name, length);
	}
}

void
ev_compile_additional_properties(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	EvObjectRules *rules = ev_compile_object_rules(compiler, node);

	rules->additional = ev_compile_child(compiler, node, value);
}

void
ev_compile_property_names(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	ev_compile_object_rules(compiler, node)->names = ev_compile_child(compiler, node, value);
}

void
ev_compile_unevaluated_properties(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	EvObjectRules *rules = ev_compile_object_rules(compiler, node);

	rules->unevaluated = ev_compile_child(compiler, node, value);
}

/* ---- how many */

void
ev_compile_min_properties(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	ev_compile_object_rules(compiler, node)->min_properties = ev_compile_count(compiler, value);
}

void
ev_compile_max_properties(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	ev_compile_object_rules(compiler, node)->max_properties = ev_compile_count(compiler, value);
}

/* ---- dependencies */

/* What each value may be differs by keyword: names, a schema, or either. */
static void
add_dependencies(EvCompiler *compiler, EvNode *node, const EvView *value, bool names, bool schemas)
{
	EvObjectRules *rules = ev_compile_object_rules(compiler, node);
	EvDependency *all;
	EvCursor cursor;
	EvView needed;
	const char *name;
	int length;

	must_be_object(compiler, value);
	all = ev_compile_alloc(compiler, EvDependency, rules->ndependencies + ev_view_count(value));
	if (rules->ndependencies > 0)
		memcpy(all, rules->dependencies, sizeof(EvDependency) * rules->ndependencies);
	rules->dependencies = all;
	ev_view_begin(&cursor, value);
	while (ev_view_next_member(&cursor, &name, &length, &needed))
	{
		EvDependency *dependency = &all[rules->ndependencies++];

		dependency->keyword = compiler->keyword->name;
		dependency->name = name;
		dependency->length = length;
		if (names && (!schemas || needed.type == EV_JSON_ARRAY))
			dependency->required = make_names(compiler, &needed, &dependency->nrequired);
		else
			dependency->node = ev_compile_member(compiler, node, &needed, name, length);
	}
}

void
ev_compile_dependencies(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	add_dependencies(compiler, node, value, true, true);
}

void
ev_compile_dependent_required(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	add_dependencies(compiler, node, value, true, false);
}

void
ev_compile_dependent_schemas(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	add_dependencies(compiler, node, value, false, true);
}
