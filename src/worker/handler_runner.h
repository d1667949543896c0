/* SPDX-License-Identifier: PostgreSQL
 *
 * handler_runner.h: the process that runs one handler for a while.
 */
#ifndef EV_HANDLER_RUNNER_H
#define EV_HANDLER_RUNNER_H

#include "postmaster/bgworker.h"

/*
 * Ask for a process.  It connects as `owner`; as nobody in particular if that is
 * InvalidOid, and then switches the user for each call.  NULL: there is no free
 * background worker slot.  The handle is allocated in the current context.
 */
extern BackgroundWorkerHandle *ev_handler_runner_start(const char *name, uint64 key, Oid owner);

/*
 * End the processes of a database and let none begin for a while, so that the
 * database or the extension can be dropped.  Waits until they are gone, 5 s at
 * most.  ev_handler_runner_resume lets them begin again at once.
 */
extern void ev_handler_runner_suspend(Oid database);
extern void ev_handler_runner_resume(Oid database);

#endif /* EV_HANDLER_RUNNER_H */
