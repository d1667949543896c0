/* SPDX-License-Identifier: PostgreSQL
 *
 * casefold.c: folding of case, and comparing by it.
 *
 * A letter folds to the one that it is in lower case (letter_case.c), but for the
 * exceptions here: letters that are small already and fold to another small one, and
 * those of Cherokee, which fold to capital ones.
 */
#include "base/compat.h"

#include "base/casefold.h"

#include "base/letter_case.h"

/* clang-format off */
static const EvCaseRange exceptions[] = {
	{0xB5, 0xB5, 1, 775}, {0x17F, 0x17F, 1, -268}, {0x345, 0x345, 1, 116}, {0x3C2, 0x3C2, 1, 1},
	{0x3D0, 0x3D0, 1, -30}, {0x3D1, 0x3D1, 1, -25}, {0x3D5, 0x3D5, 1, -15},
	{0x3D6, 0x3D6, 1, -22}, {0x3F0, 0x3F0, 1, -54}, {0x3F1, 0x3F1, 1, -48},
	{0x3F5, 0x3F5, 1, -64}, {0x13A0, 0x13F5, 1, 0}, {0x13F8, 0x13FD, 1, -8},
	{0x1C80, 0x1C80, 1, -6222}, {0x1C81, 0x1C81, 1, -6221}, {0x1C82, 0x1C82, 1, -6212},
	{0x1C83, 0x1C84, 1, -6210}, {0x1C85, 0x1C85, 1, -6211}, {0x1C86, 0x1C86, 1, -6204},
	{0x1C87, 0x1C87, 1, -6180}, {0x1C88, 0x1C88, 1, 35267}, {0x1E9B, 0x1E9B, 1, -58},
	{0x1FBE, 0x1FBE, 1, -7173}, {0xAB70, 0xABBF, 1, -38864},
};
/* clang-format on */

const char *
ev_casefold_from_server(const char *s, int *length)
{
	return GetDatabaseEncoding() == PG_SQL_ASCII ? s : ev_utf8_from_server(s, length);
}

int
ev_casefold_wide(int c)
{
	const EvCaseRange *exception = ev_letter_case_find(c, exceptions, lengthof(exceptions));

	return exception != NULL ? c + exception->distance : ev_letter_case_lower(c);
}

int
ev_casefold_previous(const char **p, const char *begin)
{
	const char *end = *p;

	/* at most 4 bytes; what they begin with has to reach to the end exactly */
	for (const char *s = end - 1; s >= begin && end - s <= 4; s--)
	{
		const char *next = s;

		if ((*(const unsigned char *) s & 0xC0) == 0x80)
			continue;
		if (ev_utf8_next(&next, end) < 0 || next != end)
			break;
		*p = s;
		return ev_casefold_next(&s, end);
	}
	*p = end - 1;
	return EV_CASEFOLD_BYTE | (unsigned char) end[-1];
}

/* How far both go together; true if the other one ended. */
static bool
skip_common(const char **s, const char *end, const char *other, const char *other_end)
{
	while (other < other_end)
	{
		if (*s == end || ev_casefold_next(s, end) != ev_casefold_next(&other, other_end))
			return false;
	}
	return true;
}

bool
ev_casefold_equal(const char *s, int length, const char *other, int other_length)
{
	const char *end = s + length;

	return skip_common(&s, end, other, other + other_length) && s == end;
}

bool
ev_casefold_begins(const char *s, int length, const char *prefix, int prefix_length)
{
	return skip_common(&s, s + length, prefix, prefix + prefix_length);
}

bool
ev_casefold_ends(const char *s, int length, const char *suffix, int suffix_length)
{
	const char *p = s + length;
	const char *q = suffix + suffix_length;

	while (q > suffix)
	{
		if (p == s || ev_casefold_previous(&p, s) != ev_casefold_previous(&q, suffix))
			return false;
	}
	return true;
}
