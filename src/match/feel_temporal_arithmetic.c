/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_temporal_arithmetic.c: the operators (DMN 1.5, tables 54 to 59).
 *
 *	  date, time or date and time + duration, and the other way round
 *	  date, time or date and time - duration
 *	  a difference of two times, or of dates and dates with times
 *	  duration + duration, duration - duration, of one kind
 *	  duration * number, number * duration, duration / number
 *	  duration / duration, of one kind, which is a number
 *	  - duration
 *
 * Years and months go by the calendar, and a day that the month does not have
 * becomes its last.  Days and time go by moments where there is a zone: a day is
 * 24 hours, also when clocks change.  A date counts as its midnight in UTC,
 * and stays a date.  Times go round at midnight.
 *
 * A difference needs a zone on both sides or on neither.
 *
 * Products and quotients that are no whole number of months or nanoseconds are
 * cut towards zero.
 */
#include "base/compat.h"

#include "base/ascii.h"
#include "common/int.h"
#include "match/feel_number.h"
#include "match/feel_temporal.h"
#include "match/feel_temporal_arithmetic.h"
#include "match/feel_temporal_calendar.h"
#include "match/feel_temporal_moment.h"

static bool
is_clock(EvFeelValue value)
{
	return value.type == EV_FEEL_DATE || value.type == EV_FEEL_TIME ||
		   value.type == EV_FEEL_DATE_TIME;
}

static bool
is_duration(EvFeelValue value)
{
	return value.type == EV_FEEL_YEARS_MONTHS || value.type == EV_FEEL_DAYS_TIME;
}

static EvFeelValue
no_operation(EvFeelRun *run, EvFeelValue a, const char *operator, EvFeelValue b)
{
	return ev_feel_problem(run, "there is no %s %s %s", ev_feel_type_name(a.type), operator,
						   ev_feel_type_name(b.type));
}

static EvFeelValue
too_far(EvFeelRun *run)
{
	return ev_feel_problem(run, "the date is beyond the year %d", EV_FEEL_MAX_YEAR);
}

static EvFeelValue
too_long(EvFeelRun *run)
{
	return ev_feel_problem(run, "the duration is too long");
}

/* ---- adding to dates and times */

static EvFeelValue
add_months(EvFeelRun *run, EvFeelValue value, int64 months)
{
	EvFeelTemporal t = *value.temporal;
	int64 sum, year;

	if (pg_add_s64_overflow((int64) t.year * 12 + t.month - 1, months, &sum))
		return too_far(run);
	year = ev_feel_floor_divide(sum, 12);
	if (year < -EV_FEEL_MAX_YEAR || year > EV_FEEL_MAX_YEAR)
		return too_far(run);
	t.year = year;
	t.month = ev_feel_floor_modulo(sum, 12) + 1;
	t.day = Min(t.day, ev_feel_calendar_month_length(t.year, t.month));
	return ev_feel_make_temporal(run, value.type, &t);
}

static EvFeelValue
add_to_time(EvFeelRun *run, EvFeelValue time, const EvFeelDuration *duration)
{
	EvFeelTemporal t = *time.temporal;
	int64 seconds = ev_feel_temporal_reading(time) + duration->seconds % EV_FEEL_DAY_SECONDS;
	int nanoseconds = t.nanosecond + duration->nanoseconds;

	seconds += ev_feel_floor_divide(nanoseconds, EV_FEEL_NANOSECONDS);
	t.nanosecond = ev_feel_floor_modulo(nanoseconds, EV_FEEL_NANOSECONDS);
	ev_feel_temporal_set_reading(&t, ev_feel_floor_modulo(seconds, EV_FEEL_DAY_SECONDS));
	return ev_feel_make_temporal(run, EV_FEEL_TIME, &t);
}

