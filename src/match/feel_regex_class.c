/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_regex_class.c: escapes and classes of XPath's regular expressions.
 *
 * XPath's sets are those of XML Schema: \d is any decimal digit of Unicode, \w all but
 * punctuation, separators and others, \s four characters, \i and \c those
 * of names in XML.  Each is written as it stands inside of brackets.
 *
 * A class may take another away: [a-z-[aeiou]].  PCRE2 has no such thing, so what is
 * taken away is a negative look-ahead in front: (?:(?![aeiou])[a-z]).
 *
 * Flag i means letters that stand there themselves; \p{Lu} stays upper case, which
 * PCRE2 would not have it.  So then these are put aside, (?:[...]|(?-i:[\p{Lu}])).
 */
#include "base/compat.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "match/feel_regex_parser.h"

#define LAST_CHARACTER 0x10FFFF

typedef struct Range
{
	int from;
	int to;
} Range;

static const Range spaces[] = {{'\t', '\n'}, {'\r', '\r'}, {' ', ' '}};

/* NameStartChar and NameChar of XML */
static const Range name_starts[] = {{':', ':'},		   {'A', 'Z'},		 {'_', '_'},
									{'a', 'z'},		   {0xC0, 0xD6},	 {0xD8, 0xF6},
									{0xF8, 0x2FF},	   {0x370, 0x37D},	 {0x37F, 0x1FFF},
									{0x200C, 0x200D},  {0x2070, 0x218F}, {0x2C00, 0x2FEF},
									{0x3001, 0xD7FF},  {0xF900, 0xFDCF}, {0xFDF0, 0xFFFD},
									{0x10000, 0xEFFFF}};
static const Range names[] = {{'-', '.'},		{'0', ':'},		  {'A', 'Z'},
							  {'_', '_'},		{'a', 'z'},		  {0xB7, 0xB7},
							  {0xC0, 0xD6},		{0xD8, 0xF6},	  {0xF8, 0x37D},
							  {0x37F, 0x1FFF},	{0x200C, 0x200D}, {0x203F, 0x2040},
							  {0x2070, 0x218F}, {0x2C00, 0x2FEF}, {0x3001, 0xD7FF},
							  {0xF900, 0xFDCF}, {0xFDF0, 0xFFFD}, {0x10000, 0xEFFFF}};

static const char categories[] = "L Lu Ll Lt Lm Lo M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po "
								 "Z Zs Zl Zp S Sm Sc Sk So C Cc Cf Co Cn ";

void
ev_feel_regex_put_character(StringInfo out, int c)
{
	if (ev_ascii_is_alphanumeric(c))
		appendStringInfoChar(out, (char) c);
	else
		appendStringInfo(out, "\\x{%x}", c);
}

/* Surrogates are no characters: PCRE2 steps over those inside a range, but not at its ends. */
static void
put_range(StringInfo out, int from, int to)
{
	if (from >= 0xD800 && from <= 0xDFFF)
		from = 0xE000;
	if (to >= 0xD800 && to <= 0xDFFF)
		to = 0xD7FF;
	if (from > to)
		return;
	ev_feel_regex_put_character(out, from);
	if (to > from)
	{
		appendStringInfoChar(out, '-');
		ev_feel_regex_put_character(out, to);
	}
}

static void
put_ranges(StringInfo out, const Range *ranges, int n, bool negated)
{
	int next = 0;

	for (int i = 0; i < n; i++)
	{
		if (!negated)
			put_range(out, ranges[i].from, ranges[i].to);
		else if (ranges[i].from > next)
			put_range(out, next, ranges[i].from - 1);
		next = ranges[i].to + 1;
	}
	if (negated && next <= LAST_CHARACTER)
		put_range(out, next, LAST_CHARACTER);
}

static bool
is_category(const char *name, int length)
{
	for (const char *p = categories; *p; p = strchr(p, ' ') + 1)
	{
		if (strncmp(p, name, length) == 0 && p[length] == ' ')
			return true;
	}
	return false;
}

/* "{...}" of \p and \P */
static bool
read_property(RegexParser *parser, bool negated, StringInfo set)
{
	const char *name = parser->p + 1;
	const char *close = NULL;
	int length;
	Range block;

	if (parser->p < parser->end && *parser->p == '{')
		close = memchr(name, '}', parser->end - name);
	if (close == NULL)
		return ev_feel_regex_fail(parser, "\\p without {}");
	length = close - name;
	parser->p = close + 1;
	if (length >= 1 && length <= 2 && is_category(name, length))
	{
		appendStringInfo(set, "\\%c{%.*s}", negated ? 'P' : 'p', length, name);
		return true;
	}
	if (length <= 2 || memcmp(name, "Is", 2) != 0 ||
		!ev_feel_regex_block(name + 2, length - 2, &block.from, &block.to))
		return ev_feel_regex_fail(parser, "unknown category or block of Unicode");
	put_ranges(set, &block, 1, negated);
	return true;
}

/* One of the sets that a letter stands for. */
static bool
put_letter_set(StringInfo set, char letter)
{
	switch (letter)
	{
		case 'd':
		case 'D':
			appendStringInfoString(set, letter == 'd' ? "\\p{Nd}" : "\\P{Nd}");
			return true;
		case 'w':
			appendStringInfoString(set, "\\p{L}\\p{M}\\p{N}\\p{S}");
			return true;
		case 'W':
			appendStringInfoString(set, "\\p{P}\\p{Z}\\p{C}");
			return true;
		case 's':
		case 'S':
			put_ranges(set, spaces, lengthof(spaces), letter == 'S');
			return true;
		case 'i':
		case 'I':
			put_ranges(set, name_starts, lengthof(name_starts), letter == 'I');
			return true;
		case 'c':
		case 'C':
			put_ranges(set, names, lengthof(names), letter == 'C');
			return true;
	}
	return false;
}

