/* SPDX-License-Identifier: PostgreSQL
 *
 * share.h: to which share of a consumer does an event belong?
 */
#ifndef EV_SHARE_H
#define EV_SHARE_H

#include "consume/consumer.h"
#include "store/event_subject.h"

/*
 * Of the event's key; where that is null, of its id.  false if the key cannot be known,
 * because it passed a limit: the hash is that of the id then, too.
 */
extern bool ev_share_hash(const EvConsumer *consumer, EvEventSubject *event, uint64 *hash);

static inline int
ev_share_of_hash(const EvConsumer *consumer, uint64 hash)
{
	return (int) (hash % (uint64) consumer->nshares);
}

#endif /* EV_SHARE_H */
