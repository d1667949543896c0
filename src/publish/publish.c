/* SPDX-License-Identifier: PostgreSQL
 *
 * publish.c: the SQL functions that publish events.
 *
 * They check the event, complete it, and append it to the pending list of the
 * transaction; the rest happens at commit (transaction.c).  Whoever has
 * EXECUTE may publish: the rows are later written without a look at the
 * privileges of whatever role is current at that moment.
 */
#include "base/compat.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "base/settings.h"
#include "funcapi.h"
#include "match/topic.h"
#include "miscadmin.h"
#include "publish/duplicate.h"
#include "publish/event.h"
#include "publish/expected.h"
#include "publish/pending.h"
#include "publish/transaction.h"
#include "publish/validate.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(ev_publish);
PG_FUNCTION_INFO_V1(ev_publish_event);
PG_FUNCTION_INFO_V1(ev_publish_batch);
PG_FUNCTION_INFO_V1(ev_intake);

static void
refuse_read_only(const char *function)
{
	if (RecoveryInProgress())
		ereport(ERROR, (errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
						errmsg("%s cannot be used on a hot standby", function),
						errdetail("The server is in recovery and cannot write."),
						errhint("Publish on the primary.")));
	if (XactReadOnly)
		ereport(ERROR, (errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
						errmsg("%s cannot be used in a read-only transaction", function),
						errdetail("A published event is written to the database at commit."),
						errhint("Use a READ WRITE transaction.")));
	if (IsInParallelMode())
		ereport(ERROR, (errcode(ERRCODE_INVALID_TRANSACTION_STATE),
						errmsg("%s cannot be used during a parallel operation", function)));
}

/* Is it, by the id that it was given, there already?  From now on it is. */
static bool
is_duplicate(const EvEvent *event)
{
	return event->has_own_id && !ev_duplicate_claim(DatumGetTextPP(event->values[EV_SOURCE]),
													DatumGetTextPP(event->values[EV_ID]));
}

static void
add_event(EvEvent *event)
{
	ev_pending_add(event->values, event->nulls);
	ev_transaction_published();
}

static void
set_text_argument(FunctionCallInfo fcinfo, int arg, EvEvent *event, EvProblems *problems,
				  EvColumn column)
{
	if (!PG_ARGISNULL(arg))
	{
		text *t = PG_GETARG_TEXT_PP(arg);

		ev_event_set_text(event, problems, column, VARDATA_ANY(t), VARSIZE_ANY_EXHDR(t));
	}
}

static void
refuse_null(FunctionCallInfo fcinfo, int arg, const char *name, const char *hint)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("%s must not be NULL", name), errhint("%s", hint)));
}

/* expected_position from an argument; -1 if it is NULL. */
static int64
get_expected_position(FunctionCallInfo fcinfo, int arg, const EvEvent *event, EvProblems *problems)
{
	if (PG_ARGISNULL(arg))
		return -1;
	if (PG_GETARG_INT64(arg) < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("expected_position must not be negative: " INT64_FORMAT,
							   PG_GETARG_INT64(arg)),
						errhint("0 expects that there is no event of this source and subject.")));
	if (event->nulls[EV_SUBJECT])
		ev_problem_add(problems, "subject", "is required with expected_position");
	return PG_GETARG_INT64(arg);
}

/*
 * events.publish(type, data, topic, source, subject, id, "time", dataschema,
 * attributes, expected_position) → id
 */
