/* SPDX-License-Identifier: PostgreSQL
 *
 * ecma_group.c: groups and back references of ECMA-262's regular expressions.
 *
 * Open groups are kept on a list instead of the C stack, so that depth costs
 * memory only (PCRE2 has a limit of its own).  Nobody asks what a group has
 * matched, so where there is no back reference none captures, which saves PCRE2
 * work; and where there are some, they go by number, since names have other
 * rules over there.
 *
 * A reference to a group that is not closed yet (one that stands later, or
 * around the reference) always matches the empty string: a round of a loop
 * clears the groups in it.  It is written as an empty group, because PCRE2 would
 * remember the round before.  In a look-behind, which ECMA-262 matches backwards,
 * that is not so; PCRE2 takes no references there.
 */
#include "base/compat.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "schema/ecma_parser.h"

#define MAX_NAMES 1000

bool
ev_ecma_skip(EcmaParser *parser, const char *prefix)
{
	int length = strlen(prefix);

	if (parser->end - parser->p < length || memcmp(parser->p, prefix, length) != 0)
		return false;
	parser->p += length;
	return true;
}

int
ev_ecma_number(EcmaParser *parser)
{
	int64 value = -1;

	while (parser->p < parser->end && ev_ascii_is_digit(*parser->p))
	{
		value = Max(value, 0) * 10 + (*parser->p++ - '0');
		value = Min(value, ECMA_ENDLESS);
	}
	return (int) value;
}

/* One character of a group's name, with its escapes; -1 if none can stand here. */
static int
read_name_character(EcmaParser *parser, bool first)
{
	int c;

	if (parser->p == parser->end)
		return -1;
	if (ev_ecma_skip(parser, "\\u"))
	{
		if (!ev_ecma_unicode_escape(parser, &c))
			return -1;
	}
	else
		c = ev_utf8_next(&parser->p, parser->end);
	if (c >= 0x80)
		return ECMA_IS_SURROGATE(c) ? -1 : c;
	if (c == '$' || c == '_' || ev_ascii_is_letter(c))
		return c;
	return !first && ev_ascii_is_digit(c) ? c : -1;
}

/* The name of a group up to ">", palloc'd; NULL if it is none. */
static char *
read_name(EcmaParser *parser)
{
	const char *where = parser->p;
	StringInfoData name;

	initStringInfo(&name);
	while (!ev_ecma_skip(parser, ">"))
	{
		unsigned char utf8[8];
		int c = read_name_character(parser, name.len == 0);

		if (c < 0)
		{
			ev_ecma_fail(parser, where, "invalid group name");
			return NULL;
		}
		unicode_to_utf8(c, utf8);
		appendBinaryStringInfo(&name, (char *) utf8, pg_encoding_mblen(PG_UTF8, (char *) utf8));
	}
	if (name.len == 0)
	{
		ev_ecma_fail(parser, where, "empty group name");
		return NULL;
	}
	return name.data;
}

static const EcmaName *
find_name(const EcmaParser *parser, const char *text)
{
	for (int i = 0; i < parser->nnames; i++)
	{
		if (strcmp(parser->names[i].text, text) == 0)
			return &parser->names[i];
	}
	return NULL;
}

static bool
add_name(EcmaParser *parser)
{
	const char *where = parser->p;
	char *text = read_name(parser);

	if (!text)
		return false;
	if (find_name(parser, text))
		return ev_ecma_fail(parser, where, "two groups of the same name");
	if (parser->nnames == MAX_NAMES)
		return ev_ecma_fail(parser, where, "more than 1000 named groups");
	if (!parser->names)
		parser->names = palloc(MAX_NAMES * sizeof(EcmaName));
	parser->names[parser->nnames++] = (EcmaName) {text, parser->ngroups};
	return true;
}

bool
ev_ecma_count_groups(EcmaParser *parser)
{
	bool in_class = false;

	for (parser->p = parser->begin; parser->p < parser->end;)
	{
		switch (*parser->p++)
		{
			case '\\':
				if (parser->p == parser->end)
					break;
				if (*parser->p == 'k' || (*parser->p >= '1' && *parser->p <= '9'))
					parser->has_references = true;
				parser->p++;
				break;
			case '[':
				in_class = true;
				break;
			case ']':
				in_class = false;
				break;
			case '(':
				if (in_class)
					break;
				if (parser->p < parser->end && *parser->p != '?')
					parser->ngroups++;
				else if (!ev_ecma_skip(parser, "?<=") && !ev_ecma_skip(parser, "?<!") &&
						 ev_ecma_skip(parser, "?<"))
				{
					parser->ngroups++;
					if (!add_name(parser))
						return false;
				}
				break;
		}
	}
	parser->p = parser->begin;
	if (parser->has_references)
		parser->closed = palloc0(parser->ngroups + 1);
	return true;
}

