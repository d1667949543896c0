/* SPDX-License-Identifier: PostgreSQL
 *
 * scan.h: walking events by position.
 */
#ifndef EV_SCAN_H
#define EV_SCAN_H

#include "store/columns.h"

typedef struct EvScan EvScan;

/*
 * Events with after < position <= upto, ascending, as a snapshot taken now
 * sees them.  For upto at or below the horizon, call it after the horizon was
 * computed: nothing is missed then.  Raises EV001 if the events after the
 * cursor are no longer kept; so does ev_scan_next, if they are dropped meanwhile.
 */
extern EvScan *ev_scan_open(int64 after, int64 upto);

/*
 * The next event: its columns, valid until the next call.  false at the end.
 * Values may be compressed or stored out of line, as in any tuple.
 */
extern bool ev_scan_next(EvScan *scan, Datum *values, bool *nulls);

extern void ev_scan_close(EvScan *scan);

#endif /* EV_SCAN_H */
