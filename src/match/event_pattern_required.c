/* SPDX-License-Identifier: PostgreSQL
 *
 * event_pattern_required.c: values that an attribute must have for a match.
 *
 * Whoever has an index on an attribute looks only at events that have one of
 * these.  There are such values if in each conjunct the attribute has a
 * condition that is nothing but strings; of all, one part is enough, of any
 * each has to have them.  A string that is an IP address matches other
 * spellings as well, so it is none.
 */
#include "base/compat.h"

#include "match/event_pattern_parts.h"

typedef struct Values
{
	int count;
	EvView *values;
} Values;

/* The condition of an attribute, under its own name or EventBridge's. */
static const EvCondition *
find_condition(const EvConjunct *conjunct, const char *attribute)
{
	for (const EvPath *path = conjunct->root->first; path != NULL; path = path->next)
	{
		if (path->condition == NULL)
			continue;
		if (strlen(attribute) == path->length && memcmp(attribute, path->name, path->length) == 0)
			return path->condition;
		if (path->alias != NULL && strcmp(path->alias, attribute) == 0)
			return path->condition;
	}
	return NULL;
}

/* The strings of a condition; filters have numbers and booleans beside them, which are not. */
static bool
add_condition(const EvCondition *condition, Values *values)
{
	if (condition == NULL || condition->absent)
		return false;
	for (int i = 0; i < condition->tests.count; i++)
	{
		if (condition->tests.tests[i].kind != EV_TEST_VALUE ||
			condition->tests.tests[i].value.type != EV_JSON_STRING)
			return false;
	}
	if (values->values == NULL)
		values->values = palloc(condition->tests.count * sizeof(EvView));
	else
		values->values = repalloc(values->values,
								  (values->count + condition->tests.count) * sizeof(EvView));
	for (int i = 0; i < condition->tests.count; i++)
		values->values[values->count++] = condition->tests.tests[i].value;
	return true;
}

static bool
add_branch(const EvBranch *branch, const char *attribute, Values *values)
{
	int before = values->count;

	switch (branch->kind)
	{
		case EV_BRANCH_CONJUNCT:
			return add_condition(find_condition(&branch->conjunct, attribute), values);
		case EV_BRANCH_NOT:
			return false;
		case EV_BRANCH_ALL:
			for (int i = 0; i < branch->count; i++)
			{
				if (add_branch(branch->parts[i], attribute, values))
					return true;
				values->count = before;
			}
			return false;
		case EV_BRANCH_ANY:
			for (int i = 0; i < branch->count; i++)
			{
				if (!add_branch(branch->parts[i], attribute, values))
					return false;
			}
			return branch->count > 0;
	}
	return false;
}

const EvView *
ev_event_pattern_required(const EvEventPattern *pattern, const char *attribute, int *n)
{
	Values values = {0};

	*n = 0;
	if (!add_branch(pattern->root, attribute, &values))
		return NULL;
	*n = values.count;
	return values.values;
}

static bool
is_only(const EvBranch *branch, const char *attribute)
{
	switch (branch->kind)
	{
		case EV_BRANCH_CONJUNCT:
			return branch->conjunct.nfields == 1 &&
				   branch->conjunct.fields[0].condition ==
					   find_condition(&branch->conjunct, attribute);
		case EV_BRANCH_NOT:
			return false;
		case EV_BRANCH_ALL:
			return branch->count == 1 && is_only(branch->parts[0], attribute);
		case EV_BRANCH_ANY:
			for (int i = 0; i < branch->count; i++)
			{
				if (!is_only(branch->parts[i], attribute))
					return false;
			}
			return branch->count > 0;
	}
	return false;
}

bool
ev_event_pattern_is_only(const EvEventPattern *pattern, const char *attribute)
{
	int n;

	return ev_event_pattern_required(pattern, attribute, &n) != NULL &&
		   is_only(pattern->root, attribute);
}
