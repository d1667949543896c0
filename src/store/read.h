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

#endif /* EV_READ_H */
