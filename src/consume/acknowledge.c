/* SPDX-License-Identifier: PostgreSQL
 *
 * acknowledge.c: events.acknowledge(): these events are done.
 */
#include "base/compat.h"

#include "consume/call.h"
#include "consume/member.h"
#include "consume/start.h"
#include "store/reader.h"

PG_FUNCTION_INFO_V1(ev_acknowledge);

/* events.acknowledge(name, position, member) → position */
Datum
ev_acknowledge(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"name", "position"};
	EvConsumer *consumer = ev_call_consumer(fcinfo, "events.acknowledge()", 2, names);
	int64 position = PG_GETARG_INT64(1);
	EvState state;
	EvConsumerMember own;

	ev_start_check_future(position, ev_reader_horizon());
	ev_call_lock_member(&state, consumer, ev_call_member(fcinfo, 2, consumer), &own);
	if (ev_member_advance(&own, position))
	{
		ev_member_unblock(&own);
		ev_member_renew(consumer, &own);
		ev_state_write(&state, &own);
	}
	ev_state_close(&state);
	PG_RETURN_INT64(ev_member_position(&own));
}
