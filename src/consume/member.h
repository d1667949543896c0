/* SPDX-License-Identifier: PostgreSQL
 *
 * member.h: who holds which shares.
 */
#ifndef EV_MEMBER_H
#define EV_MEMBER_H

#include "consume/state.h"

/*
 * Take into account who else is there: take over what members hold whose
 * lease has run out, take what is free, give up what is more than this member's part.
 * The caller holds the member's lock; `settled` says that it has fetched nothing in this
 * transaction yet, so that it can give something up.  Waits for nobody.
 */
extern void ev_member_balance(EvState *state, EvConsumerMember *own, bool settled);

/* Has it a lease, and less than two thirds of it left? */
extern bool ev_member_must_renew(const EvConsumer *consumer, const EvConsumerMember *member);

/* From now on; nothing for who gave no name. */
extern void ev_member_renew(const EvConsumer *consumer, EvConsumerMember *member);

/* What held up the event after the position is over. */
extern void ev_member_unblock(EvConsumerMember *member);

/* Give all that it holds back, and be gone; waits for those who look around.  Was it there? */
extern bool ev_member_leave(EvState *state, const char *name);

/* All shares of all members go into the pool; waits for those who use them. */
extern void ev_member_gather(EvState *state, EvConsumerMember *pool);

#endif /* EV_MEMBER_H */
