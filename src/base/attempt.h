/* SPDX-License-Identifier: PostgreSQL
 *
 * attempt.h: doing something that may fail without failing the transaction.
 */
#ifndef EV_ATTEMPT_H
#define EV_ATTEMPT_H

/*
 * Call the function in a subtransaction.  NULL if it went well; else all that
 * it did is undone and its error is returned, in the caller's memory.
 */
extern ErrorData *ev_attempt(void (*function)(void *), void *arg);

/* Is this a cancelled query or a shutdown, which a caller should not swallow? */
extern bool ev_attempt_was_interrupted(const ErrorData *error);

#endif /* EV_ATTEMPT_H */
