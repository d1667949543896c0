/* SPDX-License-Identifier: PostgreSQL
 *
 * format_email.c: e-mail addresses, RFC 5321's Mailbox (4.1.2).
 *
 * That is what SMTP takes: a local part of atoms with dots between them, or a
 * quoted string, of at most 64 octets; "@"; a domain or an address in brackets.
 * The comments, folding white space and display names of message headers (RFC
 * 5322) are none of it.  RFC 6531 adds all characters that are not ASCII to the
 * local part, and U-labels to the domain.
 */
#include "base/compat.h"

#include "base/utf8.h"
#include "schema/address.h"
#include "schema/format_scan.h"

#define MAX_LOCAL_PART 64
#define MAX_DOMAIN 255

/* atext: what an atom is made of */
static const bool atext[128] = {
	['!'] = true,		  ['#'] = true, ['$'] = true,		  ['%'] = true,			['&'] = true,
	['\''] = true,		  ['*'] = true, ['+'] = true,		  ['-'] = true,			['/'] = true,
	['0' ... '9'] = true, ['='] = true, ['?'] = true,		  ['A' ... 'Z'] = true, ['^'] = true,
	['_'] = true,		  ['`'] = true, ['a' ... 'z'] = true, ['{'] = true,			['|'] = true,
	['}'] = true,		  ['~'] = true,
};

static inline bool
is_high(char c)
{
	return (unsigned char) c >= 0x80;
}

/* Atom *("." Atom), up to a character that cannot be in it; NULL if it is none. */
static const char *
skip_dot_string(const char *s, const char *end, bool international)
{
	for (;;)
	{
		const char *atom = s;

		while (s < end && (is_high(*s) ? international : atext[(int) *s]))
			s++;
		if (s == atom)
			return NULL;
		if (s == end || *s != '.')
			return s;
		s++;
	}
}

/* Between quotes: any printable character; quotes and backslashes behind a backslash. */
static const char *
skip_quoted_string(const char *s, const char *end, bool international)
{
	for (s++; s < end && *s != '"'; s++)
	{
		if (*s == '\\' && ++s == end)
			return NULL;
		if (is_high(*s) ? (!international || s[-1] == '\\') : (*s < ' ' || *s == 0x7F))
			return NULL;
	}
	return s < end ? s + 1 : NULL;
}

/* "127.0.0.1" or "IPv6:::1": other tags may be registered, but none is. */
static bool
is_address_literal(const char *s, int length)
{
	static const char tag[] = "IPv6:";
	const int tag_length = sizeof(tag) - 1;

	if (length > tag_length && pg_strncasecmp(s, tag, tag_length) == 0)
		return ev_address_is_ipv6(s + tag_length, length - tag_length);
	return ev_address_is_ipv4(s, length);
}

static bool
is_mailbox(const char *s, int length, bool international)
{
	const char *end = s + length;
	const char *at;
	int domain;

	if (length == 0)
		return false;
	at = *s == '"' ? skip_quoted_string(s, end, international)
				   : skip_dot_string(s, end, international);
	if (!at || at == end || *at != '@' || at - s > MAX_LOCAL_PART)
		return false;
	domain = end - (at + 1);
	if (domain >= 2 && at[1] == '[' && end[-1] == ']')
		return domain <= MAX_DOMAIN && is_address_literal(at + 2, domain - 2);
	return ev_format_is_host(at + 1, domain,
							 international
								 ? EV_HOST_A_LABELS | EV_HOST_INTERNATIONAL | EV_HOST_ANY_FORM
								 : EV_HOST_ASCII);
}

bool
ev_format_is_email(const char *s, int length, bool international)
{
	const char *utf8 = international ? ev_utf8_from_server(s, &length) : s;

	return is_mailbox(utf8, length, international);
}
