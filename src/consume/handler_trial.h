/* SPDX-License-Identifier: PostgreSQL
 *
 * handler_trial.h: trying one event with care.
 */
#ifndef EV_HANDLER_TRIAL_H
#define EV_HANDLER_TRIAL_H

#include "consume/handler.h"

/* Be able to try events of a handler; false: not now. */
extern bool ev_handler_trial_open(uint64 key);

/*
 * Is it the event's turn, because a transaction has noted it?  Else note it, or
 * nack it, and do no more in this one.
 */
extern bool ev_handler_trial_begin(const EvHandler *handler, int64 position);

/* The transaction of a trial fails by something that is not the event's fault. */
extern void ev_handler_trial_excuse(uint64 key);

/* The function has been called. */
extern void ev_handler_trial_end(const EvHandler *handler);

/*
 * There is nothing to try.  A note without an event is removed, and then what
 * says that its writer lives is kept until that is committed; else it is given up.
 */
extern void ev_handler_trial_leave(const EvHandler *handler);

/* The transaction of a trial has failed, with this error: nack its event.  false: there is none. */
extern bool ev_handler_trial_fail(const EvHandler *handler, const ErrorData *error);

#endif /* EV_HANDLER_TRIAL_H */
