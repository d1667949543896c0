/* SPDX-License-Identifier: PostgreSQL
 *
 * nack.c: events.nack(): this event could not be processed; and events.redrive().
 *
 * A nack says that what came before the event is done, and that the event is to come
 * again later, until it has failed max_attempts times and becomes a dead letter.
 * How the rest goes on meanwhile depends:
 *
 *   without a key   nothing overtakes it: the position stays before it, and the
 *                   member's row says when the next attempt is due
 *   with a key      it is put aside (redelivery.h), the position goes past it,
 *                   and only events of the same key wait
 *
 * Where no more can be put aside, a consumer with a key does as one without: what
 * fails now is likely to be everything.
 */
#include "base/compat.h"

#include "base/settings.h"
#include "consume/call.h"
#include "consume/handler.h"
#include "consume/member.h"
#include "consume/redelivery.h"
#include "consume/share.h"
#include "consume/start.h"
#include "mb/pg_wchar.h"
#include "store/reader.h"
#include "store/scan.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(ev_nack);
PG_FUNCTION_INFO_V1(ev_redrive);

#define LONGEST_DELAY (5 * SECS_PER_MINUTE * USECS_PER_SEC)
#define MAX_REASON_LENGTH 8000

/* Arguments of events.nack(). */
enum
{
	ARG_NAME,
	ARG_POSITION,
	ARG_REASON,
	ARG_DELAY,
	ARG_MEMBER,
	ARG_SQLSTATE
};

/* The hash of the key of the event at a position, which has to be there. */
static uint64
hash_of_event(const EvConsumer *consumer, int64 position)
{
	EvScan *scan = ev_scan_open(position - 1, position);
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];
	EvEventSubject event;
	uint64 hash;

	if (!ev_scan_next(scan, values, nulls))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("there is no event at position " INT64_FORMAT, position),
						errhint("Give the position of the event that failed.")));
	ev_event_subject_init(&event, values, nulls);
	(void) ev_share_hash(consumer, &event, &hash);
	ev_scan_close(scan);
	return hash;
}

/* Does the member have this event in hand? */
static void
check_held(const EvConsumer *consumer, const EvConsumerMember *own, const EvFailure *failure,
		   bool put_aside)
{
	int share = ev_share_of_hash(consumer, failure->hash);

	for (int i = 0; i < own->nshares; i++)
	{
		if (own->shares[i] != share)
			continue;
		if (put_aside || failure->position > own->positions[i])
			return;
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the event at position " INT64_FORMAT " is acknowledged",
						failure->position),
				 errdetail("Consumer \"%s\" has come to position " INT64_FORMAT " with it.",
						   consumer->name, own->positions[i]),
				 errhint("Call events.nack() before events.acknowledge() goes past the event.")));
	}
	ereport(
		ERROR,
		(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
		 errmsg("member \"%s\" of consumer \"%s\" does not hold the event at position " INT64_FORMAT
				" any more",
				own->name, consumer->name, failure->position),
		 errhint("Roll back and fetch again.")));
}

static TimestampTz
next_attempt(FunctionCallInfo fcinfo, const EvConsumer *consumer, int attempts)
{
	int64 delay = consumer->retry_delay;

	if (!PG_ARGISNULL(ARG_DELAY))
		delay = ev_consumer_microseconds(PG_GETARG_INTERVAL_P(ARG_DELAY));
	else
	{
		for (int i = 1; i < attempts && delay < LONGEST_DELAY; i++)
			delay *= 2;
		delay = Min(delay, Max(LONGEST_DELAY, consumer->retry_delay));
	}
	return GetCurrentTimestamp() + Max(delay, 0);
}

static char *
get_text(FunctionCallInfo fcinfo, int arg)
{
	char *string;
	int length;

	if (PG_ARGISNULL(arg))
		return NULL;
	string = text_to_cstring(PG_GETARG_TEXT_PP(arg));
	length = strlen(string);
	if (length > MAX_REASON_LENGTH)
		string[pg_mbcliplen(string, length, MAX_REASON_LENGTH)] = '\0';
	return string;
}

/* The position stays before the event, and nothing overtakes it. */
static void
block(EvConsumerMember *own, const EvFailure *failure)
{
	(void) ev_member_advance(own, failure->position - 1);
	own->attempts = failure->attempts;
	own->not_before = failure->not_before;
	own->reason = failure->reason;
}

/* The position goes past the event. */
static void
go_on(EvConsumerMember *own, const EvFailure *failure)
{
	if (ev_member_advance(own, failure->position))
		ev_member_unblock(own);
}

/* Is it the event that holds up the member already? */
static bool
is_blocking(const EvConsumerMember *own, int64 position)
{
	return own->attempts > 0 && ev_member_position(own) == position - 1;
}

static const char *
fail(const EvConsumer *consumer, EvConsumerMember *own, const EvFailure *failure, bool put_aside)
{
	if (failure->attempts >= consumer->max_attempts)
	{
		ev_redelivery_give_up(consumer, failure);
		go_on(own, failure);
		return "dead";
	}
	if (!put_aside &&
		(consumer->key_kind == EV_KEY_NONE || ev_redelivery_count(consumer) >= ev_max_redeliveries))
		block(own, failure);
	else
	{
		ev_redelivery_retry(consumer, failure);
		go_on(own, failure);
	}
	return "retry";
}

/* events.nack(name, position, reason, delay, member, sqlstate) → 'retry' or 'dead' */
Datum
ev_nack(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"name", "position"};
	EvConsumer *consumer = ev_call_consumer(fcinfo, "events.nack()", 2, names);
	EvFailure failure = {.position = PG_GETARG_INT64(ARG_POSITION)};
	EvState state;
	EvConsumerMember own;
	const char *answer;
	bool put_aside;

	ev_start_check_future(failure.position, ev_reader_horizon());
	ev_call_lock_member(&state, consumer, ev_call_member(fcinfo, ARG_MEMBER, consumer), &own);
	put_aside = ev_redelivery_find(consumer, &failure);
	if (!put_aside)
	{
		failure.hash = hash_of_event(consumer, failure.position);
		failure.attempts = is_blocking(&own, failure.position) ? own.attempts : 0;
	}
	check_held(consumer, &own, &failure, put_aside);
	failure.attempts++;
	failure.not_before = next_attempt(fcinfo, consumer, failure.attempts);
	failure.reason = get_text(fcinfo, ARG_REASON);
	failure.sqlstate = get_text(fcinfo, ARG_SQLSTATE);

	ev_redelivery_settle(consumer, own.name, failure.position - 1);
	answer = fail(consumer, &own, &failure, put_aside);
	ev_member_renew(consumer, &own);
	ev_state_write(&state, &own);
	ev_state_close(&state);
	PG_RETURN_TEXT_P(cstring_to_text(answer));
}

/* events.redrive(name, position) → how many dead letters are delivered again */
Datum
ev_redrive(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"name"};
	EvConsumer *consumer = ev_call_consumer(fcinfo, "events.redrive()", 1, names);
	int64 position = PG_ARGISNULL(1) ? 0 : PG_GETARG_INT64(1);

	if (!PG_ARGISNULL(1) && position < 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("position must be at least 1: " INT64_FORMAT, position),
						errhint("NULL stands for all dead letters of the consumer.")));

	/* So that nobody drops it meanwhile, and its events are left to a namesake. */
	(void) ev_state_lock(consumer, EV_POOL, true);
	if (!ev_consumer_exists(consumer->name))
		ev_consumer_raise_unknown(consumer->name);
	ev_handler_changed();
	PG_RETURN_INT64(ev_redelivery_redrive(consumer, position));
}
