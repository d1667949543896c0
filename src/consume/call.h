/* SPDX-License-Identifier: PostgreSQL
 *
 * call.h: what the SQL functions of consumers have in common: arguments and refusals.
 */
#ifndef EV_CALL_H
#define EV_CALL_H

#include "consume/state.h"

/*
 * Raise what forbids the use of a consumer in this transaction (25001, 25006, 55000), and
 * 22004 if one of the first `required` arguments is NULL; the consumer of the first argument.
 */
extern EvConsumer *ev_call_consumer(FunctionCallInfo fcinfo, const char *function, int required,
									const char *const *names);

/* The refusals alone. */
extern void ev_call_check(FunctionCallInfo fcinfo, const char *function, int required,
						  const char *const *names);

/*
 * Who calls, by the argument of that number: of a consumer with a key the session, if it is
 * NULL; of one without, anybody.  Raises 22023 for a name that cannot be one.
 */
extern char *ev_call_member(FunctionCallInfo fcinfo, int arg, const EvConsumer *consumer);

/*
 * Lock the member, waiting, and read where it is; the state is open then.  Raises 40001 if it
 * has no share.
 */
extern void ev_call_lock_member(EvState *state, const EvConsumer *consumer, const char *name,
								EvConsumerMember *member);

#endif /* EV_CALL_H */
