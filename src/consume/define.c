/* SPDX-License-Identifier: PostgreSQL
 *
 * define.c: making, removing and moving consumers.
 *
 * All three hold the lock of the pool to the end of the transaction, so they
 * come one after the other, and no member joins meanwhile.  A new consumer has
 * one row of state: the pool, with all shares, at the position where it starts.
 * seek() and drop_consumer() take all members' shares first, and wait for
 * each of them: what is under way in somebody's transaction is finished.
 */
#include "base/compat.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "base/catalog.h"
#include "catalog/indexing.h"
#include "consume/call.h"
#include "consume/handler.h"
#include "consume/member.h"
#include "consume/redelivery.h"
#include "consume/start.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(ev_create_consumer);
PG_FUNCTION_INFO_V1(ev_drop_consumer);
PG_FUNCTION_INFO_V1(ev_seek);

#define MAX_NAME_LENGTH 200

/* Arguments of events.create_consumer(). */
enum
{
	ARG_NAME,
	ARG_TOPICS,
	ARG_TYPES,
	ARG_PATTERN,
	ARG_FILTER,
	ARG_START,
	ARG_KEY,
	ARG_SHARES,
	ARG_LEASE,
	ARG_MAX_ATTEMPTS,
	ARG_RETRY_DELAY
};

static void
refuse(const char *message, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s", message), errhint("%s", hint)));
}

static void
check_name(const text *name)
{
	int length = VARSIZE_ANY_EXHDR(name);

	if (length < 1 || length > MAX_NAME_LENGTH)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("name of a consumer must have 1 to %d bytes", MAX_NAME_LENGTH),
						errdetail("It has %d.", length)));
}

static void
check_numbers(FunctionCallInfo fcinfo)
{
	int shares = PG_GETARG_INT32(ARG_SHARES);

	if (shares < 1 || shares > EV_MAX_SHARES)
		refuse(psprintf("shares must be between 1 and %d: %d", EV_MAX_SHARES, shares),
			   "As many members as there are shares can have something to do.");
	if (ev_consumer_microseconds(PG_GETARG_INTERVAL_P(ARG_LEASE)) < 1000 ||
		ev_consumer_microseconds(PG_GETARG_INTERVAL_P(ARG_LEASE)) > USECS_PER_DAY)
		refuse("lease must be between a millisecond and a day",
			   "It is how long others wait before they take over from a member that is gone.");
	if (PG_GETARG_INT32(ARG_MAX_ATTEMPTS) < 1)
		refuse("max_attempts must be at least 1",
			   "With 1, an event goes to events.dead_letter when it fails for the first time.");
	if (ev_consumer_microseconds(PG_GETARG_INTERVAL_P(ARG_RETRY_DELAY)) < 0)
		refuse("retry_delay must not be negative", "For example '1 s'.");
}

/* The row of events.consumer from the arguments. */
static void
collect_row(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	static const struct
	{
		int column;
		int argument;
	} map[] = {{CONSUMER_NAME, ARG_NAME},
			   {CONSUMER_TOPICS, ARG_TOPICS},
			   {CONSUMER_TYPES, ARG_TYPES},
			   {CONSUMER_PATTERN, ARG_PATTERN},
			   {CONSUMER_FILTER, ARG_FILTER},
			   {CONSUMER_KEY, ARG_KEY},
			   {CONSUMER_SHARES, ARG_SHARES},
			   {CONSUMER_LEASE, ARG_LEASE},
			   {CONSUMER_MAX_ATTEMPTS, ARG_MAX_ATTEMPTS},
			   {CONSUMER_RETRY_DELAY, ARG_RETRY_DELAY}};

	memset(nulls, true, sizeof(bool) * CONSUMER_NCOLUMNS);
	for (int i = 0; i < lengthof(map); i++)
	{
		values[map[i].column - 1] = PG_GETARG_DATUM(map[i].argument);
		nulls[map[i].column - 1] = PG_ARGISNULL(map[i].argument);
	}
	values[CONSUMER_OWNER - 1] = ObjectIdGetDatum(GetUserId());
	nulls[CONSUMER_OWNER - 1] = false;
	values[CONSUMER_CREATED_AT - 1] = TimestampTzGetDatum(GetCurrentTimestamp());
	nulls[CONSUMER_CREATED_AT - 1] = false;

	/* Without a key nothing could be dealt out. */
	if (nulls[CONSUMER_KEY - 1])
		values[CONSUMER_SHARES - 1] = Int32GetDatum(1);
}

