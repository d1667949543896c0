/* SPDX-License-Identifier: PostgreSQL
 *
 * pending_rows.c: the rows of a pending list, in memory and past a limit in a file.
 *
 * A row is formed where it will lie until it is written: one behind the other
 * in blocks, each as large as all before it, to a limit.  At commit it is
 * handed to the table as it lies there, so that it is formed once and never
 * copied but into the table's page.  A tuplestore would round each row up to a
 * power of two, go to a temporary file at work_mem, a hundredth of what a bulk
 * load may publish, and copy each row on its way out.
 *
 * Past events.pending_memory the rows that follow go to a tuplestore.  Those
 * that are in memory stay there: they are the first ones.
 *
 * Blocks, tuplestore and what it needs belong to the top transaction (its
 * memory context and its resource owner), and outlive the subtransactions in
 * which events are published.
 */
#include "base/compat.h"

#include "base/settings.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "publish/pending_rows.h"
#include "store/columns.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/tuplestore.h"

#define LARGEST_BLOCK ((Size) 4 * 1024 * 1024)

typedef struct Block
{
	struct Block *next;
	Size room;
	Size used;
} Block;

/* Before each row in a block. */
typedef struct Entry
{
	uint32 length;
} Entry;

#define BLOCK_START MAXALIGN(sizeof(Block))
#define ENTRY_START MAXALIGN(sizeof(Entry))

struct EvPendingRows
{
	Block *blocks; /* in the order of filling */
	Block *filling;
	Size bytes; /* of all blocks */
	Tuplestorestate *spilled;
	TupleTableSlot *slot;	 /* to read what is spilled */
	Block *reading;			 /* NULL when those in memory are read */
	Size at;				 /* in its room */
	HeapTupleData in_memory; /* what is read */
	HeapTuple from_file;	 /* the same, of spilled rows */
};

EvPendingRows *
ev_pending_rows_make(void)
{
	return MemoryContextAllocZero(TopTransactionContext, sizeof(EvPendingRows));
}

static char *
room_of(Block *block)
{
	return (char *) block + BLOCK_START;
}

static bool
has_room(const Block *block, Size bytes)
{
	return block != NULL && block->room - block->used >= bytes;
}

/* A block with room for so many bytes, and more, but not for more than `most`. */
static void
add_block(EvPendingRows *rows, Size bytes, Size most)
{
	Size room = Max(bytes, Min(Min(rows->bytes, LARGEST_BLOCK), most));
	Block *block = MemoryContextAlloc(TopTransactionContext, BLOCK_START + room);

	block->next = NULL;
	block->room = room;
	block->used = 0;
	if (rows->filling == NULL)
		rows->blocks = block;
	else
		rows->filling->next = block;
	rows->filling = block;
	rows->bytes += room;
}

/* Room for so many bytes in memory; NULL if that would be too much of it. */
static void *
take_room(EvPendingRows *rows, Size bytes)
{
	Size limit = (Size) ev_pending_memory * 1024;
	char *room;

	if (!has_room(rows->filling, bytes))
	{
		Size left = limit > rows->bytes ? limit - rows->bytes : 0;

		/* The first row always finds some: most transactions have one. */
		if (rows->blocks != NULL && bytes > left)
			return NULL;
		add_block(rows, bytes, left);
	}
	room = room_of(rows->filling) + rows->filling->used;
	rows->filling->used += bytes;
	return room;
}

