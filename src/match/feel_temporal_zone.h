/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_temporal_zone.h: zones of times: offsets, and regions of the IANA database.
 *
 * Regions come from the time zone database that the server uses.  Nothing here
 * looks at the session's TimeZone: a filter means the same to everybody.
 *
 * Seconds, UTC or local, are counted from 1970-01-01T00:00:00.
 */
#ifndef EV_FEEL_TEMPORAL_ZONE_H
#define EV_FEEL_TEMPORAL_ZONE_H

#include "match/feel_run.h"

#define EV_FEEL_MAX_OFFSET (18 * 3600)

/*
 * A region by its name in the spelling of the database, Europe/Paris; false if
 * there is none.  Never a POSIX zone, and no name in another case.
 */
extern bool ev_feel_zone_find(EvFeelRun *run, const char *name, int length, EvFeelZone *zone);

/* Seconds east of UTC at a moment; the zone is not EV_FEEL_ZONE_NONE. */
extern int ev_feel_zone_offset_at(const EvFeelZone *zone, int64 utc);

/*
 * The same for what a clock there shows: where clocks are put back, the first
 * of the two moments; where they are put forward, as before the change.
 */
extern int ev_feel_zone_offset_for(const EvFeelZone *zone, int64 local);

/*
 * The same for a time without a date: the region's offset outside of summer
 * time, by its last rule.
 */
extern int ev_feel_zone_offset_of_time(const EvFeelZone *zone);

/* The same kind, and the same offset or name. */
extern bool ev_feel_zone_same(const EvFeelZone *a, const EvFeelZone *b);

#endif /* EV_FEEL_TEMPORAL_ZONE_H */
