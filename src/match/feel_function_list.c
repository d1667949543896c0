/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_function_list.c: the functions of lists (DMN 1.5, 10.3.4.4).
 *
 * Here are the rows of all of them, and those that look for something in a list.
 * Those that make new lists of its elements are in feel_list.c, the others in
 * feel_statistics.c, feel_distinct.c and feel_sort.c.
 *
 * An element is looked for with strict equality: [1] is not 1 here, null is null.
 */
#include "base/compat.h"

#include "match/feel_compare.h"
#include "match/feel_function.h"
#include "match/feel_list.h"
#include "match/feel_number.h"

#define LIST EV_FEEL_BIT(EV_FEEL_LIST)
#define NUMBER EV_FEEL_BIT(EV_FEEL_NUMBER)
#define FUNCTION EV_FEEL_BIT(EV_FEEL_FUNCTION)

static EvFeelValue
list_contains(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	const EvFeelValue *items;
	int count;

	if (!ev_feel_list_read(run, args[0], &items, &count))
		return ev_feel_null();
	for (int i = 0; i < count; i++)
	{
		if (ev_feel_is_equal(run, items[i], args[1]))
			return ev_feel_boolean(true);
		if (run->exceeded != EV_FEEL_WITHIN_LIMITS)
			return ev_feel_null();
	}
	return ev_feel_boolean(false);
}

static EvFeelValue
index_of(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	const EvFeelValue *items;
	EvFeelItems found;
	int count;

	if (!ev_feel_list_read(run, args[0], &items, &count))
		return ev_feel_null();
	ev_feel_items_begin(&found, run);
	for (int i = 0; i < count; i++)
	{
		if (ev_feel_is_equal(run, items[i], args[1]) &&
			!ev_feel_items_add(&found, ev_feel_number_from_int64(run, i + 1)))
			return ev_feel_null();
		if (run->exceeded != EV_FEEL_WITHIN_LIMITS)
			return ev_feel_null();
	}
	return ev_feel_items_end(&found);
}

static EvFeelValue
count_of(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return ev_feel_number_from_int64(run, args[0].list->count);
}

static EvFeelValue
is_empty(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return ev_feel_boolean(args[0].list->count == 0);
}

/*
 * all and any: `decisive` as soon as one element is that, the opposite if all are
 * that, else null.
 */
static EvFeelValue
quantify(EvFeelRun *run, const char *name, EvFeelValue list, bool decisive)
{
	const EvFeelValue *items;
	int other = -1;
	int count;

	if (!ev_feel_list_read(run, list, &items, &count) || !ev_feel_step(run, count))
		return ev_feel_null();
	for (int i = 0; i < count; i++)
	{
		if (items[i].type != EV_FEEL_BOOLEAN)
			other = i;
		else if (items[i].boolean == decisive)
			return items[i];
	}
	if (other >= 0)
		return ev_feel_problem(run, "%s: element %d is %s, not true or false", name, other + 1,
							   ev_feel_type_name(items[other].type));
	return ev_feel_boolean(!decisive);
}

static EvFeelValue
all(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return quantify(run, "all", args[0], false);
}

static EvFeelValue
any(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return quantify(run, "any", args[0], true);
}

const EvFeelBuiltin ev_feel_list_functions[] = {
	{"list contains", list_contains, {{"list", LIST}, {"element", EV_FEEL_ANY}}},
	{"count", count_of, {{"list", LIST}}},
	{"min", ev_feel_statistics_min, {{"list", EV_FEEL_ANY}}, .variadic = true},
	{"max", ev_feel_statistics_max, {{"list", EV_FEEL_ANY}}, .variadic = true},
	{"sum", ev_feel_statistics_sum, {{"list", EV_FEEL_ANY}}, .variadic = true},
	{"mean", ev_feel_statistics_mean, {{"list", EV_FEEL_ANY}}, .variadic = true},
	{"all", all, {{"list", EV_FEEL_ANY}}, .variadic = true},
	{"and", all, {{"list", EV_FEEL_ANY}}, .variadic = true},
	{"any", any, {{"list", EV_FEEL_ANY}}, .variadic = true},
	{"or", any, {{"list", EV_FEEL_ANY}}, .variadic = true},
	{"sublist",
	 ev_feel_list_sublist,
	 {{"list", LIST}, {"start position", NUMBER}, {"length", NUMBER, .optional = true}}},
	{"append", ev_feel_list_append, {{"list", LIST}, {"item", EV_FEEL_ANY}}},
	{"append", ev_feel_list_append_many, {{"list", EV_FEEL_ANY}}, .variadic = true},
	{"concatenate", ev_feel_list_concatenate, {{"lists", EV_FEEL_ANY}}, .variadic = true},
	{"insert before",
	 ev_feel_list_insert_before,
	 {{"list", LIST}, {"position", NUMBER}, {"newItem", EV_FEEL_ANY}}},
	{"remove", ev_feel_list_remove, {{"list", LIST}, {"position", NUMBER}}},
	{"reverse", ev_feel_list_reverse, {{"list", LIST}}},
	{"index of", index_of, {{"list", LIST}, {"match", EV_FEEL_ANY}}},
	{"union", ev_feel_distinct_union, {{"lists", EV_FEEL_ANY}}, .variadic = true},
	{"distinct values", ev_feel_distinct_values, {{"list", LIST}}},
	{"duplicate values", ev_feel_distinct_duplicates, {{"list", LIST}}},
	{"flatten", ev_feel_list_flatten, {{"list", LIST}}},
	{"product", ev_feel_statistics_product, {{"list", EV_FEEL_ANY}}, .variadic = true},
	{"median", ev_feel_statistics_median, {{"list", EV_FEEL_ANY}}, .variadic = true},
	{"stddev", ev_feel_statistics_stddev, {{"list", EV_FEEL_ANY}}, .variadic = true},
	{"mode", ev_feel_statistics_mode, {{"list", EV_FEEL_ANY}}, .variadic = true},
	{"list replace",
	 ev_feel_list_replace,
	 {{"list", LIST}, {"position", NUMBER}, {"newItem", EV_FEEL_ANY}}},
	{"list replace",
	 ev_feel_list_replace_matching,
	 {{"list", LIST}, {"match", FUNCTION}, {"newItem", EV_FEEL_ANY}}},
	{"sort", ev_feel_sort, {{"list", LIST}, {"precedes", FUNCTION}}},
	{"is empty", is_empty, {{"list", LIST}}},
	{"partition", ev_feel_list_partition, {{"list", LIST}, {"size", NUMBER}}},
	{NULL},
};
