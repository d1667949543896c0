/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_temporal_parse.c: temporal values out of text.
 *
 * A date is -?YYYY-MM-DD, as XML Schema has it: four digits, or up to nine that
 * do not begin with 0, and no plus sign.  A time is hh:mm:ss with any number of
 * digits behind a point, of which nine are kept; ISO 8601 lets seconds be left
 * out and a T stand before a time.  24:00:00 is the midnight at the end of the
 * day: 00:00:00 of the next one.
 *
 * Behind a time may stand a zone: Z, an offset +hh:mm or +hh:mm:ss of at most 18
 * hours, or @ and a region.  Java writes a region as +02:00[Europe/Berlin],
 * and events are full of that; the offset then has to be one that the region has
 * at that time.  Where clocks are put back a time has two offsets there, and only
 * the first is the region's in our values, so the second stays an offset.
 *
 * A duration is -?P with years and months, or with days, hours, minutes and
 * seconds, in that order; never both kinds, and no weeks.
 */
#include "base/compat.h"

#include "base/ascii.h"
#include "common/int.h"
#include "mb/pg_wchar.h"
#include "match/feel_temporal.h"
#include "match/feel_temporal_calendar.h"
#include "match/feel_temporal_moment.h"
#include "match/feel_temporal_parse.h"
#include "match/feel_temporal_zone.h"

/* So much of a text is shown in a reason. */
#define SHOWN_LENGTH 60

#define BYTES_PER_STEP 16

typedef struct Scanner
{
	EvFeelRun *run;
	const char *at;
	const char *end;
	const char *why; /* what is wrong, if it is not the syntax */
} Scanner;

static EvFeelValue
no_such_thing(const Scanner *s, const char *text, const char *what)
{
	int length = s->end - text;
	int shown = pg_mbcliplen(text, length, SHOWN_LENGTH);

	return ev_feel_problem(s->run, "\"%.*s%s\" is no %s%s%s", shown, text,
						   shown < length ? "..." : "", what, s->why ? ": " : "",
						   s->why ? s->why : "");
}

/* false, and why. */
static bool
wrong(Scanner *s, const char *why)
{
	s->why = why;
	return false;
}

/* ---- pieces */

static bool
spend(EvFeelRun *run, int length)
{
	return ev_feel_step(run, length / BYTES_PER_STEP);
}

static bool
at_end(const Scanner *s)
{
	return s->at == s->end;
}

static char
peek(const Scanner *s)
{
	return at_end(s) ? '\0' : *s->at;
}

static bool
skip(Scanner *s, char c)
{
	if (at_end(s) || *s->at != c)
		return false;
	s->at++;
	return true;
}

static int
count_digits(const Scanner *s)
{
	const char *c = s->at;

	while (c < s->end && ev_ascii_is_digit(*c))
		c++;
	return Min(c - s->at, INT_MAX);
}

static bool
scan_two_digits(Scanner *s, int *n)
{
	if (s->end - s->at < 2 || !ev_ascii_is_digit(s->at[0]) || !ev_ascii_is_digit(s->at[1]))
		return false;
	*n = (s->at[0] - '0') * 10 + (s->at[1] - '0');
	s->at += 2;
	return true;
}

/* Any number of digits; false if there are none, or the number is past an int64. */
static bool
scan_number(Scanner *s, int64 *n)
{
	if (!ev_ascii_is_digit(peek(s)))
		return false;
	for (*n = 0; ev_ascii_is_digit(peek(s)); s->at++)
	{
		if (pg_mul_s64_overflow(*n, 10, n) || pg_add_s64_overflow(*n, *s->at - '0', n))
			return wrong(s, "it is too long");
	}
	return true;
}

/* Nothing, or a point and digits. */
static bool
scan_fraction(Scanner *s, int *nanoseconds)
{
	int unit = EV_FEEL_NANOSECONDS / 10;

	*nanoseconds = 0;
	if (!skip(s, '.'))
		return true;
	if (!ev_ascii_is_digit(peek(s)))
		return false;
	for (; ev_ascii_is_digit(peek(s)); s->at++, unit /= 10)
		*nanoseconds += (*s->at - '0') * unit;
	return true;
}

/* ---- dates and times */

