/* SPDX-License-Identifier: PostgreSQL
 *
 * append.c: writing rows of events.event with new positions.
 *
 * This runs inside COMMIT, for every publishing transaction, so it goes
 * straight to the table access method: no planner, no executor, rows of one
 * partition in batches.  ev_append_open does all that may wait or fail for
 * reasons of the catalog (locks on the tables, their indexes and the sequence,
 * missing partitions, triggers) and only then enters the commit gate; in the
 * other order, one idle reader and one DROP TABLE would stall every publisher.
 *
 * Row triggers on events.event would be dropped silently this way, so a table
 * that has some is refused.  Constraints are checked, indexes (also a user's)
 * are maintained.
 */
#include "base/compat.h"

#include "access/heapam.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "base/catalog.h"
#include "base/settings.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "store/append.h"
#include "store/partition.h"
#include "store/position.h"
#include "store/sequence.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define BATCH_ROWS 100
#define BATCH_BYTES (256 * 1024)

/* A partition that is open for writing. */
typedef struct Target
{
	int64 lower;
	int64 upper;
	ResultRelInfo *relinfo;
	BulkInsertState bulk;
	int numbers[EV_NCOLUMNS];
	bool takes_formed;			/* its rows look like those of ev_columns_descriptor(), */
	bool not_null[EV_NCOLUMNS]; /* and no more is asked of them than this */
	TupleTableSlot *slots[BATCH_ROWS];
} Target;

struct EvAppender
{
	Relation sequence;
	Relation event;
	EState *estate;
	MemoryContext context;
	CommandId cid;
	TimestampTz recorded_at;
	bool bulky;		 /* many rows to come */
	List *targets;	 /* of Target *, by position */
	Target *current; /* whose batch is being filled */
	int nbuffered;
	Size bytes_buffered;
	int64 last;
	int64 expected;	 /* rows to come, as far as is known */
	int64 next_draw; /* positions drawn ahead */
	int ndrawn;
};

static void
refuse_triggers(Relation rel)
{
	TriggerDesc *triggers = rel->trigdesc;

	if (triggers != NULL &&
		(triggers->trig_insert_before_row || triggers->trig_insert_after_row ||
		 triggers->trig_insert_before_statement || triggers->trig_insert_after_statement))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("triggers on insertion into \"%s\" are not supported",
						RelationGetRelationName(rel)),
				 errdetail("Events are written at commit, when no trigger can be fired any more."),
				 errhint("Drop the trigger, and read the events with events.read().")));
}

/* Columns that the executor would fill are not ours, and would stay NULL. */
static void
refuse_computed_columns(Relation rel)
{
	TupleConstr *constraints = RelationGetDescr(rel)->constr;

	if (constraints != NULL && (constraints->has_generated_stored || constraints->num_defval > 0))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("defaults and generated columns of \"%s\" are not supported",
						RelationGetRelationName(rel)),
				 errhint("Drop the column or its default; a view or an index on an expression can "
						 "take its place.")));
}

/*
 * May formed rows be written as they are?  Only where there are just our
 * columns in their order, without other constraints than NOT NULL.
 */
static void
compare_columns(Target *target)
{
	TupleDesc descriptor = RelationGetDescr(target->relinfo->ri_RelationDesc);

	target->takes_formed = descriptor->natts == EV_NCOLUMNS &&
						   (descriptor->constr == NULL || descriptor->constr->num_check == 0);
	for (int i = 0; i < EV_NCOLUMNS; i++)
	{
		target->takes_formed &= target->numbers[i] == i;
		target->not_null[i] = TupleDescAttr(descriptor, target->numbers[i])->attnotnull;
	}
}

static Target *
open_target(EvAppender *appender, const EvPartition *partition)
{
	Target *target = palloc0(sizeof(Target));
	Relation rel = table_open(partition->relid, RowExclusiveLock);

	ev_partition_check(rel);
	refuse_triggers(rel);
	refuse_computed_columns(rel);
	/* Large values go there; its index is locked with it. */
	if (OidIsValid(rel->rd_rel->reltoastrelid))
		LockRelationOid(rel->rd_rel->reltoastrelid, RowExclusiveLock);
	target->lower = partition->lower;
	target->upper = partition->upper;
	target->relinfo = makeNode(ResultRelInfo);
	InitResultRelInfo(target->relinfo, rel, 0, NULL, 0);
	ExecOpenIndices(target->relinfo, false);
	ev_columns_locate(RelationGetDescr(rel), target->numbers);
	compare_columns(target);
	if (appender->bulky)
		target->bulk = GetBulkInsertState();
	return target;
}

