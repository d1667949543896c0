/* SPDX-License-Identifier: PostgreSQL
 *
 * now.c: the SQL functions that publish at once.
 *
 * What they publish is committed when they return, whatever becomes of the
 * caller's transaction: an attempt that failed, a step that others should see
 * while the rest is still being done.  Another process commits it (now_wait.c),
 * in a transaction of its own.
 *
 * All that looks at the caller happens here: may he call the function, his
 * settings, the registry of types and schemas as he sees it.  The publisher gets
 * complete rows and looks at nothing but them.
 */
#include "base/compat.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "publish/now_wait.h"
#include "publish/publish.h"
#include "publish/transaction.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(ev_publish_now);
PG_FUNCTION_INFO_V1(ev_publish_event_now);
PG_FUNCTION_INFO_V1(ev_publish_batch_now);

static void
commit_one(const EvEvent *event)
{
	EvNowRows rows;
	uint8 flags;

	ev_now_rows_init(&rows);
	ev_now_rows_add(&rows, event);
	ev_now_commit(&rows, &flags, "events.publish_now()");
}

/* events.publish_now(type, data, topic, source, subject, id, "time", ...) → id */
Datum
ev_publish_now(PG_FUNCTION_ARGS)
{
	EvEvent event;

	ev_transaction_refuse("events.publish_now()");
	ev_publish_make(fcinfo, &event);
	commit_one(&event);
	PG_RETURN_DATUM(event.values[EV_ID]);
}

/* events.publish_now(event jsonb) → id */
Datum
ev_publish_event_now(PG_FUNCTION_ARGS)
{
	EvEvent event;

	ev_transaction_refuse("events.publish_now()");
	ev_publish_make_cloudevent(fcinfo, &event);
	commit_one(&event);
	PG_RETURN_DATUM(event.values[EV_ID]);
}

/* A batch: its result can be told only when all of it is committed. */
typedef struct Collected
{
	EvNowRows rows;
	MemoryContext context;
	List *results; /* of EvBatchResult * */
} Collected;

static void
collect(EvBatch *batch, EvEvent *event, EvBatchResult *row)
{
	Collected *collected = batch->state;
	MemoryContext old = MemoryContextSwitchTo(collected->context);
	EvBatchResult *kept = palloc(sizeof(EvBatchResult));

	*kept = *row;
	if (!row->has_no_id)
		kept->id = PointerGetDatum(PG_DETOAST_DATUM_COPY(row->id));
	if (row->errors != NULL)
		kept->errors = (Jsonb *) PG_DETOAST_DATUM_COPY(JsonbPGetDatum(row->errors));
	else
		ev_now_rows_add(&collected->rows, event);
	collected->results = lappend(collected->results, kept);
	MemoryContextSwitchTo(old);
}

static void
put_results(Collected *collected, const uint8 *flags, ReturnSetInfo *result)
{
	ListCell *cell;
	int n = 0;

	foreach (cell, collected->results)
	{
		EvBatchResult *row = lfirst(cell);

		if (row->errors == NULL && (flags[n++] & EV_NOW_DUPLICATE) != 0)
			row->status = "duplicate";
		ev_publish_put_result(result, row);
	}
}

/* events.publish_batch_now(events, on_invalid) → table(ordinal, id, status, errors) */
Datum
ev_publish_batch_now(PG_FUNCTION_ARGS)
{
	EvBatch batch = {.take = collect};
	Collected collected = {.context = CurrentMemoryContext};
	uint8 *flags;

	ev_transaction_refuse("events.publish_batch_now()");
	batch.skip_invalid = ev_publish_skips_invalid(fcinfo);
	batch.state = &collected;
	InitMaterializedSRF(fcinfo, 0);
	ev_now_rows_init(&collected.rows);
	ev_publish_make_batch(&batch, PG_GETARG_JSONB_P(0));
	flags = palloc0(list_length(collected.rows.tuples) + 1);
	if (collected.rows.tuples != NIL)
		ev_now_commit(&collected.rows, flags, "events.publish_batch_now()");
	put_results(&collected, flags, (ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}
