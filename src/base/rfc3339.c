/* SPDX-License-Identifier: PostgreSQL
 *
 * rfc3339.c: reading and writing timestamps as CloudEvents writes them.
 *
 * PostgreSQL's own input function takes far more than RFC 3339 and raises on
 * the rest; an intake that must say "this one event is wrong" can use neither.
 * A leap second (:60) is read as the first instant of the next minute, as
 * PostgreSQL does.  Infinity has no RFC 3339 form and years outside 0000 –
 * 9999 have none either; the former is refused at publish, the latter are
 * written with as many digits as they need.
 */
#include "base/compat.h"

#include "base/rfc3339.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#define MINUTES_PER_DAY (HOURS_PER_DAY * MINS_PER_HOUR)

/* Reads exactly n digits. */
static bool
read_digits(const char **p, const char *end, int n, int *value)
{
	int v = 0;

	if (end - *p < n)
		return false;
	for (int i = 0; i < n; i++)
	{
		char c = (*p)[i];

		if (c < '0' || c > '9')
			return false;
		v = v * 10 + (c - '0');
	}
	*p += n;
	*value = v;
	return true;
}

static bool
read_char(const char **p, const char *end, char c)
{
	if (*p >= end || **p != c)
		return false;
	(*p)++;
	return true;
}

/* ".123456789" as microseconds, rounded. */
static bool
read_fraction(const char **p, const char *end, int *microseconds)
{
	int value = 0;
	int digits = 0;
	bool round_up = false;

	for (; *p < end && **p >= '0' && **p <= '9'; (*p)++, digits++)
	{
		if (digits < 6)
			value = value * 10 + (**p - '0');
		else if (digits == 6)
			round_up = **p >= '5';
	}
	if (digits == 0)
		return false;
	for (int i = digits; i < 6; i++)
		value *= 10;
	*microseconds = value + (round_up ? 1 : 0);
	return true;
}

/* "Z" or "+01:30" as minutes east of UTC. */
static bool
read_zone(const char **p, const char *end, int *minutes)
{
	int hour, minute, sign;

	if (*p >= end)
		return false;
	if (**p == 'Z' || **p == 'z')
	{
		(*p)++;
		*minutes = 0;
		return true;
	}
	if (**p != '+' && **p != '-')
		return false;
	sign = **p == '-' ? -1 : 1;
	(*p)++;
	if (!read_digits(p, end, 2, &hour) || !read_char(p, end, ':') ||
		!read_digits(p, end, 2, &minute) || hour > 23 || minute > 59)
		return false;
	*minutes = sign * (hour * 60 + minute);
	return true;
}

static bool
read_date(const char **p, const char *end, int *year, int *month, int *day)
{
	return read_digits(p, end, 4, year) && read_char(p, end, '-') &&
		   read_digits(p, end, 2, month) && read_char(p, end, '-') && read_digits(p, end, 2, day) &&
		   *month >= 1 && *month <= 12 && *day >= 1 && *day <= day_tab[isleap(*year)][*month - 1];
}

/* A time of day, whose second may be a leap second. */
typedef struct Clock
{
	int minutes; /* since midnight */
	int second;	 /* 0 ... 60 */
	int fraction;
} Clock;

static bool
read_clock(const char **p, const char *end, Clock *clock)
{
	int hour, minute;

	clock->fraction = 0;
	if (!read_digits(p, end, 2, &hour) || !read_char(p, end, ':') ||
		!read_digits(p, end, 2, &minute) || !read_char(p, end, ':') ||
		!read_digits(p, end, 2, &clock->second) || hour > 23 || minute > 59 || clock->second > 60)
		return false;
	clock->minutes = hour * 60 + minute;
	return !read_char(p, end, '.') || read_fraction(p, end, &clock->fraction);
}

/* A time with its zone; a leap second only where there can be one: at the end of a day of UTC. */
static bool
read_strict_time(const char **p, const char *end)
{
	Clock clock;
	int zone;

	if (!read_clock(p, end, &clock) || !read_zone(p, end, &zone))
		return false;
	return clock.second < 60 ||
		   (clock.minutes - zone + MINUTES_PER_DAY) % MINUTES_PER_DAY == MINUTES_PER_DAY - 1;
}

bool
ev_rfc3339_parse(const char *text, int length, TimestampTz *result)
{
	const char *p = text;
	const char *end = text + length;
	int year, month, day, zone;
	Clock clock;

	if (!read_date(&p, end, &year, &month, &day) ||
		!(read_char(&p, end, 'T') || read_char(&p, end, 't')) || !read_clock(&p, end, &clock) ||
		!read_zone(&p, end, &zone) || p != end)
		return false;

	/* Years 0000 - 9999 are far inside what a timestamptz holds. */
	*result = (date2j(year, month, day) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY +
			  (clock.minutes - zone) * USECS_PER_MINUTE + clock.second * USECS_PER_SEC +
			  clock.fraction;
	return true;
}

bool
ev_rfc3339_is_date_time(const char *text, int length)
{
	const char *p = text;
	const char *end = text + length;
	int year, month, day;

	return read_date(&p, end, &year, &month, &day) &&
		   (read_char(&p, end, 'T') || read_char(&p, end, 't')) && read_strict_time(&p, end) &&
		   p == end;
}

bool
ev_rfc3339_is_date(const char *text, int length)
{
	const char *p = text;
	int year, month, day;

	return read_date(&p, text + length, &year, &month, &day) && p == text + length;
}

bool
ev_rfc3339_is_time(const char *text, int length)
{
	const char *p = text;

	return read_strict_time(&p, text + length) && p == text + length;
}

/* n digits; the place behind them. */
static char *
put_digits(char *out, int value, int n)
{
	for (int i = n - 1; i >= 0; i--)
	{
		out[i] = '0' + value % 10;
		value /= 10;
	}
	return out + n;
}

/* "-02-03T04:05:06" */
static char *
put_rest(char *out, int month, int day, int seconds)
{
	const int parts[] = {month, day, seconds / 3600, seconds / 60 % 60, seconds % 60};

	for (int i = 0; i < lengthof(parts); i++)
	{
		*out++ = "--T::"[i];
		out = put_digits(out, parts[i], 2);
	}
	return out;
}

int
ev_rfc3339_format(TimestampTz t, char *out)
{
	char *p = out;
	int64 day = t / USECS_PER_DAY;
	int64 rest = t % USECS_PER_DAY;
	int year, month, dom, fraction;

	if (rest < 0)
	{
		rest += USECS_PER_DAY;
		day--;
	}
	j2date((int) (day + POSTGRES_EPOCH_JDATE), &year, &month, &dom);
	if (year >= 0 && year <= 9999)
		p = put_digits(p, year, 4);
	else
		p += snprintf(p, EV_RFC3339_LENGTH - 32, "%04d", year);
	p = put_rest(p, month, dom, (int) (rest / USECS_PER_SEC));
	fraction = (int) (rest % USECS_PER_SEC);
	if (fraction != 0)
	{
		*p++ = '.';
		p = put_digits(p, fraction, 6);
		while (p[-1] == '0')
			p--;
	}
	*p++ = 'Z';
	*p = '\0';
	return p - out;
}
