/* SPDX-License-Identifier: PostgreSQL
 *
 * handler_starter.h: what the worker of a database does for its handlers.
 */
#ifndef EV_HANDLER_STARTER_H
#define EV_HANDLER_STARTER_H

/* Once, when the worker is connected. */
extern void ev_handler_starter_init(void);

/*
 * Start a process for each handler that has something to do up to this horizon,
 * or wake the one that it has.  Returns in how many milliseconds to look again
 * if the horizon has not moved.  Costs one test where there are no handlers.
 */
extern long ev_handler_starter_serve(int64 horizon);

/* Find those that have something to do though nothing told so. */
extern void ev_handler_starter_check(void);

#endif /* EV_HANDLER_STARTER_H */
