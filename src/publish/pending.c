/* SPDX-License-Identifier: PostgreSQL
 *
 * pending.c: the events that this transaction has published and not committed.
 *
 * Their rows are kept by pending_rows.c, in the order in which they were
 * published, and none is ever taken out of there.  But the events of a
 * rolled-back subtransaction are always a suffix of what is there at that
 * moment, so two small things suffice:
 *
 *   levels   a stack of (nesting level, ordinal of the first event published
 *            at or below that level, times at which its events are recorded),
 *            one for each level that has published
 *   skipped  rising, disjoint ranges of ordinals that were rolled back
 *
 * Rolling back level n moves everything from the first ordinal of n on into
 * `skipped`; releasing it hands its entry to level n - 1.
 *
 * An error in the middle of writing (a full disk) may leave the rows in a
 * state that is not known; if the application catches it, the transaction
 * must not commit half of its events.  Hence `writing`.
 */
#include "base/compat.h"

#include "base/settings.h"
#include "miscadmin.h"
#include "publish/pending.h"
#include "publish/pending_rows.h"
#include "store/columns.h"
#include "utils/memutils.h"

typedef struct Level
{
	int level;
	int64 first;
	bool has_unrecorded; /* one gets the time at which it is recorded at commit */
	TimestampTz oldest;	 /* of those that keep theirs; infinity if there is none */
	TimestampTz newest;	 /* of the same; -infinity */
} Level;

typedef struct Range
{
	int64 first;
	int64 end; /* exclusive */
} Range;

typedef struct Pending
{
	EvPendingRows *rows;
	int64 count; /* of them */
	int64 nskipped_events;
	bool writing;
	Level *levels;
	int nlevels;
	int maxlevels;
	Range *skipped;
	int nskipped;
	int maxskipped;
	int64 next; /* ordinal that is read next */
	int next_range;
} Pending;

/* In TopTransactionContext; NULL while nothing was published. */
static Pending *pending = NULL;

static void
create_pending(void)
{
	MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);
	Pending *p = palloc0(sizeof(Pending));

	p->rows = ev_pending_rows_make();
	p->maxlevels = 8;
	p->levels = palloc(sizeof(Level) * p->maxlevels);
	p->maxskipped = 8;
	p->skipped = palloc(sizeof(Range) * p->maxskipped);
	MemoryContextSwitchTo(old);
	pending = p;
}

/*
 * Rows are kept as they will be written, but for position and recorded_at,
 * which get their room now and their values at commit (an imported event brings
 * its recorded_at): forming a row is the better part of what a row costs here.
 */
static void
keep(Pending *p, const Datum *given_values, const bool *given_nulls, TimestampTz recorded_at)
{
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];

	memcpy(values, given_values, sizeof(values));
	memcpy(nulls, given_nulls, sizeof(nulls));
	values[EV_POSITION] = Int64GetDatum(0);
	values[EV_RECORDED_AT] = TimestampTzGetDatum(recorded_at);
	nulls[EV_POSITION] = nulls[EV_RECORDED_AT] = false;
	ev_pending_rows_add(p->rows, values, nulls);
}

/* The current level publishes: let it have an entry. */
static void
note_level(Pending *p)
{
	int level = GetCurrentTransactionNestLevel();

	if (p->nlevels > 0 && p->levels[p->nlevels - 1].level >= level)
		return;
	if (p->nlevels == p->maxlevels)
	{
		p->maxlevels *= 2;
		p->levels = repalloc(p->levels, sizeof(Level) * p->maxlevels);
	}
	p->levels[p->nlevels++] = (Level) {
		.level = level, .first = p->count, .oldest = DT_NOEND, .newest = DT_NOBEGIN};

	/* Each entry may become one range; an abort must not allocate. */
	if (p->nskipped + p->nlevels >= p->maxskipped)
	{
		p->maxskipped *= 2;
		p->skipped = repalloc_huge(p->skipped, sizeof(Range) * p->maxskipped);
	}
}

void
ev_pending_check(void)
{
	if (pending != NULL && pending->writing)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("the events of this transaction are incomplete"),
						errdetail("An error interrupted an earlier events.publish()."),
						errhint("Roll the transaction back.")));
}

/* The current level has an entry. */
static void
note_recorded(Level *level, TimestampTz recorded_at)
{
	if (TIMESTAMP_IS_NOBEGIN(recorded_at))
		level->has_unrecorded = true;
	else
	{
		level->oldest = Min(level->oldest, recorded_at);
		level->newest = Max(level->newest, recorded_at);
	}
}

