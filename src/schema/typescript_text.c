/* SPDX-License-Identifier: PostgreSQL
 *
 * typescript_text.c: comments, names of members and literals.
 *
 * What a schema says ends up inside source code that somebody compiles, so
 * nothing of it is written as it stands: a comment cannot be ended from within,
 * names that are no identifiers and strings are JSON strings, which are strings
 * of TypeScript, too.
 */
#include "postgres.h"

#include "schema/typescript.h"

#include "miscadmin.h"
#include "utils/json.h"

#define MAX_DEFAULT 200

/* Longer numbers are no finite doubles. */
#define MAX_NUMBER 308

void
ev_typescript_break(StringInfo out, int indent)
{
	appendStringInfoChar(out, '\n');
	for (int i = 0; i < indent; i++)
		appendStringInfoString(out, "    ");
}

/* ---- comments */

/* The text with a tag before it; its lines stay lines. */
static void
add_lines(StringInfo lines, const char *tag, const char *s, int length)
{
	if (lines->len > 0)
		appendStringInfoChar(lines, '\n');
	appendStringInfoString(lines, tag);
	for (int i = 0; i < length; i++)
	{
		if (s[i] == '/' && i > 0 && s[i - 1] == '*')
			appendStringInfoChar(lines, '\\');
		appendStringInfoChar(lines, (unsigned char) s[i] < ' ' && s[i] != '\n' ? ' ' : s[i]);
	}
}

static void
add_text(StringInfo lines, const EvView *source, const char *keyword)
{
	EvView text;
	int length;

	if (!ev_view_get(source, keyword, &text) || text.type != EV_JSON_STRING)
		return;
	length = text.length;
	while (length > 0 && strchr(" \t\r\n", text.data[length - 1]) != NULL)
		length--;
	if (length > 0)
		add_lines(lines, "", text.data, length);
}

static void
add_all(StringInfo lines, const EvView *source)
{
	EvView value;

	add_text(lines, source, "title");
	add_text(lines, source, "description");
	if (ev_view_get(source, "format", &value) && value.type == EV_JSON_STRING)
		add_lines(lines, "@format ", value.data, value.length);
	if (ev_view_get(source, "default", &value))
	{
		char *text = ev_view_to_cstring(&value);

		if (strlen(text) <= MAX_DEFAULT)
			add_lines(lines, "@default ", text, strlen(text));
	}
	if (ev_view_get(source, "deprecated", &value) && value.type == EV_JSON_BOOLEAN && value.boolean)
		add_lines(lines, "@deprecated", "", 0);
}

void
ev_typescript_comment(StringInfo out, const EvNode *node, int indent)
{
	StringInfoData lines;
	char *rest;

	if (node->source.type != EV_JSON_OBJECT)
		return;
	initStringInfo(&lines);
	add_all(&lines, &node->source);
	if (lines.len == 0)
		return;
	ev_typescript_break(out, indent);
	if (strchr(lines.data, '\n') == NULL)
	{
		appendStringInfo(out, "/** %s */", lines.data);
		return;
	}
	appendStringInfoString(out, "/**");
	rest = lines.data;
	for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n"))
	{
		ev_typescript_break(out, indent);
		appendStringInfo(out, " *%s%s", *line != '\0' ? " " : "", line);
	}
	ev_typescript_break(out, indent);
	appendStringInfoString(out, " */");
}

/* ---- names and literals */

static bool
is_identifier(const char *name, int length)
{
	for (int i = 0; i < length; i++)
	{
		unsigned char c = name[i];

		if (c >= 0x80 || !(isalpha(c) || c == '_' || c == '$' || (i > 0 && isdigit(c))))
			return false;
	}
	return length > 0;
}

void
ev_typescript_member_name(StringInfo out, const char *name, int length)
{
	if (is_identifier(name, length))
		appendBinaryStringInfo(out, name, length);
	else
		escape_json(out, pnstrdup(name, length));
}

static void
write_object_literal(StringInfo out, const EvView *value)
{
	EvCursor cursor;
	EvView member;
	const char *name;
	int length;

	appendStringInfoString(out, "{ ");
	ev_view_begin(&cursor, value);
	while (ev_view_next_member(&cursor, &name, &length, &member))
	{
		ev_typescript_member_name(out, name, length);
		appendStringInfoString(out, ": ");
		ev_typescript_literal(out, &member);
		appendStringInfoString(out, "; ");
	}
	appendStringInfoChar(out, '}');
}

static void
write_array_literal(StringInfo out, const EvView *value)
{
	EvCursor cursor;
	EvView element;
	const char *separator = "";

	appendStringInfoChar(out, '[');
	ev_view_begin(&cursor, value);
	while (ev_view_next_element(&cursor, &element))
	{
		appendStringInfoString(out, separator);
		ev_typescript_literal(out, &element);
		separator = ", ";
	}
	appendStringInfoChar(out, ']');
}

void
ev_typescript_literal(StringInfo out, const EvView *value)
{
	check_stack_depth();
	switch (value->type)
	{
		case EV_JSON_NULL:
			appendStringInfoString(out, "null");
			break;
		case EV_JSON_BOOLEAN:
			appendStringInfoString(out, value->boolean ? "true" : "false");
			break;
		case EV_JSON_NUMBER:
		{
			char *number = ev_view_to_cstring(value);

			appendStringInfoString(out, strlen(number) > MAX_NUMBER ? "number" : number);
			break;
		}
		case EV_JSON_STRING:
			escape_json(out, pnstrdup(value->data, value->length));
			break;
		case EV_JSON_ARRAY:
			write_array_literal(out, value);
			break;
		case EV_JSON_OBJECT:
			write_object_literal(out, value);
			break;
	}
}