Datum
ev_publish(PG_FUNCTION_ARGS)
{
	EvEvent event;
	EvProblems problems = {0};
	int64 expected;

	refuse_read_only("events.publish()");
	refuse_null(fcinfo, 0, "type", "For example 'order.created'.");
	refuse_null(fcinfo, 1, "data",
				"Write 'null'::jsonb for a JSON null, or publish a whole CloudEvent without data.");
	ev_event_init(&event);
	set_text_argument(fcinfo, 0, &event, &problems, EV_TYPE);
	ev_event_set_data(&event, PG_GETARG_JSONB_P(1));
	if (!PG_ARGISNULL(2))
	{
		ev_topic_check(PG_GETARG_ARRAYTYPE_P(2));
		ev_event_set_topic(&event, &problems, PG_GETARG_ARRAYTYPE_P(2));
	}
	set_text_argument(fcinfo, 3, &event, &problems, EV_SOURCE);
	set_text_argument(fcinfo, 4, &event, &problems, EV_SUBJECT);
	set_text_argument(fcinfo, 5, &event, &problems, EV_ID);
	if (!PG_ARGISNULL(6))
		ev_event_set_time(&event, &problems, PG_GETARG_TIMESTAMPTZ(6));
	set_text_argument(fcinfo, 7, &event, &problems, EV_DATASCHEMA);
	if (!PG_ARGISNULL(8))
		ev_event_set_attributes(&event, &problems, PG_GETARG_JSONB_P(8));
	expected = get_expected_position(fcinfo, 9, &event, &problems);
	ev_event_finish(&event, &problems, NULL);
	ev_event_validate(&event, &problems, false);
	ev_problems_raise(&problems, -1);

	/* What is there already met what it expected then. */
	if (!is_duplicate(&event))
	{
		if (expected >= 0)
			ev_expected_check(DatumGetTextPP(event.values[EV_SOURCE]),
							  DatumGetTextPP(event.values[EV_SUBJECT]), expected);
		add_event(&event);
	}
	PG_RETURN_DATUM(event.values[EV_ID]);
}

/* events.publish(event jsonb) → id */
Datum
ev_publish_event(PG_FUNCTION_ARGS)
{
	EvEvent event;
	EvProblems problems = {0};
	Jsonb *json;

	refuse_read_only("events.publish()");
	refuse_null(fcinfo, 0, "event", "For example '{\"type\": \"order.created\", \"data\": {}}'.");
	json = PG_GETARG_JSONB_P(0);
	if (!JB_ROOT_IS_OBJECT(json))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("event must be a JSON object"),
				 errhint("events.publish_batch() takes an array of events.")));
	ev_event_init(&event);
	ev_event_set_cloudevent(&event, &problems, &json->root);
	ev_event_finish(&event, &problems, NULL);
	ev_event_validate(&event, &problems, false);
	ev_problems_raise(&problems, -1);
	if (!is_duplicate(&event))
		add_event(&event);
	PG_RETURN_DATUM(event.values[EV_ID]);
}

/* One batch on its way into the result (ordinal, id, status, errors). */
typedef struct Batch
{
	ReturnSetInfo *result;
	Jsonb *context; /* or NULL */
	bool skip_invalid;
	MemoryContext context_of_all;
	MemoryContext event_context;
	EvDuplicates *duplicates; /* NULL up to the first event with an id of its own */
} Batch;

static void
put_result(Batch *batch, int ordinal, EvEvent *event, EvProblems *problems, const char *status)
{
	Datum values[4];
	bool nulls[4] = {false};
	Jsonb *errors = ev_problems_to_jsonb(problems);

	values[0] = Int32GetDatum(ordinal);
	values[1] = event->values[EV_ID];
	nulls[1] = event->nulls[EV_ID];
	values[2] = CStringGetTextDatum(status);
	values[3] = errors != NULL ? JsonbPGetDatum(errors) : (Datum) 0;
	nulls[3] = errors == NULL;
	tuplestore_putvalues(batch->result->setResult, batch->result->setDesc, values, nulls);
}

/* Add a good event, unless it is a duplicate; its status. */
static const char *
add_event_once(Batch *batch, EvEvent *event)
{
	if (event->has_own_id && ev_dedup_window > 0)
	{
		if (batch->duplicates == NULL)
		{
			MemoryContext old = MemoryContextSwitchTo(batch->context_of_all);

			batch->duplicates = ev_duplicate_open();
			MemoryContextSwitchTo(old);
		}
		if (!ev_duplicate_claim_among(batch->duplicates, DatumGetTextPP(event->values[EV_SOURCE]),
									  DatumGetTextPP(event->values[EV_ID])))
			return "duplicate";
	}
	add_event(event);
	return "accepted";
}

