/* SPDX-License-Identifier: PostgreSQL
 *
 * scan.h: walking events by position.
 */
#ifndef EV_SCAN_H
#define EV_SCAN_H

#include "datatype/timestamp.h"
#include "store/columns.h"
#include "utils/snapshot.h"

typedef struct EvScan EvScan;

/*
 * Events with after < position <= upto, ascending, as a snapshot taken now
 * sees them.  For upto at or below the horizon, call it after the horizon was
 * computed: nothing is missed then.  Raises EV001 if the events after the
 * cursor are no longer kept; so does ev_scan_next, if they are dropped meanwhile.
 */
extern EvScan *ev_scan_open(int64 after, int64 upto);

/* The same, but begins with the oldest event kept if `after` is too old. */
extern EvScan *ev_scan_open_kept(int64 after, int64 upto);

/*
 * One more walk beside another, with its snapshot, also from the newest event to the
 * oldest one; begins and ends with what is kept.  It is closed before the other.
 */
extern EvScan *ev_scan_open_beside(const EvScan *scan, int64 after, int64 upto, bool backward);

/* The snapshot with which it reads. */
extern Snapshot ev_scan_snapshot(const EvScan *scan);

/* Go on after this position, if that is ahead; before the first ev_scan_next. */
extern void ev_scan_skip(EvScan *scan, int64 after);

/*
 * The event at a position, whatever has been walked; false if there is none.
 * To be called before the first ev_scan_next or after the last one.
 */
extern bool ev_scan_fetch(EvScan *scan, int64 position, Datum *values, bool *nulls);

/*
 * Is the partition of a position still there, which was when the scan was opened?  Then it
 * stays until the transaction ends.  To be called when ev_scan_fetch may be.
 */
extern bool ev_scan_holds(EvScan *scan, int64 position);

/*
 * The next positions that belong to partitions of the scan, from `position` on and up to the
 * next hole between partitions; false if there are none.
 */
extern bool ev_scan_next_covered(const EvScan *scan, int64 position, int64 *low, int64 *high);

/*
 * The next event: its columns, valid until the next call.  false at the end.
 * Values may be compressed or stored out of line, as in any tuple.
 */
extern bool ev_scan_next(EvScan *scan, Datum *values, bool *nulls);

extern void ev_scan_close(EvScan *scan);

/* When the last event that is seen now was recorded; false if there is none. */
extern bool ev_scan_newest(TimestampTz *recorded_at);

#endif /* EV_SCAN_H */
