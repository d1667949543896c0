/* SPDX-License-Identifier: PostgreSQL
 *
 * summary.c: counting whole chunks by what was counted when they were filed.
 *
 * Facets and histograms of everything would touch every document.  But of each complete
 * chunk it is known how many of its events have which type, source, topic, user and minute,
 * unless there are too many different ones.  So where nothing but a range of times is asked
 * for, only the chunks at its ends, the ones with too many values and what is not filed yet
 * are walked.
 */
#include "base/compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "base/catalog.h"
#include "catalog/pg_type.h"
#include "search/chunk.h"
#include "search/summary.h"
#include "store/reader.h"
#include "utils/array.h"
#include "utils/fmgroids.h"

/* Columns of events.search_count. */
enum
{
	COUNT_CHUNK = 1,
	COUNT_FIELD,
	COUNT_VALUE,
	COUNT_EVENTS,
	COUNT_SAMPLE
};

typedef struct Summary
{
	EvWalk *walk;
	const char *const *alternatives;
	int nalternatives;
	EvCountVisitor visitor;
	void *arg;
	Relation counts;
	Relation counts_index;
	EvRange *left;
	int nleft;
	int room;
} Summary;

bool
ev_summary_suffices(const EvWalk *walk)
{
	return walk->filed != NULL && walk->request->text == NULL && walk->conditions.are_all &&
		   walk->conditions.count == 0 && !walk->conditions.is_impossible;
}

static void
leave(Summary *summary, int64 low, int64 high, bool is_filed)
{
	if (low > high)
		return;
	if (summary->nleft > 0 && is_filed && summary->left[summary->nleft - 1].is_filed &&
		summary->left[summary->nleft - 1].high == low - 1)
	{
		summary->left[summary->nleft - 1].high = high;
		return;
	}
	if (summary->nleft == summary->room)
	{
		summary->room *= 2;
		summary->left = repalloc(summary->left, sizeof(EvRange) * summary->room);
	}
	summary->left[summary->nleft++] = (EvRange) {low, high, is_filed};
}

static bool
has_fields(ArrayType *summarised, const char *fields)
{
	const char *has = ARR_DATA_PTR(summarised);
	int n = ARR_NDIM(summarised) == 0 ? 0 : ARR_DIMS(summarised)[0];

	for (; *fields != '\0'; fields++)
	{
		if (n == 0 || memchr(has, *fields, n) == NULL)
			return false;
	}
	return true;
}

/* Those of the fields that are counted for a chunk; NULL if it has to be walked. */
static const char *
fields_of(const Summary *summary, HeapTuple tuple, TupleDesc descriptor)
{
	const EvRequest *request = summary->walk->request;
	bool no_first, no_last, isnull;
	Datum first = heap_getattr(tuple, EV_CHUNK_FIRST_RECORDED, descriptor, &no_first);
	Datum last = heap_getattr(tuple, EV_CHUNK_LAST_RECORDED, descriptor, &no_last);
	ArrayType *summarised = DatumGetArrayTypeP(
		heap_getattr(tuple, EV_CHUNK_SUMMARISED, descriptor, &isnull));

	if (!no_first && (!ev_request_is_in_time(request, DatumGetTimestampTz(first)) ||
					  !ev_request_is_in_time(request, DatumGetTimestampTz(last))))
		return NULL;
	for (int i = 0; i < summary->nalternatives; i++)
	{
		if (has_fields(summarised, summary->alternatives[i]))
			return summary->alternatives[i];
	}
	return NULL;
}

static void
count_field(Summary *summary, int64 chunk, char field)
{
	TupleDesc descriptor = RelationGetDescr(summary->counts);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple tuple;

	ScanKeyInit(&keys[0], COUNT_CHUNK, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(chunk));
	ScanKeyInit(&keys[1], COUNT_FIELD, BTEqualStrategyNumber, F_CHAREQ, CharGetDatum(field));
	scan = systable_beginscan_ordered(summary->counts, summary->counts_index,
									  ev_scan_snapshot(summary->walk->events), 2, keys);
	while ((tuple = systable_getnext_ordered(scan, ForwardScanDirection)) != NULL)
	{
		bool isnull;

		summary->visitor(summary->arg, field,
						 DatumGetInt64(heap_getattr(tuple, COUNT_VALUE, descriptor, &isnull)),
						 DatumGetInt32(heap_getattr(tuple, COUNT_EVENTS, descriptor, &isnull)),
						 DatumGetInt64(heap_getattr(tuple, COUNT_SAMPLE, descriptor, &isnull)));
	}
	systable_endscan_ordered(scan);
}

/* Chunks that lie in the range as a whole. */
static void
count_range(Summary *summary, const EvRange *range)
{
	Relation rel = table_open(ev_catalog_relid("search_chunk"), AccessShareLock);
	Relation index = index_open(ev_primary_key_index(rel), AccessShareLock);
	int64 low = range->low;
	SysScanDesc scan;
	ScanKeyData keys[2];
	HeapTuple tuple;

	ScanKeyInit(&keys[0], EV_CHUNK_FIRST, BTGreaterEqualStrategyNumber, F_INT8GE,
				Int64GetDatum(low));
	ScanKeyInit(&keys[1], EV_CHUNK_FIRST, BTLessEqualStrategyNumber, F_INT8LE,
				Int64GetDatum(range->high - EV_CHUNK_SIZE + 1));
	scan = systable_beginscan_ordered(rel, index, ev_scan_snapshot(summary->walk->events), 2, keys);
	while ((tuple = systable_getnext_ordered(scan, ForwardScanDirection)) != NULL)
	{
		bool isnull;
		int64 first = DatumGetInt64(
			heap_getattr(tuple, EV_CHUNK_FIRST, RelationGetDescr(rel), &isnull));
		const char *fields = fields_of(summary, tuple, RelationGetDescr(rel));

		ev_tally_check(&summary->walk->tally, first);
		if (fields == NULL)
			continue;
		leave(summary, low, first - 1, true);
		low = first + EV_CHUNK_SIZE;
		for (; *fields != '\0'; fields++)
			count_field(summary, first, *fields);
		summary->walk->tally.summaries++;
	}
	systable_endscan_ordered(scan);
	index_close(index, NoLock);
	table_close(rel, NoLock);
	leave(summary, low, range->high, true);
}

EvRange *
ev_summary_visit(EvWalk *walk, const char *const *alternatives, int nalternatives,
				 EvCountVisitor visitor, void *arg, int *left)
{
	Summary summary = {.walk = walk,
					   .alternatives = alternatives,
					   .nalternatives = nalternatives,
					   .visitor = visitor,
					   .arg = arg,
					   .room = 16};
	int nranges;
	EvRange *ranges = ev_range_list(walk->request, ev_reader_oldest(), walk->tally.horizon,
									walk->events, &walk->tally, &nranges);

	summary.left = palloc(sizeof(EvRange) * summary.room);
	summary.counts = table_open(ev_catalog_relid("search_count"), AccessShareLock);
	summary.counts_index = index_open(ev_primary_key_index(summary.counts), AccessShareLock);
	for (int i = 0; i < nranges; i++)
	{
		if (ranges[i].is_filed)
			count_range(&summary, &ranges[i]);
		else
			leave(&summary, ranges[i].low, ranges[i].high, false);
	}
	index_close(summary.counts_index, NoLock);
	table_close(summary.counts, NoLock);
	*left = summary.nleft;
	return summary.left;
}
