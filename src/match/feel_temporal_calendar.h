/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_temporal_calendar.h: the proleptic Gregorian calendar, from year -999999999 to 999999999.
 *
 * Days are counted from 1970-01-01, which is day 0.  Years are those of XML Schema 1.1 and
 * ISO 8601: the year before 0001 is 0000, and -0001 is the year before that.
 */
#ifndef EV_FEEL_TEMPORAL_CALENDAR_H
#define EV_FEEL_TEMPORAL_CALENDAR_H

#include "postgres.h"

#define EV_FEEL_MAX_YEAR 999999999
#define EV_FEEL_DAY_SECONDS 86400

/* Rounded down; the divisor is positive. */
static inline int64
ev_feel_floor_divide(int64 n, int64 divisor)
{
	return n / divisor - (n % divisor < 0 ? 1 : 0);
}

/* 0 to divisor - 1. */
static inline int64
ev_feel_floor_modulo(int64 n, int64 divisor)
{
	return n % divisor + (n % divisor < 0 ? divisor : 0);
}

/* How many days the month has; the month is 1 to 12. */
extern int ev_feel_calendar_month_length(int year, int month);

/* Is there such a day, in a year within the limits? */
extern bool ev_feel_calendar_is_date(int64 year, int64 month, int64 day);

/* The number of a day that there is. */
extern int64 ev_feel_calendar_to_days(int year, int month, int day);

/* The day of a number; false if its year is past the limits. */
extern bool ev_feel_calendar_from_days(int64 days, int *year, int *month, int *day);

/* 1 for Monday to 7 for Sunday. */
extern int ev_feel_calendar_weekday(int64 days);

/* 1 to 366. */
extern int ev_feel_calendar_day_of_year(int64 days);

/* The week of ISO 8601, 1 to 53; the first one has the year's first Thursday. */
extern int ev_feel_calendar_week_of_year(int64 days);

#endif /* EV_FEEL_TEMPORAL_CALENDAR_H */
