/* SPDX-License-Identifier: PostgreSQL
 *
 * fetch.c: events.fetch(): the next events of a consumer.
 *
 * An attempt takes the member's lock if it is free, and reads the member's newest
 * row, then events from the lowest position of its shares up to the horizon.  It
 * delivers those that match, are of a share that the member holds, and lie above that share's
 * position.  Nearly always it writes nothing.  It does where the
 * lease is to be renewed, or where it looked at many events in vain, so that the next
 * one need not.
 *
 * Without events, and with time to wait, it sleeps until a commit wakes it.  Meanwhile
 * it holds no lock, unless it has written something: so others may fetch for
 * the same member, and seek() need not wait.  It looks again at least
 * three times in a lease, and renews that when a third of it is over.  When it has given
 * up or taken shares, it does not wait at all: nobody has any use of that before it commits.
 */
#include "base/compat.h"

#include "base/catalog.h"
#include "base/wake.h"
#include "consume/call.h"
#include "consume/member.h"
#include "consume/redelivery.h"
#include "consume/share.h"
#include "consume/start.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "store/position.h"
#include "store/reader.h"
#include "store/scan.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(ev_fetch);

/* Longer than that a stretch without a match is not looked at twice. */
#define LONG_STRETCH 1000

/* Nor one that began so long ago, so that a consumer is not taken for one that lags. */
#define OLD_STRETCH (10 * USECS_PER_SEC)

/* What the end of some transaction does not tell is looked for at least so often. */
#define LONGEST_SLEEP_MS 1000

/* At most so many events of one fetch become dead letters, since they passed a limit. */
#define MAX_UNKNOWN 100

#define MAX_WAIT (INT64CONST(10) * SECS_PER_MINUTE * USECS_PER_SEC)

typedef struct Fetch
{
	FunctionCallInfo fcinfo;
	const EvConsumer *consumer;
	const char *member;
	int max_count;
	TimestampTz until; /* the end of the wait */

	/* the result */
	ReturnSetInfo *result;
	int numbers[EV_NCOLUMNS];
	Datum *row;
	bool *isnull;
	int count;

	/* one attempt */
	int64 *position_of; /* by share; PG_INT64_MAX: not held */
	EvRedelivery again;
	int ndue;			   /* of what is due, so many are delivered */
	int64 looked;		   /* events before the first that was delivered */
	int64 upto;			   /* nothing is to be delivered up to here; 0: unknown */
	TimestampTz looked_at; /* when the first of them was recorded */
	List *unknown;		   /* of EvFailure *, of which it cannot be known if they are wanted */
	bool found;			   /* an event was delivered, not again */
	int64 stop;			   /* nothing from here on may be delivered */
	TimestampTz next_due;  /* nothing comes before, but for new events; 0: unknown */
	bool must_commit;	   /* others wait for shares that were given up or taken */
} Fetch;

static void
deliver(Fetch *fetch, const Datum *values, const bool *nulls)
{
	for (int i = 0; i < EV_NCOLUMNS; i++)
	{
		fetch->row[fetch->numbers[i]] = values[i];
		fetch->isnull[fetch->numbers[i]] = nulls[i];
	}
	tuplestore_putvalues(fetch->result->setResult, fetch->result->setDesc, fetch->row,
						 fetch->isnull);
	fetch->count++;
}

/* What is due again below a position: all is delivered in order. */
static void
deliver_due(Fetch *fetch, int64 before)
{
	while (fetch->ndue < list_length(fetch->again.due) && fetch->count < fetch->max_count)
	{
		EvDue *due = list_nth(fetch->again.due, fetch->ndue);

		if (due->position >= before)
			return;
		deliver(fetch, due->values, due->nulls);
		ev_redelivery_hand(&fetch->again, due);
		fetch->ndue++;
	}
}

/*
 * Nobody can say whether the consumer wants it, or for whom it is, since its filter
 * or key passes a limit on it.  To stop here for good would let whoever publishes stop the
 * consumer; to pass over it would lose it.  So it becomes a dead letter.
 */
static EvMet
set_aside(Fetch *fetch, int64 position, uint64 hash)
{
	MemoryContext old;
	EvFailure *failure;

	if (ev_redelivery_has(&fetch->again, position))
		return EV_MET_NOT;
	if (list_length(fetch->unknown) == MAX_UNKNOWN)
		return EV_MET_FULL;
	old = MemoryContextSwitchTo(fetch->again.context);
	failure = palloc0(sizeof(EvFailure));
	failure->position = position;
	failure->hash = hash;
	failure->reason = "the filter or the key of the consumer passes a limit";
	failure->sqlstate = "54001";
	fetch->unknown = lappend(fetch->unknown, failure);
	MemoryContextSwitchTo(old);
	return EV_MET_NOT;
}

