/* SPDX-License-Identifier: PostgreSQL
 *
 * ecma.c: a parser of ECMA-262's regular expressions that writes them for PCRE2.
 *
 * The grammar is that of the 11th edition, 22.2.1, with flag u and without
 * annex B, as JSON Schema recommends: an escape that means nothing is an error
 * and no letter, so a typing mistake does not become a pattern that never
 * matches.  The two languages look alike and differ in what characters mean, so
 * everything is parsed and written anew; nothing but letters and digits gets
 * through as it was written:
 *
 *	ECMA-262			PCRE2
 *	.					all but LF, CR, LS and PS
 *	$					\z: the very end, also where a line feed stands before it
 *	\s					ECMA's white space and line terminators, as a class
 *	[] and [^]			a class of none, and any character
 *	\uD83D\uDE00		the one character
 *	\p{Letter}			\p{L} (ecma_property.c)
 *	(?<name>...) \k		a number: names have other rules over there
 *	{0,100000}			a group, since PCRE2 counts no further than 65535
 *
 * A lone surrogate is no character of a string in PostgreSQL: it matches
 * nothing.
 *
 * Groups and back references are in ecma_group.c, classes and escapes in
 * ecma_class.c.
 *
 * Known differences: a group that is set in one round of a loop keeps its value
 * in the next, where ECMA-262 clears it; and look-behinds are as limited as
 * PCRE2's, which says so when it compiles one of variable length.
 */
#include "base/compat.h"

#include "base/utf8.h"
#include "miscadmin.h"
#include "schema/ecma.h"
#include "schema/ecma_parser.h"
#include "utils/memutils.h"

#define MAX_SOURCE (16 * 1024 * 1024)

/* The greatest number in PCRE2's quantifiers. */
#define MAX_REPEAT 65535

/* What stands before a quantifier. */
typedef enum Before
{
	BEFORE_NOTHING,
	BEFORE_CHARACTER, /* an atom of one character, which may be written twice */
	BEFORE_GROUP
} Before;

bool
ev_ecma_fail(EcmaParser *parser, const char *where, const char *message)
{
	if (!parser->message)
	{
		parser->message = message;
		parser->where = where;
	}
	return false;
}

/* "{n}", "{n,}" or "{n,m}", behind the "{". */
static bool
read_braces(EcmaParser *parser, int *min, int *max)
{
	const char *where = parser->p - 1;

	*min = *max = ev_ecma_number(parser);
	if (*min >= 0 && ev_ecma_skip(parser, ","))
	{
		*max = ev_ecma_number(parser);
		if (*max < 0)
			*max = ECMA_ENDLESS;
	}
	if (*min < 0 || !ev_ecma_skip(parser, "}"))
		return ev_ecma_fail(parser, where, "invalid quantifier");
	if (*min > *max)
		return ev_ecma_fail(parser, where, "numbers out of order in quantifier");
	return true;
}

static void
put_quantifier(StringInfo out, int min, int max, bool lazy)
{
	if (max == ECMA_ENDLESS)
		appendStringInfo(out, "{%d,}", min);
	else
		appendStringInfo(out, "{%d,%d}", min, max);
	if (lazy)
		appendStringInfoChar(out, '?');
}

/*
 * A quantifier past MAX_REPEAT for an atom of one character: so many blocks of
 * 65535, then a rest.  There is one way only to divide a run into these, so that
 * a failure does not try many.
 */
static void
put_long_quantifier(StringInfo out, const char *atom, int min, int max, bool lazy)
{
	int more = max - min;

	appendStringInfoString(out, "(?:");
	if (min > 0)
		appendStringInfo(out, "(?:%s{%d}){%d}%s{%d}", atom, MAX_REPEAT, min / MAX_REPEAT, atom,
						 min % MAX_REPEAT);
	if (max == ECMA_ENDLESS)
	{
		appendStringInfoString(out, atom);
		put_quantifier(out, 0, ECMA_ENDLESS, lazy);
	}
	else if (more <= MAX_REPEAT)
	{
		appendStringInfoString(out, atom);
		put_quantifier(out, 0, more, lazy);
	}
	else
		appendStringInfo(out, "(?:(?:%s{%d}){%d}%s{0,%d}|(?:%s{%d}){0,%d}%s{0,%d})", atom,
						 MAX_REPEAT, more / MAX_REPEAT, atom, more % MAX_REPEAT, atom, MAX_REPEAT,
						 more / MAX_REPEAT - 1, atom, MAX_REPEAT - 1);
	appendStringInfoChar(out, ')');
}

