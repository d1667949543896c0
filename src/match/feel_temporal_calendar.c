/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_temporal_calendar.c: the proleptic Gregorian calendar.
 *
 * Years are counted from March here: the leap day is then the last day of its
 * year, and the day on which a month begins does not depend on the year.  The
 * calendar repeats after 400 years of 146097 days.
 */
#include "base/compat.h"

#include "match/feel_temporal_calendar.h"

#define CYCLE_YEARS 400
#define CYCLE_DAYS 146097

/* From 1 March of the year 0 to 1 January 1970. */
#define EPOCH_DAYS 719468

static bool
is_leap_year(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int
ev_feel_calendar_month_length(int year, int month)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return lengths[month - 1] + (month == 2 && is_leap_year(year) ? 1 : 0);
}

bool
ev_feel_calendar_is_date(int64 year, int64 month, int64 day)
{
	return year >= -EV_FEEL_MAX_YEAR && year <= EV_FEEL_MAX_YEAR && month >= 1 && month <= 12 &&
		   day >= 1 && day <= ev_feel_calendar_month_length(year, month);
}

/* Days before the month that is so many after March, in a year from March. */
static int
days_before_month(int after_march)
{
	/* Five months from March or August on have 153 days. */
	return (153 * after_march + 2) / 5;
}

int64
ev_feel_calendar_to_days(int year, int month, int day)
{
	int64 march_year = month < 3 ? (int64) year - 1 : year;

	return march_year * 365 + ev_feel_floor_divide(march_year, 4) -
		   ev_feel_floor_divide(march_year, 100) + ev_feel_floor_divide(march_year, 400) +
		   days_before_month((month + 9) % 12) + day - 1 - EPOCH_DAYS;
}

/* As below, with no limits of the year. */
static void
split_days(int64 days, int64 *year, int *month, int *day)
{
	int64 cycle = ev_feel_floor_divide(days + EPOCH_DAYS, CYCLE_DAYS);
	int rest = ev_feel_floor_modulo(days + EPOCH_DAYS, CYCLE_DAYS);
	int centuries, leaps, years, after_march;

	/* The last century and the last year may be a day longer. */
	centuries = Min(rest / 36524, 3);
	rest -= centuries * 36524;
	leaps = rest / 1461;
	rest -= leaps * 1461;
	years = Min(rest / 365, 3);
	rest -= years * 365;

	after_march = (5 * rest + 2) / 153;
	*day = rest - days_before_month(after_march) + 1;
	*month = after_march < 10 ? after_march + 3 : after_march - 9;
	*year = cycle * CYCLE_YEARS + centuries * 100 + leaps * 4 + years + (*month < 3 ? 1 : 0);
}

bool
ev_feel_calendar_from_days(int64 days, int *year, int *month, int *day)
{
	int64 wide_year;

	/* Far beyond the limits, so that the sums above stay small. */
	if (days < -(int64) EV_FEEL_MAX_YEAR * 367 || days > (int64) EV_FEEL_MAX_YEAR * 367)
		return false;
	split_days(days, &wide_year, month, day);
	*year = wide_year;
	return wide_year >= -EV_FEEL_MAX_YEAR && wide_year <= EV_FEEL_MAX_YEAR;
}

int
ev_feel_calendar_weekday(int64 days)
{
	/* Day 0 was a Thursday. */
	return ev_feel_floor_modulo(days + 3, 7) + 1;
}

/* The number of the first day of the year that has the day. */
static int64
new_year(int64 days)
{
	int64 year;
	int month, day;

	split_days(days, &year, &month, &day);
	return ev_feel_calendar_to_days(year, 1, 1);
}

int
ev_feel_calendar_day_of_year(int64 days)
{
	return days - new_year(days) + 1;
}

int
ev_feel_calendar_week_of_year(int64 days)
{
	/* A week belongs to the year of its Thursday. */
	int64 thursday = days - ev_feel_calendar_weekday(days) + 4;

	return (thursday - new_year(thursday)) / 7 + 1;
}
