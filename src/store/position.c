/* SPDX-License-Identifier: PostgreSQL
 *
 * position.c: the sequence of positions, the commit gate and the horizon.
 *
 * A reader that asks for position > cursor AND position <= horizon must miss
 * nothing, ever.  So the horizon has to stop below every position that is
 * drawn but not decided.  Who draws is therefore known before he draws: he is
 * in the gate.
 *
 * With shared memory (base/shared.h) the gate is a slot per backend.
 *   writer: read the sequence, publish floor = that + 1, barrier, draw ...,
 *           commit (rows are visible, invalidations sent), floor = 0
 *   reader: read the sequence (L), barrier, read all floors;
 *           horizon = min(L, lowest floor - 1), never below the last answer
 * If the reader's L covers a position p, then p was drawn before L was read;
 * its writer's floor was published before p was drawn, so the reader sees the
 * floor, or the writer is through.  The sequence itself is read, and not a
 * copy of its value, because a restore may set it.
 *
 * Without shared memory the gate is an advisory lock of a private tag, held
 * in share mode to the end of the transaction.  The reader reads the sequence
 * first and then waits for those that hold the lock at that moment, by their
 * virtual transactions: newcomers, whose positions are above L, are never
 * waited for and never blocked.  When its time is up, it asks the lock table
 * for the floors of those that are still there, which they have locked as
 * tags of their own before they entered.
 *
 * The jump: with synchronous_commit off, a crash may take the sequence back
 * behind positions that readers have seen.  So the first use since shared
 * memory was initialised (a server start, or a backend crash) advances the
 * sequence by 2^20 and flushes that to disk, under an exclusive lock, before
 * anybody draws or is answered.  Below 17 without preload there is no place
 * for that flag; docs/operations.md says what follows.
 */
#include "base/compat.h"

#include "access/relation.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "base/catalog.h"
#include "base/settings.h"
#include "base/shared.h"
#include "base/wake.h"
#include "miscadmin.h"
#include "store/partition.h"
#include "store/position.h"
#include "store/sequence.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

PG_FUNCTION_INFO_V1(ev_advance_position);

/* Fourth fields of our advisory tags; SQL's own functions use 1 and 2. */
#define GATE_TAG 0xE1
#define JUMP_TAG 0xE2
#define FLOOR_TAG 0xE5

#define JUMP_LENGTH (INT64CONST(1) << 20)

/* This backend's stay in the gate. */
static bool in_gate = false;
static int gate_level = 0; /* nesting level at which it was entered */

static void
set_tag(LOCKTAG *tag, Oid sequence, uint16 kind)
{
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, sequence, 0, kind);
}

int64
ev_position_last(Oid sequence)
{
	Relation rel = relation_open(sequence, AccessShareLock);
	int64 last = ev_sequence_read(rel);

	relation_close(rel, NoLock);
	return last;
}

/* Set the sequence, durably.  The caller keeps everybody else from drawing. */
static void
set_last(Oid sequence, int64 last)
{
	EvOwnerContext owner;

	ev_catalog_become_owner(&owner);
	DirectFunctionCall2(setval_oid, ObjectIdGetDatum(sequence), Int64GetDatum(last));
	ev_catalog_restore_user(&owner);
	XLogFlush(XactLastRecEnd);
}

/* Was the sequence made by this very transaction? */
static bool
is_new(Oid sequence)
{
	Relation rel = relation_open(sequence, AccessShareLock);
	bool answer = rel->rd_createSubid != InvalidSubTransactionId;

	relation_close(rel, NoLock);
	return answer;
}

/*
 * Advance the sequence, durably.  Others wait for the lock meanwhile.  A
 * sequence that looks unused is no exception, since a crash may have made it
 * look so; only one that this transaction has made is.
 */
