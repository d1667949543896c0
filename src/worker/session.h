/* SPDX-License-Identifier: PostgreSQL
 *
 * session.h: settings of our background processes.
 */
#ifndef EV_SESSION_H
#define EV_SESSION_H

/*
 * What the database or a role sets must not steer when and whether a process works.
 * Each process adds what goes for it alone, lock_timeout above all.
 */
extern void ev_session_fix_settings(void);

/* One more setting that nothing changes afterwards. */
extern void ev_session_fix(const char *name, const char *value);

#endif /* EV_SESSION_H */
