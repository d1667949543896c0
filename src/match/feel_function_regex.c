/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_function_regex.c: matches(), replace(), split() and extract().
 *
 * DMN 1.5 has them from XQuery and XPath Functions and Operators (5.6.3 to 5.6.5): a match may be
 * anywhere in the string.  What is replaced or splits must not match the empty string.
 */
#include "base/compat.h"

#include "match/feel_regex.h"

#include "base/ascii.h"

/* Matches of a string, one after the other. */
typedef struct Walk
{
	const EvFeelRegex *regex;
	EvRegexSearch search;
	int last; /* where the match before ended */
} Walk;

static bool
begin_walk(EvFeelRun *run, Walk *walk, EvFeelValue string, EvFeelValue pattern, EvFeelValue flags)
{
	walk->regex = ev_feel_regex_get(run, pattern, flags);
	if (walk->regex == NULL || !ev_feel_regex_to_utf8(run, &string))
		return false;
	if (walk->regex->matches_empty)
	{
		ev_feel_problem(run, "the regular expression matches the empty string");
		return false;
	}
	walk->search = (EvRegexSearch) {.s = string.string, .length = string.length};
	walk->search.ngroups = ev_regex_count_groups(walk->regex->regex);
	walk->search.groups = ev_feel_alloc(run, walk->search.ngroups * sizeof(EvRegexGroup));
	walk->last = 0;
	return walk->search.groups != NULL && ev_feel_step(run, string.length / 16);
}

/*
 * The next match.  An expression that does not match the empty string may still
 * match nothing within another, as \b would; the walk goes on behind the next character.
 */
static bool
next_match(EvFeelRun *run, Walk *walk, bool *found)
{
	EvRegexGroup *match = walk->search.groups;
	int length = walk->search.length;

	*found = false;
	while (walk->search.from <= length)
	{
		if (!ev_feel_step(run, 1) || !ev_feel_regex_search(run, walk->regex, &walk->search, found))
			return false;
		if (!*found)
			return true;
		walk->search.from = match->to;
		if (match->to > match->from)
			return true;
		*found = false;
		do
			walk->search.from++;
		while (walk->search.from < length && (walk->search.s[walk->search.from] & 0xC0) == 0x80);
	}
	return true;
}

EvFeelValue
ev_feel_regex_matches(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	const EvFeelRegex *regex = ev_feel_regex_get(run, args[1], args[2]);
	EvFeelValue string = args[0];
	EvRegexSearch search;
	bool found;

	if (regex == NULL || !ev_feel_regex_to_utf8(run, &string) ||
		!ev_feel_step(run, string.length / 16))
		return ev_feel_null();
	search = (EvRegexSearch) {.s = string.string, .length = string.length};
	if (!ev_feel_regex_search(run, regex, &search, &found))
		return ev_feel_null();
	return ev_feel_boolean(found);
}

EvFeelValue
ev_feel_regex_split(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	EvFeelItems parts;
	Walk walk;
	bool found;

	if (!begin_walk(run, &walk, args[0], args[1], nargs > 2 ? args[2] : ev_feel_null()))
		return ev_feel_null();
	ev_feel_items_begin(&parts, run);
	do
	{
		int to;

		if (!next_match(run, &walk, &found))
			return ev_feel_null();
		to = found ? walk.search.groups->from : walk.search.length;
		if (!ev_feel_items_add(&parts, ev_feel_regex_from_utf8(run, walk.search.s + walk.last,
															   to - walk.last)))
			return ev_feel_null();
		walk.last = found ? walk.search.groups->to : to;
	} while (found);
	return ev_feel_items_end(&parts);
}

