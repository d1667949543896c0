/* SPDX-License-Identifier: PostgreSQL
 *
 * redelivery.c: events that a consumer gets again, and those that it has given up.
 *
 * All of this is off the beaten track: in normal life there are no rows, and that
 * costs a look at the size of the table or at its index.  So what there is
 * to do is done in SQL, by the extension's owner.
 *
 * Rows hold copies of the events, so that retention may drop the originals.  They are
 * changed only by whoever holds the lock of the member that has the share, but for
 * redrive(), which adds some, and seek() and drop_consumer(), which have all locks.
 */
#include "base/compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "base/catalog.h"
#include "base/settings.h"
#include "base/wake.h"
#include "catalog/pg_type.h"
#include "consume/redelivery.h"
#include "consume/share.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/* The columns that stand in events.event too, in that order. */
#define EVENT_COLUMNS                                                                 \
	"position, id, source, type, subject, \"time\", recorded_at, topic, dataschema, " \
	"datacontenttype, data, attributes"

typedef struct EvParked
{
	int64 position;
	uint64 hash;
} EvParked;

/* ---- statements ---- */

static EvOwnerContext owner;

static void
begin_statements(void)
{
	ev_catalog_become_owner(&owner);
	SPI_connect();
}

static void
end_statements(void)
{
	SPI_finish();
	ev_catalog_restore_user(&owner);
}

/* How many rows the statement touched or gave. */
static uint64
execute(const char *command, int nargs, Oid *types, Datum *values, const char *nulls)
{
	int result = SPI_execute_with_args(command, nargs, types, values, nulls, false, 0);

	if (result < 0)
		elog(ERROR, "SPI_execute_with_args failed: %s: %s", SPI_result_code_string(result),
			 command);
	return SPI_processed;
}

static Datum
name_of(const EvConsumer *consumer)
{
	return CStringGetTextDatum(consumer->name);
}

/* ---- is there anything? ---- */

bool
ev_redelivery_any(const EvConsumer *consumer)
{
	Relation rel = table_open(ev_catalog_relid("redelivery"), AccessShareLock);
	bool any = false;

	if (RelationGetNumberOfBlocks(rel) > 0)
	{
		Relation index = index_open(ev_primary_key_index(rel), AccessShareLock);
		Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
		ScanKeyData key;
		SysScanDesc scan;

		ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_TEXTEQ, name_of(consumer));
		scan = systable_beginscan_ordered(rel, index, snapshot, 1, &key);
		any = systable_getnext_ordered(scan, ForwardScanDirection) != NULL;
		systable_endscan_ordered(scan);
		UnregisterSnapshot(snapshot);
		index_close(index, NoLock);
	}
	table_close(rel, NoLock);
	return any;
}

int
ev_redelivery_count(const EvConsumer *consumer)
{
	Oid types[] = {TEXTOID};
	Datum values[] = {name_of(consumer)};
	int count;

	begin_statements();
	count = (int) execute("SELECT FROM events.redelivery WHERE consumer = $1", 1, types, values,
						  NULL);
	end_statements();
	return count;
}

/* ---- what is due ---- */

static struct HTAB *
make_set(const char *name, int size)
{
	HASHCTL control = {.keysize = sizeof(int64),
					   .entrysize = sizeof(int64),
					   .hcxt = CurrentMemoryContext};

	return hash_create(name, Max(size, 16), &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* Add to a set; false if it was there. */
static bool
add_to_set(struct HTAB *set, int64 element)
{
	bool found;

	(void) hash_search(set, &element, HASH_ENTER, &found);
	return !found;
}

static int64
column_int64(HeapTuple tuple, int column, bool *isnull)
{
	return DatumGetInt64(SPI_getbinval(tuple, SPI_tuptable->tupdesc, column, isnull));
}

/* Add a position to a list that lives longer than the statement. */
static void
note_position(EvRedelivery *r, List **list, int64 position)
{
	MemoryContext old = MemoryContextSwitchTo(r->context);
	int64 *copy = palloc(sizeof(int64));

	*copy = position;
	*list = lappend(*list, copy);
	MemoryContextSwitchTo(old);
}

/* One row of the member's shares; they come in the order of positions.  Is it due? */
static bool
sort_row(EvRedelivery *r, int64 position, uint64 hash, TimestampTz not_before)
{
	bool keyed = r->consumer->key_kind != EV_KEY_NONE;

	(void) add_to_set(r->events, position);
	if (keyed && hash_search(r->keys, &hash, HASH_FIND, NULL) != NULL)
		return false;
	if (not_before <= GetCurrentTimestamp())
		return true;
	if (keyed)
		(void) add_to_set(r->keys, (int64) hash);
	if (r->next_due == 0 || not_before < r->next_due)
		r->next_due = not_before;
	return false;
}

/* Sort the consumer's rows; positions of those that are due. */
static List *
sort_rows(EvRedelivery *r, const EvConsumerMember *member)
{
	const EvConsumer *consumer = r->consumer;
	bool *held = palloc0(sizeof(bool) * consumer->nshares);
	List *due = NIL;

	for (int i = 0; i < member->nshares; i++)
		held[member->shares[i]] = true;
	r->count = (int) SPI_processed;
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple tuple = SPI_tuptable->vals[i];
		bool isnull;
		int64 position = column_int64(tuple, 1, &isnull);
		uint64 hash = (uint64) column_int64(tuple, 2, &isnull);
		TimestampTz not_before;

		CHECK_FOR_INTERRUPTS();
		if (DatumGetBool(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 4, &isnull)))
			note_position(r, &r->marked, position);
		if (!held[ev_share_of_hash(consumer, hash)])
			continue;
		not_before = column_int64(tuple, 3, &isnull);
		if (sort_row(r, position, hash, isnull ? DT_NOBEGIN : not_before))
			note_position(r, &due, position);
	}
	return due;
}