/* Open every partition into which `span` draws after `last` may fall. */
static void
open_targets(EvAppender *appender, int64 last, int64 span)
{
	int64 first = last + 1;
	int n;
	EvPartition *partitions = ev_partition_list(appender->event, &n);

	for (int i = 0; i < n; i++)
	{
		if (partitions[i].upper > first && partitions[i].lower <= first + span)
			appender->targets = lappend(appender->targets, open_target(appender, &partitions[i]));
	}
}

/*
 * The part of the opening that waits: locks first (the sequence's too, which
 * a draw must find taken), partitions next.
 */
EvAppender *
ev_append_open(int64 count)
{
	MemoryContext context = AllocSetContextCreate(TopTransactionContext, "events append",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	EvAppender *appender = palloc0(sizeof(EvAppender));
	Oid event = ev_catalog_relid("event");
	int64 last;

	appender->context = context;
	appender->bulky = count > BATCH_ROWS;
	appender->expected = count;
	appender->event = table_open(event, RowExclusiveLock);
	appender->sequence = relation_open(ev_catalog_relid("position"), RowExclusiveLock);

	ev_position_make_ready(RelationGetRelid(appender->sequence));
	last = ev_sequence_read(appender->sequence);
	if (!ev_partition_has_room(appender->event, last, count))
	{
		/* A table that is open cannot be altered. */
		table_close(appender->event, NoLock);
		ev_partition_make_room(event, last, count);
		appender->event = table_open(event, NoLock);
	}
	refuse_triggers(appender->event);
	appender->estate = CreateExecutorState();
	open_targets(appender, last, count + EV_PARTITION_AHEAD);

	appender->cid = GetCurrentCommandId(true);
	ev_position_enter_gate(appender->sequence);
	MemoryContextSwitchTo(old);
	return appender;
}

static Target *
find_open_target(EvAppender *appender, int64 position)
{
	ListCell *cell;

	foreach (cell, appender->targets)
	{
		Target *target = lfirst(cell);

		if (position >= target->lower && position < target->upper)
			return target;
	}
	return NULL;
}

/*
 * The target of a position.  Only where the sequence has leapt since we looked
 * at it (setval by hand) is a partition made and opened inside the gate.
 */
static Target *
find_target(EvAppender *appender, int64 position)
{
	Target *target = find_open_target(appender, position);
	Oid event = RelationGetRelid(appender->event);
	int n;
	EvPartition *partitions;

	if (target != NULL)
		return target;
	table_close(appender->event, NoLock);
	ev_partition_ensure(event, position, true);
	appender->event = table_open(event, NoLock);
	partitions = ev_partition_list(appender->event, &n);
	for (int i = 0; i < n; i++)
	{
		if (position >= partitions[i].lower && position < partitions[i].upper)
			appender->targets = lappend(appender->targets, open_target(appender, &partitions[i]));
	}
	target = find_open_target(appender, position);
	if (target == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no partition of events.event holds position " INT64_FORMAT, position),
				 errdetail("The partition of that range was removed."),
				 errhint("Set the sequence events.position above the last partition.")));
	return target;
}

/*
 * A row goes to the table where it lies.  The table wants slots that have their
 * row to themselves, and copies any other; so this one says that it has.
 */
static void
lend_row(TupleTableSlot *slot, HeapTuple row)
{
	HeapTupleTableSlot *heap_slot = (HeapTupleTableSlot *) slot;

	heap_slot->tupdata = *row;
	ExecStoreHeapTuple(&heap_slot->tupdata, slot, false);
	slot->tts_flags |= TTS_FLAG_SHOULDFREE;
}

static void
clear_slot(TupleTableSlot *slot)
{
	HeapTupleTableSlot *heap_slot = (HeapTupleTableSlot *) slot;

	if (heap_slot->tuple == &heap_slot->tupdata)
		slot->tts_flags &= ~TTS_FLAG_SHOULDFREE;
	ExecClearTuple(slot);
}

