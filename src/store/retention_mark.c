/* SPDX-License-Identifier: PostgreSQL
 *
 * retention_mark.c: has retention removed events after a cursor?
 *
 * A cursor that lies before the oldest partition has not missed anything if it stands
 * at the last event that was dropped, or behind it: so it is with all who had read
 * everything in a database in which nothing happened for as long as events are kept.
 * Maintenance notes, when it drops a partition, where the oldest one begins since then
 * and which was the newest event that was ever removed: a row of events.retention_mark, in the
 * transaction of the DROP.  The last one counts.  It is read only where a cursor would be
 * refused without it, so reading costs nothing more.
 *
 * Where there is no such row, or partitions have gone since that maintenance has not
 * dropped, nobody knows what was in them, and the cursor is refused.
 */
#include "base/compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "base/catalog.h"
#include "store/retention_mark.h"
#include "utils/snapmgr.h"

/* Columns of events.retention_mark. */
#define MARK_LOWER 1
#define MARK_NEWEST 2

bool
ev_retention_mark_passed(int64 after, int64 lower)
{
	Relation rel = table_open(ev_catalog_relid("retention_mark"), AccessShareLock);
	Relation index = index_open(ev_primary_key_index(rel), AccessShareLock);
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	SysScanDesc scan = systable_beginscan_ordered(rel, index, snapshot, 0, NULL);
	HeapTuple tuple = systable_getnext_ordered(scan, BackwardScanDirection);
	bool passed = true;
	bool isnull;

	if (tuple != NULL)
	{
		TupleDesc descriptor = RelationGetDescr(rel);

		passed = DatumGetInt64(heap_getattr(tuple, MARK_LOWER, descriptor, &isnull)) < lower ||
				 DatumGetInt64(heap_getattr(tuple, MARK_NEWEST, descriptor, &isnull)) > after;
	}
	systable_endscan_ordered(scan);
	UnregisterSnapshot(snapshot);
	index_close(index, AccessShareLock);
	table_close(rel, AccessShareLock);
	return passed;
}
