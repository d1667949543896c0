/* SPDX-License-Identifier: PostgreSQL
 *
 * duplicate.c: was an event with this source and this id published already?
 *
 * A publisher that does not know whether its last try came through tries again
 * with the same id, and the event must be there once.  Who publishes with an id
 * of his own therefore makes a claim: a row of events.duplicate whose key is a
 * hash of source and id.  The row is an ordinary one of the publishing
 * transaction.  So commit, rollback, savepoints and prepared transactions do to
 * the claim what they do to the event, and a claim that is not decided can be
 * waited for by its transaction: if that commits, ours is the duplicate; if it
 * rolls back, we take its place.
 *
 * Claims are made as the executor makes rows for INSERT ... ON CONFLICT, but
 * without it: look for the key with a dirty snapshot; if there is none, insert
 * speculatively, and take that back if the index says that somebody was faster.
 *
 *   found, not decided          wait, look again
 *   found, inside the window    a duplicate
 *   found, older                delete it (waiting for others who do), insert
 *   not found                   insert
 *
 * In a batch, after an event that was new, the first look is left out: what the
 * index says of the insertion is enough, and mostly right.  A batch that is tried
 * again writes nothing that way.
 *
 * The window is measured from the first publish to ours.  What was not decided
 * when we came is a duplicate however old it is: its event is only about to be
 * there.  Rows older than the window are removed by maintenance, which goes by
 * where they lie in the table (sql/parts/29_duplicate.sql): an index on the time
 * would cost every publisher.
 *
 * The dirty snapshot sees what has been committed after a REPEATABLE READ
 * transaction took its own, and the verdict goes by that: the event is told as
 * a duplicate, not published twice.  A SERIALIZABLE transaction would depend on
 * what comes after it in its own order, so there it is an error (40001).
 */
#include "base/compat.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "base/catalog.h"
#include "base/settings.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "publish/duplicate.h"
#include "storage/lmgr.h"
#include "store/position.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

/* Columns of events.duplicate. */
#define KEY 1
#define SEEN_AT 2

struct EvDuplicates
{
	Relation rel;
	Relation index; /* the primary key's; one of relinfo's */
	ResultRelInfo *relinfo;
	EState *estate;
	TupleTableSlot *slot;
	pg_cryptohash_ctx *hash;
	bool last_was_first; /* the last claim was, so the next one probably is */
};

/* One claim on its way. */
typedef struct Claim
{
	EvDuplicates *duplicates;
	pg_uuid_t key;
	TimestampTz now;   /* when it was asked for */
	Snapshot snapshot; /* taken before the first wait; NULL up to then */
} Claim;

/* What stands in the table under a key. */
typedef enum Finding
{
	NOTHING,
	WAITED, /* it was not decided: look again */
	EXPIRED,
	DUPLICATE
} Finding;

static Relation
find_key_index(ResultRelInfo *relinfo, Oid index)
{
	for (int i = 0; i < relinfo->ri_NumIndices; i++)
	{
		if (RelationGetRelid(relinfo->ri_IndexRelationDescs[i]) == index)
			return relinfo->ri_IndexRelationDescs[i];
	}
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("table events.duplicate has no primary key"),
					errdetail("Without it, nobody knows which events were published already."),
					errhint("ALTER TABLE events.duplicate ADD PRIMARY KEY (key), or set "
							"events.dedup_window to 0.")));
}

EvDuplicates *
ev_duplicate_open(void)
{
	EvDuplicates *duplicates = palloc0(sizeof(EvDuplicates));

	duplicates->rel = table_open(ev_catalog_relid("duplicate"), RowExclusiveLock);
	duplicates->relinfo = makeNode(ResultRelInfo);
	InitResultRelInfo(duplicates->relinfo, duplicates->rel, 0, NULL, 0);
	ExecOpenIndices(duplicates->relinfo, true);
	duplicates->index = find_key_index(duplicates->relinfo, ev_primary_key_index(duplicates->rel));
	duplicates->estate = CreateExecutorState();
	duplicates->slot = table_slot_create(duplicates->rel, NULL);
	duplicates->hash = pg_cryptohash_create(PG_SHA256);
	return duplicates;
}

