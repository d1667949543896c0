/* SPDX-License-Identifier: PostgreSQL
 *
 * find.c: the events of one page of a search.
 *
 * Newest first and oldest first: the walk begins at the cursor and ends with the page.
 * Candidates of a stretch that came in no order are put in order first and confirmed one
 * by one, so that only those are read that are needed.
 *
 * By rank: all candidates are ranked, the newest MAX_RANKED of them; the best of those that
 * come after the cursor are kept.  The cursor remembers up to which position was ranked by
 * the first page, so that events which arrive meanwhile move nothing.
 *
 * How many there are in all is counted as far as a little more work goes (estimate.c).
 */
#include "base/compat.h"

#include "search/estimate.h"
#include "search/find.h"
#include "utils/memutils.h"

/* Only so many are ranked: the newest. */
#define MAX_RANKED 100000

/* Candidates of one stretch that are kept; of more, the stretch is walked in parts. */
#define MAX_CANDIDATES 250000

/* ---- newest first, oldest first */

typedef struct Candidate
{
	int64 position;
	ItemPointerData tid;
} Candidate;

typedef struct Finder
{
	EvWalk *walk;
	EvPage *page;
	EvStretch stretch;
	Candidate *candidates;
	int ncandidates;
	int room;
	int64 tried;			   /* candidates that were confirmed or not */
	MemoryContext row_context; /* of one candidate */
	bool is_overfull;
} Finder;

static bool
keep_candidate(Finder *finder, const EvHit *hit)
{
	if (finder->ncandidates == MAX_CANDIDATES)
	{
		finder->is_overfull = true;
		return false;
	}
	if (finder->ncandidates == finder->room)
	{
		finder->room *= 2;
		finder->candidates = repalloc(finder->candidates, sizeof(Candidate) * finder->room);
	}
	finder->candidates[finder->ncandidates++] = (Candidate) {hit->position, hit->tid};
	return true;
}

static bool
take_candidate(void *arg, const EvHit *hit)
{
	Finder *finder = (Finder *) arg;

	if (!finder->stretch.is_ordered)
		return keep_candidate(finder, hit);
	finder->tried++;
	if (ev_walk_confirm(finder->walk, hit))
		finder->page->found[finder->page->count++] = (EvFound) {hit->position, 0, hit->tid};
	return finder->page->count < finder->page->max_count;
}

static int
compare_positions(const void *a, const void *b)
{
	int64 left = ((const Candidate *) a)->position;
	int64 right = ((const Candidate *) b)->position;

	return left < right ? -1 : left > right;
}

/* What is read of one candidate goes before the next: there may be many that are refused. */
static bool
confirm_candidate(Finder *finder, int64 position)
{
	MemoryContext old = MemoryContextSwitchTo(finder->row_context);
	EvHit hit = {.position = position};
	bool is_found = ev_walk_confirm(finder->walk, &hit);

	finder->tried++;
	MemoryContextSwitchTo(old);
	MemoryContextReset(finder->row_context);
	return is_found;
}

/* Candidates in order, until the page is full; how many are left. */
static int
confirm_candidates(Finder *finder)
{
	EvPage *page = finder->page;
	int i;

	qsort(finder->candidates, finder->ncandidates, sizeof(Candidate), compare_positions);
	for (i = 0; i < finder->ncandidates && page->count < page->max_count; i++)
	{
		const Candidate *candidate =
			&finder->candidates[finder->walk->backward ? finder->ncandidates - 1 - i : i];

		if (confirm_candidate(finder, candidate->position))
			page->found[page->count++] = (EvFound) {candidate->position, 0, candidate->tid};
	}
	return finder->ncandidates - i;
}

