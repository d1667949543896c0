/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_compare.c: equality and order of FEEL values (DMN 1.5, 10.3.2.13, tables 51 to 53).
 *
 * Equality has three answers.  null equals null and nothing else; two values of different
 * types are not comparable, which is null; all others are equal or not.
 * Numbers are equal by value, strings byte for byte, moments in time whatever the
 * zones they are told in.  Lists are equal when they are of one length and their
 * elements are, one by one; contexts when they have the same names and equal
 * values; ranges when their endpoints are equal and both or neither belong to
 * them.  Inside of these, what cannot be compared is not equal.  Functions cannot be
 * compared.
 *
 * Order is that of numbers, strings (by code points), moments and durations.
 *
 * A list of one element that meets a value that is no list stands for its element
 * (10.3.2.9.4), at the top only: [1] = 1, but [[1]] is not [1].
 *
 * Every element looked at is a step, and depth ends where the stack does.
 */
#include "base/compat.h"

#include "match/feel_compare.h"

#include "match/feel_number.h"
#include "match/feel_temporal.h"
#include "miscadmin.h"

typedef enum Answer
{
	NOT_EQUAL,
	EQUAL,
	NOT_COMPARABLE
} Answer;

static Answer compare_equal(EvFeelRun *run, EvFeelValue a, EvFeelValue b);

static Answer
answer(bool equal)
{
	return equal ? EQUAL : NOT_EQUAL;
}

/* Long strings are looked at by so many bytes a step. */
#define BYTES_PER_STEP 64

static bool
strings_are_equal(EvFeelRun *run, EvFeelValue a, EvFeelValue b)
{
	return a.length == b.length && ev_feel_step(run, a.length / BYTES_PER_STEP) &&
		   memcmp(a.string, b.string, a.length) == 0;
}

static bool
lists_are_equal(EvFeelRun *run, EvFeelValue a, EvFeelValue b)
{
	int count = a.list->count;
	const EvFeelValue *x, *y;

	if (a.list == b.list)
		return true;
	if (count != b.list->count)
		return false;
	if (count == 0)
		return true;
	x = ev_feel_items(run, a);
	y = ev_feel_items(run, b);
	if (x == NULL || y == NULL)
		return false;
	for (int i = 0; i < count; i++)
	{
		if (compare_equal(run, x[i], y[i]) != EQUAL)
			return false;
	}
	return true;
}

static bool
contexts_are_equal(EvFeelRun *run, EvFeelValue a, EvFeelValue b)
{
	int count = a.context->count;
	const EvFeelEntry *entries;

	if (a.context == b.context)
		return true;
	if (count != b.context->count)
		return false;
	if (count == 0)
		return true;
	entries = ev_feel_entries(run, a);
	if (entries == NULL)
		return false;
	for (int i = 0; i < count; i++)
	{
		EvFeelValue other;

		if (!ev_feel_context_get(run, b, entries[i].name, entries[i].name_length, &other) ||
			compare_equal(run, entries[i].value, other) != EQUAL)
			return false;
	}
	return true;
}

static bool
ranges_are_equal(EvFeelRun *run, const EvFeelRange *a, const EvFeelRange *b)
{
	return a->start_included == b->start_included && a->end_included == b->end_included &&
		   a->comparison == b->comparison && compare_equal(run, a->start, b->start) == EQUAL &&
		   compare_equal(run, a->end, b->end) == EQUAL;
}

static Answer
compare_equal(EvFeelRun *run, EvFeelValue a, EvFeelValue b)
{
	if (run->exceeded == EV_FEEL_WITHIN_LIMITS && stack_is_too_deep())
		run->exceeded = EV_FEEL_TOO_DEEP;
	if (run->exceeded != EV_FEEL_WITHIN_LIMITS || !ev_feel_step(run, 1))
		return NOT_COMPARABLE;
	if (ev_feel_is_null(a) || ev_feel_is_null(b))
		return answer(a.type == b.type);
	if (a.type != b.type)
		return NOT_COMPARABLE;
	switch (a.type)
	{
		case EV_FEEL_BOOLEAN:
			return answer(a.boolean == b.boolean);
		case EV_FEEL_STRING:
			return answer(strings_are_equal(run, a, b));
		case EV_FEEL_LIST:
			return answer(lists_are_equal(run, a, b));
		case EV_FEEL_CONTEXT:
			return answer(contexts_are_equal(run, a, b));
		case EV_FEEL_RANGE:
			return answer(ranges_are_equal(run, a.range, b.range));
		case EV_FEEL_FUNCTION:
			return NOT_COMPARABLE;
		case EV_FEEL_NUMBER:
			return answer(ev_feel_number_compare(a, b) == 0);
		default:
			return answer(ev_feel_temporal_equal(run, a, b));
	}
}

