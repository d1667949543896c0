/* SPDX-License-Identifier: PostgreSQL
 *
 * staging.c: events of prepared transactions, waiting for their positions.
 *
 * PREPARE TRANSACTION cannot draw positions: the transaction may stay prepared
 * for days, and the horizon would stay with it.  So its events go into
 * events.prepared_event, as part of the prepared transaction; COMMIT PREPARED
 * makes them visible there and ROLLBACK PREPARED lets them vanish.
 *
 * Whoever writes events next looks here first, with a fresh snapshot, and
 * moves what he sees ahead of his own: a transaction that could have seen the
 * effects of the prepared one therefore gets later positions.  That needs the
 * mover lock, exclusive and waited for: a flush that sees staged rows which
 * another transaction is moving must draw after that one has.  The lock is
 * taken before the gate, so that waiting for it holds nothing back.
 *
 * Rows stay ordered by `ordinal`, drawn at PREPARE.  The table is nearly always
 * empty, and to see that it has no blocks costs next to nothing.  (The setting
 * max_prepared_transactions says less: staged rows may be older than it, so
 * readers and the worker look whatever it is.)
 */
#include "base/compat.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/relation.h"
#include "access/table.h"
#include "base/catalog.h"
#include "catalog/indexing.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "store/sequence.h"
#include "store/staging.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* Fourth field of our advisory tag (see position.c for the others). */
#define MOVER_TAG 0xE4

struct EvStagingWriter
{
	Relation rel;
	Relation ordinals;
	CatalogIndexState indexes;
	int numbers[EV_NCOLUMNS];
	MemoryContext row_context;
};

/* A scan of the staged rows that a fresh snapshot sees, by ordinal. */
typedef struct StagedScan
{
	Relation rel;
	Relation index;
	Snapshot snapshot;
	SysScanDesc scan;
} StagedScan;

EvStagingWriter *
ev_staging_open(void)
{
	EvStagingWriter *writer = palloc(sizeof(EvStagingWriter));

	writer->rel = table_open(ev_catalog_relid("prepared_event"), RowExclusiveLock);
	writer->ordinals = relation_open(ev_catalog_relid("prepared_event_ordinal"), RowExclusiveLock);
	writer->indexes = CatalogOpenIndexes(writer->rel);
	ev_columns_locate(RelationGetDescr(writer->rel), writer->numbers);
	writer->row_context = AllocSetContextCreate(CurrentMemoryContext, "events staging",
												ALLOCSET_DEFAULT_SIZES);
	return writer;
}

void
ev_staging_write(EvStagingWriter *writer, Datum *values, bool *nulls)
{
	MemoryContext old = MemoryContextSwitchTo(writer->row_context);
	TupleDesc descriptor = RelationGetDescr(writer->rel);
	Datum *row = palloc0(sizeof(Datum) * descriptor->natts);
	bool *isnull = palloc(sizeof(bool) * descriptor->natts);
	int64 ordinal;

	memset(isnull, true, sizeof(bool) * descriptor->natts);
	for (int i = 0; i < EV_NCOLUMNS; i++)
	{
		row[writer->numbers[i]] = values[i];
		isnull[writer->numbers[i]] = nulls[i];
	}
	/* The key of this table stands in the place of the position. */
	(void) ev_sequence_draw(writer->ordinals, 1, &ordinal);
	row[writer->numbers[EV_POSITION]] = Int64GetDatum(ordinal);
	isnull[writer->numbers[EV_POSITION]] = false;

	CatalogTupleInsertWithInfo(writer->rel, heap_form_tuple(descriptor, row, isnull),
							   writer->indexes);
	MemoryContextSwitchTo(old);
	MemoryContextReset(writer->row_context);
}

void
ev_staging_close(EvStagingWriter *writer)
{
	CatalogCloseIndexes(writer->indexes);
	relation_close(writer->ordinals, NoLock);
	table_close(writer->rel, NoLock);
	MemoryContextDelete(writer->row_context);
	pfree(writer);
}

