/* SPDX-License-Identifier: PostgreSQL
 *
 * handler_trial.h: trying one event with care.
 */
#ifndef EV_HANDLER_TRIAL_H
#define EV_HANDLER_TRIAL_H

#include "consume/handler.h"

/*
 * The trial lock of a handler, of this session; false: another session has it.
 * Held until it is released, over transactions.
 */
extern bool ev_handler_trial_lock(uint64 key);
extern void ev_handler_trial_unlock(uint64 key);

/*
 * Is it the event's turn, because this session has noted it?  Else note it, or
 * nack it, and do no more in this transaction.
 */
extern bool ev_handler_trial_begin(const EvHandler *handler, int64 position);

/* The function has been called. */
extern void ev_handler_trial_end(const EvHandler *handler);

/*
 * There is nothing to try.  A note without an event is removed, and then the
 * lock is still held until that is committed; else it is released.
 */
extern void ev_handler_trial_leave(const EvHandler *handler);

/* The transaction of a trial has failed, with this error: nack its event.  false: there is none. */
extern bool ev_handler_trial_fail(const EvHandler *handler, const ErrorData *error);

#endif /* EV_HANDLER_TRIAL_H */
