/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_function_string.c: the functions of strings (DMN 1.5, 10.3.4.3), but for those
 * that take regular expressions (feel_function_regex.c).
 *
 * Positions count characters, which are Unicode's code points, from 1; negative
 * ones count from the end.  Parts of strings are not copied.
 */
#include "match/feel_function.h"

#include "base/letter_case.h"
#include "match/feel_number.h"
#include "match/feel_regex.h"
#include "match/feel_string.h"

#define STRING EV_FEEL_BIT(EV_FEEL_STRING)
#define NUMBER EV_FEEL_BIT(EV_FEEL_NUMBER)
#define LIST EV_FEEL_BIT(EV_FEEL_LIST)
#define OR_NULL EV_FEEL_BIT(EV_FEEL_NULL)

/* Bytes that are looked at in one step. */
#define BYTES_PER_STEP 16

static bool
spend(EvFeelRun *run, EvFeelValue string)
{
	return ev_feel_step(run, string.length / BYTES_PER_STEP);
}

/* A whole number; a fraction is cut off, and what is huge is as large as can be. */
static int64
whole(EvFeelValue value)
{
	EvDecimal n;
	int64 result = 0;

	if (ev_feel_number_to_int64(value, &result))
		return result;
	if (!ev_feel_number_read(value, &n) || !ev_decimal_round(&n, 0, EV_ROUND_DOWN, &n))
		return 0;
	result = n.exponent > 0 || n.digits > PG_INT32_MAX ? PG_INT32_MAX : (int64) n.digits;
	return n.negative ? -result : result;
}

static EvFeelValue
substring(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	EvFeelValue string = args[0];
	int64 start = whole(args[1]);
	int from, to = string.length;

	if (!spend(run, string))
		return ev_feel_null();
	if (start == 0)
		return ev_feel_problem(run, "positions count from 1, or from -1 at the end");
	if (start < 0)
		start = Max(start + ev_feel_string_count(string), 0);
	else
		start--;
	from = ev_feel_string_offset(string, start);
	if (!ev_feel_is_null(args[2]))
	{
		int64 length = whole(args[2]);

		if (length < 1)
			return ev_feel_problem(run, "the length must be 1 or more");
		to = from + ev_feel_string_offset(ev_feel_string_part(string, from, to), length);
	}
	return ev_feel_string_part(string, from, to);
}

static EvFeelValue
string_length(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	if (!spend(run, args[0]))
		return ev_feel_null();
	return ev_feel_number_from_int64(run, ev_feel_string_count(args[0]));
}

/* By Unicode, not by the locale of the database: a filter means the same everywhere. */
static EvFeelValue
change_case(EvFeelRun *run, EvFeelValue string, bool upper)
{
	char *changed;

	if (!spend(run, string) || !ev_feel_regex_to_utf8(run, &string))
		return ev_feel_null();
	changed = ev_feel_alloc_string(run, (int64) string.length * EV_LETTER_CASE_GROWTH + 1);
	if (changed == NULL)
		return ev_feel_null();
	return ev_feel_regex_from_utf8(
		run, changed, ev_letter_case_change(string.string, string.length, upper, changed));
}

static EvFeelValue
upper_case(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return change_case(run, args[0], true);
}

static EvFeelValue
lower_case(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return change_case(run, args[0], false);
}

/* Every byte of the string may begin a comparison with the whole part. */
static bool
spend_search(EvFeelRun *run, EvFeelValue string, EvFeelValue part)
{
	int64 work = string.length;

	if (part.length > BYTES_PER_STEP && part.length < string.length)
		work *= part.length / BYTES_PER_STEP;
	return ev_feel_step(run, work / BYTES_PER_STEP);
}

static EvFeelValue
substring_before(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	int at;

	if (!spend_search(run, args[0], args[1]))
		return ev_feel_null();
	at = ev_feel_string_find(args[0], args[1]);
	return ev_feel_string_part(args[0], 0, Max(at, 0));
}

static EvFeelValue
substring_after(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	int at;

	if (!spend_search(run, args[0], args[1]))
		return ev_feel_null();
	at = ev_feel_string_find(args[0], args[1]);
	if (at < 0)
		return ev_feel_string("", 0);
	return ev_feel_string_part(args[0], at + args[1].length, args[0].length);
}

static EvFeelValue
contains(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	if (!spend_search(run, args[0], args[1]))
		return ev_feel_null();
	return ev_feel_boolean(ev_feel_string_find(args[0], args[1]) >= 0);
}

