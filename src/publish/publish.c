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

#include "base/settings.h"
#include "funcapi.h"
#include "match/topic.h"
#include "miscadmin.h"
#include "publish/duplicate.h"
#include "publish/event.h"
#include "publish/expected.h"
#include "publish/pending.h"
#include "publish/publish.h"
#include "publish/transaction.h"
#include "publish/validate.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(ev_publish);
PG_FUNCTION_INFO_V1(ev_publish_event);
PG_FUNCTION_INFO_V1(ev_publish_batch);
PG_FUNCTION_INFO_V1(ev_intake);

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

void
ev_publish_make(FunctionCallInfo fcinfo, EvEvent *event)
{
	EvProblems problems = {0};

	refuse_null(fcinfo, 0, "type", "For example 'order.created'.");
	refuse_null(fcinfo, 1, "data",
				"Write 'null'::jsonb for a JSON null, or publish a whole CloudEvent without data.");
	ev_event_init(event);
	set_text_argument(fcinfo, 0, event, &problems, EV_TYPE);
	ev_event_set_data(event, PG_GETARG_JSONB_P(1));
	if (!PG_ARGISNULL(2))
	{
		ev_topic_check(PG_GETARG_ARRAYTYPE_P(2));
		ev_event_set_topic(event, &problems, PG_GETARG_ARRAYTYPE_P(2));
	}
	set_text_argument(fcinfo, 3, event, &problems, EV_SOURCE);
	set_text_argument(fcinfo, 4, event, &problems, EV_SUBJECT);
	set_text_argument(fcinfo, 5, event, &problems, EV_ID);
	if (!PG_ARGISNULL(6))
		ev_event_set_time(event, &problems, PG_GETARG_TIMESTAMPTZ(6));
	set_text_argument(fcinfo, 7, event, &problems, EV_DATASCHEMA);
	if (!PG_ARGISNULL(8))
		ev_event_set_attributes(event, &problems, PG_GETARG_JSONB_P(8));
	ev_event_finish(event, &problems, NULL);
	ev_event_validate(event, &problems, false);
	ev_problems_raise(&problems, -1);
}

void
ev_publish_make_cloudevent(FunctionCallInfo fcinfo, EvEvent *event)
{
	EvProblems problems = {0};
	Jsonb *json;

	refuse_null(fcinfo, 0, "event", "For example '{\"type\": \"order.created\", \"data\": {}}'.");
	json = PG_GETARG_JSONB_P(0);
	if (!JB_ROOT_IS_OBJECT(json))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("event must be a JSON object"),
				 errhint("events.publish_batch() takes an array of events.")));
	ev_event_init(event);
	ev_event_set_cloudevent(event, &problems, &json->root);
	ev_event_finish(event, &problems, NULL);
	ev_event_validate(event, &problems, false);
	ev_problems_raise(&problems, -1);
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

	ev_transaction_refuse_read_only("events.publish()");
	ev_publish_make(fcinfo, &event);
	expected = get_expected_position(fcinfo, 9, &event, &problems);
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

	ev_transaction_refuse_read_only("events.publish()");
	ev_publish_make_cloudevent(fcinfo, &event);
	if (!is_duplicate(&event))
		add_event(&event);
	PG_RETURN_DATUM(event.values[EV_ID]);
}

void
ev_publish_put_result(ReturnSetInfo *result, const EvBatchResult *row)
{
	Datum values[4];
	bool nulls[4] = {false};

	values[0] = Int32GetDatum(row->ordinal);
	values[1] = row->id;
	nulls[1] = row->has_no_id;
	values[2] = CStringGetTextDatum(row->status);
	values[3] = row->errors != NULL ? JsonbPGetDatum(row->errors) : (Datum) 0;
	nulls[3] = row->errors == NULL;
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static void
make_one(EvBatch *batch, int ordinal, const JsonbValue *json)
{
	MemoryContext old = MemoryContextSwitchTo(batch->event_context);
	EvEvent event;
	EvProblems problems = {0};
	EvBatchResult row = {ordinal};

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
	row.id = event.values[EV_ID];
	row.has_no_id = event.nulls[EV_ID];
	row.errors = ev_problems_to_jsonb(&problems);
	row.status = row.errors == NULL ? "accepted" : "invalid";
	batch->take(batch, &event, &row);
	MemoryContextSwitchTo(old);
	MemoryContextReset(batch->event_context);
}

void
ev_publish_make_batch(EvBatch *batch, Jsonb *events)
{
	batch->event_context = AllocSetContextCreate(CurrentMemoryContext, "events batch",
												 ALLOCSET_DEFAULT_SIZES);
	if (JB_ROOT_IS_OBJECT(events))
	{
		JsonbValue v;

		v.type = jbvBinary;
		v.val.binary.data = &events->root;
		v.val.binary.len = VARSIZE(events) - VARHDRSZ;
		make_one(batch, 1, &v);
		return;
	}
	if (!JB_ROOT_IS_ARRAY(events) || JB_ROOT_IS_SCALAR(events))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("events must be a JSON array of objects")));
	for (int i = 0; i < JB_ROOT_COUNT(events); i++)
	{
		JsonbValue *v = getIthJsonbValueFromContainer(&events->root, i);

		CHECK_FOR_INTERRUPTS();
		make_one(batch, i + 1, v);
		pfree(v);
	}
}

