/* SPDX-License-Identifier: PostgreSQL
 *
 * casefold.h: text compared without regard to case, whatever the locale is.
 *
 * Characters are folded one by one, as the simple case folding of Unicode 14
 * says (CaseFolding.txt, C and S), so that the answer is the same in all
 * databases and for ever: functions that use it may be immutable.  A sequence
 * that is no UTF-8 stands for itself, byte by byte.
 *
 * Text is taken as UTF-8: ev_casefold_from_server() comes first.
 */
#ifndef EV_CASEFOLD_H
#define EV_CASEFOLD_H

#include "base/utf8.h"

/*
 * The string in UTF-8, as ev_utf8_from_server() has it, but never an error for want of an
 * encoding: bytes of a database of SQL_ASCII are taken as they are.
 */
extern const char *ev_casefold_from_server(const char *s, int *length);

/* What is above all code points stands for a byte that is no UTF-8. */
#define EV_CASEFOLD_BYTE 0x110000

/* Of a code point that is not ASCII. */
extern int ev_casefold_wide(int c);

static inline int
ev_casefold(int c)
{
	if (c < 0x80)
		return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
	return ev_casefold_wide(c);
}

/* The next code point, folded; *p, which is before `end`, goes behind it. */
static inline int
ev_casefold_next(const char **p, const char *end)
{
	int c = (unsigned char) **p;

	if (c < 0x80)
	{
		(*p)++;
		return ev_casefold(c);
	}
	c = ev_utf8_next(p, end);
	if (c < 0)
		return EV_CASEFOLD_BYTE | (unsigned char) *(*p)++;
	return ev_casefold_wide(c);
}

/* The code point before *p, which is behind `begin`, folded; *p goes to where it begins. */
extern int ev_casefold_previous(const char **p, const char *begin);

/* Is the text equal to another, or does it begin or end with it? */
extern bool ev_casefold_equal(const char *s, int length, const char *other, int other_length);
extern bool ev_casefold_begins(const char *s, int length, const char *prefix, int prefix_length);
extern bool ev_casefold_ends(const char *s, int length, const char *suffix, int suffix_length);

#endif /* EV_CASEFOLD_H */
