/* SPDX-License-Identifier: PostgreSQL
 *
 * format.h: the values of JSON Schema's `format`.
 */
#ifndef EV_FORMAT_H
#define EV_FORMAT_H

#include "schema/draft.h"

typedef enum EvFormat
{
	EV_FORMAT_NONE, /* absent, or not one of ours: never fails */
	EV_FORMAT_DATE_TIME,
	EV_FORMAT_DATE,
	EV_FORMAT_TIME,
	EV_FORMAT_DURATION,
	EV_FORMAT_EMAIL,
	EV_FORMAT_IDN_EMAIL,
	EV_FORMAT_HOSTNAME,
	EV_FORMAT_IDN_HOSTNAME,
	EV_FORMAT_IPV4,
	EV_FORMAT_IPV6,
	EV_FORMAT_URI,
	EV_FORMAT_URI_REFERENCE,
	EV_FORMAT_IRI,
	EV_FORMAT_IRI_REFERENCE,
	EV_FORMAT_URI_TEMPLATE,
	EV_FORMAT_UUID,
	EV_FORMAT_JSON_POINTER,
	EV_FORMAT_RELATIVE_JSON_POINTER,
	EV_FORMAT_REGEX
} EvFormat;

/* EV_FORMAT_NONE if this draft does not define it. */
extern EvFormat ev_format_by_name(const char *name, int length, EvDraft draft);
extern const char *ev_format_name(EvFormat format);

/* Is the string (of the database's encoding, without NUL at its end) of that format? */
extern bool ev_format_matches(EvFormat format, const char *s, int length, EvDraft draft);

#endif /* EV_FORMAT_H */
