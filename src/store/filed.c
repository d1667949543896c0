/* SPDX-License-Identifier: PostgreSQL
 *
 * filed.c: how far the events are filed; see filed.h.
 */
#include "base/compat.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "base/catalog.h"
#include "catalog/indexing.h"
#include "store/filed.h"
#include "store/reader.h"
#include "utils/snapmgr.h"

/* The column of such a table. */
#define FILED_END 1

/* A copy of the row, the last one that the snapshot sees; or NULL. */
static HeapTuple
read_row(Relation rel, Snapshot snapshot)
{
	Relation index = index_open(ev_primary_key_index(rel), AccessShareLock);
	SysScanDesc scan = systable_beginscan_ordered(rel, index, snapshot, 0, NULL);
	HeapTuple tuple = systable_getnext_ordered(scan, BackwardScanDirection);

	if (tuple != NULL)
		tuple = heap_copytuple(tuple);
	systable_endscan_ordered(scan);
	index_close(index, NoLock);
	return tuple;
}

static int64
end_of(Relation rel, HeapTuple state)
{
	bool isnull;

	return DatumGetInt64(heap_getattr(state, FILED_END, RelationGetDescr(rel), &isnull));
}

bool
ev_filed_end(const char *table, Snapshot snapshot, int64 *position)
{
	Relation rel = table_open(ev_catalog_relid(table), AccessShareLock);
	HeapTuple state = read_row(rel, snapshot);

	if (state != NULL)
	{
		*position = end_of(rel, state);
		heap_freetuple(state);
	}
	table_close(rel, NoLock);
	return state != NULL;
}

HeapTuple
ev_filed_read(Relation rel, int64 *end)
{
	HeapTuple state;

	PushActiveSnapshot(GetLatestSnapshot());
	state = read_row(rel, GetActiveSnapshot());
	PopActiveSnapshot();
	*end = state != NULL ? end_of(rel, state) : ev_reader_oldest() - 1;
	return state;
}

void
ev_filed_write(Relation rel, HeapTuple state, int64 end)
{
	Datum value = Int64GetDatum(end);
	bool isnull = false;
	HeapTuple tuple = heap_form_tuple(RelationGetDescr(rel), &value, &isnull);

	if (state != NULL)
		simple_heap_delete(rel, &state->t_self);
	CatalogTupleInsert(rel, tuple);
	heap_freetuple(tuple);
}
