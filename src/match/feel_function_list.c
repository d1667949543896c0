/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_function_list.c: the functions of lists (DMN 1.5, 10.3.4.4).
 *
 * Here are the rows of all of them, and those that look for elements or move them
 * about.  Positions count from 1, and from -1 backwards; 0 and what lies outside of the
 * list is an error, so the result is null.  A fraction of a position is cut off.
 *
 * Lists never change: each function that moves elements makes a new array of
 * values, which are 16 bytes each and point to what they pointed to before.
 *
 * Functions of any number of lists (concatenate, union) get them as one list of lists,
 * in which whatever is no list stands for a list of it.  Of all of these functions,
 * only those take null for an element that say so in their rows.
 */
#include "base/compat.h"

#include "base/number.h"
#include "match/feel_compare.h"
#include "match/feel_function.h"
#include "match/feel_list.h"
#include "match/feel_number.h"
#include "miscadmin.h"

#define LIST EV_FEEL_BIT(EV_FEEL_LIST)
#define NUMBER EV_FEEL_BIT(EV_FEEL_NUMBER)
#define FUNCTION EV_FEEL_BIT(EV_FEEL_FUNCTION)

EvFeelValue *
ev_feel_list_copy(EvFeelRun *run, const EvFeelValue *items, int count, int more)
{
	EvFeelValue *copy;

	if (!ev_feel_step(run, (int64) count + more))
		return NULL;
	copy = ev_feel_alloc_items(run, (int64) count + more);
	if (copy != NULL && count > 0)
		memcpy(copy, items, count * sizeof(EvFeelValue));
	return copy;
}

/* The whole part of a number, which is far outside where it has more than 12 digits. */
static int64
whole_part(EvFeelValue value)
{
	EvNumber number = ev_number_read(value.number);
	int64 whole = 0;

	if (number.ndigits > 0 && number.weight > 2)
		return number.negative ? PG_INT64_MIN : PG_INT64_MAX;
	for (int i = 0; number.ndigits > 0 && i <= number.weight; i++)
		whole = whole * EV_NUMBER_BASE + (i < number.ndigits ? number.digits[i] : 0);
	return number.negative ? -whole : whole;
}

bool
ev_feel_list_position(EvFeelValue position, int count, int *index)
{
	int64 n = whole_part(position);

	if (n == 0 || n > count || n < -(int64) count)
		return false;
	*index = (int) (n > 0 ? n - 1 : count + n);
	return true;
}

static EvFeelValue
no_position(EvFeelRun *run, const char *name, int count)
{
	return ev_feel_problem(run, "%s: a list of %d elements does not have this position", name,
						   count);
}

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

/* What is asked for behind the end is not there; a negative length is an error. */
static EvFeelValue
sublist(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	const EvFeelValue *items;
	EvFeelValue *copy;
	int count, start;
	int64 length;

	if (!ev_feel_list_read(run, args[0], &items, &count))
		return ev_feel_null();
	if (!ev_feel_list_position(args[1], count, &start))
		return no_position(run, "sublist", count);
	length = count - start;
	if (!ev_feel_is_null(args[2]))
		length = Min(length, whole_part(args[2]));
	if (length < 0)
		return ev_feel_problem(run, "sublist: a length must not be negative");
	copy = ev_feel_list_copy(run, items + start, (int) length, 0);
	return copy == NULL ? ev_feel_null() : ev_feel_make_list(run, copy, (int) length);
}

/* The first is the list, all others are its new elements. */
static EvFeelValue
append_all(EvFeelRun *run, EvFeelValue list, const EvFeelValue *more, int n)
{
	const EvFeelValue *items;
	EvFeelValue *copy;
	int count;

	if (!ev_feel_list_read(run, list, &items, &count))
		return ev_feel_null();
	copy = ev_feel_list_copy(run, items, count, n);
	if (copy == NULL)
		return ev_feel_null();
	memcpy(copy + count, more, n * sizeof(EvFeelValue));
	return ev_feel_make_list(run, copy, count + n);
}

static EvFeelValue
append(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return append_all(run, args[0], args + 1, nargs - 1);
}

