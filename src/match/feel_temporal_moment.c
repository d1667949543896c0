/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_temporal_moment.c: temporal values as numbers of seconds, and back.
 *
 * A billion years are less than 2^55 seconds: readings and moments are never
 * near the end of an int64, and neither is the difference of two.  Durations
 * may be of any length up to INT64_MAX seconds or months; INT64_MIN is none, so
 * that every duration can be negated.
 */
#include "base/compat.h"

#include "common/int.h"
#include "match/feel_temporal.h"
#include "match/feel_temporal_calendar.h"
#include "match/feel_temporal_moment.h"
#include "match/feel_temporal_zone.h"

#define MICROSECONDS 1000000

EvFeelValue
ev_feel_make_temporal(EvFeelRun *run, EvFeelType type, const EvFeelTemporal *temporal)
{
	EvFeelTemporal *copy = ev_feel_alloc(run, sizeof(EvFeelTemporal));

	if (copy == NULL)
		return ev_feel_null();
	*copy = *temporal;
	if (type == EV_FEEL_DATE)
	{
		copy->hour = copy->minute = copy->second = copy->nanosecond = 0;
		copy->zone = (EvFeelZone) {.kind = EV_FEEL_ZONE_NONE};
	}
	else if (type == EV_FEEL_TIME)
		copy->year = copy->month = copy->day = 0;
	return (EvFeelValue) {.type = type, .temporal = copy};
}

EvFeelValue
ev_feel_make_duration(EvFeelRun *run, int64 seconds, int64 nanoseconds)
{
	EvFeelDuration *duration;

	if (pg_add_s64_overflow(seconds, nanoseconds / EV_FEEL_NANOSECONDS, &seconds))
		return ev_feel_problem(run, "the duration is too long");
	nanoseconds %= EV_FEEL_NANOSECONDS;
	if (seconds > 0 && nanoseconds < 0)
	{
		seconds--;
		nanoseconds += EV_FEEL_NANOSECONDS;
	}
	else if (seconds < 0 && nanoseconds > 0)
	{
		seconds++;
		nanoseconds -= EV_FEEL_NANOSECONDS;
	}
	if (seconds == PG_INT64_MIN)
		return ev_feel_problem(run, "the duration is too long");
	duration = ev_feel_alloc(run, sizeof(EvFeelDuration));
	if (duration == NULL)
		return ev_feel_null();
	duration->seconds = seconds;
	duration->nanoseconds = nanoseconds;
	return (EvFeelValue) {.type = EV_FEEL_DAYS_TIME, .duration = duration};
}

EvFeelValue
ev_feel_make_date(EvFeelRun *run, int64 year, int64 month, int64 day)
{
	EvFeelTemporal temporal = {0};

	if (!ev_feel_calendar_is_date(year, month, day))
		return ev_feel_problem(run,
							   "there is no date of year " INT64_FORMAT ", month " INT64_FORMAT
							   ", day " INT64_FORMAT,
							   year, month, day);
	temporal.year = year;
	temporal.month = month;
	temporal.day = day;
	return ev_feel_make_temporal(run, EV_FEEL_DATE, &temporal);
}

int64
ev_feel_temporal_reading(EvFeelValue value)
{
	const EvFeelTemporal *t = value.temporal;
	int64 seconds = 0;

	if (value.type != EV_FEEL_TIME)
		seconds = ev_feel_calendar_to_days(t->year, t->month, t->day) * EV_FEEL_DAY_SECONDS;
	if (value.type != EV_FEEL_DATE)
		seconds += t->hour * 3600 + t->minute * 60 + t->second;
	return seconds;
}

bool
ev_feel_temporal_has_zone(EvFeelValue value)
{
	return value.type == EV_FEEL_DATE || value.temporal->zone.kind != EV_FEEL_ZONE_NONE;
}

int
ev_feel_temporal_offset(EvFeelValue value)
{
	const EvFeelZone *zone = &value.temporal->zone;

	if (value.type == EV_FEEL_TIME)
		return ev_feel_zone_offset_of_time(zone);
	return ev_feel_zone_offset_for(zone, ev_feel_temporal_reading(value));
}

int64
ev_feel_temporal_moment(EvFeelValue value)
{
	int64 reading = ev_feel_temporal_reading(value);

	if (value.type == EV_FEEL_DATE || value.temporal->zone.kind == EV_FEEL_ZONE_NONE)
		return reading;
	return reading - ev_feel_temporal_offset(value);
}

bool
ev_feel_temporal_set_reading(EvFeelTemporal *temporal, int64 reading)
{
	int64 days = ev_feel_floor_divide(reading, EV_FEEL_DAY_SECONDS);
	int rest = ev_feel_floor_modulo(reading, EV_FEEL_DAY_SECONDS);

	temporal->hour = rest / 3600;
	temporal->minute = rest / 60 % 60;
	temporal->second = rest % 60;
	return ev_feel_calendar_from_days(days, &temporal->year, &temporal->month, &temporal->day);
}

bool
ev_feel_temporal_set_moment(EvFeelTemporal *temporal, int64 moment)
{
	int64 days = ev_feel_floor_divide(moment, EV_FEEL_DAY_SECONDS);

	/* Zones are not asked for what is far beyond the limits. */
	if (days < ev_feel_calendar_to_days(-EV_FEEL_MAX_YEAR - 1, 12, 1) ||
		days > ev_feel_calendar_to_days(EV_FEEL_MAX_YEAR + 1, 1, 31))
		return false;
	return ev_feel_temporal_set_reading(temporal,
										moment + ev_feel_zone_offset_at(&temporal->zone, moment));
}

EvFeelValue
ev_feel_date_time_from_timestamp(EvFeelRun *run, TimestampTz t)
{
	EvFeelTemporal temporal = {.zone = {.kind = EV_FEEL_ZONE_OFFSET}};
	int64 epoch = (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (int64) EV_FEEL_DAY_SECONDS;

	if (TIMESTAMP_NOT_FINITE(t) ||
		!ev_feel_temporal_set_moment(&temporal, ev_feel_floor_divide(t, MICROSECONDS) + epoch))
		return ev_feel_problem(run, "the timestamp is infinite");
	temporal.nanosecond = ev_feel_floor_modulo(t, MICROSECONDS) * 1000;
	return ev_feel_make_temporal(run, EV_FEEL_DATE_TIME, &temporal);
}

int64
ev_feel_date_to_days(EvFeelValue date)
{
	const EvFeelTemporal *t = date.temporal;

	return ev_feel_calendar_to_days(t->year, t->month, t->day);
}

EvFeelValue
ev_feel_date_from_days(EvFeelRun *run, int64 days)
{
	EvFeelTemporal temporal = {0};

	if (!ev_feel_calendar_from_days(days, &temporal.year, &temporal.month, &temporal.day))
		return ev_feel_problem(run, "the date is beyond the year %d", EV_FEEL_MAX_YEAR);
	return ev_feel_make_temporal(run, EV_FEEL_DATE, &temporal);
}
