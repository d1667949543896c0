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
 * that readers do not feel; so a row never changes under us, and the bits of the
 * chunk in hand can stay in memory until another chunk is wanted.  An import in the order
 * of the export writes each row a few times.
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

/* Columns of events.imported. */
enum
{
	IMPORTED_EPOCH = 1,
	IMPORTED_CHUNK,
	IMPORTED_POSITIONS,
	IMPORTED_NCOLUMNS = IMPORTED_POSITIONS
};

struct EvImported
{
	Relation rel;
	Relation index;
	CatalogIndexState indexes;
	MemoryContext context;

	/* the chunk in hand; epoch is "" while there is none */
	char epoch[EV_EPOCH_LENGTH + 1];
	int64 chunk;
	uint8 bits[CHUNK / BITS_PER_BYTE];
	bool is_stored; /* in the row at tid */
	ItemPointerData tid;
	bool is_changed;
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
	return imported;
}

static void
read_bits(EvImported *imported, HeapTuple tuple)
{
	bool isnull;
	bytea *stored = DatumGetByteaPP(
		heap_getattr(tuple, IMPORTED_POSITIONS, RelationGetDescr(imported->rel), &isnull));

	memcpy(imported->bits, VARDATA_ANY(stored),
		   Min(sizeof(imported->bits), VARSIZE_ANY_EXHDR(stored)));
	imported->tid = tuple->t_self;
	imported->is_stored = true;
}

static void
load_chunk(EvImported *imported, const char *epoch, int64 chunk)
{
	ScanKeyData keys[2];
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	SysScanDesc scan;
	HeapTuple tuple;

	strlcpy(imported->epoch, epoch, sizeof(imported->epoch));
	imported->chunk = chunk;
	imported->is_stored = imported->is_changed = false;
	memset(imported->bits, 0, sizeof(imported->bits));
	ScanKeyInit(&keys[0], IMPORTED_EPOCH, BTEqualStrategyNumber, F_TEXTEQ,
				CStringGetTextDatum(epoch));
	ScanKeyInit(&keys[1], IMPORTED_CHUNK, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(chunk));
	scan = systable_beginscan_ordered(imported->rel, imported->index, snapshot, 2, keys);
	tuple = systable_getnext_ordered(scan, ForwardScanDirection);
	if (tuple != NULL)
		read_bits(imported, tuple);
	systable_endscan_ordered(scan);
	UnregisterSnapshot(snapshot);
}

static void
store_chunk(EvImported *imported)
{
	Datum values[IMPORTED_NCOLUMNS];
	bool nulls[IMPORTED_NCOLUMNS] = {false};
	bytea *bits = palloc(VARHDRSZ + sizeof(imported->bits));
	HeapTuple tuple;

	SET_VARSIZE(bits, VARHDRSZ + sizeof(imported->bits));
	memcpy(VARDATA(bits), imported->bits, sizeof(imported->bits));
	values[IMPORTED_EPOCH - 1] = CStringGetTextDatum(imported->epoch);
	values[IMPORTED_CHUNK - 1] = Int64GetDatum(imported->chunk);
	values[IMPORTED_POSITIONS - 1] = PointerGetDatum(bits);
	tuple = heap_form_tuple(RelationGetDescr(imported->rel), values, nulls);
	if (imported->is_stored)
		CatalogTupleUpdateWithInfo(imported->rel, &imported->tid, tuple, imported->indexes);
	else
		CatalogTupleInsertWithInfo(imported->rel, tuple, imported->indexes);
	CommandCounterIncrement();
	imported->is_changed = false;
}

/* In memory of our own, since the caller's may be that of one event. */
static void
change_chunk(EvImported *imported, const char *epoch, int64 chunk)
{
	MemoryContext old = MemoryContextSwitchTo(imported->context);

	if (imported->is_changed)
		store_chunk(imported);
	load_chunk(imported, epoch, chunk);
	MemoryContextSwitchTo(old);
	MemoryContextReset(imported->context);
}

bool
ev_imported_claim(EvImported *imported, const char *epoch, int64 position)
{
	int64 chunk = position / CHUNK;
	int bit = position % CHUNK;
	uint8 mask = 1 << (bit % BITS_PER_BYTE);

	if (chunk != imported->chunk || strcmp(epoch, imported->epoch) != 0)
		change_chunk(imported, epoch, chunk);
	if (imported->bits[bit / BITS_PER_BYTE] & mask)
		return false;
	imported->bits[bit / BITS_PER_BYTE] |= mask;
	imported->is_changed = true;
	return true;
}

void
ev_imported_close(EvImported *imported)
{
	if (imported->is_changed)
		store_chunk(imported);
	CatalogCloseIndexes(imported->indexes);
	index_close(imported->index, NoLock);
	table_close(imported->rel, NoLock);
	MemoryContextDelete(imported->context);
	pfree(imported);
}
