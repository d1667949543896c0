/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_function_temporal.c: functions of dates, times and durations (DMN 1.5,
 * tables 71 and 81).
 *
 *	  date(from), date(year, month, day)
 *	  time(from), time(hour, minute, second, offset)
 *	  date and time(from), date and time(date, time)
 *	  date and time(date, timezone): the same moment on the clocks of another zone
 *	  date and time(year, month, day, hour, minute, second), and then a time zone:
 *	  an offset or the name of one
 *	  duration(from), years and months duration(from, to)
 *	  now(), today(): in UTC, of the moment when the transaction began
 *	  day of year(date), day of week(date), month of year(date), week of year(date)
 *
 * Numbers have to be whole, other than seconds.
 */
#include "base/compat.h"

#include "mb/pg_wchar.h"
#include "match/feel_function.h"
#include "match/feel_number.h"
#include "match/feel_temporal.h"
#include "match/feel_temporal_arithmetic.h"
#include "match/feel_temporal_calendar.h"
#include "match/feel_temporal_moment.h"
#include "match/feel_temporal_parse.h"
#include "match/feel_temporal_zone.h"

/* So much of a text is shown in a reason. */
#define SHOWN_LENGTH 60

/* ---- dates */

static EvFeelValue
date_from(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	if (args[0].type == EV_FEEL_STRING)
		return ev_feel_date_from_text(run, args[0].string, args[0].length);
	return ev_feel_make_temporal(run, EV_FEEL_DATE, args[0].temporal);
}

static EvFeelValue
date_of_parts(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	int64 year, month, day;

	if (!ev_feel_number_to_int64(args[0], &year) || !ev_feel_number_to_int64(args[1], &month) ||
		!ev_feel_number_to_int64(args[2], &day))
		return ev_feel_problem(run, "year, month and day must be whole numbers");
	return ev_feel_make_date(run, year, month, day);
}

/* ---- times */

static EvFeelValue
time_from(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	EvFeelTemporal t;

	if (args[0].type == EV_FEEL_STRING)
		return ev_feel_time_from_text(run, args[0].string, args[0].length);
	t = *args[0].temporal;
	if (args[0].type == EV_FEEL_DATE)
		t.zone = (EvFeelZone) {.kind = EV_FEEL_ZONE_OFFSET}; /* midnight in UTC */
	return ev_feel_make_temporal(run, EV_FEEL_TIME, &t);
}

/* Hour, minute and second into *t. */
static bool
set_clock(EvFeelRun *run, const EvFeelValue *args, EvFeelTemporal *t)
{
	int64 hour, minute;
	EvFeelDuration second;

	if (!ev_feel_number_to_int64(args[0], &hour) || !ev_feel_number_to_int64(args[1], &minute) ||
		!ev_feel_duration_from_number(args[2], &second) || hour < 0 || hour > 23 || minute < 0 ||
		minute > 59 || second.seconds < 0 || second.seconds > 59 || second.nanoseconds < 0)
	{
		ev_feel_problem(run, "hour, minute and second must be at least 0 and below 24, 60 and 60");
		return false;
	}
	t->hour = hour;
	t->minute = minute;
	t->second = second.seconds;
	t->nanosecond = second.nanoseconds;
	return true;
}

/* A duration, or null for no zone, into *zone. */
static bool
set_offset(EvFeelRun *run, EvFeelValue offset, EvFeelZone *zone)
{
	*zone = (EvFeelZone) {.kind = EV_FEEL_ZONE_NONE};
	if (ev_feel_is_null(offset))
		return true;
	if (offset.duration->nanoseconds != 0 || offset.duration->seconds > EV_FEEL_MAX_OFFSET ||
		offset.duration->seconds < -EV_FEEL_MAX_OFFSET)
	{
		ev_feel_problem(run, "an offset is a whole number of seconds, at most 18 hours");
		return false;
	}
	zone->kind = EV_FEEL_ZONE_OFFSET;
	zone->offset = offset.duration->seconds;
	return true;
}

static bool
set_zone(EvFeelRun *run, EvFeelValue name, EvFeelZone *zone)
{
	if (ev_feel_zone_from_text(run, name.string, name.length, zone))
		return true;
	ev_feel_problem(run, "\"%.*s\" is no time zone",
					pg_mbcliplen(name.string, name.length, SHOWN_LENGTH), name.string);
	return false;
}

static EvFeelValue
time_of_parts(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	EvFeelTemporal t = {0};

	if (!set_clock(run, args, &t) || !set_offset(run, args[3], &t.zone))
		return ev_feel_null();
	return ev_feel_make_temporal(run, EV_FEEL_TIME, &t);
}

/* ---- dates with times */

static EvFeelValue
date_time_from(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return ev_feel_date_time_from_text(run, args[0].string, args[0].length);
}

/* The date of one, and the time and zone of the other. */
static EvFeelValue
date_time_of_both(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	EvFeelTemporal t = *args[1].temporal;

	t.year = args[0].temporal->year;
	t.month = args[0].temporal->month;
	t.day = args[0].temporal->day;
	return ev_feel_make_temporal(run, EV_FEEL_DATE_TIME, &t);
}

