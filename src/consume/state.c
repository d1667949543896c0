/* SPDX-License-Identifier: PostgreSQL
 *
 * state.c: rows of events.consumer_state, and the locks that go with them.
 *
 * A row is found from the end of the index: all entries of a member lie
 * together, ascending by ordinal, and the last one that is visible is the one.
 * Entries of transactions that were rolled back may lie behind it, and are
 * marked as dead by whoever passes them.
 *
 * Rows are written with the heap's and the index's own functions: no planner, no
 * executor, a microsecond or two.  They are small and have no triggers.
 *
 * The lock of a member is released at the end of the transaction, after its rows
 * have become visible.  So a snapshot that is taken when the lock was got sees
 * the newest row there is.
 */
#include "base/compat.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "base/catalog.h"
#include "base/wake.h"
#include "catalog/indexing.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "consume/state.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

/* Fourth field of our advisory tag (see position.c for the others). */
#define MEMBER_TAG 0xEC

/* Columns of events.consumer_state. */
enum
{
	STATE_CONSUMER = 1,
	STATE_MEMBER,
	STATE_ORDINAL,
	STATE_SHARES,
	STATE_POSITIONS,
	STATE_POOL,
	STATE_LEASED_UNTIL,
	STATE_ATTEMPTS,
	STATE_NOT_BEFORE,
	STATE_REASON,
	STATE_NCOLUMNS = STATE_REASON
};

/* ---- locks ---- */

static void
set_tag(LOCKTAG *tag, const EvConsumer *consumer, const char *member)
{
	uint64 hash = hash_bytes_extended((const unsigned char *) consumer->name,
									  strlen(consumer->name), 0);

	hash = hash_bytes_extended((const unsigned char *) member, strlen(member), hash);
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, (uint32) (hash >> 32), (uint32) hash, MEMBER_TAG);
}

EvLocked
ev_state_lock(const EvConsumer *consumer, const char *member, bool wait)
{
	LOCKTAG tag;

	set_tag(&tag, consumer, member);
	switch (LockAcquire(&tag, ExclusiveLock, false, !wait))
	{
		case LOCKACQUIRE_NOT_AVAIL:
			return EV_LOCKED_NOT;
		case LOCKACQUIRE_OK:
			return EV_LOCKED_NEW;
		default:
			return EV_LOCKED_BEFORE;
	}
}

void
ev_state_unlock(const EvConsumer *consumer, const char *member)
{
	LOCKTAG tag;

	set_tag(&tag, consumer, member);
	(void) LockRelease(&tag, ExclusiveLock, false);
}

/* ---- opening ---- */

void
ev_state_open(EvState *state, const EvConsumer *consumer)
{
	state->consumer = consumer;
	state->rel = table_open(ev_catalog_relid("consumer_state"), RowExclusiveLock);
	state->index = index_open(ev_primary_key_index(state->rel), RowExclusiveLock);
	state->name = CStringGetTextDatum(consumer->name);
}

void
ev_state_close(EvState *state)
{
	index_close(state->index, NoLock);
	table_close(state->rel, NoLock);
}

/* ---- from a row to a member ---- */

static void
init_member(const EvConsumer *consumer, EvConsumerMember *member, const char *name)
{
	memset(member, 0, sizeof(EvConsumerMember));
	member->name = pstrdup(name);
	member->shares = palloc(sizeof(int16) * consumer->nshares);
	member->positions = palloc(sizeof(int64) * consumer->nshares);
}

static void
read_shares(const EvConsumer *consumer, EvConsumerMember *member, Datum shares, Datum positions)
{
	ArrayType *array = DatumGetArrayTypeP(shares);
	ArrayType *at = DatumGetArrayTypeP(positions);
	int n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	int npositions = ArrayGetNItems(ARR_NDIM(at), ARR_DIMS(at));
	int64 *data = (int64 *) ARR_DATA_PTR(at);

	if (n > consumer->nshares || ARR_HASNULL(array) || ARR_HASNULL(at) ||
		(n > 0 && npositions != n && npositions != 1))
		ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
						errmsg("member \"%s\" of consumer \"%s\" has %d shares and %d positions",
							   member->name, consumer->name, n, npositions),
						errdetail("The consumer has %d shares.", consumer->nshares),
						errhint("events.seek() sets the consumer up anew.")));
	member->nshares = n;
	memcpy(member->shares, ARR_DATA_PTR(array), sizeof(int16) * n);
	for (int i = 0; i < n; i++)
		member->positions[i] = data[npositions == 1 ? 0 : i];
}