/* A quantifier for what was written from `atom` on. */
static bool
quantify(EcmaParser *parser, Before before, int atom)
{
	const char *where = parser->p;
	StringInfo out = parser->out;
	int min = 0, max = ECMA_ENDLESS;
	bool lazy;

	if (before == BEFORE_NOTHING)
		return ev_ecma_fail(parser, where, "nothing to repeat");
	switch (*parser->p++)
	{
		case '+':
			min = 1;
			break;
		case '?':
			max = 1;
			break;
		case '{':
			if (!read_braces(parser, &min, &max))
				return false;
			break;
	}
	lazy = ev_ecma_skip(parser, "?");
	if (min <= MAX_REPEAT && (max <= MAX_REPEAT || max == ECMA_ENDLESS))
		put_quantifier(out, min, max, lazy);
	else if (min == ECMA_ENDLESS)
	{
		out->len = atom;
		appendStringInfoString(out, ECMA_NONE);
	}
	else if (before == BEFORE_CHARACTER)
	{
		char *copy = pnstrdup(out->data + atom, out->len - atom);

		out->len = atom;
		put_long_quantifier(out, copy, min, max, lazy);
		pfree(copy);
	}
	else
		return ev_ecma_fail(parser, where, "a group cannot be repeated more than 65535 times");
	return true;
}

/* What stands behind a backslash outside of a class. */
static bool
put_escape(EcmaParser *parser, Before *before)
{
	EcmaAtom atom;
	char c;

	parser->p++;
	if (parser->p == parser->end)
		return ev_ecma_fail(parser, parser->p - 1, "\\ at the end");
	c = *parser->p;
	if (c == 'b' || c == 'B')
	{
		appendStringInfo(parser->out, "\\%c", c);
		parser->p++;
		*before = BEFORE_NOTHING;
		return true;
	}
	if (c == 'k' || (c >= '1' && c <= '9'))
	{
		*before = BEFORE_GROUP;
		return ev_ecma_back_reference(parser);
	}
	*before = BEFORE_CHARACTER;
	if (!ev_ecma_escape(parser, false, &atom))
		return false;
	ev_ecma_put_atom(parser->out, &atom);
	return true;
}

/* An assertion or an atom that is no group; *before says which. */
static bool
put_term(EcmaParser *parser, Before *before)
{
	const char *where = parser->p;
	int c;

	*before = BEFORE_CHARACTER;
	switch (*parser->p)
	{
		case '^':
		case '$':
			appendStringInfoString(parser->out, *parser->p++ == '^' ? "^" : "\\z");
			*before = BEFORE_NOTHING;
			return true;
		case '.':
			appendStringInfoString(parser->out, "[^\\n\\r\\x{2028}\\x{2029}]");
			parser->p++;
			return true;
		case '[':
			parser->p++;
			return ev_ecma_class(parser);
		case '\\':
			return put_escape(parser, before);
		case ']':
		case '}':
			return ev_ecma_fail(parser, where, "lone bracket");
		default:
			c = ev_utf8_next(&parser->p, parser->end);
			if (c < 0)
				return ev_ecma_fail(parser, where, "invalid byte");
			ev_ecma_put_character(parser->out, c);
			return true;
	}
}

/* One step of the parser: a bracket, a bar, a quantifier or a term. */
static bool
parse_step(EcmaParser *parser, Before *before, int *atom)
{
	Before what = *before;
	bool assertion;

	*before = BEFORE_NOTHING;
	switch (*parser->p)
	{
		case '(':
			return ev_ecma_open_group(parser);
		case ')':
			if (!ev_ecma_close_group(parser, atom, &assertion))
				return false;
			*before = assertion ? BEFORE_NOTHING : BEFORE_GROUP;
			return true;
		case '|':
			appendStringInfoChar(parser->out, *parser->p++);
			return true;
		case '*':
		case '+':
		case '?':
		case '{':
			return quantify(parser, what, *atom);
		default:
			*atom = parser->out->len;
			return put_term(parser, before);
	}
}

/* The whole expression, or what of it fills `limit` bytes of the rewriting. */
static bool
parse(EcmaParser *parser, int limit)
{
	Before before = BEFORE_NOTHING;
	int atom = 0;

	if (parser->end - parser->begin > MAX_SOURCE)
		return ev_ecma_fail(parser, parser->begin, "longer than 16 MB");
	if (!ev_ecma_count_groups(parser))
		return false;
	while (parser->p < parser->end)
	{
		const char *step = parser->p;

		CHECK_FOR_INTERRUPTS();
		if (!parse_step(parser, &before, &atom))
			return false;
		if (parser->out->len > limit)
		{
			parser->where = step;
			return true;
		}
	}
	return ev_ecma_end_groups(parser);
}

/* What the parser remembers goes with a context of its own; the rewriting stays. */
static bool
parse_aside(EcmaParser *parser, int limit)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "events pattern",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	bool ok = parse(parser, limit);

	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return ok;
}

bool
ev_ecma_rewrite(const char *source, int length, StringInfo out, const char **message, int *offset)
{
	EcmaParser parser = {.begin = source, .p = source, .end = source + length, .out = out};

	if (parse_aside(&parser, PG_INT32_MAX))
		return true;
	*message = parser.message;
	*offset = parser.where - source;
	return false;
}

int
ev_ecma_locate(const char *source, int length, int out_offset)
{
	StringInfoData out;
	EcmaParser parser = {.begin = source, .p = source, .end = source + length, .out = &out};

	initStringInfo(&out);
	if (!parse_aside(&parser, out_offset) || !parser.where)
		parser.where = source + length;
	pfree(out.data);
	return parser.where - source;
}