static void
write_batch(EvAppender *appender)
{
	Target *target = appender->current;
	EState *estate = appender->estate;
	int n = appender->nbuffered;
	Relation rel;

	if (n == 0)
		return;
	rel = target->relinfo->ri_RelationDesc;
	if (n == 1)
		table_tuple_insert(rel, target->slots[0], appender->cid, 0, target->bulk);
	else
	{
		MemoryContext old = MemoryContextSwitchTo(GetPerTupleMemoryContext(estate));

		table_multi_insert(rel, target->slots, n, appender->cid, 0, target->bulk);
		MemoryContextSwitchTo(old);
	}
	for (int i = 0; i < n; i++)
	{
		List *recheck;

		if (target->relinfo->ri_NumIndices > 0)
		{
			recheck = ev_insert_index_tuples(target->relinfo, target->slots[i], estate);
			list_free(recheck);
		}
		clear_slot(target->slots[i]);
	}
	ResetPerTupleExprContext(estate);
	appender->nbuffered = 0;
	appender->bytes_buffered = 0;
}

static TupleTableSlot *
next_slot(Target *target, int i)
{
	if (target->slots[i] == NULL)
		target->slots[i] = MakeSingleTupleTableSlot(
			RelationGetDescr(target->relinfo->ri_RelationDesc), &TTSOpsHeapTuple);
	return target->slots[i];
}

static int64
draw(EvAppender *appender)
{
	if (appender->ndrawn == 0)
		appender->ndrawn = ev_position_draw(appender->sequence,
											(int) Max(Min(appender->expected, BATCH_ROWS), 1),
											&appender->next_draw);
	appender->ndrawn--;
	appender->expected--;
	return appender->next_draw++;
}

/* Where the next row goes; its position is in `last`. */
static Target *
begin_row(EvAppender *appender)
{
	Target *target = appender->current;
	int64 position;

	CHECK_FOR_INTERRUPTS();

	/* Once a batch, so that time and position stay close in a long commit. */
	if (appender->nbuffered == 0)
		appender->recorded_at = GetCurrentTimestamp();
	position = draw(appender);
	if (target == NULL || position < target->lower || position >= target->upper)
	{
		write_batch(appender);
		appender->current = target = find_target(appender, position);
	}
	appender->last = position;
	return target;
}

static void
end_row(EvAppender *appender, Size bytes)
{
	appender->bytes_buffered += bytes;
	if (appender->nbuffered == BATCH_ROWS || appender->bytes_buffered > BATCH_BYTES)
		write_batch(appender);
}

/* Into the batch. */
static void
put_values(EvAppender *appender, Target *target, const Datum *values, const bool *nulls)
{
	TupleTableSlot *slot = next_slot(target, appender->nbuffered++);
	Relation rel = target->relinfo->ri_RelationDesc;

	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts);
	for (int i = 0; i < EV_NCOLUMNS; i++)
	{
		slot->tts_values[target->numbers[i]] = values[i];
		slot->tts_isnull[target->numbers[i]] = nulls[i];
	}
	slot->tts_values[target->numbers[EV_POSITION]] = Int64GetDatum(appender->last);
	slot->tts_isnull[target->numbers[EV_POSITION]] = false;
	if (nulls[EV_RECORDED_AT] || TIMESTAMP_IS_NOBEGIN(DatumGetTimestampTz(values[EV_RECORDED_AT])))
		slot->tts_values[target->numbers[EV_RECORDED_AT]] = TimestampTzGetDatum(
			appender->recorded_at);
	slot->tts_isnull[target->numbers[EV_RECORDED_AT]] = false;
	ExecStoreVirtualTuple(slot);
	slot->tts_tableOid = RelationGetRelid(rel);

	/* while the values lie in an array: once the row is formed, each must be looked for */
	if (rel->rd_att->constr != NULL)
		ExecConstraints(target->relinfo, slot, appender->estate);
	ExecMaterializeSlot(slot);
}