/* What a batch that is published with the transaction has beyond its events. */
typedef struct OnCommit
{
	MemoryContext context;
	EvDuplicates *duplicates; /* NULL up to the first event with an id of its own */
} OnCommit;

/* Add a good event, unless it is a duplicate; its status. */
static const char *
add_event_once(OnCommit *on_commit, EvEvent *event)
{
	if (event->has_own_id && ev_dedup_window > 0)
	{
		if (on_commit->duplicates == NULL)
		{
			MemoryContext old = MemoryContextSwitchTo(on_commit->context);

			on_commit->duplicates = ev_duplicate_open();
			MemoryContextSwitchTo(old);
		}
		if (!ev_duplicate_claim_among(on_commit->duplicates,
									  DatumGetTextPP(event->values[EV_SOURCE]),
									  DatumGetTextPP(event->values[EV_ID])))
			return "duplicate";
	}
	add_event(event);
	return "accepted";
}

/* An event of a batch: it is published with the transaction, and reported at once. */
static void
take_event(EvBatch *batch, EvEvent *event, EvBatchResult *row)
{
	if (row->errors == NULL)
		row->status = add_event_once(batch->state, event);
	ev_publish_put_result(batch->result, row);
}

static void
publish_all(FunctionCallInfo fcinfo, Jsonb *events, Jsonb *context, bool skip_invalid)
{
	OnCommit on_commit = {.context = CurrentMemoryContext};
	EvBatch batch = {
		.context = context, .skip_invalid = skip_invalid, .take = take_event, .state = &on_commit};

	InitMaterializedSRF(fcinfo, 0);
	batch.result = (ReturnSetInfo *) fcinfo->resultinfo;
	ev_publish_make_batch(&batch, events);
	if (on_commit.duplicates != NULL)
		ev_duplicate_close(on_commit.duplicates);
}

static bool
text_equals(const text *t, const char *s)
{
	return VARSIZE_ANY_EXHDR(t) == strlen(s) && memcmp(VARDATA_ANY(t), s, strlen(s)) == 0;
}

bool
ev_publish_skips_invalid(FunctionCallInfo fcinfo)
{
	text *on_invalid;

	refuse_null(fcinfo, 0, "events", "An empty batch is '[]'.");
	refuse_null(fcinfo, 1, "on_invalid", "It is 'raise' or 'skip'.");
	on_invalid = PG_GETARG_TEXT_PP(1);
	if (!text_equals(on_invalid, "raise") && !text_equals(on_invalid, "skip"))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("on_invalid must be 'raise' or 'skip': '%s'",
							   text_to_cstring(on_invalid))));
	return text_equals(on_invalid, "skip");
}

/* events.publish_batch(events, on_invalid) → table(ordinal, id, status, errors) */
Datum
ev_publish_batch(PG_FUNCTION_ARGS)
{
	bool skip_invalid;

	ev_transaction_refuse_read_only("events.publish_batch()");
	skip_invalid = ev_publish_skips_invalid(fcinfo);
	publish_all(fcinfo, PG_GETARG_JSONB_P(0), NULL, skip_invalid);
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

	ev_transaction_refuse_read_only("events._intake()");
	refuse_null(fcinfo, 0, "events", "An empty batch is '[]'.");
	context = PG_ARGISNULL(1) ? NULL : PG_GETARG_JSONB_P(1);
	if (context != NULL && !JB_ROOT_IS_OBJECT(context))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("context must be a JSON object")));
	publish_all(fcinfo, PG_GETARG_JSONB_P(0), context, true);
	return (Datum) 0;
}
