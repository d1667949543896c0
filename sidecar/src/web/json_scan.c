/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * json_scan.c: a checker of JSON text (RFC 8259); see json_scan.h.
 *
 * One pass, no recursion: the nesting is a bit for each level (object or
 * array).  Each scan_*() function takes one token at s->at and moves behind
 * it.
 */
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "web/json_scan.h"

typedef struct Scan
{
	const char *start;
	const char *at;
	const char *end;
	const char *message;
	uint64_t objects; /* bit n: level n is an object */
	int depth;
} Scan;

static bool
fail(Scan *s, const char *message)
{
	if (s->message == NULL)
		s->message = message;
	return false;
}

static void
skip_blanks(Scan *s)
{
	while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
		s->at++;
}

static int
peek(const Scan *s)
{
	return s->at < s->end ? (unsigned char) *s->at : -1;
}

/* Four hex digits; -1 when they are not. */
static int
scan_hex4(Scan *s)
{
	int value = 0;

	for (int i = 0; i < 4; i++, s->at++)
	{
		int c = peek(s);

		if (c >= '0' && c <= '9')
			value = value * 16 + c - '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			value = value * 16 + (c | 0x20) - 'a' + 10;
		else
			return -1;
	}
	return value;
}

static bool
scan_unicode(Scan *s)
{
	int unit = scan_hex4(s);

	if (unit < 0)
		return fail(s, "a \\u escape is malformed");
	if (unit == 0)
		return fail(s, "a string holds \\u0000, which cannot be stored");
	if (unit >= 0xDC00 && unit <= 0xDFFF)
		return fail(s, "a string holds half of a surrogate pair");
	if (unit < 0xD800 || unit > 0xDBFF)
		return true;
	if (s->end - s->at < 6 || s->at[0] != '\\' || s->at[1] != 'u')
		return fail(s, "a string holds half of a surrogate pair");
	s->at += 2;
	unit = scan_hex4(s);
	return (unit >= 0xDC00 && unit <= 0xDFFF) || fail(s, "a string holds half of a surrogate pair");
}

static bool
scan_string(Scan *s)
{
	for (s->at++; s->at < s->end;)
	{
		unsigned char c = (unsigned char) *s->at;
		size_t len;

		if (c == '"')
		{
			s->at++;
			return true;
		}
		if (c < 0x20)
			return fail(s, "a string holds a control character");
		if (c >= 0x80)
		{
			len = str_utf8_length(s->at, (size_t) (s->end - s->at));
			if (len == 0)
				return fail(s, "the text is not UTF-8");
			s->at += len;
			continue;
		}
		s->at++;
		if (c != '\\')
			continue;
		c = (unsigned char) (s->at < s->end ? *s->at++ : 0);
		if (c == 'u')
		{
			if (!scan_unicode(s))
				return false;
		}
		else if (c == 0 || strchr("\"\\/bfnrt", c) == NULL)
			return fail(s, "an escape in a string is not known");
	}
	return fail(s, "a string has no end");
}

static bool
scan_digits(Scan *s)
{
	const char *first = s->at;

	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	return s->at > first || fail(s, "a number is malformed");
}

static bool
scan_number(Scan *s)
{
	if (peek(s) == '-')
		s->at++;
	if (peek(s) == '0')
		s->at++;
	else if (!scan_digits(s))
		return false;
	if (peek(s) == '.')
	{
		s->at++;
		if (!scan_digits(s))
			return false;
	}
	if (peek(s) == 'e' || peek(s) == 'E')
	{
		s->at++;
		if (peek(s) == '+' || peek(s) == '-')
			s->at++;
		if (!scan_digits(s))
			return false;
	}
	return true;
}

static bool
scan_word(Scan *s, const char *word)
{
	size_t len = strlen(word);

	if ((size_t) (s->end - s->at) < len || memcmp(s->at, word, len) != 0)
		return fail(s, "there is an unknown word");
	s->at += len;
	return true;
}

