/* SPDX-License-Identifier: PostgreSQL
 *
 * backtrack_parse.c: the structure of a regular expression.
 *
 * Not a second implementation of ECMA-262 (pattern.c says what is valid and
 * what matches): only what the analysis of backtracking needs.  Groups lose
 * their numbers, lazy and greedy are the same, and all that consumes nothing
 * but may fail becomes one character outside Unicode, EV_CHAR_ASSERTION; `^`
 * becomes nothing.  The body of a lookaround is an expression of its own,
 * analysed beside the one it stands in.
 *
 * A category of Unicode is stood for by some of its characters, chosen so that
 * categories which share none stay apart.
 */
#include "base/compat.h"

#include "base/utf8.h"
#include "miscadmin.h"
#include "schema/backtrack.h"

#define LAST_CHARACTER 0x10FFFF
#define LARGEST_COUNT 100000

typedef struct Parser
{
	const char *at, *end;
	bool failed;
	List *lookarounds;
} Parser;

static EvExpr *parse_alternatives(Parser *parser);

static EvExpr *
make_expr(EvExprKind kind)
{
	EvExpr *expr = palloc0(sizeof(EvExpr));

	expr->kind = kind;
	return expr;
}

/* ---- sets */

static void
add_range(EvCharSet *set, uint32 low, uint32 high)
{
	set->ranges = set->ranges == NULL
					  ? palloc(sizeof(EvCharRange) * 4)
					  : (set->count >= 4 && (set->count & (set->count - 1)) == 0
							 ? repalloc(set->ranges, sizeof(EvCharRange) * set->count * 2)
							 : set->ranges);
	set->ranges[set->count].low = low;
	set->ranges[set->count++].high = high;
}

static int
compare_ranges(const void *a, const void *b)
{
	uint32 x = ((const EvCharRange *) a)->low, y = ((const EvCharRange *) b)->low;

	return x < y ? -1 : x > y;
}

static void
normalize(EvCharSet *set)
{
	int n = 0;

	if (set->count == 0)
		return;
	qsort(set->ranges, set->count, sizeof(EvCharRange), compare_ranges);
	for (int i = 1; i < set->count; i++)
	{
		if (set->ranges[i].low > set->ranges[n].high + 1)
			set->ranges[++n] = set->ranges[i];
		else
			set->ranges[n].high = Max(set->ranges[n].high, set->ranges[i].high);
	}
	set->count = n + 1;
}

/* Adds all of `from`, or all that is not in it. */
static void
add_set(EvCharSet *set, EvCharSet *from, bool negated)
{
	uint32 next = 0;

	normalize(from);
	for (int i = 0; i < from->count; i++)
	{
		if (!negated)
			add_range(set, from->ranges[i].low, from->ranges[i].high);
		else if (from->ranges[i].low > next)
			add_range(set, next, from->ranges[i].low - 1);
		next = from->ranges[i].high + 1;
	}
	if (negated && next <= LAST_CHARACTER)
		add_range(set, next, LAST_CHARACTER);
}

static EvExpr *
make_set(uint32 low, uint32 high)
{
	EvExpr *expr = make_expr(EV_EXPR_SET);

	expr->set = palloc0(sizeof(EvCharSet));
	add_range(expr->set, low, high);
	return expr;
}

typedef struct NamedRange
{
	char name;
	EvCharRange range;
} NamedRange;

