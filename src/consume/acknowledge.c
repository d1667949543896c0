/* SPDX-License-Identifier: PostgreSQL
 *
 * acknowledge.c: events.acknowledge(): these events are done; and events.leave().
 */
#include "base/compat.h"

#include "consume/call.h"
#include "consume/member.h"
#include "consume/redelivery.h"
#include "consume/start.h"
#include "store/reader.h"

PG_FUNCTION_INFO_V1(ev_acknowledge);
PG_FUNCTION_INFO_V1(ev_leave);

/* events.acknowledge(name, position, member) → position */
Datum
ev_acknowledge(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"name"};
	EvConsumer *consumer = ev_call_consumer(fcinfo, "events.acknowledge()", 1, names);
	int64 position;
	EvState state;
	EvConsumerMember own;

	/* The greatest position of no events. */
	if (PG_ARGISNULL(1))
		PG_RETURN_NULL();
	position = PG_GETARG_INT64(1);
	ev_start_check_future(position, ev_reader_horizon());
	ev_call_lock_member(&state, consumer, ev_call_member(fcinfo, 2, consumer), &own);
	ev_redelivery_settle(consumer, own.name, position);
	if (ev_member_advance(&own, position))
	{
		ev_member_unblock(&own);
		ev_member_renew(consumer, &own);
		ev_state_write(&state, &own);
	}
	ev_state_close(&state);
	PG_RETURN_INT64(ev_member_position(&own));
}

/* events.leave(name, member) → was it there? */
Datum
ev_leave(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"name"};
	EvConsumer *consumer = ev_call_consumer(fcinfo, "events.leave()", 1, names);
	char *member = ev_call_member(fcinfo, 1, consumer);
	EvState state;
	bool was_there;

	ev_state_open(&state, consumer);
	was_there = ev_member_leave(&state, member);
	ev_state_close(&state);
	PG_RETURN_BOOL(was_there);
}
