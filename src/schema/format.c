/* SPDX-License-Identifier: PostgreSQL
 *
 * format.c: the table of formats, and those that take few lines.
 *
 * A format has a name, the first draft that defines it, and a function.  The
 * functions scan bytes where they lie and allocate nothing, but for text that
 * is not ASCII (international host names go through libidn2) and for regular
 * expressions, which are parsed.
 *
 * A string is judged by the specification that its format names, not by what is
 * often seen: a date-time has a zone, a duration no fraction, an IPv6 address
 * no zone, an e-mail address no display name.  Where the drafts differ (A-labels
 * in host names from draft 7 on, steps in relative pointers from 2019-09 on) the
 * draft of the schema decides, and a format that it does not define never fails.
 */
#include "base/compat.h"

#include "base/ascii.h"
#include "base/rfc3339.h"
#include "base/utf8.h"
#include "schema/address.h"
#include "schema/format.h"
#include "schema/format_scan.h"
#include "schema/pattern.h"
#include "schema/uri.h"

typedef bool (*FormatCheck)(const char *s, int length, EvDraft draft);

typedef struct FormatRow
{
	const char *name;
	EvDraft since;
	FormatCheck check;
} FormatRow;

static bool
is_date_time(const char *s, int length, EvDraft draft)
{
	return ev_rfc3339_is_date_time(s, length);
}

static bool
is_date(const char *s, int length, EvDraft draft)
{
	return ev_rfc3339_is_date(s, length);
}

static bool
is_time(const char *s, int length, EvDraft draft)
{
	return ev_rfc3339_is_time(s, length);
}

/*
 * Numbers with the units of a row, the first one and then those which follow it
 * in the row without a gap: 1H30M, but not 1H30S.  At least one.
 */
static bool
skip_units(const char **p, const char *end, const char *units)
{
	const char *unit = NULL;

	while (*p < end && ev_ascii_is_digit(**p))
	{
		const char *found;

		while (*p < end && ev_ascii_is_digit(**p))
			(*p)++;
		if (*p == end || !(found = strchr(units, **p)) || (unit && found != unit + 1))
			return false;
		unit = found;
		(*p)++;
	}
	return unit != NULL;
}

/* RFC 3339, appendix A: PnW, or PnYnMnD and TnHnMnS */
static bool
is_duration(const char *s, int length, EvDraft draft)
{
	const char *p = s;
	const char *end = s + length;

	if (p == end || *p++ != 'P')
		return false;
	if (p < end && *p == 'T')
		p++;
	else
	{
		const char *date = p;

		if (skip_units(&p, end, "W") && p == end)
			return true;
		p = date;
		if (!skip_units(&p, end, "YMD"))
			return false;
		if (p == end)
			return true;
		if (*p++ != 'T')
			return false;
	}
	return skip_units(&p, end, "HMS") && p == end;
}

static bool
is_email(const char *s, int length, EvDraft draft)
{
	return ev_format_is_email(s, length, false);
}

static bool
is_idn_email(const char *s, int length, EvDraft draft)
{
	return ev_format_is_email(s, length, true);
}

static bool
is_hostname(const char *s, int length, EvDraft draft)
{
	return ev_format_is_host(s, length, draft >= EV_DRAFT_7 ? EV_HOST_A_LABELS : EV_HOST_ASCII);
}

static bool
is_idn_hostname(const char *s, int length, EvDraft draft)
{
	const char *utf8 = ev_utf8_from_server(s, &length);

	return ev_format_is_host(utf8, length, EV_HOST_A_LABELS | EV_HOST_INTERNATIONAL);
}

static bool
is_ipv4(const char *s, int length, EvDraft draft)
{
	return ev_address_is_ipv4(s, length);
}

static bool
is_ipv6(const char *s, int length, EvDraft draft)
{
	return ev_address_is_ipv6(s, length);
}

static bool
is_uri(const char *s, int length, EvDraft draft)
{
	return ev_uri_is_valid(s, length, true, false);
}

static bool
is_uri_reference(const char *s, int length, EvDraft draft)
{
	return ev_uri_is_valid(s, length, false, false);
}

static bool
is_iri(const char *s, int length, EvDraft draft)
{
	return ev_uri_is_valid(s, length, true, true);
}

static bool
is_iri_reference(const char *s, int length, EvDraft draft)
{
	return ev_uri_is_valid(s, length, false, true);
}

static bool
is_uri_template(const char *s, int length, EvDraft draft)
{
	return ev_format_is_template(s, length);
}

