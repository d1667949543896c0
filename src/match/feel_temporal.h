/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_temporal.h: dates, times, dates with times, and the two kinds of durations.
 *
 * DMN 1.5, 10.3.2.3.4 to 10.3.2.3.8 and tables 54 to 59; the text forms are those of
 * XML Schema (years of 4 to 9 digits, a sign; 24:00:00 is the next midnight), and @Region
 * behind a time for a zone of the IANA database.  The calendar is the proleptic Gregorian
 * one; arithmetic is our own, since PostgreSQL's timestamps neither reach that far nor keep
 * zones or nanoseconds.  Zones are PostgreSQL's (pg_tzset).
 */
#ifndef EV_FEEL_TEMPORAL_H
#define EV_FEEL_TEMPORAL_H

#include "lib/stringinfo.h"
#include "match/feel_run.h"

#define ev_feel_is_temporal(value) \
	((value).type >= EV_FEEL_DATE && (value).type <= EV_FEEL_DAYS_TIME)

/* Text to value; null if it is no such thing. */
extern EvFeelValue ev_feel_date_from_text(EvFeelRun *run, const char *text, int length);
extern EvFeelValue ev_feel_time_from_text(EvFeelRun *run, const char *text, int length);
extern EvFeelValue ev_feel_date_time_from_text(EvFeelRun *run, const char *text, int length);
extern EvFeelValue ev_feel_duration_from_text(EvFeelRun *run, const char *text, int length);

/* What @"..." means: whichever of the above it is. */
extern EvFeelValue ev_feel_at_literal(EvFeelRun *run, const char *text, int length);

/* A date and time in UTC. */
extern EvFeelValue ev_feel_date_time_from_timestamp(EvFeelRun *run, TimestampTz t);

/* Operators of which at least one operand is temporal; null where there is no such operation. */
extern EvFeelValue ev_feel_temporal_add(EvFeelRun *run, EvFeelValue a, EvFeelValue b);
extern EvFeelValue ev_feel_temporal_subtract(EvFeelRun *run, EvFeelValue a, EvFeelValue b);
extern EvFeelValue ev_feel_temporal_multiply(EvFeelRun *run, EvFeelValue a, EvFeelValue b);
extern EvFeelValue ev_feel_temporal_divide(EvFeelRun *run, EvFeelValue a, EvFeelValue b);
extern EvFeelValue ev_feel_temporal_negate(EvFeelRun *run, EvFeelValue a);

/*
 * Of one type: the order in *order, to the nanosecond; false if there is none (one with
 * a zone, one without).
 */
extern bool ev_feel_temporal_compare(EvFeelRun *run, EvFeelValue a, EvFeelValue b, int *order);

/* Of one type: is it the same, times in whole seconds? */
extern bool ev_feel_temporal_equal(EvFeelRun *run, EvFeelValue a, EvFeelValue b);

/* Of one type, for is(): the same members and the same zone, not just the same moment. */
extern bool ev_feel_temporal_is(EvFeelValue a, EvFeelValue b);

/* A property (year, weekday, time offset, days, ...); false if its type has none of the name. */
extern bool ev_feel_temporal_property(EvFeelRun *run, EvFeelValue value, const char *name,
									  int length, EvFeelValue *property);

/* As string() gives it. */
extern void ev_feel_temporal_append(StringInfo out, EvFeelValue value);

/* Days since 1970-01-01 of a DATE, and back: for loops over ranges of dates. */
extern int64 ev_feel_date_to_days(EvFeelValue date);
extern EvFeelValue ev_feel_date_from_days(EvFeelRun *run, int64 days);

#endif /* EV_FEEL_TEMPORAL_H */
