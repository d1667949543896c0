/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_temporal.c: order and properties of temporal values.
 *
 * Values with a zone are compared as moments, those without as what a clock
 * shows, and one of each kind not at all.  Two times of one second are equal
 * (DMN 1.5, 10.3.2.3.4 and 10.3.2.3.5, where `second` is a whole number), only
 * is() tells them apart; but the order is that of the moments, with all digits,
 * so that events can be asked for from a moment on.
 *
 * Durations are exact.
 */
#include "base/compat.h"

#include "match/feel_function.h"
#include "match/feel_number.h"
#include "match/feel_temporal.h"
#include "match/feel_temporal_calendar.h"
#include "match/feel_temporal_moment.h"
#include "match/feel_temporal_zone.h"

/* ---- order */

static int
order_of(int64 a, int64 b)
{
	return (a > b) - (a < b);
}

bool
ev_feel_temporal_compare(EvFeelRun *run, EvFeelValue a, EvFeelValue b, int *order)
{
	switch (a.type)
	{
		case EV_FEEL_YEARS_MONTHS:
			*order = order_of(a.months, b.months);
			return true;
		case EV_FEEL_DAYS_TIME:
			*order = order_of(a.duration->seconds, b.duration->seconds);
			if (*order == 0)
				*order = order_of(a.duration->nanoseconds, b.duration->nanoseconds);
			return true;
		default:
			if (ev_feel_temporal_has_zone(a) != ev_feel_temporal_has_zone(b))
				return false;
			*order = order_of(ev_feel_temporal_moment(a), ev_feel_temporal_moment(b));
			if (*order == 0 && a.type != EV_FEEL_DATE)
				*order = order_of(a.temporal->nanosecond, b.temporal->nanosecond);
			return true;
	}
}

bool
ev_feel_temporal_equal(EvFeelRun *run, EvFeelValue a, EvFeelValue b)
{
	int order;

	if (a.type == EV_FEEL_TIME || a.type == EV_FEEL_DATE_TIME)
		return ev_feel_temporal_has_zone(a) == ev_feel_temporal_has_zone(b) &&
			   ev_feel_temporal_moment(a) == ev_feel_temporal_moment(b);
	return ev_feel_temporal_compare(run, a, b, &order) && order == 0;
}

bool
ev_feel_temporal_is(EvFeelValue a, EvFeelValue b)
{
	switch (a.type)
	{
		case EV_FEEL_YEARS_MONTHS:
			return a.months == b.months;
		case EV_FEEL_DAYS_TIME:
			return a.duration->seconds == b.duration->seconds &&
				   a.duration->nanoseconds == b.duration->nanoseconds;
		default:
			return ev_feel_temporal_reading(a) == ev_feel_temporal_reading(b) &&
				   a.temporal->nanosecond == b.temporal->nanosecond &&
				   ev_feel_zone_same(&a.temporal->zone, &b.temporal->zone);
	}
}

/* ---- properties */

typedef enum Property
{
	YEAR,
	MONTH,
	DAY,
	WEEKDAY,
	HOUR,
	MINUTE,
	SECOND,
	TIME_OFFSET,
	TIMEZONE,
	YEARS,
	MONTHS,
	DAYS,
	HOURS,
	MINUTES,
	SECONDS
} Property;

#define DATES (EV_FEEL_BIT(EV_FEEL_DATE) | EV_FEEL_BIT(EV_FEEL_DATE_TIME))
#define TIMES (EV_FEEL_BIT(EV_FEEL_TIME) | EV_FEEL_BIT(EV_FEEL_DATE_TIME))

static const struct
{
	const char *name;
	int types; /* that have it, as bits */
} properties[] = {
	[YEAR] = {"year", DATES},
	[MONTH] = {"month", DATES},
	[DAY] = {"day", DATES},
	[WEEKDAY] = {"weekday", DATES},
	[HOUR] = {"hour", TIMES},
	[MINUTE] = {"minute", TIMES},
	[SECOND] = {"second", TIMES},
	[TIME_OFFSET] = {"time offset", TIMES},
	[TIMEZONE] = {"timezone", TIMES},
	[YEARS] = {"years", EV_FEEL_BIT(EV_FEEL_YEARS_MONTHS)},
	[MONTHS] = {"months", EV_FEEL_BIT(EV_FEEL_YEARS_MONTHS)},
	[DAYS] = {"days", EV_FEEL_BIT(EV_FEEL_DAYS_TIME)},
	[HOURS] = {"hours", EV_FEEL_BIT(EV_FEEL_DAYS_TIME)},
	[MINUTES] = {"minutes", EV_FEEL_BIT(EV_FEEL_DAYS_TIME)},
	[SECONDS] = {"seconds", EV_FEEL_BIT(EV_FEEL_DAYS_TIME)},
};

static int64
number_of(EvFeelValue value, Property property)
{
	switch (property)
	{
		case YEAR:
			return value.temporal->year;
		case MONTH:
			return value.temporal->month;
		case DAY:
			return value.temporal->day;
		case WEEKDAY:
			return ev_feel_calendar_weekday(ev_feel_date_to_days(value));
		case HOUR:
			return value.temporal->hour;
		case MINUTE:
			return value.temporal->minute;
		case SECOND:
			return value.temporal->second;
		case YEARS:
			return value.months / 12;
		case MONTHS:
			return value.months % 12;
		case DAYS:
			return value.duration->seconds / EV_FEEL_DAY_SECONDS;
		case HOURS:
			return value.duration->seconds % EV_FEEL_DAY_SECONDS / 3600;
		case MINUTES:
			return value.duration->seconds % 3600 / 60;
		case SECONDS:
			return value.duration->seconds % 60;
		default:
			Assert(false);
			return 0;
	}
}

/* The offset of a region is the one it has at that time. */
static EvFeelValue
time_offset(EvFeelRun *run, EvFeelValue value)
{
	if (value.temporal->zone.kind == EV_FEEL_ZONE_NONE)
		return ev_feel_null();
	return ev_feel_make_duration(run, ev_feel_temporal_offset(value), 0);
}

static EvFeelValue
timezone_name(EvFeelRun *run, EvFeelValue value)
{
	const EvFeelZone *zone = &value.temporal->zone;

	if (zone->kind != EV_FEEL_ZONE_REGION)
		return ev_feel_null();
	return ev_feel_string(zone->name, strlen(zone->name));
}

bool
ev_feel_temporal_property(EvFeelRun *run, EvFeelValue value, const char *name, int length,
						  EvFeelValue *property)
{
	int i;

	for (i = 0; i < lengthof(properties); i++)
	{
		if (strlen(properties[i].name) == length && memcmp(properties[i].name, name, length) == 0)
			break;
	}
	if (i == lengthof(properties) || (properties[i].types & EV_FEEL_BIT(value.type)) == 0)
		return false;

	if (i == TIME_OFFSET)
		*property = time_offset(run, value);
	else if (i == TIMEZONE)
		*property = timezone_name(run, value);
	else
		*property = ev_feel_number_from_int64(run, number_of(value, i));
	return true;
}
