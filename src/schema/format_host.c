/* SPDX-License-Identifier: PostgreSQL
 *
 * format_host.c: names of hosts.
 *
 * A name is labels with dots between them, at most 253 octets, a label at most
 * 63 (RFC 1123, 2.1).  A label of ASCII is letters, digits, and hyphens inside;
 * one that begins with "xn--" is an A-label, any other one with more than ASCII
 * in it a U-label, and what these may hold is IDNA2008's to say
 * (format_idn.c).  In an internationalised name three more characters stand for
 * the dot, as people write them (RFC 3490, 3.1), and lengths are those of the
 * A-labels.
 *
 * The Bidi rule (RFC 5893) is a rule for the whole name: where one label runs
 * from right to left, no label may begin with a digit.
 */
#include "base/compat.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "schema/format_scan.h"

#define MAX_NAME 253
#define MAX_LABEL 63

typedef struct Label
{
	const char *s;
	int length;
	bool ascii;
} Label;

/* The dot, or U+3002, U+FF0E, U+FF61: how many bytes it has; 0 if it is something else. */
static int
dot_length(const char *s, const char *end, bool international)
{
	if (*s == '.')
		return 1;
	if (international && end - s >= 3 &&
		(memcmp(s, "\xE3\x80\x82", 3) == 0 || memcmp(s, "\xEF\xBC\x8E", 3) == 0 ||
		 memcmp(s, "\xEF\xBD\xA1", 3) == 0))
		return 3;
	return 0;
}

/* The label at *s, which goes behind its dot; *last if there is none. */
static Label
next_label(const char **s, const char *end, bool international, bool *last)
{
	Label label = {*s, 0, true};
	int dot = 0;

	while (*s < end)
	{
		unsigned char c = (unsigned char) **s;

		if (c == '.' || c >= 0x80)
		{
			dot = dot_length(*s, end, international);
			if (dot > 0)
				break;
			label.ascii = false;
		}
		(*s)++;
	}
	label.length = *s - label.s;
	*s += dot;
	*last = dot == 0;
	return label;
}

static bool
is_ldh(const Label *label)
{
	if (label->length == 0 || label->length > MAX_LABEL || label->s[0] == '-' ||
		label->s[label->length - 1] == '-')
		return false;
	for (int i = 0; i < label->length; i++)
	{
		if (!ev_ascii_is_alphanumeric(label->s[i]) && label->s[i] != '-')
			return false;
	}
	return true;
}

/* The length that the label has in the DNS; -1 if it is not one. */
static int
check_label(const Label *label, int flags, bool *right_to_left)
{
	if (!label->ascii)
		return flags & EV_HOST_INTERNATIONAL
				   ? ev_format_check_idn(label->s, label->length, flags, right_to_left)
				   : -1;
	if (!is_ldh(label))
		return -1;
	if ((flags & EV_HOST_A_LABELS) && label->length >= 4 &&
		pg_strncasecmp(label->s, "xn--", 4) == 0)
		return ev_format_check_idn(label->s, label->length, flags, right_to_left);
	return label->length;
}

/* Characters without a direction that may begin a label of its own: digits, katakana's dot. */
static bool
begins_weakly(const Label *label)
{
	const char *p = label->s;
	int c = ev_utf8_next(&p, label->s + label->length);

	return ev_ascii_is_digit(c) || (c >= 0x06F0 && c <= 0x06F9) || c == 0x30FB;
}

bool
ev_format_is_host(const char *s, int length, int flags)
{
	const char *end = s + length;
	int total = -1;
	bool last = false, weak = false, right_to_left = false;

	while (!last)
	{
		Label label = next_label(&s, end, (flags & EV_HOST_INTERNATIONAL) != 0, &last);
		int octets = check_label(&label, flags, &right_to_left);

		if (octets < 0)
			return false;
		total += octets + 1;
		if (total > MAX_NAME)
			return false;
		weak = weak || begins_weakly(&label);
	}
	return !(weak && right_to_left);
}
