/* SPDX-License-Identifier: PostgreSQL
 *
 * format_name.c: which formats a draft defines.
 *
 * A format that a draft does not know annotates and never fails, as the
 * specification wants it, even where a later draft knows it.
 */
#include "base/compat.h"

#include "schema/format.h"

static const struct
{
	const char *name;
	EvDraft since;
} formats[] = {
	[EV_FORMAT_NONE] = {"", EV_DRAFT_4},
	[EV_FORMAT_DATE_TIME] = {"date-time", EV_DRAFT_4},
	[EV_FORMAT_DATE] = {"date", EV_DRAFT_7},
	[EV_FORMAT_TIME] = {"time", EV_DRAFT_7},
	[EV_FORMAT_DURATION] = {"duration", EV_DRAFT_2019_09},
	[EV_FORMAT_EMAIL] = {"email", EV_DRAFT_4},
	[EV_FORMAT_IDN_EMAIL] = {"idn-email", EV_DRAFT_7},
	[EV_FORMAT_HOSTNAME] = {"hostname", EV_DRAFT_4},
	[EV_FORMAT_IDN_HOSTNAME] = {"idn-hostname", EV_DRAFT_7},
	[EV_FORMAT_IPV4] = {"ipv4", EV_DRAFT_4},
	[EV_FORMAT_IPV6] = {"ipv6", EV_DRAFT_4},
	[EV_FORMAT_URI] = {"uri", EV_DRAFT_4},
	[EV_FORMAT_URI_REFERENCE] = {"uri-reference", EV_DRAFT_6},
	[EV_FORMAT_IRI] = {"iri", EV_DRAFT_7},
	[EV_FORMAT_IRI_REFERENCE] = {"iri-reference", EV_DRAFT_7},
	[EV_FORMAT_URI_TEMPLATE] = {"uri-template", EV_DRAFT_6},
	[EV_FORMAT_UUID] = {"uuid", EV_DRAFT_2019_09},
	[EV_FORMAT_JSON_POINTER] = {"json-pointer", EV_DRAFT_6},
	[EV_FORMAT_RELATIVE_JSON_POINTER] = {"relative-json-pointer", EV_DRAFT_7},
	[EV_FORMAT_REGEX] = {"regex", EV_DRAFT_7},
};

EvFormat
ev_format_by_name(const char *name, int length, EvDraft draft)
{
	for (int i = EV_FORMAT_NONE + 1; i < lengthof(formats); i++)
		if (strlen(formats[i].name) == length && memcmp(formats[i].name, name, length) == 0)
			return draft >= formats[i].since ? i : EV_FORMAT_NONE;
	return EV_FORMAT_NONE;
}

const char *
ev_format_name(EvFormat format)
{
	return formats[format].name;
}