/* \d, \w and \s, and a letter of each general category for \p. */
static const NamedRange named_ranges[] = {
	{'d', {'0', '9'}},		 {'w', {'0', '9'}},		  {'w', {'A', 'Z'}},
	{'w', {'_', '_'}},		 {'w', {'a', 'z'}},		  {'s', {0x09, 0x0d}},
	{'s', {' ', ' '}},		 {'s', {0xa0, 0xa0}},	  {'s', {0x1680, 0x1680}},
	{'s', {0x2000, 0x200a}}, {'s', {0x2028, 0x2029}}, {'s', {0x202f, 0x202f}},
	{'s', {0x205f, 0x205f}}, {'s', {0x3000, 0x3000}}, {'s', {0xfeff, 0xfeff}},
	{'n', {'\n', '\n'}},	 {'n', {'\r', '\r'}},	  {'n', {0x2028, 0x2029}},
	{'L', {'A', 'Z'}},		 {'L', {'a', 'z'}},		  {'L', {0xc0, 0xd6}},
	{'L', {0xd8, 0xf6}},	 {'L', {0xf8, 0x24f}},	  {'L', {0x391, 0x3a1}},
	{'L', {0x3a3, 0x3ff}},	 {'L', {0x400, 0x481}},	  {'L', {0x5d0, 0x5ea}},
	{'L', {0x620, 0x64a}},	 {'L', {0x3041, 0x3096}}, {'L', {0x3105, 0x312f}},
	{'L', {0x4e00, 0x9fff}}, {'L', {0xac00, 0xd7a3}}, {'N', {'0', '9'}},
	{'N', {0xb2, 0xb3}},	 {'N', {0x660, 0x669}},	  {'M', {0x300, 0x36f}},
	{'P', {'!', '#'}},		 {'P', {'%', '*'}},		  {'P', {',', '/'}},
	{'P', {':', ';'}},		 {'P', {'?', '@'}},		  {'P', {'[', ']'}},
	{'P', {'_', '_'}},		 {'P', {'{', '{'}},		  {'P', {'}', '}'}},
	{'P', {0x2010, 0x2027}}, {'S', {'$', '$'}},		  {'S', {'+', '+'}},
	{'S', {'<', '>'}},		 {'S', {'^', '^'}},		  {'S', {'`', '`'}},
	{'S', {'|', '|'}},		 {'S', {'~', '~'}},		  {'S', {0x20a0, 0x20bf}},
	{'Z', {' ', ' '}},		 {'Z', {0xa0, 0xa0}},	  {'Z', {0x2000, 0x200a}},
	{'C', {0, 0x1f}},		 {'C', {0x7f, 0x9f}},
};

static void
add_named(EvCharSet *set, char name, bool negated)
{
	EvCharSet named = {0};

	for (int i = 0; i < lengthof(named_ranges); i++)
	{
		if (named_ranges[i].name == name)
			add_range(&named, named_ranges[i].range.low, named_ranges[i].range.high);
	}
	add_set(set, &named, negated);
}

/* ---- characters */

static bool
accept(Parser *parser, const char *word)
{
	int length = strlen(word);

	if (parser->end - parser->at < length || memcmp(parser->at, word, length) != 0)
		return false;
	parser->at += length;
	return true;
}

static uint32
next_character(Parser *parser)
{
	int c = ev_utf8_next(&parser->at, parser->end);

	if (c >= 0)
		return c;
	parser->at++;
	parser->failed = true;
	return 0;
}

static bool
take_hex(Parser *parser, int digits, uint32 *c)
{
	const char *p = parser->at;
	uint32 value = 0;

	if (parser->end - p < digits)
		return false;
	for (int i = 0; i < digits; i++, p++)
	{
		if (!isxdigit((unsigned char) *p))
			return false;
		value = value * 16 + (isdigit((unsigned char) *p) ? *p - '0' : (*p | 0x20) - 'a' + 10);
	}
	*c = value;
	parser->at = p;
	return true;
}

/* u{...} and p{...}: what stands between the braces; false if there is none. */
static bool
take_braces(Parser *parser, const char **text, int *length)
{
	const char *close;

	if (parser->at >= parser->end || *parser->at != '{')
		return false;
	close = memchr(parser->at, '}', parser->end - parser->at);
	if (close == NULL)
		return false;
	*text = parser->at + 1;
	*length = close - *text;
	parser->at = close + 1;
	return true;
}

