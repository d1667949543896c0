/* SPDX-License-Identifier: PostgreSQL
 *
 * call.c: what the SQL functions of consumers have in common: arguments and refusals.
 */
#include "base/compat.h"

#include "consume/call.h"
#include "miscadmin.h"
#include "store/reader.h"
#include "utils/builtins.h"

#define MAX_MEMBER_LENGTH 200

void
ev_call_check(FunctionCallInfo fcinfo, const char *function, int required, const char *const *names)
{
	ev_reader_refuse_old_snapshots(function);
	PreventCommandIfReadOnly(function);
	for (int i = 0; i < required; i++)
	{
		if (PG_ARGISNULL(i))
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("%s of %s must not be NULL", names[i], function)));
	}
}

EvConsumer *
ev_call_consumer(FunctionCallInfo fcinfo, const char *function, int required,
				 const char *const *names)
{
	ev_call_check(fcinfo, function, required, names);
	return ev_consumer_get(PG_GETARG_TEXT_PP(0));
}

char *
ev_call_member(FunctionCallInfo fcinfo, int arg, const EvConsumer *consumer)
{
	char *name;

	if (PG_ARGISNULL(arg))
		return consumer->key_kind == EV_KEY_NONE
				   ? pstrdup(EV_ANYBODY)
				   : psprintf("session " INT64_FORMAT ".%d", (int64) MyStartTimestamp, MyProcPid);
	name = text_to_cstring(PG_GETARG_TEXT_PP(arg));
	if (name[0] == '\0' || strcmp(name, EV_POOL) == 0 || strlen(name) > MAX_MEMBER_LENGTH)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("\"%s\" cannot be the name of a member", name),
						errdetail("A name has 1 to %d bytes, and is not \"%s\".", MAX_MEMBER_LENGTH,
								  EV_POOL),
						errhint("For example host name and process number; NULL is the session.")));
	return name;
}

void
ev_call_lock_member(EvState *state, const EvConsumer *consumer, const char *name,
					EvConsumerMember *member)
{
	(void) ev_state_lock(consumer, name, true);
	ev_state_open(state, consumer);
	ev_state_read(state, name, member);
	if (member->nshares > 0)
		return;
	if (!ev_consumer_exists(consumer->name))
		ev_consumer_raise_unknown(consumer->name);
	if (name[0] == '\0')
		ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
						errmsg("consumer \"%s\" has nothing to acknowledge", consumer->name),
						errdetail("Nothing was fetched since it was made or events.seek() was "
								  "called, or a named member has it."),
						errhint("Roll back and fetch again.")));
	ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					errmsg("member \"%s\" of consumer \"%s\" holds nothing any more", name,
						   consumer->name),
					errdetail("Its lease has run out and others have its events, or "
							  "events.seek() or events.leave() was called."),
					errhint("Roll back and fetch again; a longer lease (events.create_consumer) "
							"gives more time between two calls.")));
}
