/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_range.c: ranges out of text (DMN 1.5, grammar rules 66 and 67).
 *
 * range("[18..21)") takes two literals of one type between brackets.  A
 * literal is a number, a string, @"...", or one of the calls date("..."),
 * time("..."), date and time("...") and duration("...") with a string literal.
 * Nothing is looked up or called: a text from outside cannot do more than be a
 * range or none.  So this is a parser of its own, which goes along the text once
 * and asks the lexer of expressions (feel_lex.h) for numbers and strings only.
 *
 * One of the endpoints may be left out, if the bracket there leaves it out too:
 * "[18..)" is all from 18 on.  The start must not come after the end.
 */
#include "base/compat.h"

#include "match/feel_range.h"

#include "match/feel_compare.h"
#include "match/feel_lex.h"
#include "match/feel_number.h"
#include "match/feel_temporal.h"

typedef struct Reader
{
	EvFeelRun *run;
	const char *at; /* text with a NUL at its end */
} Reader;

typedef EvFeelValue (*FromText)(EvFeelRun *run, const char *text, int length);

/* Calls that are literals. */
static const struct
{
	const char *name;
	FromText from_text;
} calls[] = {
	{"date and time", ev_feel_date_time_from_text},
	{"date", ev_feel_date_from_text},
	{"time", ev_feel_time_from_text},
	{"duration", ev_feel_duration_from_text},
};

/* Go past a word, if it is next. */
static bool
skip(Reader *reader, const char *word)
{
	int length = strlen(word);

	reader->at = ev_feel_lex_blank(reader->at);
	if (strncmp(reader->at, word, length) != 0)
		return false;
	reader->at += length;
	return true;
}

/* A string literal, as FEEL's string or as what from_text makes of it. */
static bool
read_string(Reader *reader, FromText from_text, EvFeelValue *value)
{
	StringInfoData text;
	const char *fault, *message, *end;

	reader->at = ev_feel_lex_blank(reader->at);
	if (*reader->at != '"')
		return false;
	initStringInfo(&text);
	end = ev_feel_lex_string(reader->at, &text, &fault, &message);
	if (end == NULL || !ev_feel_take(reader->run, text.len))
		return false;
	reader->at = end;
	*value = ev_feel_string_of_buffer(reader->run, &text);
	if (from_text != NULL && !ev_feel_is_null(*value))
		*value = from_text(reader->run, value->string, value->length);
	return !ev_feel_is_null(*value);
}

static bool
read_number(Reader *reader, EvFeelValue *value)
{
	bool negative = skip(reader, "-");
	const char *start = ev_feel_lex_blank(reader->at);
	const char *end = ev_feel_lex_number(start);

	if (end == start)
		return false;
	*value = ev_feel_number_from_text(reader->run, start, end - start);
	reader->at = end;
	if (negative && !ev_feel_is_null(*value))
		*value = ev_feel_number_negate(reader->run, *value);
	return !ev_feel_is_null(*value);
}

static bool
read_literal(Reader *reader, EvFeelValue *value)
{
	if (skip(reader, "@"))
		return read_string(reader, ev_feel_at_literal, value);
	if (*reader->at == '"')
		return read_string(reader, NULL, value);
	for (int i = 0; i < lengthof(calls); i++)
	{
		if (skip(reader, calls[i].name))
			return skip(reader, "(") && read_string(reader, calls[i].from_text, value) &&
				   skip(reader, ")");
	}
	return read_number(reader, value);
}

/* "[", or "(" and "]" for a start that does not belong to it. */
static bool
read_start(Reader *reader, EvFeelRange *range)
{
	range->start_included = skip(reader, "[");
	if (!range->start_included && !skip(reader, "(") && !skip(reader, "]"))
		return false;
	if (!range->start_included && skip(reader, ".."))
		return true;
	return read_literal(reader, &range->start) && skip(reader, "..");
}

static bool
read_end(Reader *reader, EvFeelRange *range)
{
	bool is_left_out = false;

	reader->at = ev_feel_lex_blank(reader->at);
	if (*reader->at == ')' || *reader->at == '[')
		is_left_out = true;
	else if (!read_literal(reader, &range->end))
		return false;
	range->end_included = skip(reader, "]");
	if (range->end_included ? is_left_out : !skip(reader, ")") && !skip(reader, "["))
		return false;
	reader->at = ev_feel_lex_blank(reader->at);
	return *reader->at == '\0';
}

/* One endpoint at least; two are of one type that has an order, and in this order. */
static bool
is_right(EvFeelRun *run, const EvFeelRange *range)
{
	int order;

	if (ev_feel_is_null(range->start) || ev_feel_is_null(range->end))
		return range->start.type != range->end.type;
	return ev_feel_compare(run, range->start, range->end, &order) && order <= 0;
}

EvFeelValue
ev_feel_range_from_text(EvFeelRun *run, const char *text, int length)
{
	Reader reader = {.run = run};
	EvFeelRange range = {.start = ev_feel_null(), .end = ev_feel_null()};
	char *copy;

	if (!ev_feel_step(run, length))
		return ev_feel_null();
	copy = ev_feel_alloc(run, (int64) length + 1);
	if (copy == NULL)
		return ev_feel_null();
	memcpy(copy, text, length);
	copy[length] = '\0';
	reader.at = copy;
	if (!read_start(&reader, &range) || !read_end(&reader, &range) || reader.at != copy + length)
		return ev_feel_problem(run, "range: the text is not two literals between brackets");
	if (!is_right(run, &range))
		return ev_feel_problem(run, "range: the endpoints have no order, or the wrong one");
	return ev_feel_make_range(run, range);
}