/* The letter after \, whose meaning is one character. */
static uint32
escaped_character(Parser *parser, char letter)
{
	static const char controls[] = "t\tn\nv\vf\fr\r";
	const char *text;
	int length;
	uint32 c = (unsigned char) letter;

	for (int i = 0; controls[i] != '\0'; i += 2)
	{
		if (controls[i] == letter)
			return controls[i + 1];
	}
	if (letter == '0')
		return 0;
	if (letter == 'c' && parser->at < parser->end)
		return *parser->at++ & 0x1f;
	if (letter == 'x')
		(void) take_hex(parser, 2, &c);
	else if (letter == 'u' && take_braces(parser, &text, &length))
	{
		Parser digits = {.at = text, .end = text + length};

		if (length > 6 || !take_hex(&digits, length, &c) || c > LAST_CHARACTER)
			parser->failed = true;
	}
	else if (letter == 'u')
		(void) take_hex(parser, 4, &c);
	return c;
}

/*
 * After \: adds a class (\d, \p{...}) to the set and returns true, or returns
 * false with the one character that is meant.
 */
static bool
take_escape(Parser *parser, EvCharSet *set, uint32 *c)
{
	const char *text;
	int length;
	char letter;

	if (parser->at >= parser->end)
	{
		parser->failed = true;
		*c = 0;
		return false;
	}
	if ((unsigned char) *parser->at >= 0x80)
	{
		*c = next_character(parser);
		return false;
	}
	letter = *parser->at++;
	if (strchr("dwsDWS", letter) != NULL)
	{
		add_named(set, letter | 0x20, isupper((unsigned char) letter));
		return true;
	}
	if ((letter == 'p' || letter == 'P') && take_braces(parser, &text, &length))
	{
		/* Other properties than general categories, scripts above all, are mostly letters. */
		bool category = length > 0 && length <= 2 && strchr("LNMPSZC", text[0]) != NULL;

		add_named(set, category ? text[0] : 'L', letter == 'P');
		return true;
	}
	*c = escaped_character(parser, letter);
	return false;
}

/* One side of a range; false if it is a class, which is then in the set. */
static bool
take_class_atom(Parser *parser, EvCharSet *set, uint32 *c)
{
	if (accept(parser, "\\b"))
		*c = '\b';
	else if (accept(parser, "\\"))
		return !take_escape(parser, set, c);
	else
		*c = next_character(parser);
	return true;
}

/* After [ */
static EvExpr *
parse_class(Parser *parser)
{
	EvExpr *expr = make_expr(EV_EXPR_SET);
	EvCharSet *members = palloc0(sizeof(EvCharSet));
	bool negated = accept(parser, "^");

	while (parser->at < parser->end && *parser->at != ']' && !parser->failed)
	{
		uint32 low, high;

		if (!take_class_atom(parser, members, &low))
			continue;
		high = low;
		if (parser->end - parser->at >= 2 && parser->at[0] == '-' && parser->at[1] != ']')
		{
			parser->at++;
			if (!take_class_atom(parser, members, &high))
			{
				add_range(members, '-', '-');
				high = low;
			}
		}
		if (high >= low)
			add_range(members, low, high);
		else
			parser->failed = true;
	}
	if (!accept(parser, "]"))
		parser->failed = true;
	expr->set = palloc0(sizeof(EvCharSet));
	add_set(expr->set, members, negated);
	return expr;
}

/* ---- structure */

/* After ( */
static EvExpr *
parse_group(Parser *parser)
{
	static const char *const lookarounds[] = {"?=", "?!", "?<=", "?<!"};
	EvExpr *body;
	bool is_lookaround = false;

	for (int i = 0; i < lengthof(lookarounds) && !is_lookaround; i++)
		is_lookaround = accept(parser, lookarounds[i]);
	if (!is_lookaround && !accept(parser, "?:") && accept(parser, "?<"))
	{
		const char *close = memchr(parser->at, '>', parser->end - parser->at);

		parser->at = close != NULL ? close + 1 : parser->end;
	}
	body = parse_alternatives(parser);
	if (!accept(parser, ")"))
		parser->failed = true;
	if (!is_lookaround)
		return body;
	parser->lookarounds = lappend(parser->lookarounds, body);
	return make_set(EV_CHAR_ASSERTION, EV_CHAR_ASSERTION);
}

