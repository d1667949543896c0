/* SPDX-License-Identifier: PostgreSQL
 *
 * scan.c: walking events by position.
 *
 * The feed is read again and again, a few events at a time.  A planned query
 * would lock every partition each time; this opens the partitions that hold
 * the wanted positions, one after the other, and walks their primary keys.
 *
 * The snapshot is the latest, whatever the transaction's is: the callers have
 * just computed a horizon and must see all at and below it.  They refuse the
 * isolation levels in which that would break the transaction's own view.
 */
#include "base/compat.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/table.h"
#include "base/catalog.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "store/partition.h"
#include "store/retention_mark.h"
#include "store/scan.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

struct EvScan
{
	int64 after;
	int64 upto;
	Snapshot snapshot;
	EvPartition *partitions;
	int npartitions;
	int next;		/* the partition to walk next */
	bool only_kept; /* what retention has removed is left out */
	bool fetching;	/* the open scan is of ev_scan_fetch */
	bool backward;	/* from the newest to the oldest */

	/* the open partition, if rel is set */
	EvPartition *open;
	Relation rel;
	Relation index;
	SysScanDesc scan;
	int numbers[EV_NCOLUMNS];
	Datum *row;
	bool *isnull;
};

/* What follows the cursor begins with `first`, and something was before that. */
static void
raise_too_old(int64 after, int64 first)
{
	ereport(ERROR,
			(errcode(MAKE_SQLSTATE('E', 'V', '0', '0', '1')),
			 errmsg("position " INT64_FORMAT " is older than the oldest event kept", after),
			 errdetail("Events up to position " INT64_FORMAT " were removed by retention.",
					   first - 1),
			 errhint("Begin anew after events.oldest() - 1, with a consumer by events.seek(); some "
					 "events are missed for good.")));
}

static EvScan *
open_scan(int64 after, int64 upto, bool only_kept, Snapshot snapshot)
{
	EvScan *scan = palloc0(sizeof(EvScan));
	Relation event = table_open(ev_catalog_relid("event"), AccessShareLock);

	scan->after = after;
	scan->upto = upto;
	scan->only_kept = only_kept;
	scan->partitions = ev_partition_list(event, &scan->npartitions);
	table_close(event, AccessShareLock);

	/* Asked of the very list that is read, so that retention cannot come between. */
	if (!only_kept && scan->npartitions > 0 && after + 1 < scan->partitions[0].lower &&
		ev_retention_mark_passed(after, scan->partitions[0].lower))
		raise_too_old(after, scan->partitions[0].lower);
	scan->snapshot = RegisterSnapshot(snapshot != NULL ? snapshot : GetLatestSnapshot());
	PushActiveSnapshot(scan->snapshot);
	return scan;
}

EvScan *
ev_scan_open(int64 after, int64 upto)
{
	return open_scan(after, upto, false, NULL);
}

EvScan *
ev_scan_open_kept(int64 after, int64 upto)
{
	return open_scan(after, upto, true, NULL);
}

EvScan *
ev_scan_open_beside(const EvScan *scan, int64 after, int64 upto, bool backward)
{
	EvScan *beside = open_scan(after, upto, true, scan->snapshot);

	beside->backward = backward;
	if (backward)
		beside->next = beside->npartitions - 1;
	return beside;
}

Snapshot
ev_scan_snapshot(const EvScan *scan)
{
	return scan->snapshot;
}

void
ev_scan_skip(EvScan *scan, int64 after)
{
	scan->after = Max(scan->after, after);
}

static void
end_scan(EvScan *scan)
{
	if (scan->scan != NULL)
		systable_endscan_ordered(scan->scan);
	scan->scan = NULL;
}

static void
close_partition(EvScan *scan)
{
	end_scan(scan);
	index_close(scan->index, NoLock);
	table_close(scan->rel, NoLock);
	pfree(scan->row);
	pfree(scan->isnull);
	scan->rel = NULL;
	scan->open = NULL;
}

/* Open a partition; false if retention has just removed it and that is no error. */
static bool
open_partition(EvScan *scan, EvPartition *p)
{
	TupleDesc descriptor;

	scan->rel = try_table_open(p->relid, AccessShareLock);
	if (scan->rel == NULL)
	{
		if (!scan->only_kept && ev_retention_mark_passed(scan->after, p->upper))
			raise_too_old(scan->after, p->upper);
		return false;
	}
	scan->open = p;
	ev_partition_check(scan->rel);
	descriptor = RelationGetDescr(scan->rel);
	ev_columns_locate(descriptor, scan->numbers);
	scan->row = palloc(sizeof(Datum) * descriptor->natts);
	scan->isnull = palloc(sizeof(bool) * descriptor->natts);
	scan->index = index_open(ev_primary_key_index(scan->rel), AccessShareLock);
	return true;
}

