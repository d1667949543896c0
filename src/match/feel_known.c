/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_known.c: names of several words in a context, such as Monthly Salary or order-id.
 *
 * The parser has to know them.  They depend on the data, so they are part of what an expression
 * is found by in the cache; only those count that stand in the text at all, so nearly always
 * there are none, and data with ever new keys does not fill the cache.
 */
#include "base/compat.h"

#include "match/feel_cache.h"
#include "match/feel_lex.h"
#include "miscadmin.h"

static bool
stands_in(const char *text, const char *name, int length)
{
	for (const char *s = strchr(text, name[0]); s != NULL; s = strchr(s + 1, name[0]))
	{
		CHECK_FOR_INTERRUPTS();
		if (ev_feel_lex_match_name(s, name, length) != NULL)
			return true;
	}
	return false;
}

static void
collect_key(EvFeelNames *known, const char *key, int length, const char *text)
{
	if (ev_feel_lex_is_special(key, length) && stands_in(text, key, length))
		ev_feel_parse_know(known, (EvFeelName) {key, length});
}

void
ev_feel_known_collect(EvFeelNames *known, const EvView *view, const char *text)
{
	EvCursor cursor;
	EvView value;
	const char *key;
	int length;

	if (view->type < EV_JSON_ARRAY)
		return;
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	ev_view_begin(&cursor, view);
	if (view->type == EV_JSON_ARRAY)
	{
		while (ev_view_next_element(&cursor, &value))
			ev_feel_known_collect(known, &value, text);
		return;
	}
	while (ev_view_next_member(&cursor, &key, &length, &value))
	{
		CHECK_FOR_INTERRUPTS();
		collect_key(known, key, length, text);
		ev_feel_known_collect(known, &value, text);
	}
}