/* The element, if one of the two is a list of it and the other is no list. */
static void
unwrap(EvFeelRun *run, EvFeelValue *a, EvFeelValue *b)
{
	EvFeelValue *list = a->type == EV_FEEL_LIST ? a : b;
	EvFeelValue *other = a->type == EV_FEEL_LIST ? b : a;
	const EvFeelValue *items;

	if (list->type != EV_FEEL_LIST || other->type == EV_FEEL_LIST || ev_feel_is_null(*other) ||
		list->list->count != 1)
		return;
	items = ev_feel_items(run, *list);
	if (items != NULL)
		*list = items[0];
}

EvFeelValue
ev_feel_equal(EvFeelRun *run, EvFeelValue a, EvFeelValue b)
{
	Answer equal;

	unwrap(run, &a, &b);
	equal = compare_equal(run, a, b);
	if (run->exceeded != EV_FEEL_WITHIN_LIMITS)
		return ev_feel_null();
	if (equal == NOT_COMPARABLE)
		return ev_feel_problem(run, "a %s cannot be compared with a %s", ev_feel_type_name(a.type),
							   ev_feel_type_name(b.type));
	return ev_feel_boolean(equal == EQUAL);
}

bool
ev_feel_is_equal(EvFeelRun *run, EvFeelValue a, EvFeelValue b)
{
	return compare_equal(run, a, b) == EQUAL;
}

bool
ev_feel_compare(EvFeelRun *run, EvFeelValue a, EvFeelValue b, int *order)
{
	unwrap(run, &a, &b);
	if (a.type != b.type || !ev_feel_step(run, 1))
		return false;
	if (a.type == EV_FEEL_NUMBER)
		*order = ev_feel_number_compare(a, b);
	else if (a.type == EV_FEEL_STRING)
	{
		if (!ev_feel_step(run, Min(a.length, b.length) / BYTES_PER_STEP))
			return false;
		*order = memcmp(a.string, b.string, Min(a.length, b.length));
		if (*order == 0)
			*order = a.length - b.length;
	}
	else if (ev_feel_is_temporal(a))
		return ev_feel_temporal_compare(run, a, b, order);
	else
		return false;
	return true;
}

/*
 * On which side of an endpoint a value lies: *inside says whether it is the
 * range's; false where the two have no order.  side is 1 for the start, -1 for the end.
 */
static bool
is_inside(EvFeelRun *run, EvFeelValue value, EvFeelValue endpoint, bool included, int side,
		  bool *inside)
{
	int order;

	if (ev_feel_is_null(endpoint) && !included)
	{
		*inside = true;
		return true;
	}
	if (!ev_feel_compare(run, value, endpoint, &order))
		return false;
	*inside = order == 0 ? included : (order > 0) == (side > 0);
	return true;
}

EvFeelValue
ev_feel_in_range(EvFeelRun *run, EvFeelValue value, const EvFeelRange *range)
{
	bool after_start, before_end;

	if (range->comparison && !range->start_included)
	{
		EvFeelValue equal = ev_feel_equal(run, value, range->start);

		return equal.type == EV_FEEL_BOOLEAN ? ev_feel_boolean(!equal.boolean) : equal;
	}
	if (ev_feel_is_null(value) ||
		!is_inside(run, value, range->start, range->start_included, 1, &after_start) ||
		!is_inside(run, value, range->end, range->end_included, -1, &before_end))
		return ev_feel_problem(
			run, "a %s cannot be looked for in a range of %s", ev_feel_type_name(value.type),
			ev_feel_type_name(ev_feel_is_null(range->start) ? range->end.type : range->start.type));
	return ev_feel_boolean(after_start && before_end);
}
