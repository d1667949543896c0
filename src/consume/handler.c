/* SPDX-License-Identifier: PostgreSQL
 *
 * handler.c: one round of a handler.
 *
 * A round is part of one transaction: fetch events, call the function for each,
 * acknowledge.  What the function did and how far the consumer is are committed
 * together, so each event takes effect exactly once, whoever dies when.  fetch
 * takes the consumer's lock, so one round of a handler is made at a time.
 *
 * An error of the function undoes what it did with that event alone; what went
 * before is kept, the event is nacked: it comes again after a while, or goes to
 * the dead letters.  A function that takes many events at a time and fails is
 * called again for each alone, so that only the bad one is held up.
 *
 * A round ends after ROUND_MS, for snapshots and locks are held meanwhile.
 *
 * For the first EV_CAREFUL_EVENTS events after a start, and after a transaction
 * that failed as a whole, events are tried one at a time, with care
 * (handler_trial.c); that costs one commit more for each of them.
 */
#include "base/compat.h"

#include "access/htup_details.h"
#include "base/attempt.h"
#include "base/handler_slot.h"
#include "catalog/pg_type.h"
#include "consume/handler.h"
#include "consume/handler_function.h"
#include "consume/handler_state.h"
#include "consume/handler_trial.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "store/cloudevent.h"
#include "store/columns.h"
#include "store/epoch.h"
#include "store/reader.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#define ROUND_MS 1000

static bool is_running = false;

/* ---- arguments of the function */

/* A row of events.event as CloudEvents JSON. */
static Datum
event_to_jsonb(Datum event, const char *epoch)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(event);
	TupleDesc descriptor = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header),
												  HeapTupleHeaderGetTypMod(header));
	HeapTupleData tuple = {0};
	Datum *values = palloc_array(Datum, descriptor->natts);
	bool *nulls = palloc_array(bool, descriptor->natts);
	Datum ordered[EV_NCOLUMNS];
	bool ordered_nulls[EV_NCOLUMNS];
	int numbers[EV_NCOLUMNS];
	StringInfoData json;

	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	tuple.t_data = header;
	ev_columns_locate(descriptor, numbers);
	heap_deform_tuple(&tuple, descriptor, values, nulls);
	ReleaseTupleDesc(descriptor);
	for (int i = 0; i < EV_NCOLUMNS; i++)
	{
		ordered[i] = values[numbers[i]];
		ordered_nulls[i] = nulls[numbers[i]];
	}
	initStringInfo(&json);
	ev_cloudevent_append(&json, ordered, ordered_nulls, epoch);
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data));
}

static bool
is_array_form(EvHandlerForm form)
{
	return form == EV_HANDLER_EVENT_ARRAY || form == EV_HANDLER_JSONB_ARRAY;
}

/* One event, or an array of several. */
static Datum
make_argument(const EvHandler *handler, Datum *events, int count)
{
	bool as_jsonb = handler->form == EV_HANDLER_JSONB || handler->form == EV_HANDLER_JSONB_ARRAY;
	Datum *elements = events;
	Oid type = JSONBOID;

	if (as_jsonb)
	{
		char epoch[EV_EPOCH_LENGTH + 1];

		ev_epoch_current(epoch);
		elements = palloc_array(Datum, count);
		for (int i = 0; i < count; i++)
			elements[i] = event_to_jsonb(events[i], epoch);
	}
	else
		type = HeapTupleHeaderGetTypeId(DatumGetHeapTupleHeader(events[0]));
	if (!is_array_form(handler->form))
		return elements[0];
	return PointerGetDatum(construct_array(elements, count, type, -1, false,
										   as_jsonb ? TYPALIGN_INT : TYPALIGN_DOUBLE));
}

static ErrorData *
call(const EvHandler *handler, MemoryContext memory, Datum *events, int count)
{
	MemoryContext old;

	MemoryContextReset(memory);
	old = MemoryContextSwitchTo(memory);
	{
		ErrorData *error = ev_handler_function_call(handler, make_argument(handler, events, count));

		MemoryContextSwitchTo(old);
		return error;
	}
}

/* ---- events */

static void
acknowledge(const EvHandler *handler, int64 *position)
{
	if (*position > 0)
		ev_handler_state_acknowledge(handler, *position);
	*position = 0;
}

/* One after the other, until the time is up or one has to wait. */
static void
run_each(const EvHandler *handler, MemoryContext memory, const EvHandlerEvents *events)
{
	TimestampTz begin = GetCurrentTimestamp();
	int64 done = 0; /* to be acknowledged up to here */

	for (int i = 0; i < events->count; i++)
	{
		ErrorData *error;

		if (i > 0 && TimestampDifferenceExceeds(begin, GetCurrentTimestamp(), ROUND_MS))
			break;
		error = call(handler, memory, &events->events[i], 1);
		if (error == NULL)
		{
			done = events->positions[i];
			continue;
		}
		acknowledge(handler, &done);
		if (!ev_handler_state_nack(handler, events->positions[i], error))
			break;
	}
	acknowledge(handler, &done);
}

