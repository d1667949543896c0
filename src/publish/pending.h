/* SPDX-License-Identifier: PostgreSQL
 *
 * pending.h: the events that this transaction has published and not committed.
 */
#ifndef EV_PENDING_H
#define EV_PENDING_H

#include "access/htup.h"
#include "access/xact.h"
#include "datatype/timestamp.h"

/*
 * Append an event; its position and recorded_at do not matter.  Raises 54000
 * past events.max_pending_events.
 */
extern void ev_pending_add(Datum *values, bool *nulls);

/* The same for an event that was recorded elsewhere, and keeps that time. */
extern void ev_pending_add_recorded(Datum *values, bool *nulls, TimestampTz recorded_at);

/* The earliest recorded time that one of them keeps; infinity if none does. */
extern TimestampTz ev_pending_oldest_kept(void);

/*
 * The latest time at which one of them is recorded, `now` for those that get it at commit;
 * -infinity if there is none.
 */
extern TimestampTz ev_pending_newest(TimestampTz now);

/* Raises 55000 if an error has left the list incomplete. */
extern void ev_pending_check(void);

/* Live events: without those of rolled-back subtransactions. */
extern int64 ev_pending_count(void);

/*
 * Read the live events back, once, in the order in which they were published.
 * next fills the columns (position and recorded_at are NULL), valid until the next call.
 */
extern void ev_pending_rewind(void);
extern bool ev_pending_next(Datum *values, bool *nulls);

/*
 * The same as a formed row of ev_columns_descriptor(), in which position and
 * recorded_at have room: a position of 0, and the time that is kept or, for those that
 * get it at commit, -infinity.  NULL at the end.  One that `stays` lies still to
 * ev_pending_reset, and may be written into.
 */
extern HeapTuple ev_pending_next_row(bool *stays);

/* Forget everything; `release` also frees (not after an error, when the owner has). */
extern void ev_pending_reset(bool release);

/* Subtransactions. */
extern void ev_pending_subxact_commit(int level);
extern void ev_pending_subxact_abort(int level);

#endif /* EV_PENDING_H */