/* After \, outside of a class. */
static EvExpr *
parse_escape(Parser *parser)
{
	EvExpr *expr = make_expr(EV_EXPR_SET);
	char letter = parser->at < parser->end ? *parser->at : '\0';
	uint32 c;

	expr->set = palloc0(sizeof(EvCharSet));
	if (letter == 'b' || letter == 'B' || (letter >= '1' && letter <= '9') || letter == 'k')
	{
		while (parser->at < parser->end &&
			   (parser->at[0] == letter || isdigit((unsigned char) parser->at[0])))
			parser->at++;
		if (letter == 'k')
		{
			const char *close = memchr(parser->at, '>', parser->end - parser->at);

			parser->at = close != NULL ? close + 1 : parser->at;
		}
		add_range(expr->set, EV_CHAR_ASSERTION, EV_CHAR_ASSERTION);
	}
	else if (!take_escape(parser, expr->set, &c))
		add_range(expr->set, c, c);
	return expr;
}

static EvExpr *
parse_atom(Parser *parser)
{
	uint32 c;

	if (accept(parser, "("))
		return parse_group(parser);
	if (accept(parser, "["))
		return parse_class(parser);
	if (accept(parser, "\\"))
		return parse_escape(parser);
	if (accept(parser, "^"))
		return make_expr(EV_EXPR_EMPTY);
	if (accept(parser, "$"))
		return make_set(EV_CHAR_ASSERTION, EV_CHAR_ASSERTION);
	if (accept(parser, "."))
	{
		EvExpr *expr = make_expr(EV_EXPR_SET);

		expr->set = palloc0(sizeof(EvCharSet));
		add_named(expr->set, 'n', true);
		return expr;
	}
	if (*parser->at == '*' || *parser->at == '+' || *parser->at == '?')
		parser->failed = true;
	c = next_character(parser);
	return make_set(c, c);
}

static bool
take_number(Parser *parser, int *number)
{
	const char *start = parser->at;

	for (*number = 0; parser->at < parser->end && isdigit((unsigned char) *parser->at);
		 parser->at++)
		*number = Min(*number * 10 + (*parser->at - '0'), LARGEST_COUNT);
	return parser->at > start;
}

/* false if no quantifier stands here */
static bool
take_quantifier(Parser *parser, int *min, int *max)
{
	const char *start = parser->at;

	*max = EV_REPEAT_UNBOUNDED;
	if (accept(parser, "*"))
		*min = 0;
	else if (accept(parser, "+"))
		*min = 1;
	else if (accept(parser, "?"))
	{
		*min = 0;
		*max = 1;
	}
	else if (accept(parser, "{") && take_number(parser, min))
	{
		if (!accept(parser, ","))
			*max = *min;
		else if (!take_number(parser, max))
			*max = EV_REPEAT_UNBOUNDED;
		if (!accept(parser, "}"))
		{
			parser->at = start;
			return false;
		}
	}
	else
	{
		parser->at = start;
		return false;
	}
	(void) accept(parser, "?");
	return true;
}

static EvExpr *
parse_sequence(Parser *parser)
{
	EvExpr *sequence = make_expr(EV_EXPR_SEQUENCE);

	while (parser->at < parser->end && *parser->at != '|' && *parser->at != ')' && !parser->failed)
	{
		EvExpr *atom = parse_atom(parser);
		EvExpr *repeat = make_expr(EV_EXPR_REPEAT);

		CHECK_FOR_INTERRUPTS();
		if (take_quantifier(parser, &repeat->min, &repeat->max))
		{
			repeat->body = atom;
			atom = repeat;
		}
		sequence->children = lappend(sequence->children, atom);
	}
	return sequence;
}

static EvExpr *
parse_alternatives(Parser *parser)
{
	EvExpr *alternatives = make_expr(EV_EXPR_ALTERNATIVES);

	check_stack_depth();
	do
		alternatives->children = lappend(alternatives->children, parse_sequence(parser));
	while (accept(parser, "|") && !parser->failed);
	return alternatives;
}

List *
ev_backtrack_parse(const char *source, int length)
{
	Parser parser = {0};
	EvExpr *whole;

	parser.at = ev_utf8_from_server(source, &length);
	parser.end = parser.at + length;
	whole = parse_alternatives(&parser);
	if (parser.failed || parser.at < parser.end)
		return NIL;
	return lcons(whole, parser.lookarounds);
}
