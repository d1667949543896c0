/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_function_convert.c: the conversions of numbers, strings and JSON (DMN 1.5, 10.3.4.1).
 */
#include "match/feel_function.h"

#include "match/feel_number.h"
#include "match/feel_text.h"

#define STRING EV_FEEL_BIT(EV_FEEL_STRING)
#define OR_NULL EV_FEEL_BIT(EV_FEEL_NULL)

/* A separator: one of the characters, or none (0) for null.  false if it is something else. */
static bool
read_separator(EvFeelValue value, const char *allowed, char *separator)
{
	*separator = '\0';
	if (ev_feel_is_null(value))
		return true;
	if (value.length != 1 || value.string[0] == '\0' || !strchr(allowed, value.string[0]))
		return false;
	*separator = value.string[0];
	return true;
}

/* Leaves out the grouping separators, which stand before the decimal one only. */
static int
plain_digits(EvFeelValue from, char grouping, char decimal, char *to)
{
	char *start = to;
	bool after_decimal = false;

	for (int i = 0; i < from.length; i++)
	{
		char c = from.string[i];

		if (c == grouping && grouping && !after_decimal)
			continue;
		if (c == decimal)
		{
			after_decimal = true;
			c = '.';
		}
		else if (c == '.')
			c = ','; /* no part of a number */
		*to++ = c;
	}
	return to - start;
}

static EvFeelValue
number(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	EvFeelValue from = args[0], result;
	char grouping, decimal, *digits;
	int length;
	bool negative;

	if (!read_separator(args[1], " ,.", &grouping))
		return ev_feel_problem(run, "the grouping separator must be a space, comma or period");
	if (!read_separator(args[2], ",.", &decimal))
		return ev_feel_problem(run, "the decimal separator must be a comma or period");
	if (grouping && grouping == decimal)
		return ev_feel_problem(run, "the separators must not be the same");
	if (!decimal && grouping != '.')
		decimal = '.';
	digits = ev_feel_alloc(run, from.length + 1);
	if (digits == NULL || !ev_feel_step(run, from.length / 8))
		return ev_feel_null();
	length = plain_digits(from, grouping, decimal, digits);
	negative = length > 0 && digits[0] == '-';
	result = ev_feel_number_from_text(run, digits + negative, length - negative);
	if (negative && !ev_feel_is_null(result))
		result = ev_feel_number_negate(run, result);
	return result;
}

static EvFeelValue
string(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	StringInfoData text;

	if (ev_feel_is_null(args[0]) || args[0].type == EV_FEEL_STRING)
		return args[0];
	initStringInfo(&text);
	if (!ev_feel_append_text(run, &text, args[0], true))
		return ev_feel_null();
	return ev_feel_string_of_buffer(run, &text);
}

static EvFeelValue
from_json(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return ev_feel_from_json_text(run, args[0].string, args[0].length);
}

static EvFeelValue
to_json(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	StringInfoData text;

	initStringInfo(&text);
	if (!ev_feel_append_json(run, &text, args[0]))
		return ev_feel_null();
	return ev_feel_string_of_buffer(run, &text);
}

const EvFeelBuiltin ev_feel_convert_functions[] = {
	{"number",
	 number,
	 {{"from", STRING},
	  {"grouping separator", STRING | OR_NULL, true},
	  {"decimal separator", STRING | OR_NULL, true}}},
	{"string", string, {{"from", EV_FEEL_ANY}}},
	{"from json", from_json, {{"value", STRING}}},
	{"to json", to_json, {{"value", EV_FEEL_ANY}}},
	{0}};