/* What has no zone gets it. */
static EvFeelValue
date_time_in_zone(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	EvFeelTemporal t = *args[0].temporal;

	if (!set_zone(run, args[1], &t.zone))
		return ev_feel_null();
	if (ev_feel_temporal_has_zone(args[0]) &&
		!ev_feel_temporal_set_moment(&t, ev_feel_temporal_moment(args[0])))
		return ev_feel_problem(run, "the date is beyond the year %d", EV_FEEL_MAX_YEAR);
	return ev_feel_make_temporal(run, EV_FEEL_DATE_TIME, &t);
}

/* The last argument is an offset, the name of a zone, or null. */
static EvFeelValue
date_time_of_parts(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	EvFeelValue date = date_of_parts(run, args, 3);
	EvFeelTemporal t;

	if (ev_feel_is_null(date))
		return date;
	t = *date.temporal;
	if (!set_clock(run, args + 3, &t))
		return ev_feel_null();
	if (args[6].type == EV_FEEL_STRING ? !set_zone(run, args[6], &t.zone)
									   : !set_offset(run, args[6], &t.zone))
		return ev_feel_null();
	return ev_feel_make_temporal(run, EV_FEEL_DATE_TIME, &t);
}

static EvFeelValue
now(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return ev_feel_date_time_from_timestamp(run, run->now);
}

static EvFeelValue
today(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	EvFeelValue moment = ev_feel_date_time_from_timestamp(run, run->now);

	if (ev_feel_is_null(moment))
		return moment;
	return ev_feel_make_temporal(run, EV_FEEL_DATE, moment.temporal);
}

/* ---- durations */

static EvFeelValue
duration_from(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return ev_feel_duration_from_text(run, args[0].string, args[0].length);
}

/* Whole months between two days, towards zero; times of day do not count. */
static EvFeelValue
months_between(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	const EvFeelTemporal *from = args[0].temporal, *to = args[1].temporal;
	int64 months = ((int64) to->year - from->year) * 12 + to->month - from->month;

	if (months > 0 && to->day < from->day)
		months--;
	else if (months < 0 && to->day > from->day)
		months++;
	return ev_feel_months(months);
}

/* ---- parts of the calendar */

static EvFeelValue
day_of_year(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	int64 days = ev_feel_date_to_days(args[0]);

	return ev_feel_number_from_int64(run, ev_feel_calendar_day_of_year(days));
}

static EvFeelValue
week_of_year(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	int64 days = ev_feel_date_to_days(args[0]);

	return ev_feel_number_from_int64(run, ev_feel_calendar_week_of_year(days));
}

static EvFeelValue
day_of_week(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	static const char *const names[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
										"Friday", "Saturday", "Sunday"};
	const char *name = names[ev_feel_calendar_weekday(ev_feel_date_to_days(args[0])) - 1];

	return ev_feel_string(name, strlen(name));
}

static EvFeelValue
month_of_year(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	static const char *const names[] = {"January",	 "February", "March",	 "April",
										"May",		 "June",	 "July",	 "August",
										"September", "October",	 "November", "December"};
	const char *name = names[args[0].temporal->month - 1];

	return ev_feel_string(name, strlen(name));
}

/* ---- the table */

#define NUMBER EV_FEEL_BIT(EV_FEEL_NUMBER)
#define STRING EV_FEEL_BIT(EV_FEEL_STRING)
#define TIME EV_FEEL_BIT(EV_FEEL_TIME)
#define DATE_TIME EV_FEEL_BIT(EV_FEEL_DATE_TIME)
#define DATES (EV_FEEL_BIT(EV_FEEL_DATE) | DATE_TIME)
#define OFFSET (EV_FEEL_BIT(EV_FEEL_DAYS_TIME) | EV_FEEL_BIT(EV_FEEL_NULL))

/* clang-format off */
#define YEAR_TO_SECOND \
	{"year", NUMBER}, {"month", NUMBER}, {"day", NUMBER}, \
	{"hour", NUMBER}, {"minute", NUMBER}, {"second", NUMBER}

const EvFeelBuiltin ev_feel_temporal_functions[] = {
	{"date", date_from, {{"from", STRING | DATES}}},
	{"date", date_of_parts, {{"year", NUMBER}, {"month", NUMBER}, {"day", NUMBER}}},
	{"time", time_from, {{"from", STRING | TIME | DATES}}},
	{"time", time_of_parts, {{"hour", NUMBER}, {"minute", NUMBER}, {"second", NUMBER},
							 {"offset", OFFSET, true}}},
	{"date and time", date_time_from, {{"from", STRING}}},
	{"date and time", date_time_of_both, {{"date", DATES}, {"time", TIME}}},
	{"date and time", date_time_in_zone, {{"date", DATE_TIME}, {"timezone", STRING}}},
	{"date and time", date_time_of_parts, {YEAR_TO_SECOND, {"offset", OFFSET, true}}},
	{"date and time", date_time_of_parts, {YEAR_TO_SECOND, {"timezone", STRING}}},
	{"duration", duration_from, {{"from", STRING}}},
	{"years and months duration", months_between, {{"from", DATES}, {"to", DATES}}},
	{"now", now, {{NULL}}, .is_volatile = true},
	{"today", today, {{NULL}}, .is_volatile = true},
	{"day of year", day_of_year, {{"date", DATES}}},
	{"day of week", day_of_week, {{"date", DATES}}},
	{"month of year", month_of_year, {{"date", DATES}}},
	{"week of year", week_of_year, {{"date", DATES}}},
	{NULL}
};
/* clang-format on */
