/* SPDX-License-Identifier: PostgreSQL
 *
 * rfc3339.h: timestamps as CloudEvents writes them (RFC 3339, section 5.6).
 */
#ifndef EV_RFC3339_H
#define EV_RFC3339_H

#include "datatype/timestamp.h"

/* Long enough for every timestamptz that PostgreSQL holds. */
#define EV_RFC3339_LENGTH 48

/*
 * Strict: date, 'T', time, optional fraction, zone; 'T' and 'Z' in either
 * case.  Digits past the microsecond are rounded away.  false if it is no
 * RFC 3339 date-time; raises nothing.
 */
extern bool ev_rfc3339_parse(const char *text, int length, TimestampTz *result);

/* The same syntax, but a leap second must be 23:59:60 in UTC; the parts alone. */
extern bool ev_rfc3339_is_date_time(const char *text, int length);
extern bool ev_rfc3339_is_date(const char *text, int length);
extern bool ev_rfc3339_is_time(const char *text, int length); /* with zone */

/* In UTC, 'Z', with no more digits than needed; returns the length. */
extern int ev_rfc3339_format(TimestampTz t, char *out);

#endif /* EV_RFC3339_H */
