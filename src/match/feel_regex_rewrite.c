/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_regex_rewrite.c: regular expressions of XPath, rewritten for PCRE2.
 *
 * XQuery and XPath Functions and Operators 3.1, 5.6.1: the expressions of XML
 * Schema, with anchors, reluctant quantifiers, back references and groups that do not
 * capture.  There are no look-arounds, and what PCRE2 would take besides is an error.
 *
 * Every atom is written so that a quantifier may follow.  Without flag s a dot is
 * neither a line feed nor a carriage return.  "$" is the very end; with flag m it is also
 * before each line feed, and "^" is behind each, but for one at the very end.
 * A back reference to a group that did not match is the empty string.
 *
 * Flag x takes white space away, but for that in classes; it is done first, so
 * that it may stand anywhere.  Flag q: every character is itself.
 */
#include "base/compat.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "match/feel_regex_parser.h"
#include "miscadmin.h"

#define NOT_LINE_END "[^\\x{a}\\x{d}]"
#define BEGIN "(?:\\A)"
#define END "(?:\\z)"
#define BEGIN_OF_LINE "(?:\\A|(?<=\\x{a})(?!\\z))"
#define END_OF_LINE "(?:(?=\\x{a})|(?<!\\x{a})\\z)"

/* What PCRE2 counts to. */
#define MAX_REPEAT 65535

static bool parse_choice(RegexParser *parser);

bool
ev_feel_regex_fail(RegexParser *parser, const char *message)
{
	if (parser->message == NULL)
		parser->message = message;
	return false;
}

static bool
is_at(const RegexParser *parser, char c)
{
	return parser->p < parser->end && *parser->p == c;
}

static bool
skip(RegexParser *parser, char c)
{
	if (!is_at(parser, c))
		return false;
	parser->p++;
	return true;
}

/* Digits; -1 if there are none, or the number is too large. */
static int
read_number(RegexParser *parser)
{
	int n = -1;

	while (parser->p < parser->end && ev_ascii_is_digit(*parser->p))
	{
		n = Max(n, 0) * 10 + (*parser->p++ - '0');
		if (n > MAX_REPEAT)
			return -1;
	}
	return n;
}

/* "n}", "n,}" or "n,m}" */
static bool
parse_repeat(RegexParser *parser)
{
	int from = read_number(parser), to = from;

	if (from < 0)
		return ev_feel_regex_fail(parser, "{ without a number of 0 to 65535");
	if (!skip(parser, ','))
		appendStringInfo(parser->out, "{%d}", from);
	else if (is_at(parser, '}'))
		appendStringInfo(parser->out, "{%d,}", from);
	else
	{
		to = read_number(parser);
		if (to < from)
			return ev_feel_regex_fail(parser, "{n,m} needs an m of n to 65535");
		appendStringInfo(parser->out, "{%d,%d}", from, to);
	}
	return skip(parser, '}') || ev_feel_regex_fail(parser, "{ without }");
}

static bool
parse_quantifier(RegexParser *parser)
{
	if (parser->p == parser->end || *parser->p == '\0' || !strchr("?*+{", *parser->p))
		return true;
	if (skip(parser, '{'))
	{
		if (!parse_repeat(parser))
			return false;
	}
	else
		appendStringInfoChar(parser->out, *parser->p++);
	if (skip(parser, '?'))
		appendStringInfoChar(parser->out, '?');
	return true;
}

/* The longest number of a group that was opened, behind the backslash. */
static bool
parse_reference(RegexParser *parser)
{
	int n = *parser->p++ - '0';

	while (parser->p < parser->end && ev_ascii_is_digit(*parser->p) &&
		   n * 10 + (*parser->p - '0') <= parser->ngroups)
		n = n * 10 + (*parser->p++ - '0');
	if (n > parser->ngroups || !parser->closed[n])
		return ev_feel_regex_fail(parser, "a back reference to no group before it");
	appendStringInfo(parser->out, "\\g{%d}", n);
	return true;
}

static bool
parse_escape(RegexParser *parser)
{
	RegexEscape escape;

	if (parser->p < parser->end && *parser->p >= '1' && *parser->p <= '9')
		return parse_reference(parser);
	if (!ev_feel_regex_escape(parser, &escape))
		return false;
	if (escape.c >= 0)
		ev_feel_regex_put_character(parser->out, escape.c);
	else
		ev_feel_regex_put_set(parser, parser->out, &escape);
	return true;
}