static void
run_events(const EvHandler *handler, const EvHandlerEvents *events)
{
	MemoryContext memory = AllocSetContextCreate(CurrentMemoryContext, "events handler call",
												 ALLOCSET_DEFAULT_SIZES);
	int64 last = events->positions[events->count - 1];

	if (!is_array_form(handler->form) || events->count == 1 ||
		call(handler, memory, events->events, events->count) != NULL)
		run_each(handler, memory, events);
	else
		acknowledge(handler, &last);
	MemoryContextDelete(memory);
}

static void
try_event(const EvHandler *handler, const EvHandlerEvents *events)
{
	if (!ev_handler_trial_begin(handler, events->positions[0]))
		return;
	run_events(handler, events);
	ev_handler_trial_end(handler);
}

/* ---- the round */

/* What has to be right before any event is looked at. */
static void
check_handler(void *arg)
{
	EvHandler *handler = arg;

	if (!SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(handler->owner)))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("the owner of the handler does not exist any more"),
						errhint("Drop the handler with events.drop_handler(), and have another "
								"role create it.")));
	handler->function = ev_handler_state_find_function(handler);
	if (!OidIsValid(handler->function))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION),
						errmsg("function %s does not exist", handler->function_name),
						errhint("Create it again, or drop the handler with "
								"events.drop_handler().")));
	handler->form = ev_handler_function_check(handler->function, handler->owner);
}

typedef struct Fetch
{
	const EvHandler *handler;
	int count;
	MemoryContext memory;
	EvHandlerEvents events;
} Fetch;

static void
fetch(void *arg)
{
	Fetch *f = arg;
	MemoryContext old = MemoryContextSwitchTo(f->memory);

	f->events = ev_handler_state_fetch(f->handler, f->count);
	MemoryContextSwitchTo(old);
}

static ErrorData *
attempt(void (*function)(void *), void *arg)
{
	ErrorData *error = ev_attempt(function, arg);

	if (error != NULL && ev_attempt_was_interrupted(error))
		ReThrowError(error);
	return error;
}

static void
run_handler(EvHandler *handler, EvHandlerRound *round)
{
	bool careful = ev_handler_slot_careful(handler->key) > 0;
	Fetch f = {handler, careful ? 1 : handler->batch_size, CurrentMemoryContext};
	ErrorData *error;

	if (!careful)
		ev_handler_trial_leave(handler);
	else if (!ev_handler_trial_open(handler->key))
	{
		round->retry_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), ROUND_MS);
		return;
	}
	error = attempt(check_handler, handler);
	if (error == NULL)
		error = attempt(fetch, &f);
	if (error != NULL)
	{
		round->retry_at = ev_handler_state_fail(handler, error);
		ev_handler_trial_leave(handler);
		return;
	}
	if (handler->failures > 0)
		ev_handler_state_clear(handler);
	if (f.events.count == 0)
	{
		round->retry_at = ev_handler_state_next_retry(handler);
		ev_handler_trial_leave(handler);
		return;
	}
	round->result = EV_HANDLER_WORKED;
	if (careful)
		try_event(handler, &f.events);
	else
		run_events(handler, &f.events);
}

/*
 * The function must not run handlers itself; and it should be known if it ends
 * the process.  An error that comes out of here, not at commit, is not the event's.
 */
static void
run_alone(EvHandler *handler, EvHandlerRound *round)
{
	ev_handler_slot_trying(handler->key, -1);
	is_running = true;
	PG_TRY();
	{
		run_handler(handler, round);
	}
	PG_CATCH();
	{
		is_running = false;
		ev_handler_trial_excuse(handler->key);
		PG_RE_THROW();
	}
	PG_END_TRY();
	is_running = false;
	ev_handler_slot_trying(0, 0);
}

EvHandlerRound
ev_handler_run(const char *name)
{
	EvHandlerRound round = {EV_HANDLER_IDLE, 0, 0};
	MemoryContext memory;
	MemoryContext old;
	EvHandler *handler;

	if (is_running)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("a handler cannot run a handler"),
						errhint("Publish an event; another handler can take that.")));
	ev_reader_refuse_old_snapshots("events._run_handler()");
	memory = AllocSetContextCreate(CurrentMemoryContext, "events handler", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(memory);
	round.horizon = ev_reader_horizon();
	handler = ev_handler_state_load(name);
	if (handler == NULL)
		round.result = EV_HANDLER_GONE;
	else if (handler->retry_at > GetCurrentTimestamp())
		round.retry_at = handler->retry_at;
	else
		run_alone(handler, &round);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(memory);
	return round;
}

void
ev_handler_blame(const char *name, const ErrorData *error)
{
	EvHandler *handler = ev_handler_state_load(name);

	if (handler != NULL && !ev_handler_trial_fail(handler, error))
		ev_handler_slot_set_careful(handler->key, EV_CAREFUL_EVENTS);
}
