/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_list.c: the functions that move the elements of lists about (DMN 1.5, 10.3.4.4).
 *
 * Lists never change: each of these functions makes a new array of values, which
 * are 16 bytes each and point to what they pointed to before.
 *
 * Positions count from 1, and from -1 backwards; 0 and what lies outside of the
 * list is an error, so the result is null.  A fraction of a position is cut off.
 *
 * Functions of any number of lists get them as one list of lists, in which whatever
 * is no list stands for a list of it.
 */
#include "base/compat.h"

#include "match/feel_list.h"

#include "base/number.h"
#include "match/feel_function.h"
#include "miscadmin.h"

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

/* What is asked for behind the end is not there; a negative length is an error. */
EvFeelValue
ev_feel_list_sublist(EvFeelRun *run, const EvFeelValue *args, int nargs)
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

EvFeelValue
ev_feel_list_append(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return append_all(run, args[0], args + 1, nargs - 1);
}

/* As a list of a list and of elements. */
EvFeelValue
ev_feel_list_append_many(EvFeelRun *run, const EvFeelValue *args, int nargs)
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
EvFeelValue
ev_feel_list_insert_before(EvFeelRun *run, const EvFeelValue *args, int nargs)
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

EvFeelValue
ev_feel_list_remove(EvFeelRun *run, const EvFeelValue *args, int nargs)
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

EvFeelValue
ev_feel_list_reverse(EvFeelRun *run, const EvFeelValue *args, int nargs)
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

EvFeelValue
ev_feel_list_flatten(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	EvFeelItems flat;

	ev_feel_items_begin(&flat, run);
	return flatten_into(&flat, args[0]) ? ev_feel_items_end(&flat) : ev_feel_null();
}

EvFeelValue
ev_feel_list_replace(EvFeelRun *run, const EvFeelValue *args, int nargs)
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
EvFeelValue
ev_feel_list_replace_matching(EvFeelRun *run, const EvFeelValue *args, int nargs)
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

EvFeelValue
ev_feel_list_partition(EvFeelRun *run, const EvFeelValue *args, int nargs)
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