void
ev_duplicate_close(EvDuplicates *duplicates)
{
	pg_cryptohash_free(duplicates->hash);
	ExecDropSingleTupleTableSlot(duplicates->slot);
	FreeExecutorState(duplicates->estate);
	ExecCloseIndices(duplicates->relinfo);
	table_close(duplicates->rel, NoLock);
	pfree(duplicates->relinfo);
	pfree(duplicates);
}

static bool
add_to_hash(pg_cryptohash_ctx *hash, const text *t)
{
	return pg_cryptohash_update(hash, (const uint8 *) VARDATA_ANY(t), VARSIZE_ANY_EXHDR(t)) >= 0;
}

/* The first 128 bits of SHA-256 over source, a zero byte and id. */
static void
make_key(pg_cryptohash_ctx *hash, const text *source, const text *id, pg_uuid_t *key)
{
	uint8 digest[PG_SHA256_DIGEST_LENGTH];
	const uint8 zero = 0;

	if (hash == NULL || pg_cryptohash_init(hash) < 0 || !add_to_hash(hash, source) ||
		pg_cryptohash_update(hash, &zero, 1) < 0 || !add_to_hash(hash, id) ||
		pg_cryptohash_final(hash, digest, sizeof(digest)) < 0)
		elog(ERROR, "could not compute SHA-256");
	StaticAssertStmt(sizeof(digest) >= UUID_LEN, "the digest fills a uuid");
	memcpy(key->data, digest, UUID_LEN);
}

/* Nobody waits who is in the gate: readers would wait with him. */
static void
refuse_to_wait_in_gate(void)
{
	if (ev_position_is_in_gate())
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("another transaction is publishing an event of the same source and id"),
				 errdetail("This transaction is committing and cannot wait for it."),
				 errhint("Roll the transaction back and repeat it.")));
}

/* Wait for whoever, by the dirty snapshot, has the tuple in hand. */
static void
wait_for_decision(Claim *claim, const SnapshotData *dirty, ItemPointer tid)
{
	bool inserting = TransactionIdIsValid(dirty->xmin);

	refuse_to_wait_in_gate();
	if (claim->snapshot == NULL)
		claim->snapshot = RegisterSnapshot(GetLatestSnapshot());
	if (inserting && dirty->speculativeToken != 0)
		SpeculativeInsertionWait(dirty->xmin, dirty->speculativeToken);
	else
		XactLockTableWait(inserting ? dirty->xmin : dirty->xmax, claim->duplicates->rel, tid,
						  XLTW_InsertIndex);
}

static bool
is_expired(const Claim *claim, HeapTuple tuple, TransactionId xmin)
{
	bool isnull;
	Datum seen_at = heap_getattr(tuple, SEEN_AT, RelationGetDescr(claim->duplicates->rel), &isnull);

	return DatumGetTimestampTz(seen_at) < claim->now - ev_dedup_window * USECS_PER_SEC &&
		   !TransactionIdIsCurrentTransactionId(xmin) &&
		   (claim->snapshot == NULL || !XidInMVCCSnapshot(xmin, claim->snapshot));
}

static void
refuse_unseen_in_serializable(TransactionId xmin)
{
	if (IsolationIsSerializable() && !TransactionIdIsCurrentTransactionId(xmin) &&
		XidInMVCCSnapshot(xmin, GetTransactionSnapshot()))
		ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
						errmsg("could not serialize access: an event of the same source and id was "
							   "published meanwhile"),
						errdetail("It was committed after this transaction took its snapshot."),
						errhint("Roll the transaction back and repeat it.")));
}

