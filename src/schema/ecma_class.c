/* SPDX-License-Identifier: PostgreSQL
 *
 * ecma_class.c: escapes and classes of ECMA-262's regular expressions.
 *
 * \d and \w are ASCII in both languages (PCRE2 without PCRE2_UCP).  \s is not
 * the same, so it is written out as ranges, and its complement as the ranges
 * between them, since a class cannot hold a negated class.  So are \D and \W in
 * a class: beside \p, PCRE2 10.42 forgets their characters past U+00FF.  A class
 * that has a letter and its opposite, like the usual [\s\S], is any character,
 * which PCRE2 is quicker at.
 *
 * Surrogates are no characters of UTF-8: a range loses those at its ends (PCRE2
 * steps over the ones inside), and a class may lose everything.
 */
#include "base/compat.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "schema/ecma_parser.h"

/* White space (12.2), line terminators (12.3), and all else. */
#define SPACES                                                                              \
	"\\t-\\r\\x{20}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}" \
	"\\x{3000}\\x{feff}"
#define NO_SPACES                                                                    \
	"\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}" \
	"\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}"   \
	"\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}"

#define NO_DIGITS "\\x{0}-\\/\\:-\\x{10ffff}"
#define NO_WORD "\\x{0}-\\/\\:-\\@\\[-\\^\\`\\{-\\x{10ffff}"

