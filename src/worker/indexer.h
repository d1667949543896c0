/* SPDX-License-Identifier: PostgreSQL
 *
 * indexer.h: the process that files events for search.
 */
#ifndef EV_INDEXER_H
#define EV_INDEXER_H

#include "postgres.h"

/* Once, when the worker is connected. */
extern void ev_indexer_init(void);

/*
 * For the worker, with each round: start the process, or wake it, if there is something
 * to file up to this horizon.  Returns in how many milliseconds to look again if
 * the horizon has not moved.
 */
extern long ev_indexer_serve(int64 horizon);

/* For the worker, in a transaction: is there something to do that no horizon tells? */
extern void ev_indexer_check(void);

/*
 * For the worker: does the process rest so that a round of maintenance gets its lock?  And
 * afterwards: that round is over.
 */
extern bool ev_indexer_gives_way(void);
extern void ev_indexer_go_on(void);

/* End the process of a database; waits until it is gone, 5 s at most. */
extern void ev_indexer_end(Oid database);

#endif /* EV_INDEXER_H */