/* Look for the key.  Sets *tid if a row was found. */
static Finding
look(Claim *claim, ItemPointer tid)
{
	EvDuplicates *duplicates = claim->duplicates;
	Finding finding = NOTHING;
	TransactionId xmin = InvalidTransactionId;
	SnapshotData dirty;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;

	InitDirtySnapshot(dirty);
	ScanKeyInit(&key, KEY, BTEqualStrategyNumber, F_UUID_EQ, UUIDPGetDatum(&claim->key));
	scan = systable_beginscan_ordered(duplicates->rel, duplicates->index, &dirty, 1, &key);
	tuple = systable_getnext_ordered(scan, ForwardScanDirection);
	if (tuple != NULL)
	{
		*tid = tuple->t_self;
		xmin = HeapTupleHeaderGetXmin(tuple->t_data);
		if (TransactionIdIsValid(dirty.xmin) || TransactionIdIsValid(dirty.xmax))
			finding = WAITED;
		else
			finding = is_expired(claim, tuple, xmin) ? EXPIRED : DUPLICATE;
	}
	systable_endscan_ordered(scan);
	if (finding == WAITED)
		wait_for_decision(claim, &dirty, tid);
	else if (finding == DUPLICATE)
		refuse_unseen_in_serializable(xmin);
	return finding;
}

/* Insert the row; false if somebody else has the key now. */
static bool
insert(Claim *claim)
{
	EvDuplicates *duplicates = claim->duplicates;
	TupleTableSlot *slot = duplicates->slot;
	TransactionId xid = GetCurrentTransactionId();
	bool conflict = false;
	uint32 token;

	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts);
	slot->tts_values[KEY - 1] = UUIDPGetDatum(&claim->key);
	slot->tts_isnull[KEY - 1] = false;
	slot->tts_values[SEEN_AT - 1] = TimestampTzGetDatum(claim->now);
	slot->tts_isnull[SEEN_AT - 1] = false;
	ExecStoreVirtualTuple(slot);

	token = SpeculativeInsertionLockAcquire(xid);
	table_tuple_insert_speculative(duplicates->rel, slot, GetCurrentCommandId(true), 0, NULL,
								   token);
	list_free(ev_insert_index_tuples_speculative(duplicates->relinfo, slot, duplicates->estate,
												 &conflict));
	table_tuple_complete_speculative(duplicates->rel, slot, token, !conflict);
	SpeculativeInsertionLockRelease(xid);
	ExecClearTuple(slot);
	ResetPerTupleExprContext(duplicates->estate);
	return !conflict;
}

/* Delete a row that is too old; another one may be faster, which a new look shows. */
static void
remove_expired(Claim *claim, ItemPointer tid)
{
	bool wait = !ev_position_is_in_gate();
	TM_FailureData failure;

	if (table_tuple_delete(claim->duplicates->rel, tid, GetCurrentCommandId(true), InvalidSnapshot,
						   InvalidSnapshot, wait, &failure, false) == TM_WouldBlock)
		refuse_to_wait_in_gate();
}

bool
ev_duplicate_claim_among(EvDuplicates *duplicates, const text *source, const text *id)
{
	Claim claim = {.duplicates = duplicates, .now = GetCurrentTimestamp()};
	bool guess = duplicates->last_was_first;
	Finding finding;
	ItemPointerData tid;

	make_key(duplicates->hash, source, id, &claim.key);
	do
	{
		CHECK_FOR_INTERRUPTS();
		finding = guess ? NOTHING : look(&claim, &tid);
		guess = false;
		if (finding == EXPIRED)
			remove_expired(&claim, &tid);
	} while (finding != DUPLICATE && !(finding == NOTHING && insert(&claim)));
	if (claim.snapshot != NULL)
		UnregisterSnapshot(claim.snapshot);
	duplicates->last_was_first = finding == NOTHING;
	return finding == NOTHING;
}

bool
ev_duplicate_claim(const text *source, const text *id)
{
	EvDuplicates *duplicates;
	bool first;

	if (ev_dedup_window == 0)
		return true;
	duplicates = ev_duplicate_open();
	first = ev_duplicate_claim_among(duplicates, source, id);
	ev_duplicate_close(duplicates);
	return first;
}