static EvFeelValue
starts_with(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	if (!spend(run, args[1]))
		return ev_feel_null();
	return ev_feel_boolean(ev_feel_string_starts_with(args[0], args[1]));
}

static EvFeelValue
ends_with(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	if (!spend(run, args[0]))
		return ev_feel_null();
	return ev_feel_boolean(ev_feel_string_ends_with(args[0], args[1]));
}

/* How many bytes the joined string has; -1 if an item is neither a string nor null. */
static int64
joined_length(const EvFeelValue *items, int count, int delimiter)
{
	int64 length = 0;
	bool is_first = true;

	for (int i = 0; i < count; i++)
	{
		if (ev_feel_is_null(items[i]))
			continue;
		if (items[i].type != EV_FEEL_STRING)
			return -1;
		length += items[i].length + (is_first ? 0 : delimiter);
		is_first = false;
	}
	return length;
}

static char *
put(char *to, EvFeelValue string)
{
	if (string.type != EV_FEEL_STRING || string.length == 0)
		return to;
	memcpy(to, string.string, string.length);
	return to + string.length;
}

static EvFeelValue
string_join(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	const EvFeelValue *items = ev_feel_items(run, args[0]);
	EvFeelValue delimiter = args[1], none = ev_feel_null();
	int count = args[0].list->count;
	bool is_first = true;
	int64 length;
	char *joined, *to;

	if (!ev_feel_step(run, count))
		return none;
	length = joined_length(items, count, ev_feel_is_null(delimiter) ? 0 : delimiter.length);
	if (length < 0)
		return ev_feel_problem(run, "only strings can be joined");
	for (int i = 2; i < nargs; i++)
		length += ev_feel_is_null(args[i]) ? 0 : args[i].length;
	joined = ev_feel_alloc_string(run, length);
	if (joined == NULL)
		return none;
	to = put(joined, nargs > 2 ? args[2] : none);
	for (int i = 0; i < count; i++)
	{
		if (ev_feel_is_null(items[i]))
			continue;
		if (!is_first)
			to = put(to, delimiter);
		to = put(to, items[i]);
		is_first = false;
	}
	put(to, nargs > 3 ? args[3] : none);
	return ev_feel_string(joined, (int) length);
}

/* White space of ASCII. */
static bool
is_blank_character(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static EvFeelValue
trim(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	EvFeelValue string = args[0];

	if (!spend(run, string))
		return ev_feel_null();
	while (string.length > 0 && is_blank_character(string.string[0]))
		string = ev_feel_string_part(string, 1, string.length);
	while (string.length > 0 && is_blank_character(string.string[string.length - 1]))
		string.length--;
	return string;
}

static EvFeelValue
is_blank(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	EvFeelValue rest = trim(run, args, nargs);

	return rest.type == EV_FEEL_STRING ? ev_feel_boolean(rest.length == 0) : rest;
}

const EvFeelBuiltin ev_feel_string_functions[] = {
	{"substring",
	 substring,
	 {{"string", STRING}, {"start position", NUMBER}, {"length", NUMBER, true}}},
	{"string length", string_length, {{"string", STRING}}},
	{"upper case", upper_case, {{"string", STRING}}},
	{"lower case", lower_case, {{"string", STRING}}},
	{"substring before", substring_before, {{"string", STRING}, {"match", STRING}}},
	{"substring after", substring_after, {{"string", STRING}, {"match", STRING}}},
	{"contains", contains, {{"string", STRING}, {"match", STRING}}},
	{"starts with", starts_with, {{"string", STRING}, {"match", STRING}}},
	{"ends with", ends_with, {{"string", STRING}, {"match", STRING}}},
	{"matches",
	 ev_feel_regex_matches,
	 {{"input", STRING}, {"pattern", STRING}, {"flags", STRING | OR_NULL, true}}},
	{"replace",
	 ev_feel_regex_replace,
	 {{"input", STRING},
	  {"pattern", STRING},
	  {"replacement", STRING},
	  {"flags", STRING | OR_NULL, true}}},
	{"split", ev_feel_regex_split, {{"string", STRING}, {"delimiter", STRING}}},
	{"extract", ev_feel_regex_extract, {{"string", STRING}, {"pattern", STRING}}},
	{"string join",
	 string_join,
	 {{"list", LIST},
	  {"delimiter", STRING | OR_NULL, true},
	  {"prefix", STRING | OR_NULL, true},
	  {"suffix", STRING | OR_NULL, true}}},
	{"trim", trim, {{"string", STRING}}},
	{"is blank", is_blank, {{"string", STRING}}},
	{0}};