static EvFeelValue
add_to_date(EvFeelRun *run, EvFeelValue value, const EvFeelDuration *duration)
{
	EvFeelTemporal t = *value.temporal;
	int nanoseconds = t.nanosecond + duration->nanoseconds;
	int64 seconds = ev_feel_temporal_moment(value) +
					ev_feel_floor_divide(nanoseconds, EV_FEEL_NANOSECONDS);

	t.nanosecond = ev_feel_floor_modulo(nanoseconds, EV_FEEL_NANOSECONDS);
	if (pg_add_s64_overflow(seconds, duration->seconds, &seconds))
		return too_far(run);
	if (t.zone.kind == EV_FEEL_ZONE_NONE ? !ev_feel_temporal_set_reading(&t, seconds)
										 : !ev_feel_temporal_set_moment(&t, seconds))
		return too_far(run);
	return ev_feel_make_temporal(run, value.type, &t);
}

static EvFeelValue
add_duration(EvFeelRun *run, EvFeelValue value, EvFeelValue duration)
{
	if (duration.type == EV_FEEL_YEARS_MONTHS)
		return add_months(run, value, duration.months);
	if (value.type == EV_FEEL_TIME)
		return add_to_time(run, value, duration.duration);
	return add_to_date(run, value, duration.duration);
}

static bool
can_add_duration(EvFeelValue value, EvFeelValue duration)
{
	return is_clock(value) && is_duration(duration) &&
		   !(value.type == EV_FEEL_TIME && duration.type == EV_FEEL_YEARS_MONTHS);
}

static EvFeelValue
add_durations(EvFeelRun *run, EvFeelValue a, EvFeelValue b)
{
	int64 sum;

	if (a.type == EV_FEEL_YEARS_MONTHS)
	{
		if (pg_add_s64_overflow(a.months, b.months, &sum) || sum == PG_INT64_MIN)
			return too_long(run);
		return ev_feel_months(sum);
	}
	if (pg_add_s64_overflow(a.duration->seconds, b.duration->seconds, &sum))
		return too_long(run);
	return ev_feel_make_duration(run, sum,
								 (int64) a.duration->nanoseconds + b.duration->nanoseconds);
}

EvFeelValue
ev_feel_temporal_add(EvFeelRun *run, EvFeelValue a, EvFeelValue b)
{
	if (can_add_duration(a, b))
		return add_duration(run, a, b);
	if (can_add_duration(b, a))
		return add_duration(run, b, a);
	if (is_duration(a) && a.type == b.type)
		return add_durations(run, a, b);
	return no_operation(run, a, "+", b);
}

/* ---- subtracting */

EvFeelValue
ev_feel_temporal_negate(EvFeelRun *run, EvFeelValue a)
{
	int64 months;

	if (a.type == EV_FEEL_YEARS_MONTHS)
		return pg_sub_s64_overflow(0, a.months, &months) ? too_long(run) : ev_feel_months(months);
	if (a.type == EV_FEEL_DAYS_TIME)
		return ev_feel_make_duration(run, -a.duration->seconds, -a.duration->nanoseconds);
	return ev_feel_problem(run, "there is no negative %s", ev_feel_type_name(a.type));
}

static EvFeelValue
difference(EvFeelRun *run, EvFeelValue a, EvFeelValue b)
{
	if (ev_feel_temporal_has_zone(a) != ev_feel_temporal_has_zone(b))
		return ev_feel_problem(run, "one side of the difference has a zone, the other has none");
	return ev_feel_make_duration(run, ev_feel_temporal_moment(a) - ev_feel_temporal_moment(b),
								 (int64) a.temporal->nanosecond - b.temporal->nanosecond);
}

EvFeelValue
ev_feel_temporal_subtract(EvFeelRun *run, EvFeelValue a, EvFeelValue b)
{
	if (can_add_duration(a, b) || (is_duration(a) && a.type == b.type))
	{
		EvFeelValue negative = ev_feel_temporal_negate(run, b);

		return ev_feel_is_null(negative) ? negative : ev_feel_temporal_add(run, a, negative);
	}
	if (is_clock(a) && is_clock(b) && (a.type == EV_FEEL_TIME) == (b.type == EV_FEEL_TIME))
		return difference(run, a, b);
	return no_operation(run, a, "-", b);
}

