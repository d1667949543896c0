/* SPDX-License-Identifier: PostgreSQL
 *
 * read.h: what the SQL functions that read can do for others.
 */
#ifndef EV_READ_H
#define EV_READ_H

#include "datatype/timestamp.h"

/* Recorded times may lie out of order by so much (a commit that was held up). */
#define EV_CLOCK_DISORDER (10 * USECS_PER_SEC)

/* The cursor after which every event recorded at or after the time comes. */
extern int64 ev_read_position_at(TimestampTz t);

/*
 * Narrow a range of positions, after < position <= upto, to what may have been recorded
 * at or after `from` and before `to`.
 */
extern void ev_read_narrow(TimestampTz from, TimestampTz to, int64 *after, int64 *upto);

#endif /* EV_READ_H */
