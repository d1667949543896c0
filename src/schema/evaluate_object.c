/* SPDX-License-Identifier: PostgreSQL
 *
 * evaluate_object.c: keywords for objects.
 *
 * The keys of a jsonb object are sorted, and so are the names that `properties`
 * and `required` have: the two are merged, and no key is ever searched for.
 */
#include "schema/evaluation.h"

#include "miscadmin.h"

/*
 * What applies to member number i by its key otherwise: by pattern, the rest,
 * the keys themselves.  `named` says that `properties` has it.
 */
static pg_noinline bool
check_otherwise(EvEvaluation *e, const EvNode *node, const EvMember *member, bool named, int i,
				EvSeen *seen)
{
	const EvObjectRules *rules = node->object;
	const char *key = member->key;
	int length = member->key_length;
	bool evaluated = named;

	if (rules->names != NULL)
	{
		EvView name = {.type = EV_JSON_STRING, .data = key, .length = length};

		/* its maxLength is there to bound the work of patterns */
		if (!ev_apply(e, rules->names, &name, NULL, .keyword = "propertyNames", .name = &name))
			return !ev_stops(e);
	}
	for (int n = 0; n < rules->npatterns; n++)
	{
		const EvPatternProperty *pattern = &rules->patterns[n];

		if (!ev_pattern_matches(pattern->pattern, key, length))
			continue;
		evaluated = true;
		if (!ev_apply(e, pattern->node, &member->value, NULL, .keyword = "patternProperties",
					  .token = ev_pattern_source(pattern->pattern),
					  .token_length = strlen(ev_pattern_source(pattern->pattern)), .key = key,
					  .key_length = length) &&
			ev_stops(e))
			return false;
	}
	if (!evaluated && rules->additional != NULL)
	{
		evaluated = true;
		if (!ev_apply(e, rules->additional, &member->value, NULL, .keyword = "additionalProperties",
					  .key = key, .key_length = length) &&
			ev_stops(e))
			return false;
	}
	if (evaluated)
		ev_seen_mark(seen, i);
	return true;
}

/* The order of a name of the schema and a key of the value. */
static inline int
compare_names(const EvProperty *property, const char *key, int length, uint64 head)
{
	if (property->length != length)
		return property->length < length ? -1 : 1;
	if (property->head != head)
		return property->head < head ? -1 : 1;
	return length <= (int) sizeof(head)
			   ? 0
			   : memcmp(property->name + sizeof(head), key + sizeof(head), length - sizeof(head));
}

/* Those that are required among the properties up to `end`, which the value does not have. */
static bool
check_missing(EvEvaluation *e, const EvNode *node, const EvProperty *property,
			  const EvProperty *end)
{
	for (; property < end; property++)
	{
		if (property->required && ev_broken(e, node, "required", "must have property \"%.*s\"",
											property->length, property->name))
			return false;
	}
	return true;
}

/* A member whose name `properties` has; false: no point in going on. */
static inline bool
check_member(EvEvaluation *e, const EvProperty *property, const EvMember *member)
{
	return ev_apply(e, property->node, &member->value, NULL, .keyword = "properties",
					.token = member->key, .token_length = member->key_length, .key = member->key,
					.key_length = member->key_length) ||
		   !ev_stops(e);
}

static bool
check_members(EvEvaluation *e, const EvNode *node, const EvView *value, EvSeen *seen)
{
	const EvObjectRules *rules = node->object;
	const EvProperty *property = rules->properties;
	const EvProperty *end = property + rules->nproperties;
	bool otherwise = rules->npatterns > 0 || rules->names != NULL || seen != NULL;
	int missing = rules->nrequired;
	EvCursor cursor;
	EvMember member;

	ev_view_begin(&cursor, value);
	for (int i = 0; ev_view_next_member(&cursor, &member.key, &member.key_length, &member.value);
		 i++)
	{
		uint64 head = ev_view_key_head(member.key, member.key_length);
		const EvProperty *first = property;
		bool named = false;
		int order = 1;

		while (property < end &&
			   (order = compare_names(property, member.key, member.key_length, head)) < 0)
			property++;
		if (property > first && missing > 0 && !check_missing(e, node, first, property))
			return false;
		if (property < end && order == 0)
		{
			missing -= property->required;
			named = property->node != NULL;
			if (named && !check_member(e, property, &member))
				return false;
			property++;
		}
		if ((otherwise || (!named && rules->additional != NULL)) &&
			!check_otherwise(e, node, &member, named, i, seen))
			return false;
	}
	return missing == 0 || check_missing(e, node, property, end);
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
ev_evaluate_object(EvEvaluation *e, const EvNode *node, const EvView *value, EvSeen *seen)
{
	static const EvCountRule properties = {"minProperties", "maxProperties", "property",
										   "properties"};
	const EvObjectRules *rules = node->object;

	check_stack_depth();
	if (!ev_check_count(e, node, &properties, rules->min_properties, rules->max_properties,
						ev_view_count(value)) &&
		ev_stops(e))
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
ev_evaluate_unevaluated_properties(EvEvaluation *e, const EvNode *node, const EvView *value,
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