static void
read_row(EvState *state, EvConsumerMember *member, HeapTuple tuple)
{
	Datum values[STATE_NCOLUMNS];
	bool nulls[STATE_NCOLUMNS];

	heap_deform_tuple(tuple, RelationGetDescr(state->rel), values, nulls);
	member->ordinal = DatumGetInt64(values[STATE_ORDINAL - 1]);
	read_shares(state->consumer, member, values[STATE_SHARES - 1], values[STATE_POSITIONS - 1]);
	member->pool = DatumGetInt64(values[STATE_POOL - 1]);
	member->attempts = DatumGetInt32(values[STATE_ATTEMPTS - 1]);
	if (!nulls[STATE_LEASED_UNTIL - 1])
		member->leased_until = DatumGetTimestampTz(values[STATE_LEASED_UNTIL - 1]);
	if (!nulls[STATE_NOT_BEFORE - 1])
		member->not_before = DatumGetTimestampTz(values[STATE_NOT_BEFORE - 1]);
	if (!nulls[STATE_REASON - 1])
		member->reason = TextDatumGetCString(values[STATE_REASON - 1]);
}

/*
 * The newest row of those that satisfy the keys; false if there is none.  `out` is
 * initialised by name, or (is_named = false) from the row.
 */
static bool
read_newest(EvState *state, ScanKey keys, int nkeys, bool is_named, EvConsumerMember *out)
{
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	SysScanDesc scan;
	HeapTuple tuple;
	bool isnull;

	scan = systable_beginscan_ordered(state->rel, state->index, snapshot, nkeys, keys);
	tuple = systable_getnext_ordered(scan, BackwardScanDirection);
	if (tuple != NULL)
	{
		if (!is_named)
			init_member(state->consumer, out,
						TextDatumGetCString(heap_getattr(tuple, STATE_MEMBER,
														 RelationGetDescr(state->rel), &isnull)));
		read_row(state, out, tuple);
	}
	systable_endscan_ordered(scan);
	UnregisterSnapshot(snapshot);
	return tuple != NULL;
}

/* The newest row of a member from an ordinal on. */
static bool
read_member(EvState *state, const char *member, int64 from, EvConsumerMember *out)
{
	ScanKeyData keys[3];

	ScanKeyInit(&keys[0], STATE_CONSUMER, BTEqualStrategyNumber, F_TEXTEQ, state->name);
	ScanKeyInit(&keys[1], STATE_MEMBER, BTEqualStrategyNumber, F_TEXTEQ,
				CStringGetTextDatum(member));
	ScanKeyInit(&keys[2], STATE_ORDINAL, BTGreaterEqualStrategyNumber, F_INT8GE,
				Int64GetDatum(from));
	return read_newest(state, keys, from > 0 ? 3 : 2, true, out);
}

/* The hint for a member, in the first place; its name is set, its ordinal 0 if there was none. */
static EvHint *
find_hint(const EvConsumer *consumer, const char *member)
{
	EvHint *hints = consumer->hints;
	EvHint found = {NULL, 0};

	for (int i = 0; i < EV_NHINTS; i++)
	{
		if (hints[i].member == NULL || strcmp(hints[i].member, member) != 0)
			continue;
		found = hints[i];
		memmove(hints + 1, hints, sizeof(EvHint) * i);
		hints[0] = found;
		return hints;
	}
	if (hints[EV_NHINTS - 1].member != NULL)
		pfree(hints[EV_NHINTS - 1].member);
	memmove(hints + 1, hints, sizeof(EvHint) * (EV_NHINTS - 1));
	hints[0].member = NULL; /* in case that there is no memory */
	hints[0].ordinal = 0;
	hints[0].member = MemoryContextStrdup(consumer->context, member);
	return hints;
}

/*
 * An index page has room for more than a hundred rows of a member, all of which
 * a scan would look at that knows only the member.
 */
void
ev_state_read(EvState *state, const char *member, EvConsumerMember *out)
{
	EvHint *hint;

	init_member(state->consumer, out, member);
	if (state->consumer->hints == NULL)
	{
		(void) read_member(state, member, 0, out);
		return;
	}
	hint = find_hint(state->consumer, member);
	if (hint->ordinal == 0 || !read_member(state, member, hint->ordinal, out))
		(void) read_member(state, member, 0, out);
	hint->ordinal = out->ordinal;
}

