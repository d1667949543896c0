/* SPDX-License-Identifier: PostgreSQL
 *
 * document_writer.c: writing documents into a partition of events.search_document.
 *
 * Rows are written in batches.  The entries of the index that searches use are collected
 * (document_entries.c) and entered when the writer is closed: until then the rows are in
 * the table and not in the index, which only this transaction could notice.  The primary
 * key, and any index that somebody has added, get theirs at once.
 *
 * Facets and histograms read one row for each hit, and of it only what stands in front.
 * So texts of more than a few words are stored out of line, though they are far below
 * what the server would do that for: five times as many rows are on a page then.  It
 * does so for a row that comes with a value out of line, and one in memory counts.
 */
#include "base/compat.h"

#include "access/genam.h"
#include "access/detoast.h"
#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "search/document_entries.h"
#include "search/document_writer.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* Texts from this size on lie beside the table. */
#define BESIDE_BYTES 192

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
	EvDocumentEntries *entries; /* where they are collected */
} WriterIndex;

struct EvDocumentWriter
{
	Relation rel;
	int nindexes;
	WriterIndex *indexes;
	EState *estate;
	BulkInsertState bulk;
	MemoryContext batch; /* documents until they are written */
	TupleTableSlot *slots[BATCH_ROWS];
	int nbuffered;
};

static void
open_index(EvDocumentWriter *writer, WriterIndex *index, Oid oid)
{
	index->rel = index_open(oid, RowExclusiveLock);
	index->info = BuildIndexInfo(index->rel);
	if (!index->info->ii_ReadyForInserts)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("index \"%s\" cannot take entries yet",
							   RelationGetRelationName(index->rel)),
						errhint("Wait for CREATE INDEX CONCURRENTLY, or drop what it has left.")));
	if (ev_document_entries_fit(index->rel, KEYS + 1, DOCUMENT + 1))
		index->entries = ev_document_entries_begin(index->rel);
}

EvDocumentWriter *
ev_document_writer_open(Oid partition)
{
	EvDocumentWriter *writer = palloc0(sizeof(EvDocumentWriter));
	List *oids;

	writer->rel = table_open(partition, RowExclusiveLock);
	writer->batch = AllocSetContextCreate(CurrentMemoryContext, "events search batch",
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
	Size size = 0;

	for (int i = 0; i < writer->nindexes; i++)
	{
		if (writer->indexes[i].entries != NULL)
			size += ev_document_entries_memory(writer->indexes[i].entries);
	}
	return size;
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
		if (index->entries != NULL)
			ev_document_entries_add(index->entries, DatumGetArrayTypeP(values[0]),
									DatumGetTSVector(values[1]), &slot->tts_tid);
		else
			(void) index_insert(index->rel, values, isnull, &slot->tts_tid, writer->rel,
								index->rel->rd_index->indisunique ? UNIQUE_CHECK_YES
																  : UNIQUE_CHECK_NO,
								false, index->info);
	}
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

/* The text as the server is to store it: it toasts rows that come with an external value. */
static Datum
text_datum(TSVector text)
{
	struct varatt_indirect pointer = {(struct varlena *) text};
	struct varlena *datum;

	if (VARSIZE(text) < BESIDE_BYTES)
		return TSVectorGetDatum(text);
	datum = palloc(INDIRECT_POINTER_SIZE);
	SET_VARTAG_EXTERNAL(datum, VARTAG_INDIRECT);
	memcpy(VARDATA_EXTERNAL(datum), &pointer, sizeof(pointer));
	return PointerGetDatum(datum);
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
	values[DOCUMENT] = text_datum(document->text);
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
		if (writer->indexes[i].entries != NULL)
			ev_document_entries_end(writer->indexes[i].entries);
		index_close(writer->indexes[i].rel, NoLock);
	}
	for (int i = 0; i < BATCH_ROWS && writer->slots[i] != NULL; i++)
		ExecDropSingleTupleTableSlot(writer->slots[i]);
	FreeBulkInsertState(writer->bulk);
	FreeExecutorState(writer->estate);
	MemoryContextDelete(writer->batch);
	table_close(writer->rel, NoLock);
	pfree(writer);
}