void
ev_pending_add_recorded(Datum *values, bool *nulls, TimestampTz recorded_at)
{
	Pending *p;

	ev_pending_check();
	if (pending == NULL)
		create_pending();
	p = pending;
	if (ev_pending_count() >= ev_max_pending_events)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many events in one transaction"),
				 errdetail("The limit is events.max_pending_events = %d.", ev_max_pending_events),
				 errhint("Publish them in several transactions.")));
	note_level(p);
	p->writing = true;
	keep(p, values, nulls, recorded_at);
	p->writing = false;
	note_recorded(&p->levels[p->nlevels - 1], recorded_at);
	p->count++;
}

void
ev_pending_add(Datum *values, bool *nulls)
{
	ev_pending_add_recorded(values, nulls, DT_NOBEGIN);
}

TimestampTz
ev_pending_oldest_kept(void)
{
	TimestampTz oldest = DT_NOEND;

	for (int i = 0; pending != NULL && i < pending->nlevels; i++)
		oldest = Min(oldest, pending->levels[i].oldest);
	return oldest;
}

TimestampTz
ev_pending_newest(TimestampTz now)
{
	TimestampTz newest = DT_NOBEGIN;

	for (int i = 0; pending != NULL && i < pending->nlevels; i++)
	{
		const Level *level = &pending->levels[i];

		newest = Max(newest, level->has_unrecorded ? Max(now, level->newest) : level->newest);
	}
	return newest;
}

int64
ev_pending_count(void)
{
	return pending != NULL ? pending->count - pending->nskipped_events : 0;
}

void
ev_pending_rewind(void)
{
	ev_pending_check();
	if (pending == NULL)
		return;
	ev_pending_rows_rewind(pending->rows);
	pending->next = 0;
	pending->next_range = 0;
}

/* What was kept next, rolled back or not; NULL at the end. */
static HeapTuple
fetch(Pending *p, bool *stays)
{
	HeapTuple row;

	if (p->next == p->count)
		return NULL;
	row = ev_pending_rows_next(p->rows, stays);
	if (row == NULL)
		elog(ERROR, "pending events end at " INT64_FORMAT " of " INT64_FORMAT, p->next, p->count);
	return row;
}

HeapTuple
ev_pending_next_row(bool *stays)
{
	Pending *p = pending;
	HeapTuple row;

	while (p != NULL && (row = fetch(p, stays)) != NULL)
	{
		int64 ordinal = p->next++;

		CHECK_FOR_INTERRUPTS();
		while (p->next_range < p->nskipped && p->skipped[p->next_range].end <= ordinal)
			p->next_range++;
		if (p->next_range == p->nskipped || p->skipped[p->next_range].first > ordinal)
			return row;
	}
	return NULL;
}

bool
ev_pending_next(Datum *values, bool *nulls)
{
	bool stays;
	HeapTuple row = ev_pending_next_row(&stays);

	if (row == NULL)
		return false;
	heap_deform_tuple(row, ev_columns_descriptor(), values, nulls);
	nulls[EV_POSITION] = nulls[EV_RECORDED_AT] = true;
	return true;
}

void
ev_pending_reset(bool release)
{
	if (pending != NULL && release)
		ev_pending_rows_end(pending->rows);
	pending = NULL;
}

static void
join_parent(Pending *p)
{
	const Level *top = &p->levels[p->nlevels - 1];
	Level *parent = &p->levels[p->nlevels - 2];

	parent->has_unrecorded |= top->has_unrecorded;
	parent->oldest = Min(parent->oldest, top->oldest);
	parent->newest = Max(parent->newest, top->newest);
	p->nlevels--;
}

void
ev_pending_subxact_commit(int level)
{
	Pending *p = pending;

	if (p == NULL || p->nlevels == 0 || p->levels[p->nlevels - 1].level < level)
		return;
	if (p->nlevels > 1 && p->levels[p->nlevels - 2].level >= level - 1)
		join_parent(p); /* whose entry begins earlier */
	else
		p->levels[p->nlevels - 1].level = level - 1;
}

/* Everything from `first` on is rolled back. */
static void
skip_from(Pending *p, int64 first)
{
	int64 absorbed = 0;

	while (p->nskipped > 0 && p->skipped[p->nskipped - 1].end >= first)
	{
		Range *last = &p->skipped[p->nskipped - 1];

		absorbed += last->end - last->first;
		first = Min(first, last->first);
		p->nskipped--;
	}
	p->nskipped_events += (p->count - first) - absorbed;
	p->skipped[p->nskipped].first = first;
	p->skipped[p->nskipped].end = p->count;
	p->nskipped++;
}

void
ev_pending_subxact_abort(int level)
{
	Pending *p = pending;
	int64 first = -1;

	while (p != NULL && p->nlevels > 0 && p->levels[p->nlevels - 1].level >= level)
		first = p->levels[--p->nlevels].first;
	if (first >= 0 && first < p->count)
		skip_from(p, first);
}
