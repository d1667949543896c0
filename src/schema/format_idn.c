/* SPDX-License-Identifier: PostgreSQL
 *
 * format_idn.c: labels of internationalised host names (IDNA2008).
 *
 * libidn2's registration checks are the ones of RFC 5891, 4.2: code points that
 * are allowed (RFC 5892, with its contextual rules), normal form, no leading
 * combining mark, hyphens, the Bidi rule inside of the label, and that an
 * A-label is what its U-label encodes to.  What it misses of the Bidi rule is
 * checked here: a label from right to left has European or Arabic digits, not
 * both (RFC 5893, 2, rule 4).
 *
 * libidn2 takes memory of its own, so nothing raises while that is held.
 */
#include "base/compat.h"

#include <idn2.h>

#include "base/utf8.h"
#include "schema/format_scan.h"

/* Octets of an A-label, and of a U-label that could become one. */
#define MAX_A_LABEL 63
#define MAX_U_LABEL (4 * MAX_A_LABEL)

/* The ranges that scripts from right to left live in; digits among them have no such direction. */
static bool
is_right_to_left(int c)
{
	if (c >= 0x06F0 && c <= 0x06F9)
		return false;
	return (c >= 0x0590 && c <= 0x08FF) || (c >= 0xFB1D && c <= 0xFDFF) ||
		   (c >= 0xFE70 && c <= 0xFEFF) || (c >= 0x10800 && c <= 0x10FFF) ||
		   (c >= 0x1E800 && c <= 0x1EFFF);
}

/* *right_to_left is set if the label is; false if it mixes digits then. */
static bool
check_direction(const char *s, bool *right_to_left)
{
	const char *end = s + strlen(s);
	bool european = false, arabic = false, found = false;

	while (s < end)
	{
		int c = ev_utf8_next(&s, end);

		if (c < 0)
			return false;
		european = european || (c >= '0' && c <= '9') || (c >= 0x06F0 && c <= 0x06F9);
		arabic = arabic || (c >= 0x0660 && c <= 0x0669) || (c >= 0x10D30 && c <= 0x10D39);
		found = found || is_right_to_left(c);
	}
	*right_to_left = *right_to_left || found;
	return !(found && european && arabic);
}

/* An A-label in small letters: its length, -1 if it is none. */
static int
check_a_label(const char *label, bool *right_to_left)
{
	uint8_t *registered = NULL;
	char *unicode = NULL;
	bool ok;

	ok = idn2_register_u8(NULL, (const uint8_t *) label, &registered, 0) == IDN2_OK &&
		 idn2_to_unicode_8z8z(label, &unicode, 0) == IDN2_OK &&
		 check_direction(unicode, right_to_left);
	idn2_free(registered);
	idn2_free(unicode);
	return ok ? (int) strlen(label) : -1;
}

static int
check_u_label(const char *label, int flags, bool *right_to_left)
{
	uint8_t *registered = NULL;
	int length = -1;

	if (idn2_register_u8((const uint8_t *) label, NULL, &registered,
						 flags & EV_HOST_ANY_FORM ? IDN2_NFC_INPUT : 0) == IDN2_OK &&
		check_direction(label, right_to_left))
		length = strlen((char *) registered);
	idn2_free(registered);
	return length;
}

int
ev_format_check_idn(const char *label, int length, int flags, bool *right_to_left)
{
	char copy[MAX_U_LABEL + 1];

	if (length > MAX_U_LABEL)
		return -1;
	memcpy(copy, label, length);
	copy[length] = '\0';
	if (!ev_utf8_is_ascii(copy, length))
		return check_u_label(copy, flags, right_to_left);
	for (int i = 0; i < length; i++)
		copy[i] = pg_ascii_tolower((unsigned char) copy[i]);
	return check_a_label(copy, right_to_left);
}
