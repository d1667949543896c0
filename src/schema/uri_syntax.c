/* SPDX-License-Identifier: PostgreSQL
 *
 * uri_syntax.c: is a string a URI, a URI reference, or one of RFC 3987's?
 *
 * The grammar of RFC 3986, appendix A, is regular, and each component is a run
 * of characters of one class; so this is one pass over the bytes with a table
 * of classes, without allocation.  "%" must be followed by two hexadecimal
 * digits wherever it stands.  A host that looks like a bad IPv4 address is a
 * good registered name, as the grammar has it.
 *
 * IRIs are the same with more characters (ucschar, and iprivate in queries), of
 * which a string that is all ASCII has none.
 */
#include "base/compat.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "schema/address.h"
#include "schema/uri.h"

#define UNRESERVED 0x01
#define SUB_DELIM 0x02
#define COLON 0x04
#define AT 0x08
#define SLASH 0x10
#define QUESTION 0x20
#define SCHEME 0x40
#define PRIVATE 0x80 /* not in the table: iprivate goes */

#define USERINFO (UNRESERVED | SUB_DELIM | COLON)
#define REG_NAME (UNRESERVED | SUB_DELIM)
#define PCHAR (UNRESERVED | SUB_DELIM | COLON | AT)
#define PATH (PCHAR | SLASH)
#define FRAGMENT (PCHAR | SLASH | QUESTION)
#define QUERY (FRAGMENT | PRIVATE)

/* Letters, digits, -._~; the rest is reserved or not allowed. */
static const uint8 classes[128] = {
	['!'] = SUB_DELIM,
	['$'] = SUB_DELIM,
	['&'] = SUB_DELIM,
	['\''] = SUB_DELIM,
	['('] = SUB_DELIM,
	[')'] = SUB_DELIM,
	['*'] = SUB_DELIM,
	['+'] = SUB_DELIM | SCHEME,
	[','] = SUB_DELIM,
	['-'] = UNRESERVED | SCHEME,
	['.'] = UNRESERVED | SCHEME,
	['/'] = SLASH,
	['0' ... '9'] = UNRESERVED | SCHEME,
	[':'] = COLON,
	[';'] = SUB_DELIM,
	['='] = SUB_DELIM,
	['?'] = QUESTION,
	['@'] = AT,
	['A' ... 'Z'] = UNRESERVED | SCHEME,
	['_'] = UNRESERVED,
	['a' ... 'z'] = UNRESERVED | SCHEME,
	['~'] = UNRESERVED,
};

typedef struct Scanner
{
	const char *p;
	const char *end;
	bool international;
} Scanner;

static inline bool
has_class(char c, int mask)
{
	return (unsigned char) c < 0x80 && (classes[(unsigned char) c] & mask);
}

bool
ev_uri_is_international(int c, bool private)
{
	if (c >= 0x10000)
	{
		if ((c & 0xFFFE) == 0xFFFE)
			return false;
		if (c >= 0xF0000)
			return private;
		return c < 0xE0000 || c >= 0xE1000;
	}
	if (c >= 0xE000 && c <= 0xF8FF)
		return private;
	return (c >= 0xA0 && c <= 0xD7FF) || (c >= 0xF900 && c <= 0xFDCF) ||
		   (c >= 0xFDF0 && c <= 0xFFEF);
}

/* Over all characters of a class; stops at the first one that is not, or at the end. */
static void
skip(Scanner *s, int mask)
{
	const char *p = s->p;
	const char *end = s->end;

	while (p < end)
	{
		if (has_class(*p, mask))
			p++;
		else if (*p == '%')
		{
			if (end - p < 3 || !ev_ascii_is_hex(p[1]) || !ev_ascii_is_hex(p[2]))
				break;
			p += 3;
		}
		else if (s->international && (unsigned char) *p >= 0x80)
		{
			const char *next = p;
			int c = ev_utf8_next(&next, end);

			if (c < 0 || !ev_uri_is_international(c, (mask & PRIVATE) != 0))
				break;
			p = next;
		}
		else
			break;
	}
	s->p = p;
}

static bool
skip_char(Scanner *s, char c)
{
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

/* "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" ) */
static bool
is_ipvfuture(const char *s, int length)
{
	int i = 1;

	if (length == 0 || (s[0] | 0x20) != 'v')
		return false;
	while (i < length && ev_ascii_is_hex(s[i]))
		i++;
	if (i == 1 || i == length || s[i] != '.' || ++i == length)
		return false;
	while (i < length && has_class(s[i], USERINFO))
		i++;
	return i == length;
}

static bool
skip_ip_literal(Scanner *s)
{
	const char *begin = s->p;
	const char *close = memchr(begin, ']', s->end - begin);

	if (!close)
		return false;
	s->p = close + 1;
	return ev_address_is_ipv6(begin, close - begin) || is_ipvfuture(begin, close - begin);
}

/* [ userinfo "@" ] host [ ":" port ], up to a character that cannot be part of it. */
static bool
skip_authority(Scanner *s)
{
	const char *begin = s->p;

	skip(s, USERINFO);
	if (!skip_char(s, '@'))
		s->p = begin;
	if (skip_char(s, '['))
	{
		if (!skip_ip_literal(s))
			return false;
	}
	else
		skip(s, REG_NAME);
	if (skip_char(s, ':'))
	{
		while (s->p < s->end && ev_ascii_is_digit(*s->p))
			s->p++;
	}
	return s->p == s->end || *s->p == '/' || *s->p == '?' || *s->p == '#';
}

static bool
skip_scheme(Scanner *s)
{
	const char *p = s->p;

	if (p == s->end || !ev_ascii_is_letter(*p))
		return false;
	while (p < s->end && has_class(*p, SCHEME))
		p++;
	if (p == s->end || *p != ':')
		return false;
	s->p = p + 1;
	return true;
}

bool
ev_uri_is_valid(const char *text, int length, bool absolute, bool international)
{
	const char *utf8 = international ? ev_utf8_from_server(text, &length) : text;
	Scanner s = {utf8, utf8 + length, international};
	bool has_scheme = skip_scheme(&s);

	if (absolute && !has_scheme)
		return false;
	if (s.end - s.p >= 2 && s.p[0] == '/' && s.p[1] == '/')
	{
		s.p += 2;
		if (!skip_authority(&s))
			return false;
	}
	else if (!has_scheme)
	{
		/* The first segment of a relative path has no colon. */
		skip(&s, PCHAR & ~COLON);
		if (s.p < s.end && *s.p == ':')
			return false;
	}
	skip(&s, PATH);
	if (skip_char(&s, '?'))
		skip(&s, QUERY);
	if (skip_char(&s, '#'))
		skip(&s, FRAGMENT);
	return s.p == s.end;
}
