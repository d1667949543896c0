/* SPDX-License-Identifier: PostgreSQL
 *
 * wake.h: telling a database's worker that something was committed.
 *
 * None of these raise an error, so they can be called after COMMIT.
 */
#ifndef EV_WAKE_H
#define EV_WAKE_H

/* Does this database have a running worker, which will do the NOTIFY? */
extern bool ev_wake_has_worker(void);

/* Process id of this database's worker, 0 if there is none. */
extern int ev_wake_worker_pid(void);

/* Wake this database's worker; if it has none and could, ask for one. */
extern void ev_wake_worker(void);

/* Ask the launcher for a worker of this database, if it has none. */
extern void ev_wake_request_worker(void);

#endif /* EV_WAKE_H */
