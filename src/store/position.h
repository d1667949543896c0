/* SPDX-License-Identifier: PostgreSQL
 *
 * position.h: the sequence of positions, the commit gate and the horizon.
 *
 * The order of use in a committing transaction is law (docs/order.md):
 *
 *     open the tables → ev_position_enter_gate → ev_position_draw ... → commit
 *
 * and the gate is left only after the rows are visible.
 */
#ifndef EV_POSITION_H
#define EV_POSITION_H

#include "datatype/timestamp.h"
#include "utils/relcache.h"

/* The greatest position drawn so far, by anybody; 0 if none was. */
extern int64 ev_position_last(Oid sequence);

/*
 * Skip the sequence ahead if this is its first use since shared memory was
 * initialised.  Entering the gate and the horizon do it too; who needs to know
 * where the sequence stands before that calls it himself.
 */
extern void ev_position_make_ready(Oid sequence);

/*
 * Enter the commit gate.  It is left by ev_position_leave_gate, or, where it is
 * a lock, by the end of the (sub)transaction.
 */
extern void ev_position_enter_gate(Relation sequence);

/* Has this transaction entered the gate?  Then it must not wait for another one. */
extern bool ev_position_is_in_gate(void);

/*
 * Draw up to `most` positions that follow one another, from *first on; returns
 * how many, at least one.  Only inside the gate.
 */
extern int ev_position_draw(Relation sequence, int most, int64 *first);

/*
 * When the rows are visible and cache invalidations have been sent, or after
 * an abort; raises nothing.  Was the gate entered?
 */
extern bool ev_position_leave_gate(void);

/*
 * The greatest position at and below which everything is decided: committed
 * and visible to the next snapshot, or never to be.  Monotone.  Never waits
 * where there is shared memory; else waits for the commits in flight up to
 * events.horizon_timeout.
 */
extern int64 ev_position_horizon(Oid sequence);

/* A subtransaction of this nesting level was rolled back, and its locks are gone. */
extern void ev_position_abort_subxact(int level);

/* Commits inside the gate now, and since when the oldest is; 0 if unknown. */
extern int ev_position_in_flight(Oid sequence, TimestampTz *oldest);

#endif /* EV_POSITION_H */
