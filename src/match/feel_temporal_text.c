/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_temporal_text.c: temporal values as text, as string() gives them.
 *
 * The text reads back to the same value.  Dates and times are as XML Schema
 * has them, UTC is Z, a region stands behind @.  Durations are normalized: no
 * more than 11 months beside years, 23 hours beside days, and so on; parts that
 * are 0 are left out, and nothing at all is P0M or PT0S.
 */
#include "base/compat.h"

#include "match/feel_temporal.h"
#include "match/feel_temporal_calendar.h"
#include "match/feel_temporal_moment.h"

static void
append_date(StringInfo out, const EvFeelTemporal *t)
{
	appendStringInfo(out, "%s%04d-%02d-%02d", t->year < 0 ? "-" : "", abs(t->year), t->month,
					 t->day);
}

/* The digits of a fraction of a second, with no more zeros than needed. */
static void
append_fraction(StringInfo out, int nanoseconds)
{
	if (nanoseconds == 0)
		return;
	appendStringInfo(out, ".%09d", nanoseconds);
	while (out->data[out->len - 1] == '0')
		out->data[--out->len] = '\0';
}

static void
append_zone(StringInfo out, const EvFeelZone *zone)
{
	int seconds = abs(zone->offset);

	if (zone->kind == EV_FEEL_ZONE_REGION)
		appendStringInfo(out, "@%s", zone->name);
	else if (zone->kind == EV_FEEL_ZONE_OFFSET && seconds == 0)
		appendStringInfoChar(out, 'Z');
	else if (zone->kind == EV_FEEL_ZONE_OFFSET)
	{
		appendStringInfo(out, "%c%02d:%02d", zone->offset < 0 ? '-' : '+', seconds / 3600,
						 seconds / 60 % 60);
		if (seconds % 60 != 0)
			appendStringInfo(out, ":%02d", seconds % 60);
	}
}

static void
append_time(StringInfo out, const EvFeelTemporal *t)
{
	appendStringInfo(out, "%02d:%02d:%02d", t->hour, t->minute, t->second);
	append_fraction(out, t->nanosecond);
	append_zone(out, &t->zone);
}

static void
append_part(StringInfo out, uint64 n, char unit)
{
	if (n != 0)
		appendStringInfo(out, UINT64_FORMAT "%c", n, unit);
}

static uint64
magnitude(int64 n)
{
	return n < 0 ? 0 - (uint64) n : (uint64) n;
}

static void
append_months(StringInfo out, int64 months)
{
	uint64 n = magnitude(months);

	if (n == 0)
	{
		appendStringInfoString(out, "P0M");
		return;
	}
	appendStringInfoString(out, months < 0 ? "-P" : "P");
	append_part(out, n / 12, 'Y');
	append_part(out, n % 12, 'M');
}

static void
append_duration(StringInfo out, const EvFeelDuration *duration)
{
	uint64 seconds = magnitude(duration->seconds);
	int nanoseconds = abs(duration->nanoseconds);
	uint64 rest = seconds % EV_FEEL_DAY_SECONDS;

	if (seconds == 0 && nanoseconds == 0)
	{
		appendStringInfoString(out, "PT0S");
		return;
	}
	appendStringInfoString(out, duration->seconds < 0 || duration->nanoseconds < 0 ? "-P" : "P");
	append_part(out, seconds / EV_FEEL_DAY_SECONDS, 'D');
	if (rest == 0 && nanoseconds == 0)
		return;
	appendStringInfoChar(out, 'T');
	append_part(out, rest / 3600, 'H');
	append_part(out, rest / 60 % 60, 'M');
	if (nanoseconds == 0)
		append_part(out, rest % 60, 'S');
	else
	{
		appendStringInfo(out, UINT64_FORMAT, rest % 60);
		append_fraction(out, nanoseconds);
		appendStringInfoChar(out, 'S');
	}
}

void
ev_feel_temporal_append(StringInfo out, EvFeelValue value)
{
	switch (value.type)
	{
		case EV_FEEL_DATE:
			append_date(out, value.temporal);
			break;
		case EV_FEEL_TIME:
			append_time(out, value.temporal);
			break;
		case EV_FEEL_DATE_TIME:
			append_date(out, value.temporal);
			appendStringInfoChar(out, 'T');
			append_time(out, value.temporal);
			break;
		case EV_FEEL_YEARS_MONTHS:
			append_months(out, value.months);
			break;
		case EV_FEEL_DAYS_TIME:
			append_duration(out, value.duration);
			break;
		default:
			Assert(false);
			break;
	}
}
