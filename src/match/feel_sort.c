/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_sort.c: sorting lists, by a function or by the order of numbers.
 *
 * sort(list, precedes) asks a function of the user whether one element comes before
 * another.  Nothing says that its answers fit together, and it may go wrong in the
 * midst.  So this is a merge sort, which makes n log n calls at most whatever
 * they answer, loses no element, and ends where a call does not answer with true
 * or false: the result is null then.
 *
 * It is stable: an element of the right half goes first only if it precedes the
 * one of the left.  Runs are merged from below, without recursion, between two
 * arrays that take turns.
 */
#include "base/compat.h"

#include "match/feel_function.h"
#include "match/feel_list.h"
#include "match/feel_number.h"

/* Does a come before b?  false when there is no answer. */
typedef bool (*Precedes)(EvFeelRun *run, EvFeelValue function, EvFeelValue a, EvFeelValue b,
						 bool *precedes);

typedef struct Sorting
{
	EvFeelRun *run;
	Precedes precedes;
	EvFeelValue function;
	EvFeelValue *from;
	EvFeelValue *to;
} Sorting;

static bool
merge(Sorting *sorting, int start, int middle, int end)
{
	EvFeelValue *from = sorting->from;
	int left = start, right = middle;

	for (int i = start; i < end; i++)
	{
		bool take_right = left == middle;

		if (left < middle && right < end &&
			!sorting->precedes(sorting->run, sorting->function, from[right], from[left],
							   &take_right))
			return false;
		sorting->to[i] = take_right ? from[right++] : from[left++];
	}
	return true;
}

/* The result is in sorting->from. */
static bool
merge_sort(Sorting *sorting, int count)
{
	for (int64 width = 1; width < count; width *= 2)
	{
		EvFeelValue *swap = sorting->from;

		if (!ev_feel_step(sorting->run, count))
			return false;
		for (int64 start = 0; start < count; start += 2 * width)
		{
			if (!merge(sorting, start, Min(start + width, count), Min(start + 2 * width, count)))
				return false;
		}
		sorting->from = sorting->to;
		sorting->to = swap;
	}
	return true;
}

static bool
precedes_by_function(EvFeelRun *run, EvFeelValue function, EvFeelValue a, EvFeelValue b,
					 bool *precedes)
{
	EvFeelValue args[] = {a, b};
	EvFeelValue answer = ev_feel_invoke(run, function, args, 2);

	if (run->exceeded != EV_FEEL_WITHIN_LIMITS)
		return false;
	if (answer.type != EV_FEEL_BOOLEAN)
	{
		ev_feel_problem(run, "sort: the function answered with %s, not with true or false",
						ev_feel_type_name(answer.type));
		return false;
	}
	*precedes = answer.boolean;
	return true;
}

static bool
precedes_as_number(EvFeelRun *run, EvFeelValue function, EvFeelValue a, EvFeelValue b,
				   bool *precedes)
{
	*precedes = ev_feel_number_compare(a, b) < 0;
	return true;
}

EvFeelValue
ev_feel_sort(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	Sorting sorting = {.run = run, .precedes = precedes_by_function, .function = args[1]};
	const EvFeelValue *items;
	int count;

	if (!ev_feel_list_read(run, args[0], &items, &count))
		return ev_feel_null();
	sorting.from = ev_feel_list_copy(run, items, count, 0);
	sorting.to = ev_feel_alloc_items(run, count);
	if (sorting.from == NULL || sorting.to == NULL || !merge_sort(&sorting, count))
		return ev_feel_null();
	return ev_feel_make_list(run, sorting.from, count);
}

bool
ev_feel_sort_numbers(EvFeelRun *run, EvFeelValue *items, int count)
{
	Sorting sorting = {.run = run, .precedes = precedes_as_number, .from = items};

	sorting.to = ev_feel_alloc_items(run, count);
	if (sorting.to == NULL || !merge_sort(&sorting, count))
		return false;
	if (sorting.from != items)
		memcpy(items, sorting.from, count * sizeof(EvFeelValue));
	return true;
}
