/* SPDX-License-Identifier: PostgreSQL
 *
 * utf8.h: code points of text.
 *
 * Scanners of text work on UTF-8.  In a database of that encoding a string is
 * looked at where it lies; in others, text that is not ASCII is converted
 * first, which raises (22P05, 22021) where it has no equivalent.
 */
#ifndef EV_UTF8_H
#define EV_UTF8_H

#include "mb/pg_wchar.h"

/* The string in UTF-8: itself, or a palloc'd conversion, with its new length. */
extern const char *ev_utf8_from_server(const char *s, int *length);

static inline bool
ev_utf8_is_ascii(const char *s, int length)
{
	for (int i = 0; i < length; i++)
	{
		if ((unsigned char) s[i] >= 0x80)
			return false;
	}
	return true;
}

/*
 * The code point at *p, which is before `end`; *p goes behind it.  Of bytes
 * that are no UTF-8: -1, and *p does not move.
 */
static inline int
ev_utf8_next(const char **p, const char *end)
{
	static const int least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *s = (const unsigned char *) *p;
	int n, c;

	if (s[0] < 0x80)
	{
		(*p)++;
		return s[0];
	}
	n = s[0] >= 0xF8 ? 0 : s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : s[0] >= 0xC2 ? 2 : 0;
	if (n == 0 || end - *p < n)
		return -1;
	c = s[0] & (0x7F >> n);
	for (int i = 1; i < n; i++)
	{
		if ((s[i] & 0xC0) != 0x80)
			return -1;
		c = c << 6 | (s[i] & 0x3F);
	}
	if (c < least[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		return -1;
	*p += n;
	return c;
}

#endif /* EV_UTF8_H */
