/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_temporal_moment.h: temporal values as numbers of seconds, and back.
 *
 * A clock reading is what a clock shows: seconds since 1970-01-01T00:00:00 of a
 * date with time, or since midnight of a time.  A moment is the same in UTC.
 * What has no zone has a reading and no moment.  A date stands for midnight in
 * UTC (DMN 1.5, 10.3.2.3.6).
 */
#ifndef EV_FEEL_TEMPORAL_MOMENT_H
#define EV_FEEL_TEMPORAL_MOMENT_H

#include "match/feel_run.h"

#define EV_FEEL_NANOSECONDS 1000000000

/* A copy in the run's memory, as a value of the type. */
extern EvFeelValue ev_feel_make_temporal(EvFeelRun *run, EvFeelType type,
										 const EvFeelTemporal *temporal);

/* Of any nanoseconds and any signs; null where it is too long. */
extern EvFeelValue ev_feel_make_duration(EvFeelRun *run, int64 seconds, int64 nanoseconds);

/* A date that the calendar has; else null. */
extern EvFeelValue ev_feel_make_date(EvFeelRun *run, int64 year, int64 month, int64 day);

/* The clock reading of a DATE, TIME or DATE_TIME. */
extern int64 ev_feel_temporal_reading(EvFeelValue value);

/* The moment of one; the reading, if it has no zone. */
extern int64 ev_feel_temporal_moment(EvFeelValue value);

/* Has it a moment? */
extern bool ev_feel_temporal_has_zone(EvFeelValue value);

/* Seconds east of UTC at a TIME or DATE_TIME that has a zone. */
extern int ev_feel_temporal_offset(EvFeelValue value);

/* Put a reading into the members of a date and time; false if the year is past the limits. */
extern bool ev_feel_temporal_set_reading(EvFeelTemporal *temporal, int64 reading);

/* The date and time of a moment in temporal->zone, which there is. */
extern bool ev_feel_temporal_set_moment(EvFeelTemporal *temporal, int64 moment);

#endif /* EV_FEEL_TEMPORAL_MOMENT_H */