static bool
scan_scalar(Scan *s)
{
	switch (peek(s))
	{
		case '"':
			return scan_string(s);
		case 't':
			return scan_word(s, "true");
		case 'f':
			return scan_word(s, "false");
		case 'n':
			return scan_word(s, "null");
		case -1:
			return fail(s, "the text ends too early");
		default:
			if (peek(s) == '-' || (peek(s) >= '0' && peek(s) <= '9'))
				return scan_number(s);
			return fail(s, "a value is expected");
	}
}

static bool
in_object(const Scan *s)
{
	return (s->objects >> (s->depth - 1) & 1) != 0;
}

static bool
open_level(Scan *s, bool object)
{
	if (s->depth == JSON_MAX_DEPTH)
		return fail(s, "the text is nested too deeply");
	if (object)
		s->objects |= (uint64_t) 1 << s->depth;
	else
		s->objects &= ~((uint64_t) 1 << s->depth);
	s->depth++;
	s->at++;
	return true;
}

/* "key": of a member; *key is the string. */
static bool
scan_key(Scan *s, Str *key)
{
	const char *first;

	skip_blanks(s);
	first = s->at;
	if (peek(s) != '"')
		return fail(s, "a member's name is expected");
	if (!scan_string(s))
		return false;
	*key = (Str) {first, (size_t) (s->at - first)};
	skip_blanks(s);
	if (peek(s) != ':')
		return fail(s, "a colon is expected");
	s->at++;
	return true;
}

/*
 * Behind a value: closes the levels that end here, or moves on to the next
 * value.  *done: the outermost value has ended.
 */
static bool
after_value(Scan *s, JsonPartFn fn, void *arg, Str *key, const char **part, bool *done)
{
	for (;;)
	{
		if (s->depth == 1 && fn != NULL && *part != NULL)
			fn(arg, *key, (Str) {*part, (size_t) (s->at - *part)});
		*done = s->depth == 0;
		if (*done)
			return true;
		skip_blanks(s);
		if (peek(s) == ',')
		{
			Str name = {NULL, 0};

			s->at++;
			if (in_object(s) && !scan_key(s, &name))
				return false;
			skip_blanks(s);
			if (s->depth == 1)
			{
				*key = name;
				*part = s->at;
			}
			return true;
		}
		if (peek(s) != (in_object(s) ? '}' : ']'))
			return fail(s, in_object(s) ? "a comma or } is expected" : "a comma or ] is expected");
		s->at++;
		s->depth--;
	}
}

static bool
scan_all(Scan *s, JsonPartFn fn, void *arg)
{
	Str key = {NULL, 0};
	const char *part = NULL;
	bool done = false;

	while (!done)
	{
		int c;

		skip_blanks(s);
		c = peek(s);
		if (c == '{' || c == '[')
		{
			Str name = {NULL, 0};

			if (!open_level(s, c == '{'))
				return false;
			skip_blanks(s);
			if (peek(s) != (c == '{' ? '}' : ']'))
			{
				if (c == '{' && !scan_key(s, &name))
					return false;
				skip_blanks(s);
				if (s->depth == 1)
				{
					key = name;
					part = s->at;
				}
				continue;
			}
			s->at++;
			s->depth--;
		}
		else if (!scan_scalar(s))
			return false;
		if (!after_value(s, fn, arg, &key, &part, &done))
			return false;
	}
	skip_blanks(s);
	return s->at == s->end || fail(s, "there is more after the end of the value");
}

bool
json_scan(Str text, char *kind, JsonPartFn fn, void *arg, JsonFault *fault)
{
	Scan s = {.start = text.data, .at = text.data, .end = text.data + text.len};

	skip_blanks(&s);
	*kind = s.at < s.end ? *s.at : '\0';
	if (scan_all(&s, fn, arg))
		return true;
	fault->message = s.message;
	fault->offset = (size_t) (s.at - s.start);
	return false;
}
