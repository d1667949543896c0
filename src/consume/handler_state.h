/* SPDX-License-Identifier: PostgreSQL
 *
 * handler_state.h: what a round reads and writes, in SQL, as the extension's
 * owner.
 */
#ifndef EV_HANDLER_STATE_H
#define EV_HANDLER_STATE_H

#include "consume/handler.h"

/* Events of one round, in the memory context in which they were asked for. */
typedef struct EvHandlerEvents
{
	int count;
	Datum *events; /* rows of events.event */
	int64 *positions;
} EvHandlerEvents;

/* The handler in the current context, its function not looked at; NULL if there is none. */
extern EvHandler *ev_handler_state_load(const char *name);

/* OID of the function that the handler names, InvalidOid if there is none. */
extern Oid ev_handler_state_find_function(const EvHandler *handler);

/* The next events, at most so many; none if another session has them. */
extern EvHandlerEvents ev_handler_state_fetch(const EvHandler *handler, int count);
extern void ev_handler_state_acknowledge(const EvHandler *handler, int64 position);

/* true: the event went to the dead letters, and the next one can be had. */
extern bool ev_handler_state_nack(const EvHandler *handler, int64 position, const ErrorData *error);

/* When the next event is to be tried again; 0 if none is. */
extern TimestampTz ev_handler_state_next_retry(const EvHandler *handler);

/* The position that is being tried with care; 0 if none is. */
extern int64 ev_handler_state_trying(const EvHandler *handler);
extern void ev_handler_state_try(const EvHandler *handler, int64 position);

/* No round can be made, and none is to be tried for a while: until when is returned. */
extern TimestampTz ev_handler_state_fail(const EvHandler *handler, const ErrorData *error);

/* All is well: forget the trial and the failure. */
extern void ev_handler_state_clear(const EvHandler *handler);

#endif /* EV_HANDLER_STATE_H */
