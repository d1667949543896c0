/*
 * replay_pace.c - when is an event due?
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * By count, or by the time at which the events were recorded, which stands in each of them before
 * anything but plain texts (see walk.c).  An event without one is due at once.  Times count from
 * the first event: a receiver that is slower than the pace for a while gets what is late at once.
 */
#define _GNU_SOURCE

#include "cmd/replay_pace.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

#define RECORDED ",\"recordedtime\":\""
#define SLOW_PIECE 100
#define LONGEST 1e15 /* ms */

static bool
set_number(double *number, const char *text, const char *unit)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || !isfinite(value) || value <= 0 || (*end && strcmp(end, unit) != 0))
		return false;
	*number = value;
	return true;
}

bool
pace_set_rate(Pace *pace, const char *text)
{
	return set_number(&pace->rate, text, "/s");
}

bool
pace_set_speed(Pace *pace, const char *text)
{
	return set_number(&pace->speed, text, "x");
}

/* 2026-01-31T12:00:00.5Z, as the database writes it, in microseconds; false when it is not there */
static bool
find_recorded(Str line, int64_t *recorded)
{
	const char *found = memmem(line.data, line.len, RECORDED, strlen(RECORDED));
	char text[CLOCK_TEXT_SIZE] = "";
	struct tm tm = {0};
	const char *rest;
	double fraction = 0;

	if (!found)
		return false;
	found += strlen(RECORDED);
	for (size_t i = 0; i + 1 < sizeof(text) && found + i < line.data + line.len && found[i] != '"';
		 i++)
		text[i] = found[i];
	rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!rest)
		return false;
	if (*rest == '.')
		fraction = strtod(rest, NULL);
	*recorded = (int64_t) timegm(&tm) * 1000000 + (int64_t) (fraction * 1e6);
	return true;
}

/* so many milliseconds after it began; a day that is too far off never comes either way */
static int64_t
after_begin(const Pace *pace, double ms)
{
	return pace->began_at + (int64_t) fmin(ms, LONGEST);
}

int64_t
pace_due(Pace *pace, Str line)
{
	int64_t due = 0;
	int64_t recorded;

	if (!pace_is_set(pace))
		return 0;
	if (pace->count == 0)
		pace->began_at = clock_monotonic_ms();
	if (pace->rate > 0)
		due = after_begin(pace, (double) pace->count * 1000.0 / pace->rate);
	if (pace->speed > 0 && find_recorded(line, &recorded))
	{
		int64_t by_time;

		if (pace->first_recorded == 0)
			pace->first_recorded = recorded;
		by_time = after_begin(pace, fmax(0, (double) (recorded - pace->first_recorded) / 1000.0 /
												pace->speed));
		if (by_time > due)
			due = by_time;
	}
	pace->count++;
	return due;
}

bool
pace_is_set(const Pace *pace)
{
	return pace->rate > 0 || pace->speed > 0;
}

int
pace_piece(const Pace *pace, int unpaced)
{
	double piece = pace->speed > 0 ? SLOW_PIECE : unpaced;

	if (pace->rate > 0 && pace->rate < piece)
		piece = pace->rate < 1 ? 1 : pace->rate;
	return (int) piece;
}
