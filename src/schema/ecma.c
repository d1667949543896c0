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
 * Nobody asks what a group has matched, so where there is no back reference
 * none captures, which saves PCRE2 work.  A lone surrogate is no character of a string in PostgreSQL: it matches
 * nothing.  Groups are kept on a list instead of the C stack, so that depth
 * costs memory only (PCRE2 has a limit of its own).
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

#define MAX_SOURCE (16 * 1024 * 1024)
#define MAX_NAMES 1000

/* The greatest number in PCRE2's quantifiers. */
#define MAX_REPEAT 65535

/* No string is that long: as good as no limit. */
#define ENDLESS (1 << 30)

/* What stands before a quantifier. */
typedef enum Before
{
	BEFORE_NOTHING,
	BEFORE_CHARACTER, /* an atom of one character, which may be written twice */
	BEFORE_GROUP
} Before;

typedef struct Group
{
	int out;		  /* where it begins in the rewriting */
	bool assertion;	  /* a look-around: no quantifier may follow */
	const char *open; /* its "(" */
} Group;

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

static bool
skip(EcmaParser *parser, const char *prefix)
{
	int length = strlen(prefix);

	if (parser->end - parser->p < length || memcmp(parser->p, prefix, length) != 0)
		return false;
	parser->p += length;
	return true;
}