EvFeelValue
ev_feel_regex_extract(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	EvFeelItems parts;
	Walk walk;
	bool found;

	if (!begin_walk(run, &walk, args[0], args[1], ev_feel_null()))
		return ev_feel_null();
	ev_feel_items_begin(&parts, run);
	for (;;)
	{
		EvRegexGroup *match = walk.search.groups;

		if (!next_match(run, &walk, &found))
			return ev_feel_null();
		if (!found)
			break;
		if (!ev_feel_items_add(&parts, ev_feel_regex_from_utf8(run, walk.search.s + match->from,
															   match->to - match->from)))
			return ev_feel_null();
	}
	return ev_feel_items_end(&parts);
}

static bool
put(EvFeelRun *run, StringInfo out, const char *s, int length)
{
	if (!ev_feel_take(run, length))
		return false;
	appendBinaryStringInfo(out, s, length);
	return true;
}

/* \\ and \$ are characters, $ is followed by a number; anything else is an error. */
static bool
is_replacement(EvFeelRun *run, EvFeelValue replacement)
{
	const char *s = replacement.string;

	for (int i = 0; i < replacement.length; i++)
	{
		char next = i + 1 < replacement.length ? s[i + 1] : '\0';

		if ((s[i] == '\\' && next != '\\' && next != '$') ||
			(s[i] == '$' && !ev_ascii_is_digit(next)))
		{
			ev_feel_problem(run, "what replaces has %c not followed by %s", s[i],
							s[i] == '$' ? "a digit" : "\\ or $");
			return false;
		}
		if (s[i] == '\\')
			i++;
	}
	return true;
}

/* $N: the longest number of a group that there is; a single digit of none is the empty string. */
static bool
put_group(EvFeelRun *run, StringInfo out, const Walk *walk, const char *s, const char *end,
		  int *length)
{
	int n = *s - '0', ndigits = 1;

	for (; s + ndigits < end && ev_ascii_is_digit(s[ndigits]); ndigits++)
	{
		if (n * 10 + (s[ndigits] - '0') >= walk->search.ngroups)
			break;
		n = n * 10 + (s[ndigits] - '0');
	}
	*length = ndigits;
	if (n >= walk->search.ngroups || walk->search.groups[n].from < 0)
		return true;
	return put(run, out, walk->search.s + walk->search.groups[n].from,
			   walk->search.groups[n].to - walk->search.groups[n].from);
}

static bool
put_replacement(EvFeelRun *run, StringInfo out, const Walk *walk, EvFeelValue replacement)
{
	const char *s = replacement.string, *end = s + replacement.length;

	if (walk->regex->quoted)
		return put(run, out, s, replacement.length);
	while (s < end)
	{
		const char *from = s;
		int length;

		while (s < end && *s != '\\' && *s != '$')
			s++;
		if (!put(run, out, from, s - from))
			return false;
		if (s == end)
			break;
		if (*s++ == '\\')
		{
			if (!put(run, out, s++, 1))
				return false;
			continue;
		}
		if (!put_group(run, out, walk, s, end, &length))
			return false;
		s += length;
	}
	return true;
}

EvFeelValue
ev_feel_regex_replace(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	EvFeelValue replacement = args[2], replaced;
	StringInfoData out;
	Walk walk;
	bool found;

	if (!begin_walk(run, &walk, args[0], args[1], args[3]) ||
		!ev_feel_regex_to_utf8(run, &replacement))
		return ev_feel_null();
	if (!walk.regex->quoted && !is_replacement(run, replacement))
		return ev_feel_null();
	initStringInfo(&out);
	for (;;)
	{
		if (!next_match(run, &walk, &found))
			return ev_feel_null();
		if (!found)
			break;
		if (!put(run, &out, walk.search.s + walk.last, walk.search.groups->from - walk.last) ||
			!put_replacement(run, &out, &walk, replacement))
			return ev_feel_null();
		walk.last = walk.search.groups->to;
	}
	if (!put(run, &out, walk.search.s + walk.last, walk.search.length - walk.last))
		return ev_feel_null();
	replaced = ev_feel_string_of_buffer(run, &out);
	if (ev_feel_is_null(replaced))
		return replaced;
	return ev_feel_regex_from_utf8(run, replaced.string, replaced.length);
}
