/* SPDX-License-Identifier: PostgreSQL
 *
 * index.c: filing the documents of search behind the horizon.
 *
 * Publishers pay for one row and one entry of an index.  What search needs is made
 * afterwards, where nothing changes any more: for each event a row of
 * events.search_document.  events.search_state says up to where; searches look at
 * what lies above that directly, so that answers are right however far it has come.
 *
 * One transaction files at a time, under an advisory lock that is only tried, held to
 * its end.  It files a piece: that is visible as a whole, with the new end, when it
 * commits, and the next one goes on from there.  Whoever is killed in the middle has
 * done nothing.  The background process (worker/indexer.c) does piece after piece;
 * where there is none, events.maintain() and eventsd do.
 *
 * In this order: new events; summaries of chunks that were taken back because events
 * were deleted; partitions whose documents are missing, because somebody has taken them
 * away and put them back; then events.reindex_search(), from the newest chunk to the oldest,
 * each step of which takes the old documents of a chunk away and files new ones.
 *
 * Events are read with the latest snapshot, so this refuses isolation levels in which
 * the rest of the transaction would not see what it has written.  It acts as the
 * extension's owner.
 */
#include "base/compat.h"

#include "access/table.h"
#include "access/xact.h"
#include "base/catalog.h"
#include "base/settings.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "search/document_fallback.h"
#include "search/document_partition.h"
#include "search/document_writer.h"
#include "search/index.h"
#include "search/index_tasks.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "store/filed.h"
#include "store/position.h"
#include "store/reader.h"
#include "store/scan.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(ev_index_search);
PG_FUNCTION_INFO_V1(ev_lock_search_index);

/* Fourth field of our advisory tag (see position.c for the others). */
#define SEARCH_TAG 0xEE

bool ev_search_index_elsewhere = false;

bool
ev_search_index_end(Snapshot snapshot, int64 *position)
{
	return ev_filed_end("search_state", snapshot, position);
}

/* ---- filing */

typedef struct Filing
{
	EvDocumentWriter *writer; /* of this partition */
	EvPartition partition;
	List *configurations; /* with which documents were made */
	EvDocumentFailures failures;
} Filing;

static void
file_event(Filing *filing, const Datum *values, const bool *nulls)
{
	Oid configuration = ev_document_configuration(DatumGetTextPP(values[EV_TYPE]));
	MemoryContext old = MemoryContextSwitchTo(ev_document_writer_context(filing->writer));
	EvDocument document;
	bool is_made = ev_document_make_somehow(&document, values, nulls, configuration,
											&filing->failures);

	if (is_made)
		ev_document_writer_add(filing->writer, DatumGetInt64(values[EV_POSITION]),
							   DatumGetTimestampTz(values[EV_RECORDED_AT]), &document);
	MemoryContextSwitchTo(old);
	if (is_made)
		filing->configurations = list_append_unique_oid(filing->configurations,
														document.configuration);
}

/* Go on with the partition of a position. */
static void
enter_partition(Filing *filing, int64 position)
{
	if (filing->writer != NULL && position >= filing->partition.upper)
	{
		ev_document_writer_close(filing->writer);
		filing->writer = NULL;
	}
	if (filing->writer == NULL)
	{
		filing->partition = ev_document_partition_of(position);
		filing->writer = ev_document_writer_open(filing->partition.relid);
	}
}

/* A piece ends when so much waits to be entered into the index. */
static Size
max_collected(void)
{
	return (Size) maintenance_work_mem * 1024;
}

int64
ev_search_index_file(int64 after, int64 upto, int64 max_events, int64 *end)
{
	EvScan *scan = ev_scan_open_kept(after, upto);
	Filing filing = {0};
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];
	int64 n = 0;

	ev_document_begin_failures(&filing.failures);
	*end = upto;
	while (ev_scan_next(scan, values, nulls))
	{
		int64 position = DatumGetInt64(values[EV_POSITION]);

		CHECK_FOR_INTERRUPTS();
		enter_partition(&filing, position);
		file_event(&filing, values, nulls);
		n++;
		if (n >= max_events || ev_document_writer_memory(filing.writer) > max_collected())
		{
			*end = position;
			break;
		}
	}
	if (filing.writer != NULL)
		ev_document_writer_close(filing.writer);
	ev_scan_close(scan);
	CommandCounterIncrement();
	ev_index_tasks_note_configurations(filing.configurations);
	ev_document_report_failures(&filing.failures);
	return n;
}

/* The next events; false if all are filed. */
static bool
file_next(int64 horizon, int64 max_events, int64 *filed)
{
	Relation rel = table_open(ev_catalog_relid("search_state"), RowExclusiveLock);
	int64 after;
	HeapTuple state = ev_filed_read(rel, &after);
	int64 end;

	if (state == NULL || after < horizon)
	{
		*filed = ev_search_index_file(after, horizon, max_events, &end);
		ev_filed_write(rel, state, Max(end, after));
		CommandCounterIncrement();
		ev_index_tasks_summarise(after, Max(end, after));
	}
	table_close(rel, NoLock);
	return state == NULL || after < horizon;
}

static bool
lock_index(bool wait)
{
	LOCKTAG tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, ev_catalog_relid("search_state"), 0, SEARCH_TAG);
	return LockAcquire(&tag, ExclusiveLock, false, !wait) != LOCKACQUIRE_NOT_AVAIL;
}

int64
ev_search_index_extend(int64 horizon, int64 max_events)
{
	EvOwnerContext owner;
	MemoryContext context;
	MemoryContext old;
	int64 filed = 0;

	if (!ev_search_index || !lock_index(false))
		return 0;
	context = AllocSetContextCreate(CurrentMemoryContext, "events search index",
									ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	ev_catalog_become_owner(&owner);
	if (!file_next(horizon, max_events, &filed) && !ev_index_tasks_resummarise(&filed) &&
		!ev_index_tasks_file_missing(&filed))
		(void) ev_index_tasks_reindex(&filed);
	ev_catalog_restore_user(&owner);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return filed;
}

/* events._index_search(horizon bigint, max_count int) → bigint */
Datum
ev_index_search(PG_FUNCTION_ARGS)
{
	int64 horizon;

	ev_reader_refuse_old_snapshots("events._index_search()");
	if (ev_search_index_elsewhere)
		PG_RETURN_INT64(0);
	/* No caller can have more filed than is decided. */
	horizon = Min(PG_GETARG_INT64(0), ev_position_horizon(ev_catalog_relid("position")));
	PG_RETURN_INT64(ev_search_index_extend(horizon, Max(PG_GETARG_INT32(1), 1)));
}

/* events._lock_search_index(): nothing is filed until this transaction ends. */
Datum
ev_lock_search_index(PG_FUNCTION_ARGS)
{
	(void) lock_index(true);
	PG_RETURN_VOID();
}
