/* SPDX-License-Identifier: PostgreSQL
 *
 * publish_change.c: the trigger function that publishes the changes of a table.
 *
 * events.track() puts it on a table AFTER each statement, with the statement's
 * transition tables: one call for all rows.  The rows are read with a read
 * pointer of our own, since other triggers read the same tables.  An UPDATE's
 * old and new rows were put there in pairs, so the n-th belongs to the n-th;
 * where their numbers differ (a BEFORE trigger of the partition that rows were
 * moved to dropped some) nobody can tell who belongs to whom, which is an error.
 *
 * It also works as a row trigger, made by hand.
 *
 * Whoever may change the table needs no right on schema events: the trigger's
 * owner had it.  Everything that is said of publish() goes here too: the events
 * go to the pending list of the transaction, and are gone with its savepoint.
 */
#include "base/compat.h"

#include "capture/change_batch.h"
#include "capture/change_event.h"
#include "capture/change_row.h"
#include "capture/condition.h"
#include "capture/generated.h"
#include "capture/merge.h"
#include "capture/truncate.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "publish/transaction.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(ev_publish_change);

/* One call of the trigger. */
typedef struct Capture
{
	const TriggerData *trigger;
	EvOperation operation;
	EvChangePlan *plan;
	EvChangeEvents events;
	ExprContext *econtext;	/* its per-tuple memory is that of one change */
	ExprState *condition;	/* or NULL */
	List *generated;		/* prepared */
	TupleTableSlot *absent; /* all NULL; what a condition sees where there is no row */
	bool *chosen;			/* with only_changed, of an UPDATE */
	EvJsonbWriter data;		/* of one row, */
	EvChangeBatch batch;	/* or of all, with granularity "statement" */
} Capture;

/* ---- is it called as it should be? */

pg_noreturn static void
refuse_trigger(const char *problem, const char *hint)
{
	ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
					errmsg("events.publish_change() %s", problem), errhint("%s", hint)));
}

static EvOperation
operation_of(const TriggerData *trigger)
{
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		return EV_INSERTED;
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		return EV_UPDATED;
	if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		return EV_DELETED;
	return EV_TRUNCATED;
}

static bool
has_old(EvOperation operation)
{
	return operation == EV_UPDATED || operation == EV_DELETED;
}

static bool
has_new(EvOperation operation)
{
	return operation == EV_INSERTED || operation == EV_UPDATED;
}

static const TriggerData *
check_call(FunctionCallInfo fcinfo)
{
	const TriggerData *trigger = (const TriggerData *) fcinfo->context;
	EvOperation operation;

	if (!CALLED_AS_TRIGGER(fcinfo))
		refuse_trigger("must be called as a trigger", "events.track() makes the triggers.");
	if (!TRIGGER_FIRED_AFTER(trigger->tg_event))
		refuse_trigger("must be an AFTER trigger",
					   "A change that has not been made yet may still be altered or skipped.");
	if (trigger->tg_trigger->tgnargs > 1)
		refuse_trigger("takes one argument", "All options are members of one JSON object.");
	operation = operation_of(trigger);
	if (TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event) &&
		((has_old(operation) && trigger->tg_oldtable == NULL) ||
		 (has_new(operation) && trigger->tg_newtable == NULL)))
		refuse_trigger("needs the transition tables of its statement",
					   "Add REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows, as far as "
					   "the operation has them, or FOR EACH ROW.");
	return trigger;
}

/* ---- one change */

/*
 * Does it count?  Sets what of it is to be published.  A row that there is
 * not is NULL.
 */
static bool
is_wanted(Capture *capture, TupleTableSlot *old_row, TupleTableSlot *new_row, EvChangeRow *row)
{
	if (capture->condition != NULL &&
		!ev_condition_holds(capture->condition, capture->econtext,
							old_row != NULL ? old_row : capture->absent,
							new_row != NULL ? new_row : capture->absent))
		return false;
	row->old_row = old_row;
	row->new_row = new_row;
	row->chosen = capture->chosen;
	if (old_row != NULL)
		slot_getallattrs(old_row);
	if (new_row != NULL)
		slot_getallattrs(new_row);
	return capture->chosen == NULL ||
		   ev_row_json_compare(capture->plan->row, old_row, new_row, capture->chosen) > 0;
}