/* ---- durations and numbers */

/* Months, or seconds. */
static EvFeelValue
number_of_duration(EvFeelRun *run, EvFeelValue value)
{
	char text[64];
	int64 seconds, nanoseconds;
	EvFeelValue number;

	if (value.type == EV_FEEL_YEARS_MONTHS)
		return ev_feel_number_from_int64(run, value.months);
	seconds = value.duration->seconds;
	nanoseconds = value.duration->nanoseconds;
	if (nanoseconds == 0)
		return ev_feel_number_from_int64(run, seconds);
	snprintf(text, sizeof(text), INT64_FORMAT ".%09d", seconds < 0 ? -seconds : seconds,
			 abs((int) nanoseconds));
	number = ev_feel_number_from_text(run, text, strlen(text));
	if (ev_feel_is_null(number) || (seconds >= 0 && nanoseconds >= 0))
		return number;
	return ev_feel_number_negate(run, number);
}

bool
ev_feel_duration_from_number(EvFeelValue number, EvFeelDuration *duration)
{
	StringInfoData text;
	const char *c;
	bool negative;

	*duration = (EvFeelDuration) {0};
	initStringInfo(&text);
	ev_feel_number_append(&text, number);
	c = text.data;
	negative = *c == '-';
	if (negative)
		c++;
	for (; ev_ascii_is_digit(*c); c++)
	{
		if (pg_mul_s64_overflow(duration->seconds, 10, &duration->seconds) ||
			pg_add_s64_overflow(duration->seconds, *c - '0', &duration->seconds))
		{
			pfree(text.data);
			return false;
		}
	}
	if (*c == '.')
	{
		int unit = EV_FEEL_NANOSECONDS / 10;

		for (c++; ev_ascii_is_digit(*c) && unit > 0; c++, unit /= 10)
			duration->nanoseconds += (*c - '0') * unit;
	}
	pfree(text.data);
	if (negative)
	{
		duration->seconds = -duration->seconds;
		duration->nanoseconds = -duration->nanoseconds;
	}
	return true;
}

static EvFeelValue
duration_of_number(EvFeelRun *run, EvFeelType type, EvFeelValue number)
{
	EvFeelDuration duration;

	if (ev_feel_is_null(number))
		return number;
	if (!ev_feel_duration_from_number(number, &duration))
		return too_long(run);
	if (type == EV_FEEL_YEARS_MONTHS)
		return ev_feel_months(duration.seconds);
	return ev_feel_make_duration(run, duration.seconds, duration.nanoseconds);
}

EvFeelValue
ev_feel_temporal_multiply(EvFeelRun *run, EvFeelValue a, EvFeelValue b)
{
	EvFeelValue duration = is_duration(a) ? a : b;
	EvFeelValue factor = is_duration(a) ? b : a;
	EvFeelValue number;

	if (!is_duration(duration) || factor.type != EV_FEEL_NUMBER)
		return no_operation(run, a, "*", b);
	number = number_of_duration(run, duration);
	if (ev_feel_is_null(number))
		return number;
	return duration_of_number(run, duration.type, ev_feel_number_multiply(run, number, factor));
}

EvFeelValue
ev_feel_temporal_divide(EvFeelRun *run, EvFeelValue a, EvFeelValue b)
{
	EvFeelValue dividend, divisor = b;

	if (!is_duration(a) || (b.type != EV_FEEL_NUMBER && b.type != a.type))
		return no_operation(run, a, "/", b);
	dividend = number_of_duration(run, a);
	if (b.type != EV_FEEL_NUMBER)
		divisor = number_of_duration(run, b);
	if (ev_feel_is_null(dividend) || ev_feel_is_null(divisor))
		return ev_feel_null();
	if (b.type != EV_FEEL_NUMBER)
		return ev_feel_number_divide(run, dividend, divisor);
	return duration_of_number(run, a.type, ev_feel_number_divide(run, dividend, divisor));
}