bool
ev_feel_regex_escape(RegexParser *parser, RegexEscape *escape)
{
	char letter;

	if (parser->p == parser->end)
		return ev_feel_regex_fail(parser, "\\ at the end");
	letter = *parser->p++;
	escape->c = -1;
	escape->any_case = true;
	if (letter == 'n' || letter == 'r' || letter == 't')
		escape->c = letter == 'n' ? '\n' : letter == 'r' ? '\r' : '\t';
	else if (letter != '\0' && strchr("\\|.?*+(){}-[]^$", letter))
		escape->c = letter;
	if (escape->c >= 0)
		return true;
	initStringInfo(&escape->set);
	if (letter == 'p' || letter == 'P')
	{
		escape->any_case = false;
		return read_property(parser, letter == 'P', &escape->set);
	}
	return put_letter_set(&escape->set, letter) || ev_feel_regex_fail(parser, "unknown escape");
}

void
ev_feel_regex_put_set(RegexParser *parser, StringInfo out, const RegexEscape *escape)
{
	bool aside = !escape->any_case && (parser->flags & EV_FEEL_REGEX_CASELESS);

	appendStringInfo(out, aside ? "(?-i:[%s])" : "[%s]", escape->set.data);
}

/* A class under way: what stands between brackets, and what is put aside because of flag i. */
typedef struct Class
{
	StringInfoData items;
	StringInfoData aside;
	bool empty;
} Class;

/* A character or an escape. */
static bool
read_item(RegexParser *parser, RegexEscape *item)
{
	if (*parser->p == '\\')
	{
		parser->p++;
		return ev_feel_regex_escape(parser, item);
	}
	if (*parser->p == '[')
		return ev_feel_regex_fail(parser, "[ in a class must be written \\[");
	item->c = ev_utf8_next(&parser->p, parser->end);
	return item->c >= 0 || ev_feel_regex_fail(parser, "invalid byte");
}

/* One item of a class, or a range of two. */
static bool
put_item(RegexParser *parser, Class *class)
{
	RegexEscape from, to;

	if (!read_item(parser, &from))
		return false;
	to = from;
	if (parser->end - parser->p >= 2 && parser->p[0] == '-' && parser->p[1] != ']' &&
		parser->p[1] != '[')
	{
		parser->p++;
		if (!read_item(parser, &to))
			return false;
		if (from.c < 0 || to.c < 0)
			return ev_feel_regex_fail(parser, "a set cannot be the end of a range");
		if (from.c > to.c)
			return ev_feel_regex_fail(parser, "characters out of order in a range");
	}
	if (from.c >= 0)
		put_range(&class->items, from.c, to.c);
	else if (from.any_case || !(parser->flags & EV_FEEL_REGEX_CASELESS))
		appendStringInfoString(&class->items, from.set.data);
	else
		appendStringInfoString(&class->aside, from.set.data);
	class->empty = false;
	return true;
}

/* Without what is taken away. */
static void
put_class(StringInfo out, const Class *class, bool negated)
{
	if (class->aside.len == 0)
	{
		appendStringInfo(out, "[%s%s]", negated ? "^" : "", class->items.data);
		return;
	}
	appendStringInfoString(out, negated ? "(?:(?!" : "(?:");
	if (class->items.len > 0)
		appendStringInfo(out, "[%s]|", class->items.data);
	appendStringInfo(out, "(?-i:[%s])", class->aside.data);
	appendStringInfoString(out, negated ? ")" EV_FEEL_REGEX_ANY ")" : ")");
}

/* "-[...]" at the end of a class, behind the "-[" */
static bool
take_away(RegexParser *parser, StringInfo taken)
{
	appendStringInfoString(taken, "(?!");
	if (!ev_feel_regex_class(parser, taken))
		return false;
	appendStringInfoChar(taken, ')');
	if (parser->p == parser->end || *parser->p != ']')
		return ev_feel_regex_fail(parser, "a class must end behind what it takes away");
	return true;
}

bool
ev_feel_regex_class(RegexParser *parser, StringInfo out)
{
	bool negated = parser->p < parser->end && *parser->p == '^';
	Class class = {.empty = true};
	StringInfoData taken;

	if (++parser->depth > EV_FEEL_REGEX_MAX_DEPTH)
		return ev_feel_regex_fail(parser, "classes are too deeply nested");
	initStringInfo(&class.items);
	initStringInfo(&class.aside);
	initStringInfo(&taken);
	parser->p += negated;
	for (;;)
	{
		if (parser->p == parser->end)
			return ev_feel_regex_fail(parser, "[ without ]");
		if (*parser->p == ']')
			break;
		if (!class.empty && parser->end - parser->p >= 2 && memcmp(parser->p, "-[", 2) == 0)
		{
			parser->p += 2;
			if (!take_away(parser, &taken))
				return false;
			break;
		}
		if (!put_item(parser, &class))
			return false;
	}
	if (class.empty)
		return ev_feel_regex_fail(parser, "a class must not be empty");
	parser->p++;
	if (taken.len > 0)
		appendStringInfo(out, "(?:%s", taken.data);
	put_class(out, &class, negated);
	if (taken.len > 0)
		appendStringInfoChar(out, ')');
	parser->depth--;
	return true;
}