static void
publish_row(Capture *capture, const EvChangeRow *row)
{
	ev_jsonb_writer_reset(&capture->data);
	ev_change_row_write(&capture->data, NULL, capture->plan, row);
	ev_change_event_publish(&capture->events, ev_change_row_subject(capture->plan, row),
							&capture->data);
}

static void
capture_change(Capture *capture, TupleTableSlot *old_row, TupleTableSlot *new_row)
{
	MemoryContext old = MemoryContextSwitchTo(capture->econtext->ecxt_per_tuple_memory);
	EvChangeRow row;

	CHECK_FOR_INTERRUPTS();
	if (capture->generated != NIL && old_row != NULL)
		ev_generated_compute(capture->generated, capture->econtext, old_row);
	if (capture->generated != NIL && new_row != NULL)
		ev_generated_compute(capture->generated, capture->econtext, new_row);
	if (is_wanted(capture, old_row, new_row, &row))
	{
		if (capture->plan->options.per_statement)
			ev_change_batch_add(&capture->batch, capture->plan, &row);
		else
			publish_row(capture, &row);
	}
	MemoryContextSwitchTo(old);
	ResetExprContext(capture->econtext);
}

/* ---- all changes of a call */

/* A transition table on its way through; all NULL where there is none. */
typedef struct RowReader
{
	Tuplestorestate *store;
	int pointer;
	TupleTableSlot *slot;
} RowReader;

static void
open_rows(RowReader *reader, Tuplestorestate *store, TupleDesc descriptor)
{
	reader->store = store;
	reader->pointer = 0;
	reader->slot = NULL;
	if (store == NULL)
		return;
	reader->pointer = tuplestore_alloc_read_pointer(store, EXEC_FLAG_REWIND);
	tuplestore_select_read_pointer(store, reader->pointer);
	tuplestore_rescan(store);
	reader->slot = MakeSingleTupleTableSlot(descriptor, &TTSOpsMinimalTuple);
}

static bool
next_row(RowReader *reader)
{
	if (reader->store == NULL)
		return false;
	tuplestore_select_read_pointer(reader->store, reader->pointer);
	return tuplestore_gettupleslot(reader->store, true, false, reader->slot);
}

static void
close_rows(RowReader *reader)
{
	if (reader->slot != NULL)
		ExecDropSingleTupleTableSlot(reader->slot);
}

static void
capture_statement(Capture *capture)
{
	const TriggerData *trigger = capture->trigger;
	TupleDesc descriptor = RelationGetDescr(trigger->tg_relation);
	bool wants_old = has_old(capture->operation);
	bool wants_new = has_new(capture->operation);
	RowReader old_rows;
	RowReader new_rows;

	if (capture->operation == EV_UPDATED)
		ev_merge_check(trigger);
	open_rows(&old_rows, wants_old ? trigger->tg_oldtable : NULL, descriptor);
	open_rows(&new_rows, wants_new ? trigger->tg_newtable : NULL, descriptor);
	for (;;)
	{
		bool old_found = next_row(&old_rows);
		bool new_found = next_row(&new_rows);

		if (wants_old && wants_new && old_found != new_found)
			ereport(ERROR,
					(errcode(ERRCODE_TRIGGERED_ACTION_EXCEPTION),
					 errmsg("cannot tell which old and new rows of table \"%s\" belong together",
							RelationGetRelationName(trigger->tg_relation)),
					 errdetail("The UPDATE has different numbers of old and of new rows: a trigger "
							   "dropped some that were moved to another partition."),
					 errhint(
						 "Let that trigger raise an error instead of returning NULL, or publish "
						 "the updates by row triggers.")));
		if (!old_found && !new_found)
			break;
		capture_change(capture, old_rows.slot, new_rows.slot);
	}
	if (capture->plan->options.per_statement)
		ev_change_batch_flush(&capture->batch);
	close_rows(&old_rows);
	close_rows(&new_rows);
}