/* Is it the consumer's, of a share that is held and has not come so far, and may it come now? */
static EvMet
meet(Fetch *fetch, EvEventSubject *event)
{
	const EvConsumer *consumer = fetch->consumer;
	const Datum *values = event->values;
	int64 position = DatumGetInt64(values[EV_POSITION]);
	uint64 hash;
	bool known;
	bool matches;

	if (!ev_filter_may_match(consumer->filter, DatumGetTextPP(values[EV_TYPE]),
							 DatumGetArrayTypeP(values[EV_TOPIC])))
		return EV_MET_NOT;
	known = ev_share_hash(consumer, event, &hash);
	if (position <= fetch->position_of[ev_share_of_hash(consumer, hash)])
		return EV_MET_NOT;
	if (!known || !ev_filter_try(consumer->filter, &event->subject, &matches))
		return set_aside(fetch, position, hash);
	if (!matches)
		return EV_MET_NOT;
	return ev_redelivery_meet(&fetch->again, position, hash);
}

/* The next event of the scan; false if the scan has to stop before it. */
static bool
take(Fetch *fetch, const Datum *values, const bool *nulls)
{
	int64 position = DatumGetInt64(values[EV_POSITION]);
	EvEventSubject event;

	deliver_due(fetch, position);
	if (fetch->count >= fetch->max_count)
		return false;
	ev_event_subject_init(&event, values, nulls);
	switch (meet(fetch, &event))
	{
		case EV_MET_FREE:
			deliver(fetch, values, nulls);
			fetch->found = true;
			return true;
		case EV_MET_FULL:
			fetch->stop = position;
			return false;
		default:
			break;
	}
	if (!fetch->found)
	{
		if (fetch->looked++ == 0)
			fetch->looked_at = DatumGetTimestampTz(values[EV_RECORDED_AT]);
		fetch->upto = position;
	}
	return true;
}

static void
read_events(Fetch *fetch, int64 after, int64 horizon)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "events fetch",
												  ALLOCSET_DEFAULT_SIZES);
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];
	EvScan *scan = ev_scan_open(after, horizon);
	bool goes_on = true;

	while (goes_on && fetch->count < fetch->max_count)
	{
		MemoryContext old;

		if (!ev_scan_next(scan, values, nulls))
		{
			if (!fetch->found)
				fetch->upto = horizon;
			break;
		}
		old = MemoryContextSwitchTo(context);
		goes_on = take(fetch, values, nulls);
		MemoryContextSwitchTo(old);
		MemoryContextReset(context);
	}
	ev_scan_close(scan);
	MemoryContextDelete(context);
}

static void
fetch_shares(Fetch *fetch, EvConsumerMember *own, int64 horizon)
{
	int64 after = ev_member_position(own);
	bool blocked = own->not_before > GetCurrentTimestamp();

	ev_start_check_future(after, Max(horizon, ev_position_last(ev_catalog_relid("position"))));
	fetch->position_of = palloc(sizeof(int64) * fetch->consumer->nshares);
	for (int i = 0; i < fetch->consumer->nshares; i++)
		fetch->position_of[i] = PG_INT64_MAX;
	for (int i = 0; i < own->nshares; i++)
		fetch->position_of[own->shares[i]] = own->positions[i];
	ev_redelivery_open(&fetch->again, fetch->consumer, own, fetch->max_count);
	fetch->next_due = fetch->again.next_due;
	if (blocked && (fetch->next_due == 0 || own->not_before < fetch->next_due))
		fetch->next_due = own->not_before;
	if (blocked)
		fetch->stop = after + 1;
	else if (after < horizon)
		read_events(fetch, after, horizon);

	/* Not past what is held back: an acknowledged position stands for all below it. */
	deliver_due(fetch, fetch->stop);
}

/*
 * What the attempt has found out and the next one should know.  A position that
 * never moved because nothing matches would look as if the consumer was far behind.
 */
static bool
note_progress(Fetch *fetch, EvConsumerMember *own)
{
	bool renew = own->ordinal > 0 && ev_member_must_renew(fetch->consumer, own);
	bool changed = false;

	if (fetch->looked > 0 && (renew || fetch->unknown != NIL || fetch->looked > LONG_STRETCH ||
							  fetch->looked_at < GetCurrentTimestamp() - OLD_STRETCH))
		changed = ev_member_advance(own, fetch->upto);
	if (renew)
		ev_member_renew(fetch->consumer, own);
	return changed || renew;
}

static void
begin_attempt(Fetch *fetch)
{
	memset(&fetch->again, 0, sizeof(fetch->again));
	fetch->ndue = 0;
	fetch->looked = 0;
	fetch->upto = 0;
	fetch->unknown = NIL;
	fetch->found = false;
	fetch->stop = PG_INT64_MAX;
	fetch->next_due = 0;
	fetch->must_commit = false;
}