/* As a list of a list and of elements. */
static EvFeelValue
append_many(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	const EvFeelValue *items;
	EvFeelValue first;
	int count;

	if (!ev_feel_list_read(run, args[0], &items, &count) || count == 0)
		return ev_feel_null();
	first = items[0];
	if (ev_feel_is_null(first))
		return ev_feel_problem(run, "append: there is no list");
	if (first.type != EV_FEEL_LIST)
		return args[0];
	return append_all(run, first, items + 1, count - 1);
}

static bool
add_all(EvFeelItems *items, EvFeelValue list)
{
	const EvFeelValue *more;
	int count;

	if (list.type != EV_FEEL_LIST)
		return ev_feel_items_add(items, list);
	if (!ev_feel_list_read(items->run, list, &more, &count) || !ev_feel_step(items->run, count))
		return false;
	for (int i = 0; i < count; i++)
	{
		if (!ev_feel_items_add(items, more[i]))
			return false;
	}
	return true;
}

EvFeelValue
ev_feel_list_concatenate(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	const EvFeelValue *lists;
	EvFeelItems items;
	int count;

	if (!ev_feel_list_read(run, args[0], &lists, &count))
		return ev_feel_null();
	ev_feel_items_begin(&items, run);
	for (int i = 0; i < count; i++)
	{
		if (ev_feel_is_null(lists[i]))
			return ev_feel_problem(run, "list %d is null", i + 1);
		if (!add_all(&items, lists[i]))
			return ev_feel_null();
	}
	return ev_feel_items_end(&items);
}

/* The position behind the last element is one here: a list can grow at its end. */
static EvFeelValue
insert_before(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	const EvFeelValue *items;
	EvFeelValue *copy;
	int count, index;

	if (!ev_feel_list_read(run, args[0], &items, &count))
		return ev_feel_null();
	if (whole_part(args[1]) == (int64) count + 1)
		index = count;
	else if (!ev_feel_list_position(args[1], count, &index))
		return no_position(run, "insert before", count);
	copy = ev_feel_list_copy(run, items, count, 1);
	if (copy == NULL)
		return ev_feel_null();
	memmove(copy + index + 1, copy + index, (count - index) * sizeof(EvFeelValue));
	copy[index] = args[2];
	return ev_feel_make_list(run, copy, count + 1);
}

static EvFeelValue
remove_at(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	const EvFeelValue *items;
	EvFeelValue *copy;
	int count, index;

	if (!ev_feel_list_read(run, args[0], &items, &count))
		return ev_feel_null();
	if (!ev_feel_list_position(args[1], count, &index))
		return no_position(run, "remove", count);
	copy = ev_feel_list_copy(run, items, count, 0);
	if (copy == NULL)
		return ev_feel_null();
	memmove(copy + index, copy + index + 1, (count - index - 1) * sizeof(EvFeelValue));
	return ev_feel_make_list(run, copy, count - 1);
}

static EvFeelValue
reverse(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	const EvFeelValue *items;
	EvFeelValue *copy;
	int count;

	if (!ev_feel_list_read(run, args[0], &items, &count))
		return ev_feel_null();
	copy = ev_feel_list_copy(run, items, count, 0);
	if (copy == NULL)
		return ev_feel_null();
	for (int i = 0; i < count; i++)
		copy[i] = items[count - 1 - i];
	return ev_feel_make_list(run, copy, count);
}

static bool
flatten_into(EvFeelItems *flat, EvFeelValue list)
{
	EvFeelRun *run = flat->run;
	const EvFeelValue *items;
	int count;

	if (run->exceeded == EV_FEEL_WITHIN_LIMITS && stack_is_too_deep())
		run->exceeded = EV_FEEL_TOO_DEEP;
	if (run->exceeded != EV_FEEL_WITHIN_LIMITS || !ev_feel_list_read(run, list, &items, &count) ||
		!ev_feel_step(run, count))
		return false;
	for (int i = 0; i < count; i++)
	{
		bool done = items[i].type == EV_FEEL_LIST ? flatten_into(flat, items[i])
												  : ev_feel_items_add(flat, items[i]);

		if (!done)
			return false;
	}
	return true;
}

static EvFeelValue
flatten(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	EvFeelItems flat;

	ev_feel_items_begin(&flat, run);
	return flatten_into(&flat, args[0]) ? ev_feel_items_end(&flat) : ev_feel_null();
}

