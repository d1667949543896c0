/* SPDX-License-Identifier: PostgreSQL
 *
 * letter_case.h: upper and lower case by Unicode.
 */
#ifndef EV_LETTER_CASE_H
#define EV_LETTER_CASE_H

#include "postgres.h"

/* No character becomes longer than three times its bytes. */
#define EV_LETTER_CASE_GROWTH 3

/* Every `step`-th letter from `first` to `last` has another one at that distance. */
typedef struct EvCaseRange
{
	int first;
	int last;
	int step;
	int distance;
} EvCaseRange;

/* The range, of `n` that are sorted, that has a code point; NULL for none. */
extern const EvCaseRange *ev_letter_case_find(int c, const EvCaseRange *ranges, int n);

/* The one letter that a letter, not of ASCII, is in lower case. */
extern int ev_letter_case_lower(int c);

/* The string (UTF-8) in upper or lower case; `to` has room; returns the length. */
extern int ev_letter_case_change(const char *s, int length, bool upper, char *to);

#endif /* EV_LETTER_CASE_H */
