/* SPDX-License-Identifier: PostgreSQL
 *
 * imported.c: which events of other hubs are here already.
 *
 * An exported event carries its sequence: the epoch of the hub that it comes
 * from, and its position there.  No two events have the same, ever, so an import
 * is idempotent if it notes which ones it has taken in.  A high-water mark would
 * not do: exports may be filtered, and be imported in any order.  So there is a bit
 * for each position: a row of events.imported holds those of CHUNK positions of
 * one epoch, and a history of a million events takes 130 kB.
 *
 * The rows are ordinary ones of the importing transaction: what is rolled back was
 * not imported.  One transaction imports at a time, under a lock of the table
 * that readers do not feel; so a row never changes under us, and the bits of some
 * chunks stay in memory until others are wanted: an import in the order of the export
 * writes each row a few times, and so does one of several exports merged by time, or of
 * one in no order at all.  (To write a row for each event would be worse than slow: who looks
 * for a row meets all versions of it that the transaction has made.)
 */
#include "base/compat.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/table.h"
#include "access/xact.h"
#include "base/catalog.h"
#include "catalog/indexing.h"
#include "publish/imported.h"
#include "store/epoch.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#define CHUNK 8192

/* 64 kB of bits: those of half a million positions. */
#define CHUNKS_IN_MEMORY 64

/* Columns of events.imported. */
enum
{
	IMPORTED_EPOCH = 1,
	IMPORTED_CHUNK,
	IMPORTED_POSITIONS,
	IMPORTED_NCOLUMNS = IMPORTED_POSITIONS
};

/* The bits of CHUNK positions; epoch is "" where there are none. */
typedef struct Chunk
{
	char epoch[EV_EPOCH_LENGTH + 1];
	int64 number;
	uint8 bits[CHUNK / BITS_PER_BYTE];
	bool is_stored; /* in the row at tid */
	ItemPointerData tid;
	bool is_changed;
	int64 used; /* when it was wanted last */
} Chunk;

struct EvImported
{
	Relation rel;
	Relation index;
	CatalogIndexState indexes;
	MemoryContext context;
	Chunk *chunks;	/* CHUNKS_IN_MEMORY of them */
	Chunk *current; /* wanted last */
	int64 clock;	/* of `used` */
};

EvImported *
ev_imported_open(void)
{
	EvImported *imported = palloc0(sizeof(EvImported));

	imported->rel = table_open(ev_catalog_relid("imported"), ShareRowExclusiveLock);
	if (!OidIsValid(ev_primary_key_index(imported->rel)))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("table events.imported has no primary key"),
						errhint("ALTER TABLE events.imported ADD PRIMARY KEY (epoch, chunk).")));
	imported->index = index_open(ev_primary_key_index(imported->rel), AccessShareLock);
	imported->indexes = CatalogOpenIndexes(imported->rel);
	imported->context = AllocSetContextCreate(CurrentMemoryContext, "events imported",
											  ALLOCSET_SMALL_SIZES);
	imported->chunks = palloc0(sizeof(Chunk) * CHUNKS_IN_MEMORY);
	imported->current = imported->chunks;
	return imported;
}

static void
read_bits(EvImported *imported, Chunk *chunk, HeapTuple tuple)
{
	bool isnull;
	bytea *stored = DatumGetByteaPP(
		heap_getattr(tuple, IMPORTED_POSITIONS, RelationGetDescr(imported->rel), &isnull));

	memcpy(chunk->bits, VARDATA_ANY(stored), Min(sizeof(chunk->bits), VARSIZE_ANY_EXHDR(stored)));
	chunk->tid = tuple->t_self;
	chunk->is_stored = true;
}

