/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_temporal_zone.c: zones of times.
 *
 * pg_tzset() takes more than the names of regions: any case, and descriptions
 * of zones as POSIX has them (FOO5BAR).  It also keeps every zone it has ever
 * made until the session ends, while names come out of events.  So a name is
 * only given to it if it cannot be such a description, and is only taken if it
 * comes back in the same spelling, which is that of the database.
 *
 * A description of a zone has digits; names of regions have digits only in a
 * few old ones and in Etc/GMT+5 and its like.
 *
 * From a local time to UTC: the offset is one of those that hold a day before
 * and a day after, since no zone is a day away from UTC and none changes twice
 * in two days.  If the earlier one holds at the moment that it leads to, it is
 * the one (also where both do: clocks were put back, and this is the first of
 * two such times).  If neither does, clocks were put forward past the time, and
 * the earlier one is meant.
 */
#include "base/compat.h"

#include "base/ascii.h"
#include "match/feel_temporal_calendar.h"
#include "match/feel_temporal_zone.h"

/* What a look-up costs in steps: unknown names make pg_tzset() read folders. */
#define LOOKUP_STEPS 50

/* A year in which every zone is at its last rule. */
#define LATE_YEAR 2400

static bool
is_old_name(const char *name)
{
	static const char *const names[] = {
		"CST6CDT", "EST5EDT", "MST7MDT", "PST8PDT", "GMT0", "GMT+0", "GMT-0",
	};

	for (int i = 0; i < lengthof(names); i++)
	{
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

/* Etc/GMT0, Etc/GMT+5, Etc/GMT-14 */
static bool
is_etc_name(const char *name)
{
	int ndigits;

	if (strncmp(name, "Etc/GMT", 7) != 0)
		return false;
	name += 7;
	if (*name == '+' || *name == '-')
		name++;
	ndigits = strspn(name, "0123456789");
	return ndigits >= 1 && ndigits <= 2 && name[ndigits] == '\0';
}

/* Could it be a region, and nothing else that pg_tzset() takes? */
static bool
may_be_region(const char *name)
{
	bool has_digits = false;

	/* The folders right/ and posix/ and the file localtime are no regions. */
	if (name[0] < 'A' || name[0] > 'Z')
		return false;
	for (const char *c = name; *c != '\0'; c++)
	{
		if (!ev_ascii_is_alphanumeric(*c) && strchr("/_-+", *c) == NULL)
			return false;
		if (*c == '/' && !ev_ascii_is_letter(c[1]))
			return false;
		has_digits = has_digits || ev_ascii_is_digit(*c);
	}
	return !has_digits || is_old_name(name) || is_etc_name(name);
}

bool
ev_feel_zone_find(EvFeelRun *run, const char *name, int length, EvFeelZone *zone)
{
	char *copy;
	pg_tz *region;

	if (length < 1 || length > TZ_STRLEN_MAX || memchr(name, '\0', length) != NULL)
		return false;
	if (!ev_feel_step(run, LOOKUP_STEPS))
		return false;
	copy = ev_feel_alloc(run, length + 1);
	if (copy == NULL)
		return false;
	memcpy(copy, name, length);
	copy[length] = '\0';
	if (!may_be_region(copy))
		return false;

	/* Zones with leap seconds are not acceptable: our days have 86400 seconds. */
	region = pg_tzset(copy);
	if (region == NULL || !pg_tz_acceptable(region) ||
		strcmp(pg_get_timezone_name(region), copy) != 0)
		return false;
	*zone = (EvFeelZone) {.kind = EV_FEEL_ZONE_REGION, .name = copy, .region = region};
	return true;
}

int
ev_feel_zone_offset_at(const EvFeelZone *zone, int64 utc)
{
	pg_time_t t = utc;
	struct pg_tm *tm;

	if (zone->kind == EV_FEEL_ZONE_OFFSET)
		return zone->offset;
	tm = pg_localtime(&t, zone->region);

	/* It knows all years that an int can hold, which are more than ours. */
	return tm == NULL ? 0 : tm->tm_gmtoff;
}

int
ev_feel_zone_offset_for(const EvFeelZone *zone, int64 local)
{
	int before = ev_feel_zone_offset_at(zone, local - EV_FEEL_DAY_SECONDS);
	int after = ev_feel_zone_offset_at(zone, local + EV_FEEL_DAY_SECONDS);

	if (before == after || ev_feel_zone_offset_at(zone, local - before) == before)
		return before;
	return ev_feel_zone_offset_at(zone, local - after) == after ? after : before;
}

int
ev_feel_zone_offset_of_time(const EvFeelZone *zone)
{
	int64 january = ev_feel_calendar_to_days(LATE_YEAR, 1, 15) * EV_FEEL_DAY_SECONDS;
	int64 july = ev_feel_calendar_to_days(LATE_YEAR, 7, 15) * EV_FEEL_DAY_SECONDS;

	return Min(ev_feel_zone_offset_at(zone, january), ev_feel_zone_offset_at(zone, july));
}

bool
ev_feel_zone_same(const EvFeelZone *a, const EvFeelZone *b)
{
	if (a->kind != b->kind)
		return false;
	return a->kind == EV_FEEL_ZONE_NONE ||
		   (a->kind == EV_FEEL_ZONE_OFFSET ? a->offset == b->offset
										   : strcmp(a->name, b->name) == 0);
}