/* One character of a group's name, with its escapes; -1 if none can stand here. */
static int
read_name_character(EcmaParser *parser, bool first)
{
	int c;

	if (parser->p == parser->end)
		return -1;
	if (skip(parser, "\\u"))
	{
		if (!ev_ecma_unicode_escape(parser, &c))
			return -1;
	}
	else
		c = ev_utf8_next(&parser->p, parser->end);
	if (c >= 0x80)
		return ECMA_IS_SURROGATE(c) ? -1 : c;
	if (c == '$' || c == '_' || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
		return c;
	return !first && c >= '0' && c <= '9' ? c : -1;
}

/* The name of a group up to ">", palloc'd; NULL if it is none. */
static char *
read_name(EcmaParser *parser)
{
	const char *where = parser->p;
	StringInfoData name;

	initStringInfo(&name);
	while (!skip(parser, ">"))
	{
		unsigned char utf8[8];
		int c = read_name_character(parser, name.len == 0);

		if (c < 0)
		{
			ev_ecma_fail(parser, where, "invalid group name");
			return NULL;
		}
		unicode_to_utf8(c, utf8);
		appendBinaryStringInfo(&name, (char *) utf8, pg_encoding_mblen(PG_UTF8, (char *) utf8));
	}
	if (name.len == 0)
	{
		ev_ecma_fail(parser, where, "empty group name");
		return NULL;
	}
	return name.data;
}

static const EcmaName *
find_name(const EcmaParser *parser, const char *text)
{
	for (int i = 0; i < parser->nnames; i++)
	{
		if (strcmp(parser->names[i].text, text) == 0)
			return &parser->names[i];
	}
	return NULL;
}

static bool
add_name(EcmaParser *parser)
{
	const char *where = parser->p;
	char *text = read_name(parser);

	if (!text)
		return false;
	if (find_name(parser, text))
		return ev_ecma_fail(parser, where, "two groups of the same name");
	if (parser->nnames == MAX_NAMES)
		return ev_ecma_fail(parser, where, "more than 1000 named groups");
	if (!parser->names)
		parser->names = palloc(MAX_NAMES * sizeof(EcmaName));
	parser->names[parser->nnames++] = (EcmaName) {text, parser->ngroups};
	return true;
}

/* Groups may be referred to before they are opened, so they are counted first. */
static bool
count_groups(EcmaParser *parser)
{
	bool in_class = false;

	for (parser->p = parser->begin; parser->p < parser->end;)
	{
		switch (*parser->p++)
		{
			case '\\':
				if (parser->p == parser->end)
					break;
				if (*parser->p == 'k' || (*parser->p >= '1' && *parser->p <= '9'))
					parser->has_references = true;
				parser->p++;
				break;
			case '[':
				in_class = true;
				break;
			case ']':
				in_class = false;
				break;
			case '(':
				if (in_class)
					break;
				if (parser->p < parser->end && *parser->p != '?')
					parser->ngroups++;
				else if (!skip(parser, "?<=") && !skip(parser, "?<!") && skip(parser, "?<"))
				{
					parser->ngroups++;
					if (!add_name(parser))
						return false;
				}
				break;
		}
	}
	parser->p = parser->begin;
	return true;
}

static bool
open_group(EcmaParser *parser, Group *group)
{
	static const char *const assertions[] = {"(?=", "(?!", "(?<=", "(?<!"};

	*group = (Group) {parser->out->len, false, parser->p};
	for (int i = 0; i < lengthof(assertions); i++)
	{
		if (skip(parser, assertions[i]))
		{
			group->assertion = true;
			appendStringInfoString(parser->out, assertions[i]);
			return true;
		}
	}
	if (skip(parser, "(?:"))
	{
		appendStringInfoString(parser->out, "(?:");
		return true;
	}
	if (skip(parser, "(?<"))
	{
		/* The name has been read by count_groups. */
		parser->p = memchr(parser->p, '>', parser->end - parser->p);
		parser->p++;
	}
	else if (skip(parser, "(?"))
		return ev_ecma_fail(parser, group->open, "invalid group");
	else
		parser->p++;
	appendStringInfoString(parser->out, parser->has_references ? "(" : "(?:");
	return true;
}

/* Digits as a number, at most ENDLESS; -1 if there are none. */
static int
read_number(EcmaParser *parser)
{
	int64 value = -1;

	while (parser->p < parser->end && *parser->p >= '0' && *parser->p <= '9')
	{
		value = Max(value, 0) * 10 + (*parser->p++ - '0');
		value = Min(value, ENDLESS);
	}
	return (int) value;
}

/* "{n}", "{n,}" or "{n,m}", behind the "{". */
static bool
read_braces(EcmaParser *parser, int *min, int *max)
{
	const char *where = parser->p - 1;

	*min = *max = read_number(parser);
	if (*min >= 0 && skip(parser, ","))
	{
		*max = read_number(parser);
		if (*max < 0)
			*max = ENDLESS;
	}
	if (*min < 0 || !skip(parser, "}"))
		return ev_ecma_fail(parser, where, "invalid quantifier");
	if (*min > *max)
		return ev_ecma_fail(parser, where, "numbers out of order in quantifier");
	return true;
}

static void
put_quantifier(StringInfo out, int min, int max, bool lazy)
{
	if (max == ENDLESS)
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
	if (max == ENDLESS)
	{
		appendStringInfoString(out, atom);
		put_quantifier(out, 0, ENDLESS, lazy);
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
	int min = 0, max = ENDLESS;
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
	lazy = skip(parser, "?");
	if (min <= MAX_REPEAT && (max <= MAX_REPEAT || max == ENDLESS))
		put_quantifier(out, min, max, lazy);
	else if (min == ENDLESS)
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

/* A back reference by number or name, behind the backslash. */
static bool
put_back_reference(EcmaParser *parser)
{
	const char *where = parser->p - 1;
	int group;

	if (skip(parser, "k"))
	{
		const EcmaName *found;
		char *name;

		if (!skip(parser, "<"))
			return ev_ecma_fail(parser, where, "invalid named reference");
		name = read_name(parser);
		if (!name)
			return false;
		found = find_name(parser, name);
		if (!found)
			return ev_ecma_fail(parser, where, "reference to a group that is not there");
		group = found->group;
	}
	else
	{
		group = read_number(parser);
		if (group > parser->ngroups)
			return ev_ecma_fail(parser, where, "reference to a group that is not there");
	}
	appendStringInfo(parser->out, "\\g{%d}", group);
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
		return put_back_reference(parser);
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

/* The list of open groups, innermost last. */
typedef struct Groups
{
	int count;
	int room;
	Group *list;
} Groups;

static bool
parse_open(EcmaParser *parser, Groups *groups)
{
	if (groups->count == groups->room)
	{
		groups->room *= 2;
		groups->list = repalloc(groups->list, groups->room * sizeof(Group));
	}
	return open_group(parser, &groups->list[groups->count++]);
}

static bool
parse_close(EcmaParser *parser, Groups *groups, Before *before, int *atom)
{
	Group *group;

	if (groups->count == 0)
		return ev_ecma_fail(parser, parser->p, "unmatched )");
	group = &groups->list[--groups->count];
	appendStringInfoChar(parser->out, ')');
	parser->p++;
	*before = group->assertion ? BEFORE_NOTHING : BEFORE_GROUP;
	*atom = group->out;
	return true;
}

/* One step of the parser: a bracket, a bar, a quantifier or a term. */
static bool
parse_step(EcmaParser *parser, Groups *groups, Before *before, int *atom)
{
	Before what = *before;

	*before = BEFORE_NOTHING;
	switch (*parser->p)
	{
		case '(':
			return parse_open(parser, groups);
		case ')':
			return parse_close(parser, groups, before, atom);
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
	Groups groups = {0, 16, palloc(16 * sizeof(Group))};
	Before before = BEFORE_NOTHING;
	int atom = 0;

	if (parser->end - parser->begin > MAX_SOURCE)
		return ev_ecma_fail(parser, parser->begin, "longer than 16 MB");
	if (!count_groups(parser))
		return false;
	while (parser->p < parser->end)
	{
		const char *step = parser->p;

		CHECK_FOR_INTERRUPTS();
		if (!parse_step(parser, &groups, &before, &atom))
			return false;
		if (parser->out->len > limit)
		{
			parser->where = step;
			break;
		}
	}
	if (groups.count > 0 && !parser->where)
		return ev_ecma_fail(parser, groups.list[groups.count - 1].open, "( without )");
	pfree(groups.list);
	return true;
}

bool
ev_ecma_rewrite(const char *source, int length, StringInfo out, const char **message, int *offset)
{
	EcmaParser parser = {.begin = source, .p = source, .end = source + length, .out = out};

	if (parse(&parser, PG_INT32_MAX))
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
	if (!parse(&parser, out_offset) || !parser.where)
		return length;
	return parser.where - source;
}