List *
ev_state_roster(EvState *state)
{
	List *members = NIL;
	const char *below = NULL;

	/* From one member's last entry to that of the member before it. */
	for (;;)
	{
		EvConsumerMember *member = palloc(sizeof(EvConsumerMember));
		ScanKeyData keys[2];

		CHECK_FOR_INTERRUPTS();
		ScanKeyInit(&keys[0], STATE_CONSUMER, BTEqualStrategyNumber, F_TEXTEQ, state->name);
		if (below != NULL)
			ScanKeyInit(&keys[1], STATE_MEMBER, BTLessStrategyNumber, F_TEXT_LT,
						CStringGetTextDatum(below));
		if (!read_newest(state, keys, below == NULL ? 1 : 2, false, member))
			return members;
		members = lcons(member, members);
		below = member->name;
	}
}

/* ---- from a member to a row ---- */

static ArrayType *
make_positions(const EvConsumerMember *member)
{
	Datum *elements = palloc(sizeof(Datum) * (member->nshares + 1));
	int n = 0;

	for (int i = 0; i < member->nshares; i++)
		elements[n++] = Int64GetDatum(member->positions[i]);
	while (n > 1 && member->positions[n - 1] == member->positions[0])
		n--;
	if (n > 1)
		n = member->nshares;
	return construct_array(elements, n, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}

static ArrayType *
make_shares(const EvConsumerMember *member)
{
	Datum *elements = palloc(sizeof(Datum) * (member->nshares + 1));

	for (int i = 0; i < member->nshares; i++)
		elements[i] = Int16GetDatum(member->shares[i]);
	return construct_array(elements, member->nshares, INT2OID, sizeof(int16), true, TYPALIGN_SHORT);
}

void
ev_state_write(EvState *state, EvConsumerMember *member)
{
	Datum values[STATE_NCOLUMNS];
	bool nulls[STATE_NCOLUMNS] = {false};

	member->ordinal++;
	values[STATE_CONSUMER - 1] = state->name;
	values[STATE_MEMBER - 1] = CStringGetTextDatum(member->name);
	values[STATE_ORDINAL - 1] = Int64GetDatum(member->ordinal);
	values[STATE_SHARES - 1] = PointerGetDatum(make_shares(member));
	values[STATE_POSITIONS - 1] = PointerGetDatum(make_positions(member));
	values[STATE_POOL - 1] = Int64GetDatum(member->pool);
	values[STATE_ATTEMPTS - 1] = Int32GetDatum(member->attempts);
	values[STATE_LEASED_UNTIL - 1] = TimestampTzGetDatum(member->leased_until);
	nulls[STATE_LEASED_UNTIL - 1] = member->leased_until == 0;
	values[STATE_NOT_BEFORE - 1] = TimestampTzGetDatum(member->not_before);
	nulls[STATE_NOT_BEFORE - 1] = member->not_before == 0;
	nulls[STATE_REASON - 1] = member->reason == NULL;
	if (member->reason != NULL)
		values[STATE_REASON - 1] = CStringGetTextDatum(member->reason);
	CatalogTupleInsert(state->rel, heap_form_tuple(RelationGetDescr(state->rel), values, nulls));
	CommandCounterIncrement();
	ev_wake_readers_at_end(ev_catalog_relid("position"));
}

/* ---- shares of a member ---- */

int64
ev_member_position(const EvConsumerMember *member)
{
	int64 lowest = PG_INT64_MAX;

	for (int i = 0; i < member->nshares; i++)
		lowest = Min(lowest, member->positions[i]);
	return lowest;
}

bool
ev_member_advance(EvConsumerMember *member, int64 position)
{
	bool moved = false;

	for (int i = 0; i < member->nshares; i++)
	{
		if (member->positions[i] >= position)
			continue;
		member->positions[i] = position;
		moved = true;
	}
	return moved;
}

void
ev_member_give(EvConsumerMember *from, int i, EvConsumerMember *to)
{
	int16 share = from->shares[i];
	int64 position = from->positions[i];
	int at = to->nshares;

	for (; at > 0 && to->shares[at - 1] > share; at--)
	{
		to->shares[at] = to->shares[at - 1];
		to->positions[at] = to->positions[at - 1];
	}
	to->shares[at] = share;
	to->positions[at] = position;
	to->nshares++;
	from->nshares--;
	for (; i < from->nshares; i++)
	{
		from->shares[i] = from->shares[i + 1];
		from->positions[i] = from->positions[i + 1];
	}
}