/* What heap_form_tuple() does, in the place that the row has; false if there is none. */
static bool
form_in_memory(EvPendingRows *rows, TupleDesc descriptor, const Datum *values, const bool *nulls)
{
	Size bitmap = BITMAPLEN(EV_NCOLUMNS);
	Size start = MAXALIGN(SizeofHeapTupleHeader + bitmap);
	Size data = heap_compute_data_size(descriptor, (Datum *) values, (bool *) nulls);
	Size bytes = ENTRY_START + MAXALIGN(start + data);
	Entry *entry = take_room(rows, bytes);
	HeapTupleHeader header;

	if (entry == NULL)
		return false;
	memset(entry, 0, bytes);
	entry->length = (uint32) (start + data);
	header = (HeapTupleHeader) ((char *) entry + ENTRY_START);
	ItemPointerSetInvalid(&header->t_ctid);
	HeapTupleHeaderSetDatumLength(header, entry->length);
	HeapTupleHeaderSetNatts(header, EV_NCOLUMNS);
	header->t_hoff = (uint8) start;
	heap_fill_tuple(descriptor, (Datum *) values, (bool *) nulls, (char *) header + start, data,
					&header->t_infomask, header->t_bits);
	return true;
}

static void
open_spill(EvPendingRows *rows)
{
	MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);
	ResourceOwner old_owner = CurrentResourceOwner;

	CurrentResourceOwner = TopTransactionResourceOwner;
	rows->spilled = tuplestore_begin_heap(false, false, work_mem);
	CurrentResourceOwner = old_owner;
	rows->slot = MakeSingleTupleTableSlot(ev_columns_descriptor(), &TTSOpsMinimalTuple);
	MemoryContextSwitchTo(old);
}

void
ev_pending_rows_add(EvPendingRows *rows, const Datum *values, const bool *nulls)
{
	TupleDesc descriptor = ev_columns_descriptor();

	/* Once one is spilled, all that follow are. */
	if (rows->spilled == NULL && form_in_memory(rows, descriptor, values, nulls))
		return;
	if (rows->spilled == NULL)
		open_spill(rows);
	tuplestore_putvalues(rows->spilled, descriptor, (Datum *) values, (bool *) nulls);
}

void
ev_pending_rows_rewind(EvPendingRows *rows)
{
	rows->reading = rows->blocks;
	rows->at = 0;
}

static HeapTuple
next_in_memory(EvPendingRows *rows)
{
	Entry *entry;

	while (rows->reading != NULL && rows->at == rows->reading->used)
	{
		rows->reading = rows->reading->next;
		rows->at = 0;
	}
	if (rows->reading == NULL)
		return NULL;
	entry = (Entry *) (room_of(rows->reading) + rows->at);
	rows->at += ENTRY_START + MAXALIGN(entry->length);
	rows->in_memory.t_len = entry->length;
	rows->in_memory.t_data = (HeapTupleHeader) ((char *) entry + ENTRY_START);
	ItemPointerSetInvalid(&rows->in_memory.t_self);
	rows->in_memory.t_tableOid = InvalidOid;
	return &rows->in_memory;
}

static HeapTuple
next_spilled(EvPendingRows *rows)
{
	bool should_free;

	if (rows->from_file != NULL)
		heap_freetuple(rows->from_file);
	rows->from_file = NULL;
	if (rows->spilled == NULL || !tuplestore_gettupleslot(rows->spilled, true, false, rows->slot))
		return NULL;
	/* a slot of this kind has the tuple, and gives it as it is */
	rows->from_file = heap_tuple_from_minimal_tuple(
		ExecFetchSlotMinimalTuple(rows->slot, &should_free));
	return rows->from_file;
}

HeapTuple
ev_pending_rows_next(EvPendingRows *rows, bool *stays)
{
	HeapTuple row = next_in_memory(rows);

	*stays = row != NULL;
	return row != NULL ? row : next_spilled(rows);
}

void
ev_pending_rows_end(EvPendingRows *rows)
{
	Block *block = rows->blocks;

	while (block != NULL)
	{
		Block *next = block->next;

		pfree(block);
		block = next;
	}
	if (rows->from_file != NULL)
		heap_freetuple(rows->from_file);
	if (rows->slot != NULL)
		ExecDropSingleTupleTableSlot(rows->slot);
	if (rows->spilled != NULL)
		tuplestore_end(rows->spilled);
	pfree(rows);
}