/* Exactly n hexadecimal digits; -1 if they are not there. */
static int
read_hex(EcmaParser *parser, int n)
{
	int value = 0;

	if (parser->end - parser->p < n)
		return -1;
	for (int i = 0; i < n; i++)
	{
		int digit = ev_ascii_hex_value(parser->p[i]);

		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	parser->p += n;
	return value;
}

/* "X...}" of \u{X...} */
static int
read_braced_hex(EcmaParser *parser)
{
	int value = -1;

	while (parser->p < parser->end && *parser->p != '}')
	{
		int digit = ev_ascii_hex_value(*parser->p++);

		if (digit < 0)
			return -1;
		value = Max(value, 0) << 4 | digit;
		if (value > 0x10FFFF)
			return -1;
	}
	if (parser->p == parser->end)
		return -1;
	parser->p++;
	return value;
}

bool
ev_ecma_unicode_escape(EcmaParser *parser, int *c)
{
	const char *where = parser->p;

	if (parser->p < parser->end && *parser->p == '{')
	{
		parser->p++;
		*c = read_braced_hex(parser);
	}
	else
	{
		*c = read_hex(parser, 4);
		if (*c >= 0xD800 && *c <= 0xDBFF && parser->end - parser->p >= 6 && parser->p[0] == '\\' &&
			parser->p[1] == 'u')
		{
			const char *second = parser->p;
			int low;

			parser->p += 2;
			low = read_hex(parser, 4);
			if (low >= 0xDC00 && low <= 0xDFFF)
				*c = 0x10000 + ((*c - 0xD800) << 10) + (low - 0xDC00);
			else
				parser->p = second;
		}
	}
	return *c >= 0 || ev_ecma_fail(parser, where, "invalid Unicode escape");
}

/* "{...}" of \p and \P */
static bool
read_property(EcmaParser *parser, EcmaAtom *atom)
{
	const char *where = parser->p;
	const char *close;
	bool complement;

	if (parser->p == parser->end || *parser->p != '{' ||
		!(close = memchr(parser->p, '}', parser->end - parser->p)))
		return ev_ecma_fail(parser, where, "\\p without {}");
	atom->property = ev_ecma_property(parser->p + 1, close - parser->p - 1, &complement);
	if (!atom->property)
		return ev_ecma_fail(parser, where, "unknown Unicode property");
	atom->negated = (atom->c == 'P') != complement;
	parser->p = close + 1;
	return true;
}

/* \cX, \0, \xHH, \uHHHH and characters that stand for themselves. */
static bool
read_character_escape(EcmaParser *parser, char letter, bool in_class, int *c)
{
	static const char controls[] = "f\fn\nr\rt\tv\v";
	const char *where = parser->p - 1;

	for (int i = 0; controls[i]; i += 2)
	{
		if (controls[i] == letter)
		{
			*c = controls[i + 1];
			return true;
		}
	}
	switch (letter)
	{
		case 'c':
			if (parser->p == parser->end || !ev_ascii_is_letter(*parser->p))
				return ev_ecma_fail(parser, where, "\\c without a letter");
			*c = *parser->p++ & 0x1F;
			return true;
		case '0':
			*c = 0;
			if (parser->p < parser->end && ev_ascii_is_digit(*parser->p))
				return ev_ecma_fail(parser, where, "octal escape");
			return true;
		case 'x':
			*c = read_hex(parser, 2);
			return *c >= 0 || ev_ecma_fail(parser, where, "invalid hexadecimal escape");
		case 'u':
			return ev_ecma_unicode_escape(parser, c);
	}
	*c = letter;
	if (strchr("^$\\.*+?()[]{}|/", letter) || (in_class && letter == '-'))
		return true;
	return ev_ecma_fail(parser, where, "invalid escape");
}

bool
ev_ecma_escape(EcmaParser *parser, bool in_class, EcmaAtom *atom)
{
	char letter;

	if (parser->p == parser->end)
		return ev_ecma_fail(parser, parser->p - 1, "\\ at the end");
	letter = *parser->p++;
	*atom = (EcmaAtom) {ECMA_CLASS, letter, NULL, false};
	if (letter == '\0')
		return ev_ecma_fail(parser, parser->p - 1, "invalid escape");
	if (letter == 'p' || letter == 'P')
		return read_property(parser, atom);
	if (strchr("dDsSwW", letter))
		return true;
	atom->kind = ECMA_CHARACTER;
	if (in_class && letter == 'b')
	{
		atom->c = '\b';
		return true;
	}
	return read_character_escape(parser, letter, in_class, &atom->c);
}

void
ev_ecma_put_character(StringInfo out, int c)
{
	if (ev_ascii_is_alphanumeric(c))
		appendStringInfoChar(out, (char) c);
	else if (c > ' ' && c < 0x7F)
	{
		appendStringInfoChar(out, '\\');
		appendStringInfoChar(out, (char) c);
	}
	else
		appendStringInfo(out, "\\x{%x}", c);
}

/* A class by its letter, as it stands inside of brackets. */
static void
put_class_letter(StringInfo out, const EcmaAtom *atom)
{
	switch (atom->c)
	{
		case 'p':
		case 'P':
			appendStringInfo(out, "\\%c{%s}", atom->negated ? 'P' : 'p', atom->property);
			break;
		case 's':
			appendStringInfoString(out, SPACES);
			break;
		case 'S':
			appendStringInfoString(out, NO_SPACES);
			break;
		case 'D':
			appendStringInfoString(out, NO_DIGITS);
			break;
		case 'W':
			appendStringInfoString(out, NO_WORD);
			break;
		default:
			appendStringInfo(out, "\\%c", atom->c);
			break;
	}
}

void
ev_ecma_put_atom(StringInfo out, const EcmaAtom *atom)
{
	if (atom->kind == ECMA_CHARACTER && ECMA_IS_SURROGATE(atom->c))
		appendStringInfoString(out, ECMA_NONE);
	else if (atom->kind == ECMA_CHARACTER)
		ev_ecma_put_character(out, atom->c);
	else if (atom->c == 's' || atom->c == 'S')
		appendStringInfo(out, "[%s" SPACES "]", atom->c == 'S' ? "^" : "");
	else if (atom->property)
		put_class_letter(out, atom);
	else
		appendStringInfo(out, "\\%c", atom->c);
}

static void
put_range(StringInfo out, int from, int to)
{
	if (ECMA_IS_SURROGATE(from))
		from = 0xE000;
	if (ECMA_IS_SURROGATE(to))
		to = 0xD7FF;
	if (from > to)
		return;
	ev_ecma_put_character(out, from);
	if (to > from)
	{
		appendStringInfoChar(out, '-');
		ev_ecma_put_character(out, to);
	}
}

/* A character or an escape inside of a class. */
static bool
read_class_atom(EcmaParser *parser, EcmaAtom *atom)
{
	const char *where = parser->p;

	if (*parser->p == '\\')
	{
		parser->p++;
		return ev_ecma_escape(parser, true, atom);
	}
	*atom = (EcmaAtom) {ECMA_CHARACTER, ev_utf8_next(&parser->p, parser->end), NULL, false};
	return atom->c >= 0 || ev_ecma_fail(parser, where, "invalid byte");
}

/* One atom of a class, or a range of two. */
static bool
put_class_item(EcmaParser *parser, uint64 *seen)
{
	const char *where = parser->p;
	EcmaAtom from, to;

	if (!read_class_atom(parser, &from))
		return false;
	to = from;
	if (parser->end - parser->p >= 2 && parser->p[0] == '-' && parser->p[1] != ']')
	{
		parser->p++;
		if (!read_class_atom(parser, &to))
			return false;
		if (from.kind == ECMA_CLASS || to.kind == ECMA_CLASS)
			return ev_ecma_fail(parser, where, "a class cannot be the end of a range");
		if (from.c > to.c)
			return ev_ecma_fail(parser, where, "characters out of order in range");
	}
	if (from.kind == ECMA_CLASS)
	{
		put_class_letter(parser->out, &from);
		if (!from.property)
			*seen |= UINT64CONST(1) << (from.c - 'A');
	}
	else
		put_range(parser->out, from.c, to.c);
	return true;
}

/* Has the class a letter and its opposite: d and D, s and S, w and W? */
static bool
has_opposites(uint64 seen)
{
	return (seen & (seen >> ('a' - 'A'))) != 0;
}

bool
ev_ecma_class(EcmaParser *parser)
{
	const char *where = parser->p - 1;
	StringInfo out = parser->out;
	int begin = out->len, content;
	bool negated = parser->p < parser->end && *parser->p == '^';
	uint64 seen = 0;

	appendStringInfoString(out, negated ? "[^" : "[");
	content = out->len;
	parser->p += negated;
	for (;;)
	{
		if (parser->p == parser->end)
			return ev_ecma_fail(parser, where, "[ without ]");
		if (*parser->p == ']')
			break;
		if (!put_class_item(parser, &seen))
			return false;
	}
	parser->p++;
	if (out->len == content || has_opposites(seen))
	{
		bool all = (out->len == content) == negated;

		out->len = begin;
		appendStringInfoString(out, all ? ECMA_ANY : ECMA_NONE);
	}
	else
		appendStringInfoChar(out, ']');
	return true;
}
