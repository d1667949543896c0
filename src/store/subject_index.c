/* SPDX-License-Identifier: PostgreSQL
 *
 * subject_index.c: where the events of one source and subject are.
 *
 * Publishers pay for one row and one entry of an index, so there is no index on
 * the subjects of events.event.  Who wants the events of one subject finds their
 * positions in events.subject_event, under a hash of source and subject.  That
 * table is filled behind the horizon, where nothing changes any more, by
 * maintenance, in pieces; events.subject_index says up to where.  What lies above
 * that is scanned (stream.c), so answers are right however far it has come.
 *
 * Nobody pays who does not use it: filling begins when the first one asks.  And
 * where no maintenance runs, who meets a long stretch that is not filed files a
 * piece of it himself.  One transaction fills at a time, under an advisory lock
 * that is only tried, held to its end: what it has filed is visible then, and the
 * next one goes on from there.
 *
 * The rows are read with the latest snapshot and written as those of catalogs are,
 * so that all this works in every isolation level.
 */
#include "base/compat.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "base/catalog.h"
#include "catalog/indexing.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "store/filed.h"
#include "store/scan.h"
#include "store/subject_index.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(ev_index_subjects);

/* Fourth field of our advisory tag (see position.c for the others). */
#define INDEX_TAG 0xE9

/* Columns of events.subject_event. */
#define EVENT_KEY 1
#define EVENT_POSITION 2
#define NEVENT 2

/* To file an event takes as long as to pass over so many. */
#define FILING_COST 16

struct EvSubjectWalk
{
	Relation rel;
	Relation index;
	SysScanDesc scan;
};

int64
ev_subject_key(const text *source, const text *subject)
{
	uint64 seed = hash_bytes_extended((const unsigned char *) VARDATA_ANY(source),
									  VARSIZE_ANY_EXHDR(source), 0);

	return (int64) hash_bytes_extended((const unsigned char *) VARDATA_ANY(subject),
									   VARSIZE_ANY_EXHDR(subject), seed);
}

bool
ev_subject_index_end(Snapshot snapshot, int64 *position)
{
	return ev_filed_end("subject_index", snapshot, position);
}

/* File the events of a scan, at most so many; the last position looked at, or `end`. */
static int64
file_events(EvScan *scan, int64 max_filed, int64 end)
{
	Relation rel = table_open(ev_catalog_relid("subject_event"), RowExclusiveLock);
	CatalogIndexState indexes = CatalogOpenIndexes(rel);
	MemoryContext row_context = AllocSetContextCreate(CurrentMemoryContext, "events subject index",
													  ALLOCSET_DEFAULT_SIZES);
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];
	int64 budget = max_filed * FILING_COST;

	while (ev_scan_next(scan, values, nulls))
	{
		MemoryContext old = MemoryContextSwitchTo(row_context);

		if (!nulls[EV_SUBJECT])
		{
			Datum entry[NEVENT] = {Int64GetDatum(
									   ev_subject_key(DatumGetTextPP(values[EV_SOURCE]),
													  DatumGetTextPP(values[EV_SUBJECT]))),
								   values[EV_POSITION]};
			bool isnull[NEVENT] = {false};

			CatalogTupleInsertWithInfo(rel, heap_form_tuple(RelationGetDescr(rel), entry, isnull),
									   indexes);
		}
		MemoryContextSwitchTo(old);
		MemoryContextReset(row_context);
		budget -= nulls[EV_SUBJECT] ? 1 : FILING_COST;
		if (budget <= 0)
		{
			end = DatumGetInt64(values[EV_POSITION]);
			break;
		}
	}
	MemoryContextDelete(row_context);
	CatalogCloseIndexes(indexes);
	table_close(rel, NoLock);
	return end;
}

void
ev_subject_index_extend(bool start, int64 horizon, int64 max_filed)
{
	LOCKTAG tag;
	Relation rel;
	HeapTuple state;
	int64 end;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, ev_catalog_relid("subject_index"), 0, INDEX_TAG);
	if (LockAcquire(&tag, ExclusiveLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		return;
	rel = table_open(ev_catalog_relid("subject_index"), RowExclusiveLock);
	state = ev_filed_read(rel, &end);
	if (state != NULL ? end < horizon : start)
	{
		EvScan *scan = ev_scan_open_kept(end, horizon);

		ev_filed_write(rel, state, file_events(scan, max_filed, Max(end, horizon)));
		ev_scan_close(scan);
		/* The next call of this statement goes on from here. */
		CommandCounterIncrement();
	}
	table_close(rel, NoLock);
}

/* events._index_subjects(horizon bigint, max_count int) */
Datum
ev_index_subjects(PG_FUNCTION_ARGS)
{
	ev_subject_index_extend(false, PG_GETARG_INT64(0), PG_GETARG_INT32(1));
	PG_RETURN_VOID();
}

EvSubjectWalk *
ev_subject_walk_open(int64 key, int64 after, int64 upto, Snapshot snapshot)
{
	EvSubjectWalk *walk = palloc(sizeof(EvSubjectWalk));
	ScanKeyData keys[3];

	walk->rel = table_open(ev_catalog_relid("subject_event"), AccessShareLock);
	walk->index = index_open(ev_primary_key_index(walk->rel), AccessShareLock);
	ScanKeyInit(&keys[0], EVENT_KEY, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(key));
	ScanKeyInit(&keys[1], EVENT_POSITION, BTGreaterStrategyNumber, F_INT8GT, Int64GetDatum(after));
	ScanKeyInit(&keys[2], EVENT_POSITION, BTLessEqualStrategyNumber, F_INT8LE, Int64GetDatum(upto));
	walk->scan = systable_beginscan_ordered(walk->rel, walk->index, snapshot, 3, keys);
	return walk;
}

bool
ev_subject_walk_next(EvSubjectWalk *walk, ScanDirection direction, int64 *position)
{
	HeapTuple tuple = systable_getnext_ordered(walk->scan, direction);
	bool isnull;

	CHECK_FOR_INTERRUPTS();
	if (tuple != NULL)
		*position = DatumGetInt64(
			heap_getattr(tuple, EVENT_POSITION, RelationGetDescr(walk->rel), &isnull));
	return tuple != NULL;
}

void
ev_subject_walk_close(EvSubjectWalk *walk)
{
	systable_endscan_ordered(walk->scan);
	index_close(walk->index, NoLock);
	table_close(walk->rel, NoLock);
	pfree(walk);
}