static void
publish_one(Batch *batch, int ordinal, const JsonbValue *json)
{
	MemoryContext old = MemoryContextSwitchTo(batch->event_context);
	EvEvent event;
	EvProblems problems = {0};

	ev_event_init(&event);
	if (json->type == jbvBinary && JsonContainerIsObject(json->val.binary.data))
	{
		ev_event_set_cloudevent(&event, &problems, json->val.binary.data);
		ev_event_finish(&event, &problems, batch->context);
		ev_event_validate(&event, &problems, batch->skip_invalid);
	}
	else
		ev_problem_add(&problems, "", "event must be a JSON object");
	if (!batch->skip_invalid)
		ev_problems_raise(&problems, ordinal);
	put_result(batch, ordinal, &event, &problems,
			   problems.list != NIL ? "invalid" : add_event_once(batch, &event));
	MemoryContextSwitchTo(old);
	MemoryContextReset(batch->event_context);
}

static void
publish_each(Batch *batch, Jsonb *events)
{
	if (JB_ROOT_IS_OBJECT(events))
	{
		JsonbValue v;

		v.type = jbvBinary;
		v.val.binary.data = &events->root;
		v.val.binary.len = VARSIZE(events) - VARHDRSZ;
		publish_one(batch, 1, &v);
		return;
	}
	if (!JB_ROOT_IS_ARRAY(events) || JB_ROOT_IS_SCALAR(events))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("events must be a JSON array of objects")));
	for (int i = 0; i < JB_ROOT_COUNT(events); i++)
	{
		JsonbValue *v = getIthJsonbValueFromContainer(&events->root, i);

		CHECK_FOR_INTERRUPTS();
		publish_one(batch, i + 1, v);
		pfree(v);
	}
}

static void
publish_all(FunctionCallInfo fcinfo, Jsonb *events, Jsonb *context, bool skip_invalid)
{
	Batch batch;

	InitMaterializedSRF(fcinfo, 0);
	batch.result = (ReturnSetInfo *) fcinfo->resultinfo;
	batch.context = context;
	batch.skip_invalid = skip_invalid;
	batch.duplicates = NULL;
	batch.context_of_all = CurrentMemoryContext;
	batch.event_context = AllocSetContextCreate(CurrentMemoryContext, "events batch",
												ALLOCSET_DEFAULT_SIZES);
	publish_each(&batch, events);
	if (batch.duplicates != NULL)
		ev_duplicate_close(batch.duplicates);
}

static bool
text_equals(const text *t, const char *s)
{
	return VARSIZE_ANY_EXHDR(t) == strlen(s) && memcmp(VARDATA_ANY(t), s, strlen(s)) == 0;
}

/* events.publish_batch(events, on_invalid) → table(ordinal, id, status, errors) */
Datum
ev_publish_batch(PG_FUNCTION_ARGS)
{
	text *on_invalid;

	refuse_read_only("events.publish_batch()");
	refuse_null(fcinfo, 0, "events", "An empty batch is '[]'.");
	refuse_null(fcinfo, 1, "on_invalid", "It is 'raise' or 'skip'.");
	on_invalid = PG_GETARG_TEXT_PP(1);
	if (!text_equals(on_invalid, "raise") && !text_equals(on_invalid, "skip"))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("on_invalid must be 'raise' or 'skip': '%s'",
							   text_to_cstring(on_invalid))));
	publish_all(fcinfo, PG_GETARG_JSONB_P(0), NULL, text_equals(on_invalid, "skip"));
	return (Datum) 0;
}

/*
 * events._intake(events, context) → table(ordinal, id, status, errors): a
 * batch from the sidecar.  The context's members fill what events lack; they
 * come before the session's settings.
 */
Datum
ev_intake(PG_FUNCTION_ARGS)
{
	Jsonb *context;

	refuse_read_only("events._intake()");
	refuse_null(fcinfo, 0, "events", "An empty batch is '[]'.");
	context = PG_ARGISNULL(1) ? NULL : PG_GETARG_JSONB_P(1);
	if (context != NULL && !JB_ROOT_IS_OBJECT(context))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("context must be a JSON object")));
	publish_all(fcinfo, PG_GETARG_JSONB_P(0), context, true);
	return (Datum) 0;
}