static void
begin_scan(StagedScan *s, LOCKMODE lockmode)
{
	s->rel = table_open(ev_catalog_relid("prepared_event"), lockmode);
	s->index = index_open(ev_primary_key_index(s->rel), AccessShareLock);
	s->snapshot = RegisterSnapshot(GetLatestSnapshot());
	PushActiveSnapshot(s->snapshot);
	s->scan = systable_beginscan_ordered(s->rel, s->index, s->snapshot, 0, NULL);
}

static void
end_scan(StagedScan *s)
{
	systable_endscan_ordered(s->scan);
	PopActiveSnapshot();
	UnregisterSnapshot(s->snapshot);
	index_close(s->index, NoLock);
	table_close(s->rel, NoLock);
}

static int64
count_staged(int64 limit)
{
	StagedScan s;
	int64 count = 0;

	begin_scan(&s, AccessShareLock);
	while (count < limit && systable_getnext_ordered(s.scan, ForwardScanDirection) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		count++;
	}
	end_scan(&s);
	return count;
}

bool
ev_staging_is_pending(void)
{
	Relation rel = table_open(ev_catalog_relid("prepared_event"), AccessShareLock);
	bool is_empty = RelationGetNumberOfBlocks(rel) == 0;

	table_close(rel, NoLock);
	return !is_empty && count_staged(1) > 0;
}

static bool
attribute_is(HeapTuple tuple, TupleDesc descriptor, int number, const text *wanted)
{
	bool isnull;
	Datum value = heap_getattr(tuple, number + 1, descriptor, &isnull);
	text *t = isnull ? NULL : DatumGetTextPP(value);

	return t != NULL && VARSIZE_ANY_EXHDR(t) == VARSIZE_ANY_EXHDR(wanted) &&
		   memcmp(VARDATA_ANY(t), VARDATA_ANY(wanted), VARSIZE_ANY_EXHDR(t)) == 0;
}

bool
ev_staging_contains(const text *source, const text *subject)
{
	StagedScan s;
	HeapTuple tuple;
	int numbers[EV_NCOLUMNS];
	bool found = false;

	if (!ev_staging_is_pending())
		return false;
	begin_scan(&s, AccessShareLock);
	ev_columns_locate(RelationGetDescr(s.rel), numbers);
	while (!found && (tuple = systable_getnext_ordered(s.scan, ForwardScanDirection)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		found = attribute_is(tuple, RelationGetDescr(s.rel), numbers[EV_SUBJECT], subject) &&
				attribute_is(tuple, RelationGetDescr(s.rel), numbers[EV_SOURCE], source);
	}
	end_scan(&s);
	return found;
}

void
ev_staging_lock(void)
{
	LOCKTAG tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, ev_catalog_relid("prepared_event"), 0, MOVER_TAG);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}

int64
ev_staging_claim(void)
{
	if (!ev_staging_is_pending())
		return 0;
	ev_staging_lock();
	return count_staged(PG_INT64_MAX);
}

void
ev_staging_move(EvAppender *appender)
{
	StagedScan s;
	HeapTuple tuple;
	TupleDesc descriptor;
	Datum *row;
	bool *isnull;
	int numbers[EV_NCOLUMNS];
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];

	begin_scan(&s, RowExclusiveLock);
	descriptor = RelationGetDescr(s.rel);
	ev_columns_locate(descriptor, numbers);
	row = palloc(sizeof(Datum) * descriptor->natts);
	isnull = palloc(sizeof(bool) * descriptor->natts);
	while ((tuple = systable_getnext_ordered(s.scan, ForwardScanDirection)) != NULL)
	{
		heap_deform_tuple(tuple, descriptor, row, isnull);
		for (int i = 0; i < EV_NCOLUMNS; i++)
		{
			values[i] = row[numbers[i]];
			nulls[i] = isnull[numbers[i]];
		}
		ev_append_row(appender, values, nulls);
		simple_heap_delete(s.rel, &tuple->t_self);
	}
	end_scan(&s);
}