/* Other triggers will see these very slots, so nothing is computed into them. */
static TupleTableSlot *
own_copy(Capture *capture, TupleTableSlot *slot)
{
	TupleTableSlot *copy;

	if (capture->generated == NIL)
		return slot;
	copy = MakeTupleTableSlot(CreateTupleDescCopy(slot->tts_tupleDescriptor), &TTSOpsVirtual);
	return ExecCopySlot(copy, slot);
}

static void
capture_row(Capture *capture)
{
	const TriggerData *trigger = capture->trigger;
	TupleTableSlot *old_row = NULL;
	TupleTableSlot *new_row = NULL;

	if (has_old(capture->operation))
		old_row = own_copy(capture, trigger->tg_trigslot);
	if (has_new(capture->operation))
		new_row = own_copy(capture, has_old(capture->operation) ? trigger->tg_newslot
																: trigger->tg_trigslot);
	capture_change(capture, old_row, new_row);
}

static void
capture_truncate(Capture *capture)
{
	Oid relid = RelationGetRelid(capture->trigger->tg_relation);
	EvJsonbFrame frame;

	if (capture->plan->options.inherited && ev_truncate_is_told(relid))
		return;
	ev_truncate_tell(relid);
	ev_jsonb_open_object(&capture->data, &frame, 0);
	ev_change_event_publish(&capture->events, NULL, &capture->data);
}

/* ---- the call */

static void
begin_capture(Capture *capture, const TriggerData *trigger)
{
	Relation relation = trigger->tg_relation;
	EvChangePlan *plan = ev_change_plan_get(relation, trigger->tg_trigger);

	capture->trigger = trigger;
	capture->operation = operation_of(trigger);
	capture->plan = plan;
	if (plan->options.per_statement && TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
		refuse_trigger("cannot make one event of a statement in a row trigger",
					   "Use FOR EACH STATEMENT, or leave out \"granularity\".");
	ev_change_event_begin(&capture->events, plan, capture->operation);
	capture->econtext = CreateStandaloneExprContext();
	if (plan->condition != NULL)
	{
		capture->condition = ev_condition_prepare(plan->condition);
		capture->absent = MakeTupleTableSlot(CreateTupleDescCopy(RelationGetDescr(relation)),
											 &TTSOpsVirtual);
		ExecStoreAllNullTuple(capture->absent);
	}
	capture->generated = ev_generated_prepare(plan->generated);
	if (plan->options.only_changed && capture->operation == EV_UPDATED)
		capture->chosen = palloc(sizeof(bool) * Max(plan->row->ncolumns, 1));
	ev_jsonb_writer_init(&capture->data);
	if (plan->options.per_statement)
		ev_change_batch_init(&capture->batch, &capture->events);
}

static void
capture_all(const TriggerData *trigger)
{
	Capture capture = {0};

	begin_capture(&capture, trigger);
	if (capture.operation == EV_TRUNCATED)
		capture_truncate(&capture);
	else if (TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
		capture_row(&capture);
	else
		capture_statement(&capture);
	FreeExprContext(capture.econtext, true);
}

static void
show_trigger(void *arg)
{
	const TriggerData *trigger = arg;

	errcontext("trigger \"%s\" of table \"%s\", which publishes its changes",
			   trigger->tg_trigger->tgname, RelationGetRelationName(trigger->tg_relation));
}

/* events.publish_change() → trigger */
Datum
ev_publish_change(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = check_call(fcinfo);
	ErrorContextCallback where = {error_context_stack, show_trigger, (void *) trigger};
	MemoryContext context;
	MemoryContext old;

	ev_transaction_refuse_read_only("events.publish_change()");
	error_context_stack = &where;
	context = AllocSetContextCreate(CurrentMemoryContext, "events capture", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	capture_all(trigger);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	error_context_stack = where.previous;
	PG_RETURN_POINTER(NULL);
}
