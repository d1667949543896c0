/* SPDX-License-Identifier: PostgreSQL
 *
 * format_template.c: URI templates, RFC 6570, all four levels.
 *
 * Literals are the characters of URIs and IRIs without those that a URI could
 * never hold (2.1; the apostrophe may stand there, as an erratum says), and
 * expressions in braces: an operator, then variables with commas between them,
 * each with a prefix length (":30") or an asterisk behind it or nothing.
 */
#include "base/compat.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "schema/format_scan.h"
#include "schema/uri.h"

/* Those of levels 2 and 3, and those that are kept for later versions (2.2). */
#define OPERATORS "+#./;?&=,!@|"

#define NO_LITERALS "\"%<>\\^`{|}"

static bool
is_percent_encoded(const char *s, const char *end)
{
	return end - s >= 3 && *s == '%' && ev_ascii_is_hex(s[1]) && ev_ascii_is_hex(s[2]);
}

/* varname: letters, digits, "_" and percent-encoded ones, with single dots between them */
static bool
skip_name(const char **s, const char *end)
{
	bool dot_allowed = false;

	while (*s < end)
	{
		char c = **s;

		if (c == '.' && dot_allowed)
		{
			dot_allowed = false;
			(*s)++;
			continue;
		}
		if (is_percent_encoded(*s, end))
			*s += 3;
		else if (ev_ascii_is_alphanumeric(c) || c == '_')
			(*s)++;
		else
			break;
		dot_allowed = true;
	}
	return dot_allowed;
}

/* ":" and 1 ... 9999, or "*", or nothing */
static bool
skip_modifier(const char **s, const char *end)
{
	const char *digits;

	if (*s < end && **s == '*')
	{
		(*s)++;
		return true;
	}
	if (*s == end || **s != ':')
		return true;
	digits = ++(*s);
	while (*s < end && ev_ascii_is_digit(**s))
		(*s)++;
	return *s > digits && *s - digits <= 4 && *digits != '0';
}

/* Behind the "{", up to and with the "}". */
static bool
skip_expression(const char **s, const char *end)
{
	if (*s < end && **s != '\0' && strchr(OPERATORS, **s))
		(*s)++;
	for (;;)
	{
		if (!skip_name(s, end) || !skip_modifier(s, end) || *s == end)
			return false;
		if (**s == '}')
			break;
		if (*(*s)++ != ',')
			return false;
	}
	(*s)++;
	return true;
}

static bool
skip_literal(const char **s, const char *end)
{
	int c;

	if (is_percent_encoded(*s, end))
	{
		*s += 3;
		return true;
	}
	c = ev_utf8_next(s, end);
	if (c >= 0x80)
		return ev_uri_is_international(c, true);
	return c > ' ' && c < 0x7F && !strchr(NO_LITERALS, c);
}

bool
ev_format_is_template(const char *s, int length)
{
	const char *utf8 = ev_utf8_from_server(s, &length);
	const char *end = utf8 + length;

	while (utf8 < end)
	{
		if (*utf8 == '{')
		{
			utf8++;
			if (!skip_expression(&utf8, end))
				return false;
		}
		else if (!skip_literal(&utf8, end))
			return false;
	}
	return true;
}
