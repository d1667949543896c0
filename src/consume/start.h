/* SPDX-License-Identifier: PostgreSQL
 *
 * start.h: where a consumer begins, as its user says it.
 */
#ifndef EV_START_H
#define EV_START_H

/*
 * The position after which to begin: latest, earliest, digits, a cursor, or a time.
 * Raises 22023 for anything else, EV001 or EV002 for a position that cannot be.
 */
extern int64 ev_start_position(const char *start);

/* Raises EV002 for a position above the horizon. */
extern void ev_start_check_future(int64 position, int64 horizon);

#endif /* EV_START_H */
