/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_parse_fault.c: what is said where an expression is wrong.
 *
 * The first fault counts: the parser goes to the end of the text then, and everybody
 * returns.
 *
 * People bring habits from SQL, JavaScript and Java.  Where one of their operators stands the
 * fault names FEEL's.  Worse are those that would be FEEL: `x is null` and `not x` are
 * names of several words, which no event has, so that a filter would never match and
 * nobody would know why.  A name that nobody knows must not have such words.
 */
#include "base/compat.h"

#include "base/ascii.h"
#include "match/feel_builtin.h"
#include "match/feel_lex.h"
#include "match/feel_parse.h"
#include "mb/pg_wchar.h"

/* So much of a word is shown. */
#define SHOWN_LENGTH 60

typedef struct Habit
{
	const char *written;
	int read; /* bytes of it that the parser may have taken for an operator */
	const char *feel;
} Habit;

static const Habit habits[] = {
	{"==", 1, "="},		  {"<>", 1, "!="},		{"&&", 0, "and"},
	{"||", 0, "or"},	  {"!", 0, "not(...)"}, {"'", 0, "a string in \"double quotation marks\""},
	{"->", 1, "a point"}, {"AND", 0, "and"},	{"OR", 0, "or"},
};

void
ev_feel_parse_fault(EvFeelParser *parser, const char *at, const char *format, ...)
{
	char message[256];
	va_list args;

	if (parser->failed)
		return;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	parser->failed = true;
	parser->fault.offset = at - parser->text;
	parser->fault.message = pstrdup(message);
	parser->s = parser->text + strlen(parser->text);
}

/* An operator of another language? */
static bool
tell_habit(EvFeelParser *parser)
{
	for (int i = 0; i < lengthof(habits); i++)
	{
		const char *at = parser->s - habits[i].read;
		int length = strlen(habits[i].written);

		if (at < parser->text || strncmp(at, habits[i].written, length) != 0 ||
			(ev_ascii_is_letter(*at) && ev_feel_lex_word(at) != at + length))
			continue;
		ev_feel_parse_fault(parser, at, "%.*s is not FEEL; it has %s", length, at, habits[i].feel);
		return true;
	}
	return false;
}

/* Say what is there in place of what was expected. */
void
ev_feel_parse_unexpected(EvFeelParser *parser, const char *expected)
{
	const char *s = parser->s;
	const char *end = ev_feel_lex_word(s);

	if (tell_habit(parser))
		return;
	if (*s == '\0')
		ev_feel_parse_fault(parser, s, "%s expected at the end", expected);
	else if (end == s)
		ev_feel_parse_fault(parser, s, "%s expected before \"%.*s\"", expected, pg_mblen(s), s);
	else
		ev_feel_parse_fault(parser, s, "%s expected before \"%.*s\"", expected,
							pg_mbcliplen(s, end - s, SHOWN_LENGTH), s);
}

typedef struct Word
{
	const char *word;
	const char *message; /* what is wrong with it in a name of several words */
} Word;

static const Word words[] = {
	{"not", "\"not\" is a function: not(...)"},
	{"NOT", "NOT is not FEEL; it has not(...)"},
	{"AND", "AND is not FEEL; it has and"},
	{"OR", "OR is not FEEL; it has or"},
	{"IN", "IN is not FEEL; it has in"},
	{"null", "an operator expected before \"null\""},
	{"NULL", "NULL is not FEEL; it has null"},
	{"true", "an operator expected before \"true\""},
	{"false", "an operator expected before \"false\""},
};

/* A name that nobody knows, in the text up to `end`. */
void
ev_feel_parse_check_name(EvFeelParser *parser, const char *s, const char *end)
{
	if (ev_feel_lex_word_part(s) == end)
		return;
	while (s < end)
	{
		const char *word_end = ev_feel_lex_word_part(s);

		for (int i = 0; i < lengthof(words); i++)
		{
			if (strlen(words[i].word) == word_end - s &&
				memcmp(words[i].word, s, word_end - s) == 0)
				ev_feel_parse_fault(parser, s, "%s", words[i].message);
		}
		s = ev_feel_lex_blank(word_end);
	}
}

/* A filter calls a function that is not built in: events have none. */
void
ev_feel_parse_check_function(EvFeelParser *parser, const EvFeelNode *function)
{
	const EvFeelReference *reference = &function->reference;
	EvFeelName name = reference->name;
	const char *similar;

	if (!parser->for_event || function->kind != EV_FEEL_NODE_NAME || reference->slot >= 0 ||
		reference->nfilters > 0 || reference->builtin != NULL)
		return;
	similar = ev_feel_function_similar(name.text, name.length);
	ev_feel_parse_fault(parser, parser->text + function->location,
						similar ? "there is no function \"%.*s\", but %s()"
								: "there is no function \"%.*s\"",
						pg_mbcliplen(name.text, name.length, SHOWN_LENGTH), name.text, similar);
}
