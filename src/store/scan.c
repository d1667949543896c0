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
	int next; /* the partition to open next */

	/* the open partition, if rel is set */
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

EvScan *
ev_scan_open(int64 after, int64 upto)
{
	EvScan *scan = palloc0(sizeof(EvScan));
	Relation event = table_open(ev_catalog_relid("event"), AccessShareLock);

	scan->after = after;
	scan->upto = upto;
	scan->partitions = ev_partition_list(event, &scan->npartitions);
	table_close(event, AccessShareLock);

	/* Asked of the very list that is read, so that retention cannot come between. */
	if (scan->npartitions > 0 && after + 1 < scan->partitions[0].lower)
		raise_too_old(after, scan->partitions[0].lower);
	scan->snapshot = RegisterSnapshot(GetLatestSnapshot());
	PushActiveSnapshot(scan->snapshot);
	return scan;
}

static void
close_partition(EvScan *scan)
{
	systable_endscan_ordered(scan->scan);
	index_close(scan->index, NoLock);
	table_close(scan->rel, NoLock);
	pfree(scan->row);
	pfree(scan->isnull);
	scan->rel = NULL;
}

/* Open the next partition that can hold wanted positions; false if there is none. */
static bool
open_partition(EvScan *scan)
{
	ScanKeyData keys[2];
	EvPartition *p;
	TupleDesc descriptor;

	do
	{
		if (scan->next == scan->npartitions)
			return false;
		p = &scan->partitions[scan->next++];
	} while (p->upper - 1 <= scan->after || p->lower > scan->upto);

	scan->rel = try_table_open(p->relid, AccessShareLock);
	if (scan->rel == NULL)
		raise_too_old(scan->after, p->upper);
	ev_partition_check(scan->rel);
	descriptor = RelationGetDescr(scan->rel);
	ev_columns_locate(descriptor, scan->numbers);
	scan->row = palloc(sizeof(Datum) * descriptor->natts);
	scan->isnull = palloc(sizeof(bool) * descriptor->natts);
	scan->index = index_open(ev_primary_key_index(scan->rel), AccessShareLock);
	ScanKeyInit(&keys[0], scan->numbers[EV_POSITION] + 1, BTGreaterStrategyNumber, F_INT8GT,
				Int64GetDatum(scan->after));
	ScanKeyInit(&keys[1], scan->numbers[EV_POSITION] + 1, BTLessEqualStrategyNumber, F_INT8LE,
				Int64GetDatum(scan->upto));
	scan->scan = systable_beginscan_ordered(scan->rel, scan->index, scan->snapshot, 2, keys);
	return true;
}

bool
ev_scan_next(EvScan *scan, Datum *values, bool *nulls)
{
	HeapTuple tuple = NULL;

	CHECK_FOR_INTERRUPTS();
	for (;;)
	{
		if (scan->rel == NULL && !open_partition(scan))
			return false;
		tuple = systable_getnext_ordered(scan->scan, ForwardScanDirection);
		if (tuple != NULL)
			break;
		close_partition(scan);
	}
	heap_deform_tuple(tuple, RelationGetDescr(scan->rel), scan->row, scan->isnull);
	for (int i = 0; i < EV_NCOLUMNS; i++)
	{
		values[i] = scan->row[scan->numbers[i]];
		nulls[i] = scan->isnull[scan->numbers[i]];
	}
	return true;
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
