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

/*
 * Has ALTER DATABASE or ALTER ROLE changed what a process gets that connects?  One that
 * runs never gets it.  Within SPI, and for processes that connect as nobody in particular;
 * the first call takes note of what there is.
 */
extern bool ev_session_has_new_settings(void);

#endif /* EV_SESSION_H */