/* Begin the walk of the next partition that can hold wanted positions; false if there is none. */
static bool
begin_partition(EvScan *scan)
{
	ScanKeyData keys[2];
	EvPartition *p;

	do
	{
		if (scan->next < 0 || scan->next == scan->npartitions)
			return false;
		p = &scan->partitions[scan->next];
		scan->next += scan->backward ? -1 : 1;
	} while (p->upper - 1 <= scan->after || p->lower > scan->upto || !open_partition(scan, p));

	ScanKeyInit(&keys[0], scan->numbers[EV_POSITION] + 1, BTGreaterStrategyNumber, F_INT8GT,
				Int64GetDatum(scan->after));
	ScanKeyInit(&keys[1], scan->numbers[EV_POSITION] + 1, BTLessEqualStrategyNumber, F_INT8LE,
				Int64GetDatum(scan->upto));
	scan->scan = systable_beginscan_ordered(scan->rel, scan->index, scan->snapshot, 2, keys);
	return true;
}

static void
take_columns(EvScan *scan, HeapTuple tuple, Datum *values, bool *nulls)
{
	heap_deform_tuple(tuple, RelationGetDescr(scan->rel), scan->row, scan->isnull);
	for (int i = 0; i < EV_NCOLUMNS; i++)
	{
		values[i] = scan->row[scan->numbers[i]];
		nulls[i] = scan->isnull[scan->numbers[i]];
	}
}

bool
ev_scan_next(EvScan *scan, Datum *values, bool *nulls)
{
	HeapTuple tuple = NULL;

	CHECK_FOR_INTERRUPTS();
	if (scan->fetching && scan->rel != NULL)
		close_partition(scan);
	scan->fetching = false;
	for (;;)
	{
		if (scan->rel == NULL && !begin_partition(scan))
			return false;
		tuple = systable_getnext_ordered(scan->scan, scan->backward ? BackwardScanDirection
																	: ForwardScanDirection);
		if (tuple != NULL)
			break;
		close_partition(scan);
	}
	take_columns(scan, tuple, values, nulls);
	return true;
}

/* The partition that holds a position or, in a hole, the next one; npartitions: there is none. */
static int
find_partition(const EvScan *scan, int64 position)
{
	int low = 0;
	int high = scan->npartitions;

	while (low < high)
	{
		int middle = (low + high) / 2;

		if (scan->partitions[middle].upper <= position)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool
ev_scan_holds(EvScan *scan, int64 position)
{
	int i = find_partition(scan, position);
	EvPartition *p = &scan->partitions[i];

	scan->fetching = true;
	if (i == scan->npartitions || p->lower > position)
		return false;
	if (scan->rel != NULL && scan->open != p)
		close_partition(scan);
	return scan->rel != NULL || open_partition(scan, p);
}

bool
ev_scan_next_covered(const EvScan *scan, int64 position, int64 *low, int64 *high)
{
	const EvPartition *p = scan->partitions;
	int i = find_partition(scan, position);

	if (i == scan->npartitions)
		return false;
	*low = Max(position, p[i].lower);
	while (i + 1 < scan->npartitions && p[i + 1].lower == p[i].upper)
		i++;
	*high = p[i].upper - 1;
	return true;
}

bool
ev_scan_fetch(EvScan *scan, int64 position, Datum *values, bool *nulls)
{
	ScanKeyData key;
	HeapTuple tuple;

	CHECK_FOR_INTERRUPTS();
	if (!ev_scan_holds(scan, position))
		return false;
	end_scan(scan);
	ScanKeyInit(&key, scan->numbers[EV_POSITION] + 1, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(position));
	scan->scan = systable_beginscan_ordered(scan->rel, scan->index, scan->snapshot, 1, &key);
	tuple = systable_getnext_ordered(scan->scan, ForwardScanDirection);
	if (tuple != NULL)
		take_columns(scan, tuple, values, nulls);
	return tuple != NULL;
}

void
ev_scan_close(EvScan *scan)
{
	if (scan->rel != NULL)
		close_partition(scan);
	PopActiveSnapshot();
	UnregisterSnapshot(scan->snapshot);
	pfree(scan->partitions);
	pfree(scan);
}

/* The last event of the open partition. */
static bool
take_last(EvScan *scan, Datum *values, bool *nulls)
{
	HeapTuple tuple;

	scan->scan = systable_beginscan_ordered(scan->rel, scan->index, scan->snapshot, 0, NULL);
	tuple = systable_getnext_ordered(scan->scan, BackwardScanDirection);
	if (tuple != NULL)
		take_columns(scan, tuple, values, nulls);
	return tuple != NULL;
}

bool
ev_scan_newest(TimestampTz *recorded_at)
{
	EvScan *scan = open_scan(0, PG_INT64_MAX, true, NULL);
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];
	bool found = false;

	for (int i = scan->npartitions - 1; i >= 0 && !found; i--)
	{
		CHECK_FOR_INTERRUPTS();
		if (!open_partition(scan, &scan->partitions[i]))
			continue;
		found = take_last(scan, values, nulls);
		if (found)
			*recorded_at = DatumGetTimestampTz(values[EV_RECORDED_AT]);
		close_partition(scan);
	}
	ev_scan_close(scan);
	return found;
}
