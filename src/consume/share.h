/* SPDX-License-Identifier: PostgreSQL
 *
 * share.h: to which share of a consumer does an event belong?
 */
#ifndef EV_SHARE_H
#define EV_SHARE_H

#include "consume/consumer.h"
#include "store/event_subject.h"

/* Of the event's key; where that is null, of its id.  Raises 54001 past a limit. */
extern uint64 ev_share_hash(const EvConsumer *consumer, EvEventSubject *event);

static inline int
ev_share_of_hash(const EvConsumer *consumer, uint64 hash)
{
	return (int) (hash % (uint64) consumer->nshares);
}

#endif /* EV_SHARE_H */
