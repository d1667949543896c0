/* SPDX-License-Identifier: PostgreSQL
 *
 * event_set_range.c: which of many ranges of numbers does a number lie in?
 *
 * The ranges stand sorted by their lower ends; the middle of each part of the
 * array is the root of a tree over that part, and knows the greatest upper end
 * in it.  A look-up leaves out parts whose upper ends are all too small, and
 * those that begin too high, so that it takes the logarithm of their number
 * and a little for each range found.
 */
#include "base/compat.h"

#include "match/event_set_parts.h"
#include "miscadmin.h"

struct EvSetRanges
{
	int count;
	const EvSetRange *ranges;
	int *greatest; /* by root of a part: where its greatest upper end is */
};

static int
compare_lows(const void *a, const void *b)
{
	const EvRange *x = ((const EvSetRange *) a)->range;
	const EvRange *y = ((const EvSetRange *) b)->range;

	if (!x->has_low || !y->has_low)
		return (int) x->has_low - (int) y->has_low;
	return ev_number_compare(&x->low, &y->low);
}

/* Which of two ranges reaches higher? */
static int
higher(const EvSetRanges *ranges, int a, int b)
{
	const EvRange *x = ranges->ranges[a].range;
	const EvRange *y = ranges->ranges[b].range;

	if (!x->has_high || !y->has_high)
		return x->has_high ? b : a;
	return ev_number_compare(&x->high, &y->high) >= 0 ? a : b;
}

/* The part from `low` up to, not including, `high`. */
static int
find_greatest(EvSetRanges *ranges, int low, int high)
{
	int middle = low + (high - low) / 2;
	int greatest = middle;

	if (low < middle)
		greatest = higher(ranges, greatest, find_greatest(ranges, low, middle));
	if (middle + 1 < high)
		greatest = higher(ranges, greatest, find_greatest(ranges, middle + 1, high));
	ranges->greatest[middle] = greatest;
	return greatest;
}

EvSetRanges *
ev_event_set_range_build(EvSetRange *list, int n)
{
	EvSetRanges *ranges = palloc0(sizeof(EvSetRanges));

	qsort(list, n, sizeof(EvSetRange), compare_lows);
	ranges->count = n;
	ranges->ranges = list;
	ranges->greatest = palloc(n * sizeof(int));
	find_greatest(ranges, 0, n);
	return ranges;
}

static bool
is_below(const EvNumber *number, const EvRange *range)
{
	int order;

	if (!range->has_low)
		return false;
	order = ev_number_compare(number, &range->low);
	return order < 0 || (order == 0 && !range->low_included);
}

static bool
is_above(const EvNumber *number, const EvRange *range)
{
	int order;

	if (!range->has_high)
		return false;
	order = ev_number_compare(number, &range->high);
	return order > 0 || (order == 0 && !range->high_included);
}

static void
look_up(EvEventSet *set, const EvSetRanges *ranges, const EvNumber *number, int low, int high)
{
	while (low < high)
	{
		int middle = low + (high - low) / 2;
		const EvRange *range = ranges->ranges[middle].range;
		const EvRange *greatest = ranges->ranges[ranges->greatest[middle]].range;

		/* one that ends at the same number may include it where the greatest does not */
		if (greatest->has_high && ev_number_compare(number, &greatest->high) > 0)
			return;
		look_up(set, ranges, number, low, middle);
		if (range->has_low && ev_number_compare(number, &range->low) < 0)
			return;
		if (!is_below(number, range) && !is_above(number, range))
			ev_event_set_pass(set, ranges->ranges[middle].condition);
		low = middle + 1;
	}
}

void
ev_event_set_range_look_up(EvEventSet *set, const EvSetRanges *ranges, const EvView *number)
{
	EvNumber read = ev_number_read(ev_view_numeric(number));

	look_up(set, ranges, &read, 0, ranges->count);
}
