/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_known.c: names of several words in a context, such as Monthly Salary or order-id.
 *
 * The parser has to know them.  They depend on the data, so they are part of what an expression
 * is found by in the cache; only those count that stand in the text at all, so nearly always
 * there are none, and data with ever new keys does not fill the cache.
 *
 * Looking at every key of the data would take longer than most filters do.  So the text says
 * beforehand which keys may matter: each word behind which a name could go on is a
 * seam, and the first byte of such a name is noted.  Behind a point, and from the first [ on,
 * names are those of members at any depth; elsewhere those of the outermost context.
 * Where no seam is deep only the outermost keys are looked at.
 */
#include "base/compat.h"

#include "match/feel_cache.h"
#include "match/feel_lex.h"
#include "mb/pg_wchar.h"
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

/* ---- seams of a text ---- */

/* Behind a string or a comment that begins at s; s if none does. */
static const char *
skip_opaque(const char *s)
{
	if (*s == '/')
	{
		const char *next = ev_feel_lex_skip(s);

		return next != NULL ? next : s + strlen(s);
	}
	if (*s != '"')
		return s;
	for (s++; *s != '\0' && *s != '"'; s++)
	{
		if (*s == '\\' && s[1] != '\0')
			s++;
	}
	return *s == '"' ? s + 1 : s;
}

/* Could a name that begins with the word go on behind it? */
static bool
may_go_on(const char *word, const char *end)
{
	const char *next = ev_feel_lex_blank(end);

	if (ev_feel_lex_ends_name(word, end - word))
		return false;
	return ev_feel_lex_is_symbol(*next) || (next > end && ev_feel_lex_word_part(next) > next);
}

void
ev_feel_known_find_seams(const char *text, EvFeelSeams *seams)
{
	bool in_filter = false, behind_point = false;

	*seams = (EvFeelSeams) {0};
	for (const char *s = text; *s != '\0';)
	{
		const char *end = ev_feel_lex_word(s);
		const char *next = skip_opaque(s);

		if (end > s && may_go_on(s, end))
		{
			bool deep = in_filter || behind_point;

			seams->has_deep |= deep;
			(deep ? seams->deep : seams->outermost)[(unsigned char) *s] = true;
		}
		if (end == s && next == s)
		{
			in_filter |= *s == '[';
			end = ev_feel_lex_blank(s);
			if (end == s)
			{
				behind_point = *s == '.';
				end += pg_mblen(s);
			}
			s = end;
			continue;
		}
		if (end > s)
			behind_point = false;
		s = Max(end, next);
	}
}

/* ---- keys of the data ---- */

static void
collect_members(EvFeelNames *known, const EvView *view, const char *text, const EvFeelSeams *seams,
				bool is_outermost)
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
			collect_members(known, &value, text, seams, false);
		return;
	}
	while (ev_view_next_member(&cursor, &key, &length, &value))
	{
		unsigned char first = length > 0 ? (unsigned char) *key : '\0';

		CHECK_FOR_INTERRUPTS();
		if ((seams->deep[first] || (is_outermost && seams->outermost[first])) &&
			ev_feel_lex_is_special(key, length) && stands_in(text, key, length))
			ev_feel_parse_know(known, (EvFeelName) {key, length});
		if (seams->has_deep)
			collect_members(known, &value, text, seams, false);
	}
}

void
ev_feel_known_collect(EvFeelNames *known, const EvView *view, const char *text,
					  const EvFeelSeams *seams)
{
	collect_members(known, view, text, seams, true);
}