static bool
scan_date(Scanner *s, EvFeelTemporal *t)
{
	bool negative = skip(s, '-');
	int ndigits = count_digits(s);
	int64 year;

	if (ndigits < 4 || ndigits > 9 || (ndigits > 4 && peek(s) == '0'))
		return false;
	if (!scan_number(s, &year) || !skip(s, '-') || !scan_two_digits(s, &t->month) ||
		!skip(s, '-') || !scan_two_digits(s, &t->day))
		return false;
	t->year = negative ? -year : year;
	return ev_feel_calendar_is_date(t->year, t->month, t->day) || wrong(s, "there is no such day");
}

static bool
scan_clock(Scanner *s, EvFeelTemporal *t, bool *end_of_day)
{
	t->second = t->nanosecond = 0;
	if (!scan_two_digits(s, &t->hour) || !skip(s, ':') || !scan_two_digits(s, &t->minute))
		return false;
	if (skip(s, ':') && !(scan_two_digits(s, &t->second) && scan_fraction(s, &t->nanosecond)))
		return false;

	*end_of_day = t->hour == 24 && t->minute == 0 && t->second == 0 && t->nanosecond == 0;
	if (*end_of_day)
		t->hour = 0;
	return (t->hour < 24 && t->minute < 60 && t->second < 60) ||
		   wrong(s, "there is no such time of day");
}

static bool
go_to_next_day(EvFeelTemporal *t)
{
	EvFeelValue day = {.type = EV_FEEL_DATE, .temporal = t};

	return ev_feel_temporal_set_reading(t, ev_feel_temporal_reading(day) + EV_FEEL_DAY_SECONDS);
}

static bool
scan_offset(Scanner *s, int *offset)
{
	bool negative = peek(s) == '-';
	int hours, minutes, seconds = 0;

	if (skip(s, 'Z') || skip(s, 'z'))
	{
		*offset = 0;
		return true;
	}
	if (!(skip(s, '-') || skip(s, '+')) || !scan_two_digits(s, &hours) || !skip(s, ':') ||
		!scan_two_digits(s, &minutes) || (skip(s, ':') && !scan_two_digits(s, &seconds)))
		return false;
	*offset = hours * 3600 + minutes * 60 + seconds;
	if (minutes >= 60 || seconds >= 60 || *offset > EV_FEEL_MAX_OFFSET)
		return wrong(s, "there is no such offset");
	if (negative)
		*offset = -*offset;
	return true;
}

/* All the rest of the text: nothing, an offset, or a region. */
static bool
scan_zone(Scanner *s, EvFeelZone *zone)
{
	const char *name;

	*zone = (EvFeelZone) {.kind = EV_FEEL_ZONE_NONE};
	if (at_end(s))
		return true;
	if (skip(s, '@'))
	{
		name = s->at;
		s->at = s->end;
		return ev_feel_zone_find(s->run, name, s->end - name, zone) ||
			   wrong(s, "there is no such region");
	}
	zone->kind = EV_FEEL_ZONE_OFFSET;
	return scan_offset(s, &zone->offset);
}

/* [Region] behind an offset.  The date is in its place already. */
static bool
scan_region_of_offset(Scanner *s, EvFeelTemporal *t)
{
	EvFeelValue value = {.type = EV_FEEL_DATE_TIME, .temporal = t};
	int64 reading = ev_feel_temporal_reading(value);
	int offset = t->zone.offset;
	EvFeelZone region;

	if (t->zone.kind != EV_FEEL_ZONE_OFFSET || !skip(s, '[') || s->end[-1] != ']')
		return false;
	if (!ev_feel_zone_find(s->run, s->at, s->end - 1 - s->at, &region))
		return wrong(s, "there is no such region");
	s->at = s->end;
	if (ev_feel_zone_offset_for(&region, reading) == offset)
		t->zone = region;
	return ev_feel_zone_offset_at(&region, reading - offset) == offset ||
		   wrong(s, "the region has another offset then");
}

EvFeelValue
ev_feel_date_from_text(EvFeelRun *run, const char *text, int length)
{
	Scanner s = {run, text, text + length};
	EvFeelTemporal t = {0};

	if (!spend(run, length))
		return ev_feel_null();
	if (!scan_date(&s, &t) || !at_end(&s))
		return no_such_thing(&s, text, "date");
	return ev_feel_make_temporal(run, EV_FEEL_DATE, &t);
}

EvFeelValue
ev_feel_time_from_text(EvFeelRun *run, const char *text, int length)
{
	Scanner s = {run, text, text + length};
	EvFeelTemporal t = {0};
	bool end_of_day;

	if (!spend(run, length))
		return ev_feel_null();
	skip(&s, 'T');
	if (!scan_clock(&s, &t, &end_of_day) || !scan_zone(&s, &t.zone) || !at_end(&s))
		return no_such_thing(&s, text, "time");
	return ev_feel_make_temporal(run, EV_FEEL_TIME, &t);
}

