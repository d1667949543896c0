/* SPDX-License-Identifier: PostgreSQL
 *
 * letter_case.h: upper and lower case by Unicode.
 */
#ifndef EV_LETTER_CASE_H
#define EV_LETTER_CASE_H

#include "postgres.h"

/* No character becomes longer than three times its bytes. */
#define EV_LETTER_CASE_GROWTH 3

/* The string (UTF-8) in upper or lower case; `to` has room; returns the length. */
extern int ev_letter_case_change(const char *s, int length, bool upper, char *to);

#endif /* EV_LETTER_CASE_H */