static Datum
make_array(const List *positions, int max_count)
{
	int n = Min(list_length(positions), max_count);
	Datum *elements = palloc(sizeof(Datum) * (n + 1));

	for (int i = 0; i < n; i++)
		elements[i] = Int64GetDatum(*(int64 *) list_nth(positions, i));
	return PointerGetDatum(
		construct_array(elements, n, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* Copies of the rows that are due, in the caller's memory. */
static void
read_due(EvRedelivery *r, Datum positions, MemoryContext context)
{
	Oid types[] = {TEXTOID, INT8ARRAYOID};
	Datum values[] = {name_of(r->consumer), positions};
	MemoryContext old;

	execute("SELECT " EVENT_COLUMNS " FROM events.redelivery"
			" WHERE consumer = $1 AND position = ANY ($2) ORDER BY position",
			2, types, values, NULL);
	old = MemoryContextSwitchTo(context);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		EvDue *due = palloc(sizeof(EvDue));

		heap_deform_tuple(heap_copytuple(SPI_tuptable->vals[i]), SPI_tuptable->tupdesc, due->values,
						  due->nulls);
		due->position = DatumGetInt64(due->values[EV_POSITION]);
		r->due = lappend(r->due, due);
	}
	MemoryContextSwitchTo(old);
}

void
ev_redelivery_open(EvRedelivery *r, const EvConsumer *consumer, const EvConsumerMember *member,
				   int max_count)
{
	MemoryContext context = CurrentMemoryContext;
	Oid types[] = {TEXTOID, TEXTOID};
	Datum values[] = {name_of(consumer), CStringGetTextDatum(member->name)};
	List *due;

	memset(r, 0, sizeof(EvRedelivery));
	r->context = context;
	r->consumer = consumer;
	if (!ev_redelivery_any(consumer))
		return;
	r->keys = make_set("events blocked keys", 256);
	r->events = make_set("events redeliveries", 256);
	begin_statements();
	execute("SELECT position, key_hash, not_before, member IS NOT DISTINCT FROM $2"
			" FROM events.redelivery WHERE consumer = $1 ORDER BY position",
			2, types, values, NULL);
	due = sort_rows(r, member);
	if (due != NIL)
		read_due(r, make_array(due, max_count), context);
	end_statements();
}

bool
ev_redelivery_has(const EvRedelivery *r, int64 position)
{
	return r->keys != NULL && hash_search(r->events, &position, HASH_FIND, NULL) != NULL;
}

EvMet
ev_redelivery_meet(EvRedelivery *r, int64 position, uint64 hash)
{
	MemoryContext old;
	EvParked *parked;

	if (r->keys == NULL)
		return EV_MET_FREE;
	if (ev_redelivery_has(r, position))
		return EV_MET_PARKED;
	if (r->consumer->key_kind == EV_KEY_NONE ||
		hash_search(r->keys, &hash, HASH_FIND, NULL) == NULL)
		return EV_MET_FREE;
	if (r->count + list_length(r->parked) >= ev_max_redeliveries)
		return EV_MET_FULL;
	old = MemoryContextSwitchTo(r->context);
	parked = palloc(sizeof(EvParked));
	parked->position = position;
	parked->hash = hash;
	r->parked = lappend(r->parked, parked);
	MemoryContextSwitchTo(old);
	return EV_MET_PARKED;
}

void
ev_redelivery_hand(EvRedelivery *r, const EvDue *due)
{
	MemoryContext old = MemoryContextSwitchTo(r->context);

	r->handed = lappend(r->handed, unconstify(int64 *, &due->position));
	MemoryContextSwitchTo(old);
}

static void
park(EvRedelivery *r)
{
	Oid types[] = {TEXTOID, INT8ARRAYOID, INT8ARRAYOID};
	Datum values[] = {name_of(r->consumer), 0, 0};
	List *hashes = NIL;
	ListCell *cell;

	foreach (cell, r->parked)
		hashes = lappend(hashes, &((EvParked *) lfirst(cell))->hash);
	/* The position stands first in what is parked. */
	values[1] = make_array(r->parked, PG_INT32_MAX);
	values[2] = make_array(hashes, PG_INT32_MAX);
	execute("INSERT INTO events.redelivery (consumer, " EVENT_COLUMNS ", key_hash, attempts)"
			" SELECT $1, e.*, p.hash, 0"
			" FROM unnest($2, $3) AS p (at, hash)"
			" CROSS JOIN LATERAL (SELECT " EVENT_COLUMNS
			" FROM events.event WHERE position = p.at) AS e",
			3, types, values, NULL);
}

/* What the member has in hand is what it got now. */
static void
mark_handed(EvRedelivery *r, const char *member)
{
	Oid types[] = {TEXTOID, INT8ARRAYOID, TEXTOID};
	Datum values[] = {name_of(r->consumer), make_array(r->handed, PG_INT32_MAX),
					  CStringGetTextDatum(member)};

	execute("UPDATE events.redelivery SET member = NULL"
			" WHERE consumer = $1 AND member = $3 AND position <> ALL ($2)",
			3, types, values, NULL);
	execute("UPDATE events.redelivery SET member = $3"
			" WHERE consumer = $1 AND position = ANY ($2) AND member IS DISTINCT FROM $3",
			3, types, values, NULL);
}

/* Do both lists have the same positions, in the same order? */
static bool
same_positions(const List *a, const List *b)
{
	if (list_length(a) != list_length(b))
		return false;
	for (int i = 0; i < list_length(a); i++)
	{
		if (*(int64 *) list_nth(a, i) != *(int64 *) list_nth(b, i))
			return false;
	}
	return true;
}

bool
ev_redelivery_close(EvRedelivery *r, const char *member)
{
	bool marks_differ = !same_positions(r->marked, r->handed);

	if (r->parked == NIL && !marks_differ)
		return false;
	begin_statements();
	if (r->parked != NIL)
		park(r);
	if (marks_differ)
		mark_handed(r, member);
	end_statements();
	return true;
}

/* ---- what becomes of them ---- */

void
ev_redelivery_settle(const EvConsumer *consumer, const char *member, int64 position)
{
	Oid types[] = {TEXTOID, TEXTOID, INT8OID};
	Datum values[] = {name_of(consumer), CStringGetTextDatum(member), Int64GetDatum(position)};

	if (!ev_redelivery_any(consumer))
		return;
	begin_statements();
	execute("DELETE FROM events.redelivery WHERE consumer = $1 AND member = $2 AND position <= $3",
			3, types, values, NULL);
	end_statements();
	ev_wake_readers_at_end(ev_catalog_relid("position"));
}

bool
ev_redelivery_find(const EvConsumer *consumer, EvFailure *failure)
{
	Oid types[] = {TEXTOID, INT8OID};
	Datum values[] = {name_of(consumer), Int64GetDatum(failure->position)};
	bool found;
	bool isnull;

	if (!ev_redelivery_any(consumer))
		return false;
	begin_statements();
	found = execute("SELECT key_hash, attempts FROM events.redelivery"
					" WHERE consumer = $1 AND position = $2",
					2, types, values, NULL) > 0;
	if (found)
	{
		HeapTuple tuple = SPI_tuptable->vals[0];

		failure->hash = (uint64) column_int64(tuple, 1, &isnull);
		failure->attempts = DatumGetInt32(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 2, &isnull));
	}
	end_statements();
	return found;
}

static void
execute_failure(const char *command, const EvConsumer *consumer, const EvFailure *failure)
{
	Oid types[] = {TEXTOID, INT8OID, INT8OID, INT4OID, TIMESTAMPTZOID, TEXTOID, TEXTOID};
	Datum values[] = {name_of(consumer),
					  Int64GetDatum(failure->position),
					  Int64GetDatum((int64) failure->hash),
					  Int32GetDatum(failure->attempts),
					  TimestampTzGetDatum(failure->not_before),
					  failure->reason ? CStringGetTextDatum(failure->reason) : 0,
					  failure->sqlstate ? CStringGetTextDatum(failure->sqlstate) : 0};
	char nulls[8] = "       ";

	if (failure->reason == NULL)
		nulls[5] = 'n';
	if (failure->sqlstate == NULL)
		nulls[6] = 'n';
	execute(command, lengthof(types), types, values, nulls);
}

void
ev_redelivery_retry(const EvConsumer *consumer, const EvFailure *failure)
{
	begin_statements();
	execute_failure(
		"INSERT INTO events.redelivery"
		" (consumer, " EVENT_COLUMNS ", key_hash, attempts, not_before, reason, sqlstate)"
		" SELECT $1, " EVENT_COLUMNS ", $3, $4, $5, $6, $7 FROM events.event WHERE position = $2"
		" AND NOT EXISTS (SELECT FROM events.redelivery WHERE consumer = $1 AND position = $2)",
		consumer, failure);
	execute_failure("UPDATE events.redelivery SET key_hash = $3, attempts = $4, not_before = $5,"
					" reason = $6, sqlstate = $7, member = NULL"
					" WHERE consumer = $1 AND position = $2",
					consumer, failure);
	end_statements();
}

void
ev_redelivery_give_up(const EvConsumer *consumer, const EvFailure *failure)
{
	begin_statements();
	execute_failure(
		"WITH failed AS (DELETE FROM events.redelivery WHERE consumer = $1 AND position = $2"
		" RETURNING " EVENT_COLUMNS "),"
		" event AS (SELECT * FROM failed UNION ALL SELECT " EVENT_COLUMNS
		" FROM events.event WHERE position = $2 LIMIT 1)"
		" INSERT INTO events.dead_letter AS d (consumer, " EVENT_COLUMNS
		", key_hash, attempts, reason, sqlstate)"
		" SELECT $1, " EVENT_COLUMNS ", $3, $4, $6, $7 FROM event WHERE $5 IS NOT NULL"
		" ON CONFLICT (consumer, position) DO UPDATE SET attempts = excluded.attempts,"
		" reason = excluded.reason, sqlstate = excluded.sqlstate, failed_at = excluded.failed_at",
		consumer, failure);
	end_statements();
	ev_wake_readers_at_end(ev_catalog_relid("position"));
}

int64
ev_redelivery_redrive(const EvConsumer *consumer, int64 position)
{
	int room = Max(ev_max_redeliveries - ev_redelivery_count(consumer), position == 0 ? 0 : 1);
	Oid types[] = {TEXTOID, INT8OID, INT4OID};
	Datum values[] = {name_of(consumer), Int64GetDatum(position), Int32GetDatum(room)};
	int64 moved;

	begin_statements();
	moved = (int64) execute(
		"WITH dead AS (DELETE FROM events.dead_letter WHERE consumer = $1 AND position IN"
		" (SELECT position FROM events.dead_letter WHERE consumer = $1"
		"  AND ($2 = 0 OR position = $2) ORDER BY position LIMIT $3) RETURNING *)"
		" INSERT INTO events.redelivery (consumer, " EVENT_COLUMNS ", key_hash, attempts, reason,"
		" sqlstate) SELECT consumer, " EVENT_COLUMNS ", key_hash, 0, reason, sqlstate FROM dead"
		" ON CONFLICT DO NOTHING",
		3, types, values, NULL);
	end_statements();
	ev_wake_readers_at_end(ev_catalog_relid("position"));
	return moved;
}

void
ev_redelivery_forget(const EvConsumer *consumer, bool dropped)
{
	Oid types[] = {TEXTOID};
	Datum values[] = {name_of(consumer)};

	begin_statements();
	execute("DELETE FROM events.redelivery WHERE consumer = $1", 1, types, values, NULL);
	execute("DELETE FROM events.consumer_loss WHERE consumer = $1", 1, types, values, NULL);
	execute("DELETE FROM events.consumer_risk WHERE consumer = $1", 1, types, values, NULL);
	if (dropped)
	{
		execute("DELETE FROM events.dead_letter WHERE consumer = $1", 1, types, values, NULL);
		execute("DELETE FROM events.consumer_state WHERE consumer = $1", 1, types, values, NULL);
	}
	end_statements();
}