static EvFeelValue
replace_at(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	const EvFeelValue *items;
	EvFeelValue *copy;
	int count, index;

	if (!ev_feel_list_read(run, args[0], &items, &count))
		return ev_feel_null();
	if (!ev_feel_list_position(args[1], count, &index))
		return no_position(run, "list replace", count);
	copy = ev_feel_list_copy(run, items, count, 0);
	if (copy == NULL)
		return ev_feel_null();
	copy[index] = args[2];
	return ev_feel_make_list(run, copy, count);
}

/* Every element for which match(element, new item) is true. */
static EvFeelValue
replace_matching(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	const EvFeelValue *items;
	EvFeelValue *copy;
	int count;

	if (!ev_feel_list_read(run, args[0], &items, &count))
		return ev_feel_null();
	copy = ev_feel_list_copy(run, items, count, 0);
	if (copy == NULL)
		return ev_feel_null();
	for (int i = 0; i < count; i++)
	{
		EvFeelValue pair[] = {items[i], args[2]};
		EvFeelValue match = ev_feel_invoke(run, args[1], pair, 2);

		if (run->exceeded != EV_FEEL_WITHIN_LIMITS)
			return ev_feel_null();
		if (match.type != EV_FEEL_BOOLEAN)
			return ev_feel_problem(run,
								   "list replace: the function answered with %s, not with true or "
								   "false",
								   ev_feel_type_name(match.type));
		if (match.boolean)
			copy[i] = args[2];
	}
	return ev_feel_make_list(run, copy, count);
}

static EvFeelValue
partition(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	const EvFeelValue *items;
	EvFeelItems parts;
	int64 size = whole_part(args[1]);
	int count;

	if (size <= 0)
		return ev_feel_problem(run, "partition: the size must be 1 or more");
	if (!ev_feel_list_read(run, args[0], &items, &count))
		return ev_feel_null();
	ev_feel_items_begin(&parts, run);
	for (int64 start = 0; start < count; start += Min(size, count))
	{
		int length = (int) Min(size, count - start);
		EvFeelValue *part = ev_feel_list_copy(run, items + start, length, 0);

		if (part == NULL || !ev_feel_items_add(&parts, ev_feel_make_list(run, part, length)))
			return ev_feel_null();
	}
	return ev_feel_items_end(&parts);
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
	{"sublist", sublist, {{"list", LIST}, {"start position", NUMBER}}},
	{"sublist", sublist, {{"list", LIST}, {"start position", NUMBER}, {"length", NUMBER}}},
	{"append", append, {{"list", LIST}, {"item", EV_FEEL_ANY}}},
	{"append", append_many, {{"list", EV_FEEL_ANY}}, .variadic = true},
	{"concatenate", ev_feel_list_concatenate, {{"lists", EV_FEEL_ANY}}, .variadic = true},
	{"insert before",
	 insert_before,
	 {{"list", LIST}, {"position", NUMBER}, {"newItem", EV_FEEL_ANY}}},
	{"remove", remove_at, {{"list", LIST}, {"position", NUMBER}}},
	{"reverse", reverse, {{"list", LIST}}},
	{"index of", index_of, {{"list", LIST}, {"match", EV_FEEL_ANY}}},
	{"union", ev_feel_distinct_union, {{"lists", EV_FEEL_ANY}}, .variadic = true},
	{"distinct values", ev_feel_distinct_values, {{"list", LIST}}},
	{"duplicate values", ev_feel_distinct_duplicates, {{"list", LIST}}},
	{"flatten", flatten, {{"list", LIST}}},
	{"product", ev_feel_statistics_product, {{"list", EV_FEEL_ANY}}, .variadic = true},
	{"median", ev_feel_statistics_median, {{"list", EV_FEEL_ANY}}, .variadic = true},
	{"stddev", ev_feel_statistics_stddev, {{"list", EV_FEEL_ANY}}, .variadic = true},
	{"mode", ev_feel_statistics_mode, {{"list", EV_FEEL_ANY}}, .variadic = true},
	{"list replace", replace_at, {{"list", LIST}, {"position", NUMBER}, {"newItem", EV_FEEL_ANY}}},
	{"list replace",
	 replace_matching,
	 {{"list", LIST}, {"match", FUNCTION}, {"newItem", EV_FEEL_ANY}}},
	{"sort", ev_feel_sort, {{"list", LIST}, {"precedes", FUNCTION}}},
	{"is empty", is_empty, {{"list", LIST}}},
	{"partition", partition, {{"list", LIST}, {"size", NUMBER}}},
	{NULL},
};
