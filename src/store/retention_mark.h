/* SPDX-License-Identifier: PostgreSQL
 *
 * retention_mark.h: has retention removed events after a cursor?
 */
#ifndef EV_RETENTION_MARK_H
#define EV_RETENTION_MARK_H

/*
 * Can events with a position above `after` and below `lower`, where no partition is any
 * more, have been removed?  false only if it is known that there were none.
 */
extern bool ev_retention_mark_passed(int64 after, int64 lower);

#endif /* EV_RETENTION_MARK_H */
