/* SPDX-License-Identifier: PostgreSQL
 *
 * reader.h: where reading begins and how far it may go: cursors and the horizon.
 *
 * A reader computes the horizon first and takes its snapshot after that, so that
 * everything at and below the horizon is seen.  That is why readers refuse
 * REPEATABLE READ and SERIALIZABLE, where a statement must not see what the
 * transaction's snapshot does not, and hot standbys, whose copy of the
 * sequence runs ahead and which know nothing of commits in flight.
 *
 * A cursor is the position of the last event that was taken in.  One below
 * what retention has kept, or above what was ever drawn, is an error (EV001,
 * EV002), never an empty answer.
 */
#ifndef EV_READER_H
#define EV_READER_H

#include "postgres.h"

#include "fmgr.h"

/* Raise 55000 on a hot standby; function is named in the message. */
extern void ev_reader_refuse_standby(const char *function);

/* The same, and 25001 in a transaction whose snapshot stays the same. */
extern void ev_reader_refuse_old_snapshots(const char *function);

/*
 * The horizon.  Events of prepared transactions that have been committed are
 * given their positions by the commit of the reader's own transaction.
 */
extern int64 ev_reader_horizon(void);

/* The lowest position that is kept. */
extern int64 ev_reader_oldest(void);

/*
 * A cursor from an argument; NULL is the earliest.  To be called after the
 * horizon was computed: that brings the sequence back above all it ever gave.
 * Raises 22023 if it is negative, EV002 if it is in the future.  Whether it is
 * too old is seen when the partitions are (ev_scan_open).
 */
extern int64 ev_reader_from_argument(FunctionCallInfo fcinfo, int arg);

/* The same errors for a cursor that came in another way. */
extern void ev_reader_check_cursor(int64 after);

/* max_count from an argument; NULL is all.  Raises 22023 below 1. */
extern int ev_reader_max_count(FunctionCallInfo fcinfo, int arg);

/* Have the end of this transaction move staged events, if there are any. */
extern void ev_reader_request_sweep_if_staged(void);

/*
 * Did a reader of this transaction see staged events without a position?  The
 * commit then moves them.  The request is forgotten.
 */
extern bool ev_reader_take_sweep_request(void);

#endif /* EV_READER_H */
