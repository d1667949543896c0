/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_statistics.c: min, max, sum, mean, product, median, stddev and mode (DMN 1.5, 10.3.4.4).
 *
 * They take one list, or their elements as arguments, which come here as a list
 * too.  Of an empty list they are null, but for mode, of which there is none then: [].
 * All but min and max are of numbers; an element that is something else makes the
 * result null, and null is something else.  min and max are of whatever has an
 * order, all of one type.
 *
 * Sums are taken in the order of the list and rounded to 34 digits as they go, as
 * a + b + c would be.  stddev is that of a sample: it divides by n - 1, and there is none
 * of one number.
 */
#include "base/compat.h"

#include "match/feel_compare.h"
#include "match/feel_list.h"
#include "match/feel_number.h"

typedef EvFeelValue (*Operation)(EvFeelRun *run, EvFeelValue a, EvFeelValue b);

/* The elements, if they are numbers and there are some; else false, and the reason is noted. */
static bool
read_numbers(EvFeelRun *run, const char *name, EvFeelValue list, const EvFeelValue **items,
			 int *count)
{
	if (!ev_feel_list_read(run, list, items, count) || !ev_feel_step(run, *count))
		return false;
	if (*count == 0)
	{
		ev_feel_problem(run, "%s: the list is empty", name);
		return false;
	}
	for (int i = 0; i < *count; i++)
	{
		if ((*items)[i].type != EV_FEEL_NUMBER)
		{
			ev_feel_problem(run, "%s: element %d is %s, not a number", name, i + 1,
							ev_feel_type_name((*items)[i].type));
			return false;
		}
	}
	return true;
}

/* Put all together, from the first to the last; null as soon as one result is. */
static EvFeelValue
accumulate(EvFeelRun *run, Operation operation, const EvFeelValue *items, int count)
{
	EvFeelValue result = items[0];

	for (int i = 1; i < count && !ev_feel_is_null(result); i++)
	{
		if (!ev_feel_step(run, 1))
			return ev_feel_null();
		result = operation(run, result, items[i]);
	}
	return result;
}

/* The last one in the order of sign -1, the first in that of 1. */
static EvFeelValue
extreme(EvFeelRun *run, const char *name, EvFeelValue list, int sign)
{
	const EvFeelValue *items;
	EvFeelValue best;
	int count, order;

	if (!ev_feel_list_read(run, list, &items, &count))
		return ev_feel_null();
	if (count == 0)
		return ev_feel_problem(run, "%s: the list is empty", name);
	best = items[0];
	for (int i = 0; i < count; i++)
	{
		/* the first is compared with itself: has its type an order? */
		if (items[i].type != best.type || !ev_feel_compare(run, items[i], best, &order))
			return ev_feel_problem(run, "%s: element %d, %s, has no order with the others", name,
								   i + 1, ev_feel_type_name(items[i].type));
		if (order * sign < 0)
			best = items[i];
	}
	return best;
}

EvFeelValue
ev_feel_statistics_min(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return extreme(run, "min", args[0], 1);
}

EvFeelValue
ev_feel_statistics_max(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return extreme(run, "max", args[0], -1);
}

EvFeelValue
ev_feel_statistics_sum(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	const EvFeelValue *items;
	int count;

	if (!read_numbers(run, "sum", args[0], &items, &count))
		return ev_feel_null();
	return accumulate(run, ev_feel_number_add, items, count);
}

EvFeelValue
ev_feel_statistics_product(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	const EvFeelValue *items;
	int count;

	if (!read_numbers(run, "product", args[0], &items, &count))
		return ev_feel_null();
	return accumulate(run, ev_feel_number_multiply, items, count);
}

/* null stays null. */
static EvFeelValue
divide_by(EvFeelRun *run, EvFeelValue number, int64 divisor)
{
	EvFeelValue by = ev_feel_number_from_int64(run, divisor);

	if (ev_feel_is_null(number) || ev_feel_is_null(by))
		return ev_feel_null();
	return ev_feel_number_divide(run, number, by);
}

