/* SPDX-License-Identifier: PostgreSQL
 *
 * launcher.h: the process that starts a worker for each database that uses
 * events.
 */
#ifndef EV_LAUNCHER_H
#define EV_LAUNCHER_H

/* From _PG_init, in the postmaster only. */
extern void ev_launcher_register(void);

/*
 * End the worker of a database and start none for a while, so that the
 * database can be dropped, renamed or copied.  Waits until it is gone, 5 s at
 * most.  ev_launcher_resume lets the launcher start it again at once.
 */
extern void ev_launcher_suspend(Oid database);
extern void ev_launcher_resume(Oid database);

#endif /* EV_LAUNCHER_H */
