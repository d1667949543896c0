/* SPDX-License-Identifier: PostgreSQL
 *
 * evaluate_object.c: keywords for objects.
 *
 * The keys of a jsonb object are sorted, and so are the names that `properties`
 * and `required` have: the two are merged, and no key is ever searched for.
 */
#include "schema/evaluation.h"

#include "miscadmin.h"

static bool
check_count(EvEvaluation *e, const EvNode *node, int n)
{
	const EvObjectRules *rules = node->object;

	if (n < rules->min_properties &&
		ev_broken(e, node, "minProperties", "must have at least " INT64_FORMAT " %s, has %d",
				  rules->min_properties, rules->min_properties == 1 ? "property" : "properties", n))
		return false;
	return rules->max_properties == EV_NO_LIMIT || n <= rules->max_properties ||
		   !ev_broken(e, node, "maxProperties", "must have at most " INT64_FORMAT " %s, has %d",
					  rules->max_properties, rules->max_properties == 1 ? "property" : "properties",
					  n);
}

static pg_noinline bool
miss(EvEvaluation *e, const EvNode *node, const EvProperty *property)
{
	return !ev_broken(e, node, "required", "must have property \"%.*s\"", property->length,
					  property->name);
}

/* A member by its key, and which of `properties` has that name. */
typedef struct Member
{
	int index;
	const char *key;
	int length;
	EvView value;
	const EvProperty *property; /* NULL if none has, or none with a schema */
} Member;

/* What applies to members by their key otherwise: by pattern, the rest, the keys themselves. */
static bool
check_otherwise(EvEvaluation *e, const EvNode *node, const Member *member, EvSeen *seen)
{
	const EvObjectRules *rules = node->object;
	bool evaluated = member->property != NULL;

	if (rules->names != NULL)
	{
		EvView name = {.type = EV_JSON_STRING, .data = member->key, .length = member->length};

		/* its maxLength is there to bound the work of patterns */
		if (!ev_apply(e, rules->names, &name, NULL, .keyword = "propertyNames", .name = &name))
			return !ev_stops(e);
	}
	for (int i = 0; i < rules->npatterns; i++)
	{
		const EvPatternProperty *pattern = &rules->patterns[i];

		if (!ev_pattern_matches(pattern->pattern, member->key, member->length))
			continue;
		evaluated = true;
		if (!ev_apply(e, pattern->node, &member->value, NULL, .keyword = "patternProperties",
					  .token = ev_pattern_source(pattern->pattern),
					  .token_length = strlen(ev_pattern_source(pattern->pattern)),
					  .key = member->key, .key_length = member->length) &&
			ev_stops(e))
			return false;
	}
	if (!evaluated && rules->additional != NULL)
	{
		evaluated = true;
		if (!ev_apply(e, rules->additional, &member->value, NULL, .keyword = "additionalProperties",
					  .key = member->key, .key_length = member->length) &&
			ev_stops(e))
			return false;
	}
	if (evaluated)
		ev_seen_mark(seen, member->index);
	return true;
}

static bool
check_members(EvEvaluation *e, const EvNode *node, const EvView *value, EvSeen *seen)
{
	const EvObjectRules *rules = node->object;
	const EvProperty *property = rules->properties;
	const EvProperty *end = property + rules->nproperties;
	bool otherwise = rules->npatterns > 0 || rules->additional != NULL || rules->names != NULL ||
					 seen != NULL;
	int missing = rules->nrequired;
	EvCursor cursor;
	Member member;

	ev_view_begin(&cursor, value);
	for (member.index = 0; ev_view_next_member(&cursor, &member.key, &member.length, &member.value);
		 member.index++)
	{
		int order = 1;

		while (property < end && (order = ev_view_compare_keys(property->name, property->length,
															   member.key, member.length)) < 0)
		{
			if (property->required && !miss(e, node, property))
				return false;
			property++;
		}
		member.property = NULL;
		if (property < end && order == 0)
		{
			missing -= property->required;
			if (property->node != NULL)
			{
				member.property = property;
				if (!ev_apply(e, property->node, &member.value, NULL, .keyword = "properties",
							  .token = member.key, .token_length = member.length, .key = member.key,
							  .key_length = member.length) &&
					ev_stops(e))
					return false;
			}
			property++;
		}
		if (otherwise && !check_otherwise(e, node, &member, seen))
			return false;
	}
	if (missing == 0)
		return true;
	for (; property < end; property++)
	{
		if (property->required && !miss(e, node, property))
			return false;
	}
	return true;
}

static bool
check_dependency(EvEvaluation *e, const EvNode *node, const EvDependency *dependency,
				 const EvView *value, EvSeen *seen)
{
	EvView member;

	if (!ev_view_member(value, dependency->name, dependency->length, &member))
		return true;
	for (int i = 0; i < dependency->nrequired; i++)
	{
		const EvProperty *required = &dependency->required[i];

		if (!ev_view_member(value, required->name, required->length, &member) &&
			ev_broken(e, node, dependency->keyword,
					  "must have property \"%.*s\", because it has \"%.*s\"", required->length,
					  required->name, dependency->length, dependency->name))
			return false;
	}
	return dependency->node == NULL ||
		   ev_apply(e, dependency->node, value, seen, .keyword = dependency->keyword,
					.token = dependency->name, .token_length = dependency->length) ||
		   !ev_stops(e);
}

bool
ev_check_object(EvEvaluation *e, const EvNode *node, const EvView *value, EvSeen *seen)
{
	const EvObjectRules *rules = node->object;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (!check_count(e, node, ev_view_count(value)))
		return false;
	if ((rules->nproperties > 0 || rules->npatterns > 0 || rules->additional != NULL ||
		 rules->names != NULL) &&
		!check_members(e, node, value, seen))
		return false;
	for (int i = 0; i < rules->ndependencies; i++)
	{
		if (!check_dependency(e, node, &rules->dependencies[i], value, seen))
			return false;
	}
	return true;
}

bool
ev_check_unevaluated_properties(EvEvaluation *e, const EvNode *node, const EvView *value,
								EvSeen *seen)
{
	EvCursor cursor;
	EvView member;
	const char *key;
	int length;

	if (seen->all)
		return true;
	ev_view_begin(&cursor, value);
	for (int i = 0; ev_view_next_member(&cursor, &key, &length, &member); i++)
	{
		if (!ev_seen_has(seen, i) &&
			!ev_apply(e, node->object->unevaluated, &member, NULL,
					  .keyword = "unevaluatedProperties", .key = key, .key_length = length) &&
			ev_stops(e))
			return false;
	}
	ev_seen_mark_all(seen);
	return true;
}