static void
insert_row(Datum *values, bool *nulls)
{
	Relation rel = table_open(ev_catalog_relid("consumer"), RowExclusiveLock);

	CatalogTupleInsert(rel, heap_form_tuple(RelationGetDescr(rel), values, nulls));
	table_close(rel, NoLock);
	CommandCounterIncrement();
}

/* The first row of state: nobody holds anything yet. */
static void
insert_pool(const EvConsumer *consumer, int64 position)
{
	EvState state;
	EvConsumerMember pool;

	ev_state_open(&state, consumer);
	ev_state_read(&state, EV_POOL, &pool);
	for (int i = 0; i < consumer->nshares; i++)
	{
		pool.shares[i] = i;
		pool.positions[i] = position;
	}
	pool.nshares = consumer->nshares;
	ev_state_write(&state, &pool);
	ev_state_close(&state);
}

Datum
ev_create_consumer(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"name",	  "topics",		  "types",		"pattern",
										"filter", "start",		  "key",		"shares",
										"lease",  "max_attempts", "retry_delay"};
	EvConsumer consumer = {0};
	Datum values[CONSUMER_NCOLUMNS];
	bool nulls[CONSUMER_NCOLUMNS];
	int64 position;

	ev_call_check(fcinfo, "events.create_consumer()", 1, names);
	for (int i = ARG_START; i <= ARG_RETRY_DELAY; i++)
	{
		if (i != ARG_KEY && PG_ARGISNULL(i))
			refuse(psprintf("%s must not be NULL", names[i]), "Leave it out for the default.");
	}
	check_name(PG_GETARG_TEXT_PP(ARG_NAME));
	check_numbers(fcinfo);
	collect_row(fcinfo, values, nulls);
	ev_consumer_compile(&consumer, values, nulls);
	position = ev_start_position(text_to_cstring(PG_GETARG_TEXT_PP(ARG_START)));

	(void) ev_state_lock(&consumer, EV_POOL, true);
	if (ev_consumer_exists(consumer.name))
		ereport(ERROR, (errcode(ERRCODE_DUPLICATE_OBJECT),
						errmsg("consumer \"%s\" already exists", consumer.name),
						errhint("events.drop_consumer() removes it, events.seek() moves it.")));
	insert_row(values, nulls);
	insert_pool(&consumer, position);
	PG_RETURN_INT64(position);
}

Datum
ev_drop_consumer(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"name"};
	EvConsumer *consumer = ev_call_consumer(fcinfo, "events.drop_consumer()", 1, names);
	EvState state;
	EvConsumerMember pool;

	ev_state_open(&state, consumer);
	ev_member_gather(&state, &pool);
	ev_state_close(&state);
	ev_redelivery_forget(consumer, true);
	ev_consumer_delete(consumer);
	ev_handler_changed();
	PG_RETURN_VOID();
}

/* events.seek(name, start) → position */
Datum
ev_seek(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"name", "start"};
	EvConsumer *consumer = ev_call_consumer(fcinfo, "events.seek()", 2, names);
	int64 position = ev_start_position(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	EvState state;
	EvConsumerMember pool;

	ev_state_open(&state, consumer);
	ev_member_gather(&state, &pool);
	pool.nshares = consumer->nshares;
	for (int i = 0; i < consumer->nshares; i++)
	{
		pool.shares[i] = i;
		pool.positions[i] = position;
	}
	ev_member_unblock(&pool);
	ev_state_write(&state, &pool);
	ev_state_close(&state);
	ev_redelivery_forget(consumer, false);
	ev_handler_changed();
	PG_RETURN_INT64(position);
}