EvFeelValue
ev_feel_date_time_from_text(EvFeelRun *run, const char *text, int length)
{
	Scanner s = {run, text, text + length};
	EvFeelTemporal t = {0};
	bool end_of_day;
	bool right;

	if (!spend(run, length))
		return ev_feel_null();
	right = scan_date(&s, &t);
	if (right && skip(&s, 'T'))
		right = scan_clock(&s, &t, &end_of_day) && (!end_of_day || go_to_next_day(&t)) &&
				scan_zone(&s, &t.zone) && (at_end(&s) || scan_region_of_offset(&s, &t));
	if (!right || !at_end(&s))
		return no_such_thing(&s, text, "date and time");
	return ev_feel_make_temporal(run, EV_FEEL_DATE_TIME, &t);
}

bool
ev_feel_zone_from_text(EvFeelRun *run, const char *text, int length, EvFeelZone *zone)
{
	Scanner s = {run, text, text + length};

	if (scan_zone(&s, zone) && at_end(&s) && zone->kind != EV_FEEL_ZONE_NONE)
		return true;
	return ev_feel_zone_find(run, text, length, zone);
}

/* ---- durations */

/* Nothing, or a number with its unit, which is added to *sum. */
static bool
scan_part(Scanner *s, char unit, int64 factor, int64 *sum)
{
	const char *start = s->at;
	int64 n;

	if (!scan_number(s, &n))
		return !ev_ascii_is_digit(peek(s));
	if (!skip(s, unit))
	{
		s->at = start;
		return true;
	}
	if (pg_mul_s64_overflow(n, factor, &n) || pg_add_s64_overflow(*sum, n, sum))
		return wrong(s, "it is too long");
	return true;
}

static bool
scan_seconds(Scanner *s, int64 *seconds, int *nanoseconds)
{
	int64 n;

	if (at_end(s))
		return true;
	if (!scan_number(s, &n) || !scan_fraction(s, nanoseconds) || !skip(s, 'S'))
		return false;
	return !pg_add_s64_overflow(*seconds, n, seconds) || wrong(s, "it is too long");
}

/* Years and months behind the P; *any says whether there are some. */
static bool
scan_months(Scanner *s, int64 *months, bool *any)
{
	const char *start = s->at;
	bool fits = scan_part(s, 'Y', 12, months) && scan_part(s, 'M', 1, months);

	*any = s->at > start;
	return fits;
}

static bool
scan_days_time(Scanner *s, int64 *seconds, int *nanoseconds)
{
	if (at_end(s) || !scan_part(s, 'D', EV_FEEL_DAY_SECONDS, seconds))
		return false;
	if (at_end(s))
		return true;
	return skip(s, 'T') && !at_end(s) && scan_part(s, 'H', 3600, seconds) &&
		   scan_part(s, 'M', 60, seconds) && scan_seconds(s, seconds, nanoseconds) && at_end(s);
}

EvFeelValue
ev_feel_duration_from_text(EvFeelRun *run, const char *text, int length)
{
	Scanner s = {run, text, text + length};
	int64 months = 0, seconds = 0;
	int nanoseconds = 0;
	bool negative, is_months;

	if (!spend(run, length))
		return ev_feel_null();
	negative = skip(&s, '-');
	if (skip(&s, 'P') && scan_months(&s, &months, &is_months))
	{
		if (is_months && at_end(&s))
			return ev_feel_months(negative ? -months : months);
		if (!is_months && scan_days_time(&s, &seconds, &nanoseconds))
			return ev_feel_make_duration(run, negative ? -seconds : seconds,
										 negative ? -nanoseconds : nanoseconds);
	}
	return no_such_thing(&s, text, "duration");
}

/* ---- @"..." */

EvFeelValue
ev_feel_at_literal(EvFeelRun *run, const char *text, int length)
{
	if (length > 0 && (text[0] == 'P' || (length > 1 && text[0] == '-' && text[1] == 'P')))
		return ev_feel_duration_from_text(run, text, length);
	if (length > 2 && (text[0] == 'T' || text[2] == ':'))
		return ev_feel_time_from_text(run, text, length);
	if (memchr(text, 'T', length) != NULL)
		return ev_feel_date_time_from_text(run, text, length);
	return ev_feel_date_from_text(run, text, length);
}