void
ev_append_row(EvAppender *appender, Datum *values, bool *nulls)
{
	MemoryContext old = MemoryContextSwitchTo(appender->context);

	put_values(appender, begin_row(appender), values, nulls);
	end_row(appender, nulls[EV_DATA] ? 0 : VARSIZE_ANY(DatumGetPointer(values[EV_DATA])));
	MemoryContextSwitchTo(old);
}

static bool
breaks_not_null(const Target *target, HeapTuple row)
{
	if (!HeapTupleHasNulls(row))
		return false;
	for (int i = 0; i < EV_NCOLUMNS; i++)
	{
		if (target->not_null[i] && heap_attisnull(row, i + 1, NULL))
			return true;
	}
	return false;
}

/* The room of an 8-byte value, which is not NULL, in a formed row. */
static int64 *
room_of(HeapTuple row, EvColumn column)
{
	TupleDesc descriptor = ev_columns_descriptor();
	char *data = (char *) row->t_data + row->t_data->t_hoff;
	Size at = 0;

	for (int i = 0; i < column; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);

		if (heap_attisnull(row, i + 1, NULL))
			continue;
		at = att_align_pointer(at, attribute->attalign, attribute->attlen, data + at);
		at = att_addlength_pointer(at, attribute->attlen, data + at);
	}
	return (int64 *) (data + MAXALIGN(at));
}

/* Where formed rows cannot be taken, or to have the error raised that there is. */
static void
put_deformed(EvAppender *appender, Target *target, HeapTuple row)
{
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];

	heap_deform_tuple(row, ev_columns_descriptor(), values, nulls);
	put_values(appender, target, values, nulls);
}

/* Memory for rows of the batch that is being filled. */
static HeapTuple
copy_for_batch(EvAppender *appender, HeapTuple row)
{
	MemoryContext old = MemoryContextSwitchTo(GetPerTupleMemoryContext(appender->estate));
	HeapTuple copy = heap_copytuple(row);

	MemoryContextSwitchTo(old);
	return copy;
}

void
ev_append_formed_row(EvAppender *appender, HeapTuple row, bool stays)
{
	MemoryContext old = MemoryContextSwitchTo(appender->context);
	Target *target = begin_row(appender);
	TupleTableSlot *slot;
	Size bytes = row->t_len;

	if (!target->takes_formed || breaks_not_null(target, row))
		put_deformed(appender, target, row);
	else
	{
		int64 *recorded_at;

		if (!stays)
			row = copy_for_batch(appender, row);
		*room_of(row, EV_POSITION) = appender->last;
		recorded_at = room_of(row, EV_RECORDED_AT);
		if (TIMESTAMP_IS_NOBEGIN(*recorded_at))
			*recorded_at = appender->recorded_at;
		slot = next_slot(target, appender->nbuffered++);
		lend_row(slot, row);
		slot->tts_tableOid = RelationGetRelid(target->relinfo->ri_RelationDesc);
	}
	end_row(appender, bytes);
	MemoryContextSwitchTo(old);
}

/* Hold the commit inside the gate while a test holds the advisory lock. */
static void
debug_wait(void)
{
	LOCKTAG tag;

	if (ev_debug_wait_in_gate == 0)
		return;
	/* The tag of pg_advisory_lock(bigint). */
	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, 0, (uint32) ev_debug_wait_in_gate, 1);
	(void) LockAcquire(&tag, ShareLock, false, false);
	LockRelease(&tag, ShareLock, false);
}

int64
ev_append_close(EvAppender *appender)
{
	int64 last = appender->last;
	ListCell *cell;

	write_batch(appender);
	foreach (cell, appender->targets)
	{
		Target *target = lfirst(cell);
		Relation rel = target->relinfo->ri_RelationDesc;

		for (int i = 0; i < BATCH_ROWS && target->slots[i] != NULL; i++)
			ExecDropSingleTupleTableSlot(target->slots[i]);
		if (target->bulk != NULL)
			FreeBulkInsertState(target->bulk);
		table_finish_bulk_insert(rel, 0);
		ExecCloseIndices(target->relinfo);
		table_close(rel, NoLock);
	}
	relation_close(appender->sequence, NoLock);
	table_close(appender->event, NoLock);
	FreeExecutorState(appender->estate);
	MemoryContextDelete(appender->context);
	debug_wait();
	return last;
}