static bool
is_uuid(const char *s, int length, EvDraft draft)
{
	if (length != 36)
		return false;
	for (int i = 0; i < length; i++)
	{
		bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;

		if (hyphen ? s[i] != '-' : !ev_ascii_is_hex(s[i]))
			return false;
	}
	return true;
}

/* RFC 6901: empty, or begins with a slash, and "~" stands before 0 or 1 only. */
static bool
is_json_pointer(const char *s, int length, EvDraft draft)
{
	const char *end = s + length;

	if (length > 0 && *s != '/')
		return false;
	for (; (s = memchr(s, '~', end - s)) != NULL; s += 2)
	{
		if (end - s < 2 || (s[1] != '0' && s[1] != '1'))
			return false;
	}
	return true;
}

/* "0" or digits that do not begin with one. */
static bool
skip_integer(const char **p, const char *end)
{
	const char *begin = *p;

	while (*p < end && ev_ascii_is_digit(**p))
		(*p)++;
	return *p > begin && (*begin != '0' || *p == begin + 1);
}

/* Levels up, from 2019-09 on a step in an array, and "#" or a pointer. */
static bool
is_relative_json_pointer(const char *s, int length, EvDraft draft)
{
	const char *p = s;
	const char *end = s + length;

	if (!skip_integer(&p, end))
		return false;
	if (draft >= EV_DRAFT_2019_09 && p < end && (*p == '+' || *p == '-'))
	{
		p++;
		if ((p < end && *p == '0') || !skip_integer(&p, end))
			return false;
	}
	if (end - p == 1 && *p == '#')
		return true;
	return is_json_pointer(p, end - p, draft);
}

static bool
is_regex(const char *s, int length, EvDraft draft)
{
	return ev_pattern_is_valid(s, length);
}

static const FormatRow formats[] = {
	[EV_FORMAT_NONE] = {"", EV_DRAFT_4, NULL},
	[EV_FORMAT_DATE_TIME] = {"date-time", EV_DRAFT_4, is_date_time},
	[EV_FORMAT_DATE] = {"date", EV_DRAFT_7, is_date},
	[EV_FORMAT_TIME] = {"time", EV_DRAFT_7, is_time},
	[EV_FORMAT_DURATION] = {"duration", EV_DRAFT_2019_09, is_duration},
	[EV_FORMAT_EMAIL] = {"email", EV_DRAFT_4, is_email},
	[EV_FORMAT_IDN_EMAIL] = {"idn-email", EV_DRAFT_7, is_idn_email},
	[EV_FORMAT_HOSTNAME] = {"hostname", EV_DRAFT_4, is_hostname},
	[EV_FORMAT_IDN_HOSTNAME] = {"idn-hostname", EV_DRAFT_7, is_idn_hostname},
	[EV_FORMAT_IPV4] = {"ipv4", EV_DRAFT_4, is_ipv4},
	[EV_FORMAT_IPV6] = {"ipv6", EV_DRAFT_4, is_ipv6},
	[EV_FORMAT_URI] = {"uri", EV_DRAFT_4, is_uri},
	[EV_FORMAT_URI_REFERENCE] = {"uri-reference", EV_DRAFT_6, is_uri_reference},
	[EV_FORMAT_IRI] = {"iri", EV_DRAFT_7, is_iri},
	[EV_FORMAT_IRI_REFERENCE] = {"iri-reference", EV_DRAFT_7, is_iri_reference},
	[EV_FORMAT_URI_TEMPLATE] = {"uri-template", EV_DRAFT_6, is_uri_template},
	[EV_FORMAT_UUID] = {"uuid", EV_DRAFT_2019_09, is_uuid},
	[EV_FORMAT_JSON_POINTER] = {"json-pointer", EV_DRAFT_6, is_json_pointer},
	[EV_FORMAT_RELATIVE_JSON_POINTER] = {"relative-json-pointer", EV_DRAFT_7,
										 is_relative_json_pointer},
	[EV_FORMAT_REGEX] = {"regex", EV_DRAFT_7, is_regex},
};

EvFormat
ev_format_by_name(const char *name, int length, EvDraft draft)
{
	for (int i = EV_FORMAT_NONE + 1; i < lengthof(formats); i++)
	{
		if (strlen(formats[i].name) == length && memcmp(formats[i].name, name, length) == 0)
			return draft >= formats[i].since ? i : EV_FORMAT_NONE;
	}
	return EV_FORMAT_NONE;
}

const char *
ev_format_name(EvFormat format)
{
	return formats[format].name;
}

bool
ev_format_matches(EvFormat format, const char *s, int length, EvDraft draft)
{
	return format == EV_FORMAT_NONE || formats[format].check(s, length, draft);
}
