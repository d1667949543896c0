/* SPDX-License-Identifier: PostgreSQL
 *
 * wake.h: telling a database's worker, and who waits, that something was committed.
 *
 * None of these raise an error, so they can be called after COMMIT; but for those that
 * prepare it, and that wait.
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

/*
 * Readers that wait for events (events.fetch): the end of this transaction, when it has
 * left the gate and released its locks, wakes them.  Costs next to nothing if none wait.
 */
extern void ev_wake_readers_at_end(Oid sequence);

/* That end.  Raises nothing. */
extern void ev_wake_readers(void);

/*
 * Wait to be woken: prepare, look whether there is anything, sleep if not, and so on;
 * cancel at last.  A sleep may end for no reason, and ends after so many milliseconds, or
 * by an interrupt.  Without shared memory nobody wakes, and it ends after 250 ms.
 */
extern void ev_wake_prepare(Oid sequence);
extern void ev_wake_sleep(Oid sequence, long ms);
extern void ev_wake_cancel(void);

#endif /* EV_WAKE_H */