/* Room for one more open group. */
static EcmaGroup *
push_group(EcmaParser *parser)
{
	if (parser->nopen == parser->room)
	{
		parser->room = Max(16, parser->room * 2);
		parser->open = parser->open ? repalloc(parser->open, parser->room * sizeof(EcmaGroup))
									: palloc(parser->room * sizeof(EcmaGroup));
	}
	return &parser->open[parser->nopen++];
}

/* Where there is one, a look-around at parser->p. */
static bool
open_assertion(EcmaParser *parser, EcmaGroup *group)
{
	static const char *const assertions[] = {"(?=", "(?!", "(?<=", "(?<!"};

	for (int i = 0; i < lengthof(assertions); i++)
	{
		if (ev_ecma_skip(parser, assertions[i]))
		{
			group->assertion = true;
			group->behind = assertions[i][2] == '<';
			parser->nbehind += group->behind;
			appendStringInfoString(parser->out, assertions[i]);
			return true;
		}
	}
	return false;
}

bool
ev_ecma_open_group(EcmaParser *parser)
{
	EcmaGroup *group = push_group(parser);

	*group = (EcmaGroup) {.source = parser->p, .out = parser->out->len};
	if (open_assertion(parser, group))
		return true;
	if (ev_ecma_skip(parser, "(?:"))
	{
		appendStringInfoString(parser->out, "(?:");
		return true;
	}
	if (ev_ecma_skip(parser, "(?<"))
	{
		/* The name has been read by ev_ecma_count_groups. */
		parser->p = memchr(parser->p, '>', parser->end - parser->p);
		parser->p++;
	}
	else if (ev_ecma_skip(parser, "(?"))
		return ev_ecma_fail(parser, group->source, "invalid group");
	else
		parser->p++;
	group->number = ++parser->nopened;
	appendStringInfoString(parser->out, parser->has_references ? "(" : "(?:");
	return true;
}

bool
ev_ecma_close_group(EcmaParser *parser, int *out, bool *assertion)
{
	EcmaGroup *group;

	if (parser->nopen == 0)
		return ev_ecma_fail(parser, parser->p, "unmatched )");
	group = &parser->open[--parser->nopen];
	parser->p++;
	appendStringInfoChar(parser->out, ')');
	parser->nbehind -= group->behind;
	if (parser->closed)
		parser->closed[group->number] = true;
	*out = group->out;
	*assertion = group->assertion;
	return true;
}

bool
ev_ecma_end_groups(EcmaParser *parser)
{
	return parser->nopen == 0 ||
		   ev_ecma_fail(parser, parser->open[parser->nopen - 1].source, "( without )");
}

/* The number of the group that "1" or "k<name>" refers to; 0 if there is none. */
static int
read_reference(EcmaParser *parser)
{
	const char *where = parser->p - 1;
	int group;

	if (ev_ecma_skip(parser, "k"))
	{
		const EcmaName *found;
		char *name;

		if (!ev_ecma_skip(parser, "<"))
		{
			ev_ecma_fail(parser, where, "invalid named reference");
			return 0;
		}
		name = read_name(parser);
		if (!name)
			return 0;
		found = find_name(parser, name);
		group = found ? found->group : 0;
	}
	else
		group = ev_ecma_number(parser);
	if (group == 0 || group > parser->ngroups)
	{
		ev_ecma_fail(parser, where, "reference to a group that is not there");
		return 0;
	}
	return group;
}

bool
ev_ecma_back_reference(EcmaParser *parser)
{
	const char *where = parser->p - 1;
	int group = read_reference(parser);

	if (group == 0)
		return false;
	if (parser->nbehind > 0)
		return ev_ecma_fail(parser, where, "a back reference cannot stand in a look-behind");
	if (parser->closed[group])
		appendStringInfo(parser->out, "\\g{%d}", group);
	else
		appendStringInfoString(parser->out, "(?:)");
	return true;
}
