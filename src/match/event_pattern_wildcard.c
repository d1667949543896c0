/* SPDX-License-Identifier: PostgreSQL
 *
 * event_pattern_wildcard.c: {"wildcard": "a*b"}.
 *
 * A star stands for any characters, also none.  \* and \\ are the characters
 * themselves; any other use of a backslash, and two stars side by side, are
 * faults.
 *
 * Matching goes piece by piece: the first has to stand at the beginning, the
 * last at the end, and of those between each is taken where it occurs first
 * behind the one before.  Taking the first occurrence leaves the most for the
 * rest, so nothing has to be tried twice, and the time is linear however many
 * stars there are.
 */
#include "base/compat.h"

#include "match/event_pattern_parts.h"

/* Length of a character of the pattern, its escape included; 0 for a fault. */
static int
escape_length(const char *s, const char *end)
{
	if (*s != '\\')
		return 1;
	return end - s > 1 && (s[1] == '*' || s[1] == '\\') ? 2 : 0;
}

static bool
check_text(const char *s, const char *end, int *npieces, const char **message)
{
	bool after_star = false;

	*npieces = 1;
	while (s < end)
	{
		bool is_star = *s == '*';
		int length = escape_length(s, end);

		if (length == 0)
		{
			*message = "a backslash in a wildcard may only stand before * or another backslash";
			return false;
		}
		if (is_star && after_star)
		{
			*message = "a wildcard cannot have two stars side by side";
			return false;
		}
		*npieces += is_star;
		after_star = is_star;
		s += length;
	}
	return true;
}

EvWildcard *
ev_event_pattern_wildcard(const EvView *text, const char **message)
{
	const char *s = text->data;
	const char *end = s + text->length;
	EvWildcard *wildcard;
	char *out;
	int npieces, n = 0;

	if (!check_text(s, end, &npieces, message))
		return NULL;
	wildcard = palloc(offsetof(EvWildcard, pieces) + npieces * sizeof(EvView));
	wildcard->npieces = npieces;
	out = palloc(text->length + 1);
	wildcard->pieces[0] = (EvView) {.type = EV_JSON_STRING, .data = out};
	while (s < end)
	{
		if (*s == '*')
		{
			wildcard->pieces[n].length = out - wildcard->pieces[n].data;
			wildcard->pieces[++n] = (EvView) {.type = EV_JSON_STRING, .data = out};
			s++;
			continue;
		}
		s += *s == '\\';
		*out++ = *s++;
	}
	wildcard->pieces[n].length = out - wildcard->pieces[n].data;
	return wildcard;
}

bool
ev_event_pattern_wildcard_matches(const EvWildcard *wildcard, const char *s, int length)
{
	const EvView *first = &wildcard->pieces[0];
	const EvView *last = &wildcard->pieces[wildcard->npieces - 1];
	const char *end = s + length;

	if (wildcard->npieces == 1)
		return length == first->length && memcmp(s, first->data, length) == 0;
	if (length < first->length + last->length || memcmp(s, first->data, first->length) != 0 ||
		memcmp(end - last->length, last->data, last->length) != 0)
		return false;
	s += first->length;
	end -= last->length;
	for (const EvView *piece = first + 1; piece < last; piece++)
	{
		s = memmem(s, end - s, piece->data, piece->length);
		if (s == NULL)
			return false;
		s += piece->length;
	}
	return true;
}
