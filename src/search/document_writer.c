/* SPDX-License-Identifier: PostgreSQL
 *
 * document_writer.c: writing documents into a partition of events.search_document.
 *
 * A document has some sixty words and keys.  To enter each by itself into a GIN index
 * is to walk the index sixty times an event; the index's own remedy, the pending
 * list, writes every word twice and leaves searches a list to read.  Here entries are
 * collected in memory, with the means that CREATE INDEX uses, and entered in order
 * when the writer is closed: a word of a thousand documents is one walk.  Until
 * then the rows are in the table and not in the index, which only this transaction
 * could notice.
 *
 * Rows are written in batches; the primary key, and any index that somebody has added, get
 * theirs at once.
 */
#include "base/compat.h"

#include "access/genam.h"
#include "access/gin_private.h"
#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/pg_am.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "search/document_writer.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define BATCH_ROWS 100
#define BATCH_BYTES (1024 * 1024)

typedef enum Column
{
	POSITION,
	RECORDED_AT,
	TYPE,
	SOURCE,
	TOPIC,
	USER,
	KEYS,
	DOCUMENT,
	NCOLUMNS
} Column;

typedef struct WriterIndex
{
	Relation rel;
	IndexInfo *info;
	bool collects; /* a GIN index whose entries are collected */
	GinState state;
	BuildAccumulator entries;
} WriterIndex;

struct EvDocumentWriter
{
	Relation rel;
	int nindexes;
	WriterIndex *indexes;
	EState *estate;
	BulkInsertState bulk;
	MemoryContext batch;   /* documents until they are written */
	MemoryContext entries; /* collected for GIN indexes */
	TupleTableSlot *slots[BATCH_ROWS];
	int nbuffered;
};

static void
open_index(EvDocumentWriter *writer, WriterIndex *index, Oid oid)
{
	index->rel = index_open(oid, RowExclusiveLock);
	index->info = BuildIndexInfo(index->rel);
	index->collects = index->rel->rd_rel->relam == GIN_AM_OID && index->info->ii_Predicate == NIL;
	if (!index->info->ii_ReadyForInserts)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("index \"%s\" cannot take entries yet",
							   RelationGetRelationName(index->rel)),
						errhint("Wait for CREATE INDEX CONCURRENTLY, or drop what it has left.")));
	if (index->collects)
	{
		MemoryContext old = MemoryContextSwitchTo(writer->entries);

		initGinState(&index->state, index->rel);
		index->entries.ginstate = &index->state;
		ginInitBA(&index->entries);
		MemoryContextSwitchTo(old);
	}
}

EvDocumentWriter *
ev_document_writer_open(Oid partition)
{
	EvDocumentWriter *writer = palloc0(sizeof(EvDocumentWriter));
	List *oids;

	writer->rel = table_open(partition, RowExclusiveLock);
	writer->batch = AllocSetContextCreate(CurrentMemoryContext, "events search batch",
										  ALLOCSET_DEFAULT_SIZES);
	writer->entries = AllocSetContextCreate(CurrentMemoryContext, "events search entries",
											ALLOCSET_DEFAULT_SIZES);
	writer->estate = CreateExecutorState();
	writer->bulk = GetBulkInsertState();
	oids = RelationGetIndexList(writer->rel);
	writer->indexes = palloc0(sizeof(WriterIndex) * list_length(oids));
	for (ListCell *cell = list_head(oids); cell != NULL; cell = lnext(oids, cell))
		open_index(writer, &writer->indexes[writer->nindexes++], lfirst_oid(cell));
	return writer;
}

MemoryContext
ev_document_writer_context(const EvDocumentWriter *writer)
{
	return writer->batch;
}

Size
ev_document_writer_memory(const EvDocumentWriter *writer)
{
	return MemoryContextMemAllocated(writer->entries, true);
}

/* ---- entries of indexes */

static void
collect(EvDocumentWriter *writer, WriterIndex *index, Datum *values, bool *isnull, ItemPointer tid)
{
	for (int i = 0; i < index->state.origTupdesc->natts; i++)
	{
		OffsetNumber attribute = i + 1;
		GinNullCategory *categories;
		int32 n;
		Datum *entries = ginExtractEntries(&index->state, attribute, values[i], isnull[i], &n,
										   &categories);
		MemoryContext old = MemoryContextSwitchTo(writer->entries);

		ginInsertBAEntries(&index->entries, tid, attribute, entries, categories, n);
		MemoryContextSwitchTo(old);
	}
}