static void
jump(Oid sequence, EvInstallation *installation)
{
	LOCKTAG tag;

	set_tag(&tag, sequence, JUMP_TAG);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
	if (pg_atomic_read_u32(&installation->jumped) == 0)
	{
		if (!is_new(sequence))
			set_last(sequence, ev_position_last(sequence) + JUMP_LENGTH);
		pg_write_barrier();
		pg_atomic_write_u32(&installation->jumped, 1);
	}
	LockRelease(&tag, ExclusiveLock, false);
}

/* The installation's entry, after the jump. */
static EvInstallation *
ready_installation(Oid sequence)
{
	EvInstallation *installation = ev_shared_installation(sequence);

	if (pg_atomic_read_u32(&installation->jumped) == 0)
		jump(sequence, installation);
	return installation;
}

void
ev_position_make_ready(Oid sequence)
{
	if (ev_shared() != NULL)
		(void) ready_installation(sequence);
}

void
ev_position_enter_gate(Relation sequence)
{
	Oid relid = RelationGetRelid(sequence);

	if (in_gate)
		return;
	if (ev_shared() != NULL)
	{
		EvGateSlot *slot = ev_shared_my_slot();
		int64 last;

		(void) ready_installation(relid);
		ev_wake_readers_at_end(relid);
		last = ev_sequence_read(sequence);
		slot->database = MyDatabaseId;
		slot->sequence = relid;
		slot->entered_at = GetCurrentTimestamp();
		pg_write_barrier();
		pg_atomic_write_u64(&slot->floor, (uint64) last + 1);
		pg_memory_barrier();
	}
	else
	{
		uint64 floor = (uint64) ev_sequence_read(sequence) + 1;
		LOCKTAG tag;

		SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, (uint32) (floor >> 32), (uint32) floor, FLOOR_TAG);
		(void) LockAcquire(&tag, ShareLock, false, false);
		set_tag(&tag, relid, GATE_TAG);
		(void) LockAcquire(&tag, ShareLock, false, false);
	}
	in_gate = true;
	gate_level = GetCurrentTransactionNestLevel();
}

bool
ev_position_is_in_gate(void)
{
	return in_gate;
}

void
ev_position_abort_subxact(int level)
{
	/* A slot stays held to the end of the transaction; a lock is gone now. */
	if (in_gate && gate_level >= level && ev_shared() == NULL)
		in_gate = false;
}

/*
 * events._advance_position(target): skip positions, and have partitions for
 * those that follow.  Whoever draws holds ROW
 * EXCLUSIVE on the sequence from before he looks at it to the end of his
 * transaction, so with SHARE ROW EXCLUSIVE nobody is about to draw.
 */
Datum
ev_advance_position(PG_FUNCTION_ARGS)
{
	int64 target = PG_GETARG_INT64(0);
	Oid sequence = ev_catalog_relid("position");

	ev_position_make_ready(sequence);
	ev_partition_ensure(ev_catalog_relid("event"), target + EV_PARTITION_AHEAD, true);
	LockRelationOid(sequence, ShareRowExclusiveLock);
	if (ev_position_last(sequence) < target)
		set_last(sequence, target);
	PG_RETURN_VOID();
}

int
ev_position_draw(Relation sequence, int most, int64 *first)
{
	Assert(in_gate);
	return ev_sequence_draw(sequence, most, first);
}

bool
ev_position_leave_gate(void)
{
	bool was_in_gate = in_gate;

	if (in_gate && ev_shared() != NULL)
	{
		pg_memory_barrier();
		pg_atomic_write_u64(&ev_shared_my_slot()->floor, 0);
	}
	in_gate = false;
	return was_in_gate;
}

/* Is this slot held by a writer of this installation?  If so, since which floor? */
static uint64
slot_floor(EvGateSlot *slot, Oid sequence)
{
	uint64 floor = pg_atomic_read_u64(&slot->floor);

	if (floor == 0)
		return 0;
	pg_read_barrier();

	/*
	 * The slot may have changed hands between the two reads.  Then the new
	 * holder entered after the caller read the sequence, so that its
	 * positions are above that; the old holder is through.  Either answer is
	 * right.
	 */
	return slot->database == MyDatabaseId && slot->sequence == sequence ? floor : 0;
}

