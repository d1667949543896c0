/* SPDX-License-Identifier: PostgreSQL
 *
 * read.h: what the SQL functions that read can do for others.
 */
#ifndef EV_READ_H
#define EV_READ_H

#include "datatype/timestamp.h"

/* The cursor after which every event recorded at or after the time comes. */
extern int64 ev_read_position_at(TimestampTz t);

#endif /* EV_READ_H */