static EvFeelValue
mean_of(EvFeelRun *run, const EvFeelValue *items, int count)
{
	return divide_by(run, accumulate(run, ev_feel_number_add, items, count), count);
}

EvFeelValue
ev_feel_statistics_mean(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	const EvFeelValue *items;
	int count;

	if (!read_numbers(run, "mean", args[0], &items, &count))
		return ev_feel_null();
	return mean_of(run, items, count);
}

/* The square of how far a number is from the mean. */
static EvFeelValue
squared_deviation(EvFeelRun *run, EvFeelValue number, EvFeelValue mean)
{
	EvFeelValue deviation = ev_feel_number_subtract(run, number, mean);

	if (ev_feel_is_null(deviation))
		return deviation;
	return ev_feel_number_multiply(run, deviation, deviation);
}

EvFeelValue
ev_feel_statistics_stddev(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	const EvFeelValue *items;
	EvFeelValue *squares;
	EvFeelValue mean, variance;
	EvDecimal root;
	int count;

	if (!read_numbers(run, "stddev", args[0], &items, &count))
		return ev_feel_null();
	if (count == 1)
		return ev_feel_problem(run, "stddev: one number has no deviation");
	mean = mean_of(run, items, count);
	squares = ev_feel_alloc_items(run, count);
	if (ev_feel_is_null(mean) || squares == NULL)
		return ev_feel_null();
	for (int i = 0; i < count; i++)
	{
		squares[i] = squared_deviation(run, items[i], mean);
		if (ev_feel_is_null(squares[i]))
			return ev_feel_null();
	}
	variance = divide_by(run, accumulate(run, ev_feel_number_add, squares, count), count - 1);
	if (!ev_feel_number_spend(run) || ev_feel_is_null(variance) ||
		!ev_feel_number_read(variance, &root))
		return ev_feel_null();
	return ev_feel_number_make(run, ev_decimal_sqrt(&root, &root), &root);
}

/* A sorted copy; NULL past a limit. */
static EvFeelValue *
sorted_numbers(EvFeelRun *run, const EvFeelValue *items, int count)
{
	EvFeelValue *sorted = ev_feel_list_copy(run, items, count, 0);

	return sorted != NULL && ev_feel_sort_numbers(run, sorted, count) ? sorted : NULL;
}

EvFeelValue
ev_feel_statistics_median(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	const EvFeelValue *items;
	EvFeelValue *sorted;
	int count;

	if (!read_numbers(run, "median", args[0], &items, &count))
		return ev_feel_null();
	sorted = sorted_numbers(run, items, count);
	if (sorted == NULL)
		return ev_feel_null();
	if (count % 2 == 1)
		return sorted[count / 2];
	return mean_of(run, &sorted[count / 2 - 1], 2);
}

/* How many numbers from `start` are equal. */
static int
run_length(const EvFeelValue *sorted, int start, int count)
{
	int end = start + 1;

	while (end < count && ev_feel_number_compare(sorted[start], sorted[end]) == 0)
		end++;
	return end - start;
}

EvFeelValue
ev_feel_statistics_mode(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	const EvFeelValue *items;
	EvFeelValue *sorted;
	EvFeelItems modes;
	int longest = 0;
	int count;

	ev_feel_items_begin(&modes, run);
	if (args[0].list->count == 0)
		return ev_feel_items_end(&modes);
	if (!read_numbers(run, "mode", args[0], &items, &count))
		return ev_feel_null();
	sorted = sorted_numbers(run, items, count);
	if (sorted == NULL || !ev_feel_step(run, count))
		return ev_feel_null();
	for (int start = 0, length; start < count; start += length)
	{
		length = run_length(sorted, start, count);
		if (length < longest)
			continue;
		if (length > longest)
			modes.count = 0;
		longest = length;
		if (!ev_feel_items_add(&modes, sorted[start]))
			return ev_feel_null();
	}
	return ev_feel_items_end(&modes);
}