static void
attempt(Fetch *fetch)
{
	EvLocked locked = ev_state_lock(fetch->consumer, fetch->member, false);
	EvState state;
	EvConsumerMember own;
	int64 ordinal;
	int64 horizon;
	bool wrote;
	ListCell *cell;

	begin_attempt(fetch);
	if (locked == EV_LOCKED_NOT)
		return;
	horizon = ev_reader_horizon();
	ev_state_open(&state, fetch->consumer);
	ev_state_read(&state, fetch->member, &own);
	ordinal = own.ordinal;
	ev_member_balance(&state, &own, locked == EV_LOCKED_NEW);
	fetch->must_commit = own.ordinal != ordinal && fetch->consumer->key_kind != EV_KEY_NONE;
	if (own.nshares > 0)
		fetch_shares(fetch, &own, horizon);
	wrote = ev_redelivery_close(&fetch->again, fetch->member) || fetch->unknown != NIL;
	foreach (cell, fetch->unknown)
		ev_redelivery_give_up(fetch->consumer, lfirst(cell));
	if (note_progress(fetch, &own))
		ev_state_write(&state, &own);
	ev_state_close(&state);
	if (fetch->count == 0 && !wrote && own.ordinal == ordinal)
		ev_state_unlock(fetch->consumer, fetch->member);
	else if (fetch->count > 0) /* others may wait for them, should they be given back */
		ev_wake_readers_at_end(ev_catalog_relid("position"));
}

/* Sleep until something may have changed; false if the time is up. */
static bool
sleep_on(const Fetch *fetch, Oid sequence)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz until = fetch->until;

	if (now >= until)
		return false;
	if (fetch->next_due != 0)
		until = Min(until, fetch->next_due);
	if (fetch->consumer->key_kind != EV_KEY_NONE)
		until = Min(until, now + fetch->consumer->lease / 3);
	ev_wake_sleep(sequence, Min(TimestampDifferenceMilliseconds(now, until) + 1, LONGEST_SLEEP_MS));
	return true;
}

/* What the consumer is now: it may be another one of that name than it was a moment ago. */
static void
find_consumer(Fetch *fetch)
{
	static const char *const names[] = {"name"};
	FunctionCallInfo fcinfo = fetch->fcinfo;

	fetch->consumer = ev_call_consumer(fcinfo, "events.fetch()", 1, names);
	fetch->member = ev_call_member(fcinfo, 3, fetch->consumer);
}

static void
fetch_and_wait(Fetch *fetch)
{
	Oid sequence = ev_catalog_relid("position");
	MemoryContext context;
	MemoryContext old;

	attempt(fetch);
	if (fetch->count > 0 || fetch->until == 0 || fetch->must_commit)
		return;
	context = AllocSetContextCreate(CurrentMemoryContext, "events fetch attempt",
									ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	do
	{
		ev_wake_prepare(sequence);
		find_consumer(fetch);
		attempt(fetch);
		MemoryContextReset(context);
	} while (fetch->count == 0 && !fetch->must_commit && sleep_on(fetch, sequence));
	ev_wake_cancel();
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

static TimestampTz
end_of_wait(FunctionCallInfo fcinfo, int arg)
{
	int64 wait = PG_ARGISNULL(arg) ? 0 : ev_consumer_microseconds(PG_GETARG_INTERVAL_P(arg));

	if (wait < 0 || wait > MAX_WAIT)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("wait must be between 0 and 10 minutes"),
						errhint("Call events.fetch() again: a waiting statement holds a snapshot, "
								"behind which VACUUM cannot clean up.")));
	return wait == 0 ? 0 : GetCurrentTimestamp() + wait;
}

static void
prepare_result(Fetch *fetch, FunctionCallInfo fcinfo)
{
	int natts;

	InitMaterializedSRF(fcinfo, 0);
	fetch->result = (ReturnSetInfo *) fcinfo->resultinfo;
	natts = fetch->result->setDesc->natts;
	ev_columns_locate(fetch->result->setDesc, fetch->numbers);
	fetch->row = palloc0(sizeof(Datum) * natts);
	fetch->isnull = palloc(sizeof(bool) * natts);
	memset(fetch->isnull, true, sizeof(bool) * natts);
}

/* events.fetch(name, max_count, wait, member) → setof events.event */
Datum
ev_fetch(PG_FUNCTION_ARGS)
{
	Fetch fetch = {.fcinfo = fcinfo};

	find_consumer(&fetch);
	fetch.max_count = ev_reader_max_count(fcinfo, 1);
	fetch.until = end_of_wait(fcinfo, 2);
	prepare_result(&fetch, fcinfo);
	fetch_and_wait(&fetch);
	return (Datum) 0;
}