static void
enter_row(EvDocumentWriter *writer, TupleTableSlot *slot)
{
	Datum values[INDEX_MAX_KEYS];
	bool isnull[INDEX_MAX_KEYS];

	GetPerTupleExprContext(writer->estate)->ecxt_scantuple = slot;
	for (int i = 0; i < writer->nindexes; i++)
	{
		WriterIndex *index = &writer->indexes[i];

		FormIndexDatum(index->info, slot, writer->estate, values, isnull);
		if (index->collects)
			collect(writer, index, values, isnull, &slot->tts_tid);
		else
			(void) index_insert(index->rel, values, isnull, &slot->tts_tid, writer->rel,
								index->rel->rd_index->indisunique ? UNIQUE_CHECK_YES
																  : UNIQUE_CHECK_NO,
								false, index->info);
	}
}

/* Enter what was collected. */
static void
enter_collected(EvDocumentWriter *writer, WriterIndex *index)
{
	MemoryContext row = AllocSetContextCreate(CurrentMemoryContext, "events search entry",
											  ALLOCSET_DEFAULT_SIZES);
	ItemPointerData *tids;
	OffsetNumber attribute;
	Datum key;
	GinNullCategory category;
	uint32 n;

	ginBeginBAScan(&index->entries);
	while ((tids = ginGetBAEntry(&index->entries, &attribute, &key, &category, &n)) != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(row);

		CHECK_FOR_INTERRUPTS();
		ginEntryInsert(&index->state, attribute, key, category, tids, n, NULL);
		MemoryContextSwitchTo(old);
		MemoryContextReset(row);
	}
	MemoryContextDelete(row);
}

/* ---- rows */

static void
write_batch(EvDocumentWriter *writer)
{
	MemoryContext old = MemoryContextSwitchTo(writer->batch);

	if (writer->nbuffered > 0)
		table_multi_insert(writer->rel, writer->slots, writer->nbuffered, GetCurrentCommandId(true),
						   0, writer->bulk);
	for (int i = 0; i < writer->nbuffered; i++)
	{
		enter_row(writer, writer->slots[i]);
		ExecClearTuple(writer->slots[i]);
	}
	ResetPerTupleExprContext(writer->estate);
	MemoryContextSwitchTo(old);
	MemoryContextReset(writer->batch);
	writer->nbuffered = 0;
}

static TupleTableSlot *
next_slot(EvDocumentWriter *writer)
{
	TupleTableSlot **slot = &writer->slots[writer->nbuffered++];

	if (*slot == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(writer));

		*slot = table_slot_create(writer->rel, NULL);
		MemoryContextSwitchTo(old);
	}
	return *slot;
}

void
ev_document_writer_add(EvDocumentWriter *writer, int64 position, TimestampTz recorded_at,
					   const EvDocument *document)
{
	TupleTableSlot *slot = next_slot(writer);
	MemoryContext old = MemoryContextSwitchTo(writer->batch);
	Datum *values = slot->tts_values;

	memset(slot->tts_isnull, false, sizeof(bool) * NCOLUMNS);
	values[POSITION] = Int64GetDatum(position);
	values[RECORDED_AT] = TimestampTzGetDatum(recorded_at);
	values[TYPE] = Int64GetDatum(document->type);
	values[SOURCE] = Int64GetDatum(document->source);
	values[TOPIC] = Int64GetDatum(document->topic);
	values[USER] = Int64GetDatum(document->user);
	slot->tts_isnull[USER] = !document->has_user;
	values[KEYS] = PointerGetDatum(ev_document_keys_array(document));
	values[DOCUMENT] = TSVectorGetDatum(document->text);
	ExecStoreVirtualTuple(slot);
	MemoryContextSwitchTo(old);
	if (writer->nbuffered == BATCH_ROWS ||
		MemoryContextMemAllocated(writer->batch, false) > BATCH_BYTES)
		write_batch(writer);
}

void
ev_document_writer_close(EvDocumentWriter *writer)
{
	write_batch(writer);
	for (int i = 0; i < writer->nindexes; i++)
	{
		if (writer->indexes[i].collects)
			enter_collected(writer, &writer->indexes[i]);
		index_close(writer->indexes[i].rel, NoLock);
	}
	for (int i = 0; i < BATCH_ROWS && writer->slots[i] != NULL; i++)
		ExecDropSingleTupleTableSlot(writer->slots[i]);
	FreeBulkInsertState(writer->bulk);
	FreeExecutorState(writer->estate);
	MemoryContextDelete(writer->entries);
	MemoryContextDelete(writer->batch);
	table_close(writer->rel, NoLock);
	pfree(writer);
}
