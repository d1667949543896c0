/* SPDX-License-Identifier: PostgreSQL
 *
 * redelivery.h: events that a consumer gets again.
 */
#ifndef EV_REDELIVERY_H
#define EV_REDELIVERY_H

#include "consume/state.h"

/* Forget what the consumer is to get again, and (dropped) its dead letters. */
extern void ev_redelivery_forget(const EvConsumer *consumer, bool dropped);

#endif /* EV_REDELIVERY_H */