/* Behind the "(" */
static bool
parse_group(RegexParser *parser)
{
	int number = 0;

	if (skip(parser, '?'))
	{
		if (!skip(parser, ':'))
			return ev_feel_regex_fail(parser, "(? without :");
		appendStringInfoString(parser->out, "(?:");
	}
	else
	{
		number = ++parser->ngroups;
		appendStringInfoChar(parser->out, '(');
	}
	if (++parser->depth > EV_FEEL_REGEX_MAX_DEPTH || stack_is_too_deep())
		return ev_feel_regex_fail(parser, "groups are too deeply nested");
	if (!parse_choice(parser))
		return false;
	if (!skip(parser, ')'))
		return ev_feel_regex_fail(parser, "( without )");
	parser->depth--;
	parser->closed[number] = true;
	appendStringInfoChar(parser->out, ')');
	return true;
}

static bool
parse_atom(RegexParser *parser)
{
	bool multiline = (parser->flags & EV_FEEL_REGEX_MULTILINE) != 0;
	bool dot_all = (parser->flags & EV_FEEL_REGEX_DOT_ALL) != 0;
	int c = ev_utf8_next(&parser->p, parser->end);

	switch (c)
	{
		case '(':
			return parse_group(parser);
		case '[':
			return ev_feel_regex_class(parser, parser->out);
		case '\\':
			return parse_escape(parser);
		case '.':
			appendStringInfoString(parser->out, dot_all ? EV_FEEL_REGEX_ANY : NOT_LINE_END);
			return true;
		case '^':
			appendStringInfoString(parser->out, multiline ? BEGIN_OF_LINE : BEGIN);
			return true;
		case '$':
			appendStringInfoString(parser->out, multiline ? END_OF_LINE : END);
			return true;
		case '?':
		case '*':
		case '+':
		case '{':
			return ev_feel_regex_fail(parser, "a quantifier with nothing before it");
		case '}':
		case ']':
			return ev_feel_regex_fail(parser, "} and ] must be written \\} and \\]");
	}
	if (c < 0)
		return ev_feel_regex_fail(parser, "invalid byte");
	ev_feel_regex_put_character(parser->out, c);
	return true;
}

/* Branches with "|" between them, up to a ")" or the end. */
static bool
parse_choice(RegexParser *parser)
{
	while (parser->p < parser->end && *parser->p != ')')
	{
		if (skip(parser, '|'))
			appendStringInfoChar(parser->out, '|');
		else if (!parse_atom(parser) || !parse_quantifier(parser))
			return false;
	}
	return true;
}

static bool
is_white_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Flag x.  Brackets count where no backslash is before them. */
static void
remove_white_space(const char *s, const char *end, StringInfo out)
{
	int depth = 0;

	for (; s < end; s++)
	{
		if (depth == 0 && is_white_space(*s))
			continue;
		appendStringInfoChar(out, *s);
		if (*s == '\\' && s + 1 < end && !is_white_space(s[1]))
			appendStringInfoChar(out, *++s);
		else if (*s == '[')
			depth++;
		else if (*s == ']' && depth > 0)
			depth--;
	}
}

static bool
quote(RegexParser *parser)
{
	while (parser->p < parser->end)
	{
		int c = ev_utf8_next(&parser->p, parser->end);

		if (c < 0)
			return ev_feel_regex_fail(parser, "invalid byte");
		ev_feel_regex_put_character(parser->out, c);
	}
	return true;
}

bool
ev_feel_regex_rewrite(const char *source, int length, int flags, StringInfo out,
					  const char **message)
{
	RegexParser parser = {.p = source, .end = source + length, .out = out, .flags = flags};
	StringInfoData dense;
	bool valid;

	if (flags & EV_FEEL_REGEX_QUOTED)
		valid = quote(&parser);
	else
	{
		if (flags & EV_FEEL_REGEX_EXTENDED)
		{
			initStringInfo(&dense);
			remove_white_space(source, source + length, &dense);
			parser.p = dense.data;
			parser.end = dense.data + dense.len;
		}
		parser.closed = palloc0(parser.end - parser.p + 1);
		valid = parse_choice(&parser);
		if (valid && parser.p < parser.end)
			valid = ev_feel_regex_fail(&parser, ") without (");
	}
	*message = parser.message;
	return valid;
}