static int64
horizon_from_slots(Oid sequence)
{
	EvShared *shared = ev_shared();
	EvInstallation *installation = ready_installation(sequence);
	int64 horizon = ev_position_last(sequence);
	uint64 known;

	pg_memory_barrier();
	for (int i = 0; i < shared->nslots; i++)
	{
		uint64 floor = slot_floor(&shared->slots[i], sequence);

		if (floor != 0 && (int64) floor - 1 < horizon)
			horizon = (int64) floor - 1;
	}

	/*
	 * What was proved decided stays decided, unless the sequence itself has
	 * been set back since (a restore into a living installation).
	 */
	known = pg_atomic_read_u64(&installation->horizon);
	for (;;)
	{
		if ((int64) known >= horizon && (int64) known <= ev_position_last(sequence))
			return (int64) known;
		if (pg_atomic_compare_exchange_u64(&installation->horizon, &known, (uint64) horizon))
			return horizon;
	}
}

/*
 * Wait until this virtual transaction has ended; false when time is up.  It
 * polls because a wait in the lock manager can end in time only by an error.
 */
static bool
wait_for_transaction(VirtualTransactionId vxid, TimestampTz deadline)
{
	long pause_us = 50;

	while (!VirtualXactLock(vxid, false))
	{
		if (GetCurrentTimestamp() >= deadline)
			return false;
		CHECK_FOR_INTERRUPTS();
		pg_usleep(pause_us);
		pause_us = Min(pause_us * 2, 2000);
	}
	return true;
}

/* The lowest floor that is locked now, or none (PG_INT64_MAX). */
static int64
lowest_locked_floor(void)
{
	LockData *data = GetLockStatusData();
	int64 lowest = PG_INT64_MAX;

	for (int i = 0; i < data->nelements; i++)
	{
		const LOCKTAG *tag = &data->locks[i].locktag;

		if (tag->locktag_type == LOCKTAG_ADVISORY && tag->locktag_field4 == FLOOR_TAG &&
			tag->locktag_field1 == MyDatabaseId && data->locks[i].holdMask != 0)
			lowest = Min(lowest,
						 (int64) (((uint64) tag->locktag_field2 << 32) | tag->locktag_field3));
	}
	return lowest;
}

static int64
horizon_from_lock(Oid sequence)
{
	static Oid known_sequence = InvalidOid;
	static int64 known = 0;
	int64 horizon = ev_position_last(sequence);
	TimestampTz deadline = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), ev_horizon_timeout);
	VirtualTransactionId *holders;
	LOCKTAG tag;
	int n;

	if (known_sequence != sequence || known > horizon)
	{
		known_sequence = sequence;
		known = 0;
	}
	set_tag(&tag, sequence, GATE_TAG);
	holders = GetLockConflicts(&tag, ExclusiveLock, &n);
	for (int i = 0; i < n; i++)
	{
		if (!wait_for_transaction(holders[i], deadline))
		{
			horizon = Min(horizon, lowest_locked_floor() - 1);
			break;
		}
	}
	known = Max(known, horizon);
	return known;
}

int64
ev_position_horizon(Oid sequence)
{
	return ev_shared() != NULL ? horizon_from_slots(sequence) : horizon_from_lock(sequence);
}

int
ev_position_in_flight(Oid sequence, TimestampTz *oldest)
{
	EvShared *shared = ev_shared();
	int count = 0;

	*oldest = 0;
	if (shared == NULL)
	{
		LOCKTAG tag;

		set_tag(&tag, sequence, GATE_TAG);
		(void) GetLockConflicts(&tag, ExclusiveLock, &count);
		return count;
	}
	for (int i = 0; i < shared->nslots; i++)
	{
		EvGateSlot *slot = &shared->slots[i];

		if (slot_floor(slot, sequence) == 0)
			continue;
		count++;
		if (*oldest == 0 || slot->entered_at < *oldest)
			*oldest = slot->entered_at;
	}
	return count;
}
