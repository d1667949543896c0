/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * duration.c: lengths of time as people write them; see duration.h.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "web/duration.h"

/* At most nine digits; advances.  -1 when there are none, or too many. */
static int64_t
read_number(const char **at)
{
	size_t digits = strspn(*at, "0123456789");
	int64_t number = digits > 0 && digits <= 9 ? strtol(*at, NULL, 10) : -1;

	*at += digits;
	return number;
}

/* Of the letters, each at most once and in this order, with a number before it. */
static bool
add_parts(const char **at, const char *letters, const int64_t *seconds, int64_t *sum)
{
	bool any = false;

	while (**at >= '0' && **at <= '9')
	{
		int64_t number = read_number(at);
		const char *letter = **at != '\0' ? strchr(letters, **at) : NULL;

		if (number < 0 || letter == NULL)
			return false;
		*sum += number * seconds[letter - letters];
		seconds += letter - letters + 1;
		letters = letter + 1;
		any = true;
		(*at)++;
	}
	return any;
}

/* P1W, P1DT12H, PT5M: months and years are not always as long. */
static int64_t
iso_seconds(const char *at)
{
	int64_t sum = 0;

	if (*at != 'T' && !add_parts(&at, "WD", (const int64_t[]) {604800, 86400}, &sum))
		return -1;
	if (*at == 'T')
	{
		at++;
		if (!add_parts(&at, "HMS", (const int64_t[]) {3600, 60, 1}, &sum))
			return -1;
	}
	return *at == '\0' ? sum : -1;
}

int64_t
duration_seconds(const char *text)
{
	static const struct
	{
		const char *name;
		int64_t seconds;
	} units[] = {{"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}, {"w", 604800}};
	const char *at = text;
	int64_t number;
	int64_t sum = -1;

	if (*text == 'P')
		sum = iso_seconds(text + 1);
	else if ((number = read_number(&at)) >= 0)
		for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
			if (strcmp(at, units[i].name) == 0)
				sum = number * units[i].seconds;
	return sum >= 1 && sum <= DURATION_MOST ? sum : -1;
}
