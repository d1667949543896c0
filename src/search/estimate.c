/* SPDX-License-Identifier: PostgreSQL
 *
 * estimate.c: about how many events belong to the answer of a search.
 *
 * Where there is an index to ask, it counts the candidates in some small chunks all over what
 * follows the page.  If that means little in all, it is counted one by one and so exactly, else
 * what is left is taken to be like those chunks.  If the stretch in which the page became
 * full has many more candidates, there is much, and a few chunks say enough.
 *
 * Where there is none, what follows is counted as far as it takes little work, and what is
 * left is taken to be like what was walked.
 */
#include "base/compat.h"

#include "search/estimate.h"

/* Rows that are looked at for an exact number. */
#define COUNTED_ROWS 1000

/* Small chunks that are counted for an estimate. */
#define SAMPLES 6

/* With so many candidates left in one stretch there is much, and fewer chunks are counted. */
#define MANY_LEFT 30
#define FEW_SAMPLES 3

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

static double
absolute(double x)
{
	return x < 0 ? -x : x;
}

/* Positions that the walk has not come to, beyond `reached`. */
static double
positions_left(const EvWalk *walk, int64 reached)
{
	double left = 0;

	for (int i = 0; i < walk->nranges; i++)
	{
		int64 low = walk->ranges[i].low;
		int64 high = walk->ranges[i].high;

		if (walk->backward)
			high = Min(high, reached - 1);
		else
			low = Max(low, reached + 1);
		left += Max(high - low + 1, 0);
	}
	return left;
}

/* The n-th position of those that are left. */
static int64
position_left(const EvWalk *walk, int64 reached, double n)
{
	for (int i = 0; i < walk->nranges; i++)
	{
		int64 low = walk->ranges[i].low;
		int64 high = walk->ranges[i].high;

		if (walk->backward)
			high = Min(high, reached - 1);
		else
			low = Max(low, reached + 1);
		if (low > high)
			continue;
		if (n < high - low + 1)
			return low + (int64) n;
		n -= high - low + 1;
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

/* Beyond a stretch with `left` candidates behind the page it is like there and in some chunks. */
static double
estimate_much(EvWalk *walk, const EvPage *page, int64 end, int left)
{
	int64 last = page->found[page->count - 1].position;
	double positions = absolute((double) last - end) + 1;
	int64 sampled = count_samples(walk, end, FEW_SAMPLES, &positions);

	return (left + sampled) / positions * positions_left(walk, end);
}

/* Count one by one what comes after `reached`; false if there is too much of it. */
static bool
count_rest(EvWalk *walk, EvPage *page, int64 reached, int64 *count)
{
	Counter counter = {walk, 0};
	EvStretch next;

	ev_tally_allow(&walk->tally, COUNTED_ROWS);
	ev_walk_begin(walk, walk->backward ? 1 : reached + 1,
				  walk->backward ? reached - 1 : walk->tally.horizon, walk->backward);
	while (!ev_tally_is_spent(&walk->tally) && ev_walk_next(walk, count_hit, &counter, &next))
		;
	page->is_exact = !ev_tally_is_spent(&walk->tally);
	walk->tally.allowance = 0;
	*count = counter.count;
	return page->is_exact;
}

/* There is an index: samples say if it is worth counting, and if not, how many there are. */
static void
estimate_by_index(EvWalk *walk, EvPage *page, int64 reached, double confirmed)
{
	double positions = 0;
	double rest = positions_left(walk, reached);
	int64 sampled = rest > 0 ? count_samples(walk, reached, SAMPLES, &positions) : 0;
	double expected = positions > 0 ? sampled / positions * rest : 0;
	int64 count = 0;

	if (expected > COUNTED_ROWS || !count_rest(walk, page, reached, &count))
		count = Max(count, (int64) (expected * confirmed));
	page->total += count;
}

/* There is none: what is left is like what was walked. */
static void
estimate_by_walk(EvWalk *walk, EvPage *page, int64 reached)
{
	int64 start = walk->backward ? walk->tally.horizon : 1;
	double walked;
	int64 count;

	if (!count_rest(walk, page, reached, &count))
	{
		if (page->has_after && page->order != EV_ORDER_RANK)
			start = page->after.position;
		reached = walk->tally.reached;
		walked = absolute((double) start - reached) + 1;
		page->total += (int64) ((page->count + count) / walked * positions_left(walk, reached));
	}
	page->total += count;
}

void
ev_estimate_rest(EvWalk *walk, EvPage *page, const EvStretch *stretch, int left, int64 tried)
{
	bool by_rank = page->order == EV_ORDER_RANK;
	bool is_known = !by_rank && !stretch->is_ordered && page->count > 0;
	int64 end = walk->backward ? stretch->low : stretch->high;
	int64 reached = page->count > 0 && !by_rank ? page->found[page->count - 1].position : end;
	double confirmed = tried > 0 && !by_rank ? (double) page->count / tried : 1;

	/* The candidates of the stretch are counted already, if nothing more is asked of them. */
	if (is_known && walk->conditions.are_all)
	{
		page->total += left;
		reached = end;
	}
	page->is_exact = positions_left(walk, reached) <= 0;
	if (page->is_exact)
		return;
	if (walk->filed == NULL || !walk->by_index)
		estimate_by_walk(walk, page, reached);
	else if (is_known && left >= MANY_LEFT)
	{
		double more = estimate_much(walk, page, end, left) + (reached == end ? 0 : left);

		page->total += (int64) (more * confirmed);
	}
	else
		estimate_by_index(walk, page, reached, confirmed);
}
