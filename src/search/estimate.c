/* SPDX-License-Identifier: PostgreSQL
 *
 * estimate.c: about how many events belong to the answer of a search.
 *
 * What follows a page is counted as far as it takes little work, which is all of it where
 * there is not much.  For what is left, some chunks all over it are counted by the index,
 * or, where there is nothing to ask an index, it is taken to be like what was walked.
 */
#include "base/compat.h"

#include <math.h>

#include "search/estimate.h"

/* Rows that are looked at for an exact number. */
#define COUNTED_ROWS 1000

/* Fewer positions than these are looked at anyway. */
#define FEW_POSITIONS 32768

/* Small chunks that are counted for an estimate; fewer where a stretch held so many more hits. */
#define SAMPLES 6
#define FEW_SAMPLES 3
#define MANY_MORE 30

typedef struct Counter
{
	EvWalk *walk;
	int64 count;
} Counter;

static bool
count_hit(void *arg, const EvHit *hit)
{
	Counter *counter = (Counter *) arg;

	counter->count += ev_walk_confirm(counter->walk, hit);
	return !ev_tally_is_spent(&counter->walk->tally);
}

/* What of a range lies beyond `reached`; nothing where low is above high. */
static EvRange
rest_of_range(const EvWalk *walk, int i, int64 reached)
{
	EvRange range = walk->ranges[i];

	if (walk->backward)
		range.high = Min(range.high, reached - 1);
	else
		range.low = Max(range.low, reached + 1);
	return range;
}

/* Positions that the walk has not come to, beyond `reached`. */
static double
positions_left(const EvWalk *walk, int64 reached)
{
	double left = 0;

	for (int i = 0; i < walk->nranges; i++)
	{
		EvRange range = rest_of_range(walk, i, reached);

		left += Max(range.high - range.low + 1, 0);
	}
	return left;
}

/* The n-th position of those that are left. */
static int64
position_left(const EvWalk *walk, int64 reached, double n)
{
	for (int i = 0; i < walk->nranges; i++)
	{
		EvRange range = rest_of_range(walk, i, reached);

		if (range.low > range.high)
			continue;
		if (n < range.high - range.low + 1)
			return range.low + (int64) n;
		n -= range.high - range.low + 1;
	}
	return 0;
}

/* Candidates in some chunks all over what is left; the positions looked at are added up. */
static int64
count_samples(EvWalk *walk, int64 reached, int samples, double *positions)
{
	double left = positions_left(walk, reached);
	int64 count = 0;

	for (int i = 0; i < samples; i++)
	{
		int64 position = position_left(walk, reached, left * (i + 0.5) / samples);
		int64 low = position >> ev_chunk_shifts[0] << ev_chunk_shifts[0];
		int64 high = low + (INT64CONST(1) << ev_chunk_shifts[0]) - 1;
		int64 found, end;

		*positions += high - low + 1;
		if (ev_filed_seek(walk->filed, low, high, true, &found, &end) &&
			ev_filed_is_indexed(walk->filed))
			count += ev_filed_count_index(walk->filed, 0, low, high);
	}
	return count;
}

/* Events between where the walk began and `reached`, for each position. */
static double
density(const EvWalk *walk, int64 reached, int64 hits)
{
	return (double) hits / (fabs((double) walk->origin - reached) + 1);
}

/* How many candidates the index names in what is left, by samples. */
static double
sampled(EvWalk *walk, int64 reached, int samples)
{
	double positions = 0;
	int64 count = count_samples(walk, reached, samples, &positions);

	return count / positions * positions_left(walk, reached);
}

/* Count one by one what comes after `reached`; false if there is too much of it. */
static bool
count_rest(EvWalk *walk, int64 reached, int64 *count)
{
	Counter counter = {walk, 0};
	EvStretch next;
	bool is_all;

	ev_tally_allow(&walk->tally, COUNTED_ROWS);
	ev_walk_begin(walk, walk->backward ? 1 : reached + 1,
				  walk->backward ? reached - 1 : walk->tally.horizon, walk->backward);
	while (!ev_tally_is_spent(&walk->tally) && ev_walk_next(walk, count_hit, &counter, &next))
		;
	is_all = !ev_tally_is_spent(&walk->tally);
	walk->tally.allowance = 0;
	*count = counter.count;
	return is_all;
}

void
ev_estimate_rest(EvWalk *walk, EvPage *page, const EvStretch *stretch, int64 tried, int64 hits)
{
	bool by_rank = page->order == EV_ORDER_RANK;
	int64 end = walk->backward ? stretch->low : stretch->high;
	int64 reached = by_rank || stretch->is_counted ? end : page->found[page->count - 1].position;
	bool can_sample = walk->filed != NULL && walk->by_index && !ev_filed_has_prefix(walk->filed);
	double left = positions_left(walk, reached);
	double expected = 0;
	int64 count = 0;

	/* Samples know of the holes between positions; the density of what was walked does not. */
	if (can_sample && left >= FEW_POSITIONS)
	{
		int samples = hits >= page->count + MANY_MORE ? FEW_SAMPLES : SAMPLES;

		expected = sampled(walk, reached, samples) * page->count / Max(tried, 1);
	}
	if (expected < COUNTED_ROWS)
		page->is_exact = left <= 0 || count_rest(walk, reached, &count);
	if (!page->is_exact && !can_sample)
	{
		reached = walk->tally.reached;
		expected = count + density(walk, reached, hits + count) * positions_left(walk, reached);
	}
	else if (!page->is_exact && expected == 0)
		expected = sampled(walk, reached, SAMPLES) * page->count / Max(tried, 1);
	page->total += page->is_exact ? count : Max(count, (int64) expected);
}