static void
load_chunk(EvImported *imported, Chunk *chunk, const char *epoch, int64 number)
{
	ScanKeyData keys[2];
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	SysScanDesc scan;
	HeapTuple tuple;

	memset(chunk, 0, sizeof(Chunk));
	strlcpy(chunk->epoch, epoch, sizeof(chunk->epoch));
	chunk->number = number;
	ScanKeyInit(&keys[0], IMPORTED_EPOCH, BTEqualStrategyNumber, F_TEXTEQ,
				CStringGetTextDatum(epoch));
	ScanKeyInit(&keys[1], IMPORTED_CHUNK, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(number));
	scan = systable_beginscan_ordered(imported->rel, imported->index, snapshot, 2, keys);
	tuple = systable_getnext_ordered(scan, ForwardScanDirection);
	if (tuple != NULL)
		read_bits(imported, chunk, tuple);
	systable_endscan_ordered(scan);
	UnregisterSnapshot(snapshot);
}

static void
store_chunk(EvImported *imported, Chunk *chunk)
{
	Datum values[IMPORTED_NCOLUMNS];
	bool nulls[IMPORTED_NCOLUMNS] = {false};
	bytea *bits = palloc(VARHDRSZ + sizeof(chunk->bits));
	HeapTuple tuple;

	SET_VARSIZE(bits, VARHDRSZ + sizeof(chunk->bits));
	memcpy(VARDATA(bits), chunk->bits, sizeof(chunk->bits));
	values[IMPORTED_EPOCH - 1] = CStringGetTextDatum(chunk->epoch);
	values[IMPORTED_CHUNK - 1] = Int64GetDatum(chunk->number);
	values[IMPORTED_POSITIONS - 1] = PointerGetDatum(bits);
	tuple = heap_form_tuple(RelationGetDescr(imported->rel), values, nulls);
	if (chunk->is_stored)
		CatalogTupleUpdateWithInfo(imported->rel, &chunk->tid, tuple, imported->indexes);
	else
		CatalogTupleInsertWithInfo(imported->rel, tuple, imported->indexes);
	CommandCounterIncrement();
	chunk->is_changed = false;
}

static bool
is_chunk(const Chunk *chunk, const char *epoch, int64 number)
{
	return chunk->number == number && strcmp(chunk->epoch, epoch) == 0;
}

/* The chunk if it is in memory, else the one that was not wanted for longest. */
static Chunk *
find_chunk(EvImported *imported, const char *epoch, int64 number)
{
	Chunk *oldest = imported->chunks;

	for (int i = 0; i < CHUNKS_IN_MEMORY; i++)
	{
		Chunk *chunk = &imported->chunks[i];

		if (is_chunk(chunk, epoch, number))
			return chunk;
		if (chunk->used < oldest->used)
			oldest = chunk;
	}
	return oldest;
}

/* In memory of our own, since the caller's may be that of one event. */
static void
change_chunk(EvImported *imported, const char *epoch, int64 number)
{
	MemoryContext old = MemoryContextSwitchTo(imported->context);
	Chunk *chunk = find_chunk(imported, epoch, number);

	if (!is_chunk(chunk, epoch, number))
	{
		if (chunk->is_changed)
			store_chunk(imported, chunk);
		load_chunk(imported, chunk, epoch, number);
	}
	chunk->used = ++imported->clock;
	imported->current = chunk;
	MemoryContextSwitchTo(old);
	MemoryContextReset(imported->context);
}

bool
ev_imported_claim(EvImported *imported, const char *epoch, int64 position)
{
	int bit = position % CHUNK;
	uint8 mask = 1 << (bit % BITS_PER_BYTE);
	uint8 *byte;

	if (!is_chunk(imported->current, epoch, position / CHUNK))
		change_chunk(imported, epoch, position / CHUNK);
	byte = &imported->current->bits[bit / BITS_PER_BYTE];
	if (*byte & mask)
		return false;
	*byte |= mask;
	imported->current->is_changed = true;
	return true;
}

void
ev_imported_close(EvImported *imported)
{
	for (int i = 0; i < CHUNKS_IN_MEMORY; i++)
	{
		if (imported->chunks[i].is_changed)
			store_chunk(imported, &imported->chunks[i]);
	}
	CatalogCloseIndexes(imported->indexes);
	index_close(imported->index, NoLock);
	table_close(imported->rel, NoLock);
	MemoryContextDelete(imported->context);
	pfree(imported->chunks);
	pfree(imported);
}
