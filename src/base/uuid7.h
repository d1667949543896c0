/* SPDX-License-Identifier: PostgreSQL
 *
 * uuid7.h: version 7 UUIDs (RFC 9562, section 5.7) as text.
 */
#ifndef EV_UUID7_H
#define EV_UUID7_H

#include "datatype/timestamp.h"

#define EV_UUID7_TEXT_LENGTH 36

/* Writes 36 characters and a NUL.  `now` is the instant that the id carries. */
extern void ev_uuid7_format(TimestampTz now, char *out);

#endif /* EV_UUID7_H */
