/* SPDX-License-Identifier: PostgreSQL
 *
 * event_pattern_check.c: events.check_pattern(), which says where a fault is.
 *
 * The text is first read as JSON by PostgreSQL's own parser, whose errors are
 * given a place; then as jsonb; then compiled as a pattern.  A fault of the
 * pattern has a JSON Pointer; where in the text that leads is found by walking
 * over the text, which is known to be JSON by then.  Of members that stand
 * twice the last counts, as in jsonb.
 */
#include "base/compat.h"

#include "base/json_lexer.h"
#include "base/pointer.h"
#include "match/event_pattern.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(ev_check_pattern);

/* A place in the text, for people: both from 1. */
typedef struct Place
{
	int line;
	int column; /* characters */
} Place;

static Place
place_of(const char *text, const char *at)
{
	Place place = {.line = 1};
	const char *begin = text;

	for (const char *p = text; p < at; p++)
	{
		if (*p == '\n')
		{
			place.line++;
			begin = p + 1;
		}
	}
	place.column = pg_mbstrlen_with_len(begin, at - begin) + 1;
	return place;
}

static const char *
skip_space(const char *p)
{
	return p + strspn(p, " \t\n\r");
}

/* Behind a string, which begins at p. */
static const char *
skip_string(const char *p)
{
	for (p++; *p != '"'; p++)
	{
		if (*p == '\\')
			p++;
	}
	return p + 1;
}

/* Behind a value; brackets are counted, since the text is JSON. */
static const char *
skip_value(const char *p)
{
	int depth = 0;

	do
	{
		p = skip_space(p);
		if (*p == '"')
			p = skip_string(p);
		else if (*p == '[' || *p == '{')
		{
			depth++;
			p++;
		}
		else if (*p == ']' || *p == '}')
		{
			depth--;
			p++;
		}
		else if (*p == ',' || *p == ':')
			p++;
		else
			p += strcspn(p, ",]}: \t\n\r");
	} while (depth > 0);
	return p;
}

/* Is the string at `p`, up to `end`, the name that a token of a pointer means? */
static bool
is_member(const char *p, const char *end, const char *token, int length)
{
	Datum string = DirectFunctionCall1(jsonb_in, CStringGetDatum(pnstrdup(p, end - p)));
	EvView view = ev_view_of(DatumGetJsonbP(string));
	StringInfoData escaped;

	initStringInfo(&escaped);
	ev_pointer_append(&escaped, view.data, view.length);
	return escaped.len == length + 1 && memcmp(escaped.data + 1, token, length) == 0;
}

/* Where the value of the token begins in a container; NULL if nowhere. */
static const char *
find_token(const char *container, const char *token, int length)
{
	bool is_object = *container == '{';
	const char *found = NULL;
	const char *p = skip_space(container + 1);
	int index = 0;

	while (*p != ']' && *p != '}')
	{
		const char *name = p;

		CHECK_FOR_INTERRUPTS();
		if (is_object)
		{
			p = skip_string(p);
			if (is_member(name, p, token, length))
				found = name;
			p = skip_space(skip_space(p) + 1);
		}
		else if (index++ == atoll(token))
			return p;
		p = skip_space(skip_value(p));
		if (*p == ',')
			p = skip_space(p + 1);
	}
	return found;
}

/* Where the value that the pointer leads to begins, or as far as it leads. */
static const char *
find_pointer(const char *text, const char *pointer)
{
	const char *p = skip_space(text);

	while (*pointer == '/')
	{
		const char *token = pointer + 1;
		int length = strcspn(token, "/");
		bool is_object = *p == '{';
		const char *found;

		if (*p != '{' && *p != '[')
			break;
		found = find_token(p, token, length);
		if (found == NULL)
			break;
		p = found;
		if (is_object)
			p = skip_space(skip_space(skip_string(p)) + 1);
		pointer = token + length;
	}
	return p;
}

static void
check_json(const char *text, int length)
{
	char *detail;
	int sqlstate;
	const char *at = ev_json_lexer_find_error(text, length, &sqlstate, &detail);
	Place place;

	if (at == NULL)
		return;
	place = place_of(text, at);
	ereport(ERROR, (errcode(sqlstate), errmsg("event pattern is not JSON"),
					errdetail("Line %d, column %d: %s", place.line, place.column, detail),
					errhint("A pattern is a JSON object such as {\"type\": [\"a\"]}.")));
}

Datum
ev_check_pattern(PG_FUNCTION_ARGS)
{
	char *source = text_to_cstring(PG_GETARG_TEXT_PP(0));
	EvPatternFault fault;
	Jsonb *pattern;
	Place place;

	check_json(source, strlen(source));
	pattern = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(source)));
	if (ev_event_pattern_compile(pattern, &fault) != NULL)
		PG_RETURN_VOID();
	place = place_of(source, find_pointer(source, fault.pointer));
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid event pattern"),
					errdetail("At \"%s\" (line %d, column %d): %s.", fault.pointer, place.line,
							  place.column, fault.message),
					errhint("docs/filters.md has the language of event patterns.")));
}
