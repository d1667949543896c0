/* SPDX-License-Identifier: PostgreSQL
 *
 * append.h: writing rows of events.event with new positions.
 */
#ifndef EV_APPEND_H
#define EV_APPEND_H

#include "store/columns.h"

typedef struct EvAppender EvAppender;

/*
 * Open the tables for about `count` rows, make partitions that are missing,
 * then enter the commit gate.  Raises 0A000 if the table has insert triggers or computed columns.
 */
extern EvAppender *ev_append_open(int64 count);

/*
 * Draw a position and write (or buffer) the row.  position of the values is
 * filled in here, and recorded_at if it is NULL or -infinity.
 */
extern void ev_append_row(EvAppender *appender, Datum *values, bool *nulls);

/*
 * The same for a row that is formed, by ev_columns_descriptor(); position and
 * recorded_at are not NULL in it.  One that `stays` lies still until
 * ev_append_close and is written into; another is copied.
 */
extern void ev_append_formed_row(EvAppender *appender, HeapTuple row, bool stays);

/* Write what is buffered, close everything; the last position drawn, or 0. */
extern int64 ev_append_close(EvAppender *appender);

#endif /* EV_APPEND_H */
