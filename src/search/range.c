/* SPDX-License-Identifier: PostgreSQL
 *
 * range.c: which positions a search has to look at.
 *
 * Of filed chunks events.search_chunk says from when to when their events were recorded:
 * those of other times are left out, whatever lies between them.  So this holds for
 * imported histories too, whose recorded times begin anew in the middle.  What is not
 * filed yet is narrowed as events.position_at() would.
 *
 * Documents, and summaries of their chunks, outlive a partition of the events that is
 * dropped or detached, also one in the middle, until a round of maintenance gets at them.
 * Nobody searches or counts them: filed ranges have the holes of events.event.
 */
#include "base/compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "base/catalog.h"
#include "search/chunk.h"
#include "search/key.h"
#include "search/range.h"
#include "store/read.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

/* A shorter range that is not filed is not worth finding its ends. */
#define SHORT_TAIL 4096

typedef struct Ranges
{
	const EvScan *events;
	EvRange *ranges;
	int count;
	int room;
} Ranges;

static void
add_range(Ranges *list, int64 low, int64 high, bool is_filed)
{
	if (low > high)
		return;
	if (list->count == list->room)
	{
		list->room = Max(2 * list->room, 16);
		list->ranges = list->ranges == NULL ? palloc(sizeof(EvRange) * list->room)
											: repalloc(list->ranges, sizeof(EvRange) * list->room);
	}
	list->ranges[list->count++] = (EvRange) {low, high, is_filed};
}

/* What of low..high is filed and still belongs to events. */
static void
add_kept(Ranges *list, int64 low, int64 high)
{
	int64 from, upto;

	while (low <= high && ev_scan_next_covered(list->events, low, &from, &upto))
	{
		add_range(list, from, Min(upto, high), true);
		low = upto + 1;
	}
}

static bool
is_outside(const EvRequest *request, HeapTuple tuple, TupleDesc descriptor)
{
	bool no_first, no_last;
	Datum first = heap_getattr(tuple, EV_CHUNK_FIRST_RECORDED, descriptor, &no_first);
	Datum last = heap_getattr(tuple, EV_CHUNK_LAST_RECORDED, descriptor, &no_last);

	return no_first || no_last || DatumGetTimestampTz(last) < request->from ||
		   DatumGetTimestampTz(first) >= request->to;
}

/* The filed range without the chunks of other times. */
static void
add_filed(Ranges *list, const EvRequest *request, int64 low, int64 high, EvTally *tally)
{
	Relation rel = table_open(ev_catalog_relid("search_chunk"), AccessShareLock);
	Relation index = index_open(ev_primary_key_index(rel), AccessShareLock);
	SysScanDesc scan;
	ScanKeyData keys[2];
	HeapTuple tuple;

	ScanKeyInit(&keys[0], EV_CHUNK_FIRST, BTGreaterStrategyNumber, F_INT8GT,
				Int64GetDatum(low - EV_CHUNK_SIZE));
	ScanKeyInit(&keys[1], EV_CHUNK_FIRST, BTLessEqualStrategyNumber, F_INT8LE, Int64GetDatum(high));
	scan = systable_beginscan_ordered(rel, index, ev_scan_snapshot(list->events), 2, keys);
	while ((tuple = systable_getnext_ordered(scan, ForwardScanDirection)) != NULL)
	{
		bool isnull;
		int64 first = DatumGetInt64(
			heap_getattr(tuple, EV_CHUNK_FIRST, RelationGetDescr(rel), &isnull));

		tally->all_chunks++;
		if (is_outside(request, tuple, RelationGetDescr(rel)))
		{
			add_kept(list, low, Min(first - 1, high));
			low = Max(low, first + EV_CHUNK_SIZE);
		}
		else
			tally->chunks++;
		ev_tally_check(tally, first);
	}
	systable_endscan_ordered(scan);
	index_close(index, NoLock);
	table_close(rel, NoLock);
	add_kept(list, low, high);
}

EvRange *
ev_range_list(const EvRequest *request, int64 low, int64 high, const EvScan *events, EvTally *tally,
			  int *count)
{
	Ranges list = {.events = events};
	bool is_timed = !TIMESTAMP_IS_NOBEGIN(request->from) || !TIMESTAMP_IS_NOEND(request->to);
	int64 end = Min(high, tally->filed_upto);
	int64 after = Max(low - 1, tally->filed_upto);

	if (is_timed && low <= end)
		add_filed(&list, request, low, end, tally);
	else
		add_kept(&list, low, end);
	if (is_timed && high - after > SHORT_TAIL)
		ev_read_narrow(request->from, request->to, &after, &high);
	add_range(&list, after + 1, high, false);
	*count = list.count;
	return list.ranges;
}