static void
find_by_position(EvWalk *walk, EvPage *page)
{
	Finder finder = {.walk = walk, .page = page, .room = 1024};
	int64 low = 1;
	int64 high = walk->tally.horizon;
	int left = 0;

	finder.candidates = palloc(sizeof(Candidate) * finder.room);
	finder.row_context = AllocSetContextCreate(CurrentMemoryContext, "events search candidate",
											   ALLOCSET_DEFAULT_SIZES);
	if (page->has_after && page->order == EV_ORDER_NEWEST)
		high = Min(high, page->after.position - 1);
	else if (page->has_after)
		low = page->after.position + 1;
	ev_walk_begin(walk, low, high, page->order == EV_ORDER_NEWEST);
	while (page->count < page->max_count)
	{
		finder.ncandidates = 0;
		finder.is_overfull = false;
		finder.stretch.is_ordered = false;
		if (!ev_walk_next(walk, take_candidate, &finder, &finder.stretch))
		{
			page->is_exact = true;
			break;
		}
		if (finder.is_overfull)
			ev_walk_retry(walk, &finder.stretch);
		else if (!finder.stretch.is_ordered)
			left = confirm_candidates(&finder);
	}
	/* If nothing more is asked of them, candidates that were not tried are hits. */
	finder.stretch.is_counted = walk->conditions.are_all && !finder.stretch.is_ordered;
	if (!finder.stretch.is_counted)
		left = 0;
	page->total = page->count + left + (page->has_after ? page->after.seen : 0);
	if (!page->is_exact)
		ev_estimate_rest(walk, page, &finder.stretch, finder.tried, page->count + left);
	MemoryContextDelete(finder.row_context);
	pfree(finder.candidates);
}

/* ---- by rank */

typedef struct Ranker
{
	EvWalk *walk;
	EvPage *page;
	int64 ranked;
} Ranker;

/* Does a stand before b? */
static bool
is_better(const EvFound *a, const EvFound *b)
{
	return a->rank != b->rank ? a->rank > b->rank : a->position > b->position;
}

/* found[] is a heap whose first element is the worst one. */
static void
sift_down(EvFound *found, int n, int i)
{
	for (;;)
	{
		int worst = i;
		EvFound moved;

		for (int child = 2 * i + 1; child <= 2 * i + 2 && child < n; child++)
		{
			if (is_better(&found[worst], &found[child]))
				worst = child;
		}
		if (worst == i)
			return;
		moved = found[i];
		found[i] = found[worst];
		found[worst] = moved;
		i = worst;
	}
}

static void
keep_best(EvPage *page, EvFound found)
{
	EvFound after = {.position = page->after.position, .rank = page->after.rank};

	if (page->has_after && !is_better(&after, &found))
		return;
	if (page->count < page->max_count)
	{
		page->found[page->count++] = found;
		if (page->count == page->max_count)
		{
			for (int i = page->count / 2 - 1; i >= 0; i--)
				sift_down(page->found, page->count, i);
		}
	}
	else if (is_better(&found, &page->found[0]))
	{
		page->found[0] = found;
		sift_down(page->found, page->count, 0);
	}
}

static bool
rank_candidate(void *arg, const EvHit *hit)
{
	Ranker *ranker = (Ranker *) arg;

	if (ev_walk_confirm(ranker->walk, hit))
	{
		ranker->ranked++;
		keep_best(ranker->page, (EvFound) {hit->position, ev_walk_rank(hit), hit->tid});
	}
	return true;
}

static int
compare_found(const void *a, const void *b)
{
	return is_better((const EvFound *) a, (const EvFound *) b) ? -1 : 1;
}

static void
find_by_rank(EvWalk *walk, EvPage *page)
{
	Ranker ranker = {.walk = walk, .page = page};
	EvStretch stretch;

	page->upto = page->has_after ? page->after.upto : walk->tally.horizon;
	walk->wants_documents = true;
	ev_walk_begin(walk, 1, Min(page->upto, walk->tally.horizon), true);
	page->is_exact = true;
	while (ev_walk_next(walk, rank_candidate, &ranker, &stretch))
	{
		if (ranker.ranked >= MAX_RANKED)
		{
			page->is_exact = false;
			break;
		}
	}
	qsort(page->found, page->count, sizeof(EvFound), compare_found);
	page->total = ranker.ranked;
	if (!page->is_exact)
		ev_estimate_rest(walk, page, &stretch, page->count, ranker.ranked);
}

void
ev_find_page(EvWalk *walk, EvPage *page)
{
	page->found = palloc(sizeof(EvFound) * page->max_count);
	page->count = 0;
	page->is_exact = false;
	if (page->order == EV_ORDER_RANK)
		find_by_rank(walk, page);
	else
		find_by_position(walk, page);
}
