/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_string.h: what functions of strings share.
 *
 * Strings are in the database's encoding, and characters are never split: bytes
 * of one may look like another character in some encodings, so that a search for
 * bytes has to know where characters begin.
 */
#ifndef EV_FEEL_STRING_H
#define EV_FEEL_STRING_H

#include "lib/stringinfo.h"
#include "match/feel_run.h"

/* The character of a Unicode code point; false if the database's encoding has none. */
extern bool ev_feel_append_code_point(StringInfo out, int c);

/* How many characters. */
extern int ev_feel_string_count(EvFeelValue string);

/* Bytes before the n-th character from 0, or of the whole if there are not that many. */
extern int ev_feel_string_offset(EvFeelValue string, int64 n);

/* Where `part` begins first, in bytes; -1 if nowhere. */
extern int ev_feel_string_find(EvFeelValue string, EvFeelValue part);

extern bool ev_feel_string_starts_with(EvFeelValue string, EvFeelValue part);
extern bool ev_feel_string_ends_with(EvFeelValue string, EvFeelValue part);

/* From one byte to another, which is not copied. */
static inline EvFeelValue
ev_feel_string_part(EvFeelValue string, int from, int to)
{
	return ev_feel_string(string.string + from, to - from);
}

#endif /* EV_FEEL_STRING_H */
