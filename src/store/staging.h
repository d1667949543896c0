/* SPDX-License-Identifier: PostgreSQL
 *
 * staging.h: events of prepared transactions, waiting for their positions.
 */
#ifndef EV_STAGING_H
#define EV_STAGING_H

#include "store/append.h"

typedef struct EvStagingWriter EvStagingWriter;

/* At PREPARE TRANSACTION: rows become visible with COMMIT PREPARED. */
extern EvStagingWriter *ev_staging_open(void);
extern void ev_staging_write(EvStagingWriter *writer, Datum *values, bool *nulls);
extern void ev_staging_close(EvStagingWriter *writer);

/* Is there any committed staged event that has no position yet? */
extern bool ev_staging_is_pending(void);

/* Is there one of this source and subject? */
extern bool ev_staging_contains(const text *source, const text *subject);

/*
 * Become the mover, if there is anything to move: takes the mover lock to the
 * end of the transaction, waiting for another mover.  Returns the number of
 * rows to move.  To be called before ev_append_open.
 */
extern int64 ev_staging_claim(void);

/* Only its lock, whether there is anything to move or not. */
extern void ev_staging_lock(void);

/* Move what is visible, in the order in which it was staged. */
extern void ev_staging_move(EvAppender *appender);

#endif /* EV_STAGING_H */
