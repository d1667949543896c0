/* SPDX-License-Identifier: PostgreSQL
 *
 * now_deadlock.h: do publishers wait for the very session that waits for them?
 */
#ifndef EV_NOW_DEADLOCK_H
#define EV_NOW_DEADLOCK_H

/* Does the process wait for a lock? */
extern bool ev_now_waits_for_lock(int proc_number);

/*
 * Can this session not go on unless it gives up?  It waits for a publisher, or,
 * with 0, for any of its database.
 */
extern bool ev_now_is_deadlock(int publisher);

/* The processes that a process waits for, as "process 1, process 2"; NULL if there are none. */
extern char *ev_now_blockers(int pid);

#endif /* EV_NOW_DEADLOCK_H */
