/* SPDX-License-Identifier: PostgreSQL
 *
 * handler_function.h: which functions can be handlers, and calling them.
 */
#ifndef EV_HANDLER_FUNCTION_H
#define EV_HANDLER_FUNCTION_H

#include "consume/handler.h"

/* Raises 42809 if the function cannot be a handler, 42501 if `role` may not call it. */
extern EvHandlerForm ev_handler_function_check(Oid function, Oid role);

/* Does it set a search_path of its own, or need none? */
extern bool ev_handler_function_is_pinned(Oid function);

/*
 * Call it with one argument, as the handler's owner, in a subtransaction that
 * is undone if it fails; NULL, or the error.  An error that means somebody else
 * cancelled it is raised again.
 */
extern ErrorData *ev_handler_function_call(const EvHandler *handler, Datum argument);

#endif /* EV_HANDLER_FUNCTION_H */
