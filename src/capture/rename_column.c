/* SPDX-License-Identifier: PostgreSQL
 *
 * rename_column.c: a condition over old and new, after a column was renamed.
 *
 * A condition is kept as text, and what stands in it must stay the user's:
 * blanks, comments, parentheses.  So the text is parsed to find out where
 * new.column and old.column stand, and only the names there are written anew.
 * The parser tells where a reference begins; what it cannot tell, such as
 * (new).column, is left alone, and found to be invalid afterwards.
 */
#include "base/compat.h"

#include "lib/stringinfo.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "parser/scansup.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(ev_capture_rename_in_condition);

typedef struct Search
{
	const char *text;
	const char *name;
	List *places; /* of int: where references to the column begin */
} Search;

static const char *
field_name(const ColumnRef *reference, int i)
{
	Node *field = list_nth(reference->fields, i);

	return IsA(field, String) ? strVal(field) : "";
}

static bool
find_references(Node *node, void *arg)
{
	Search *search = arg;

	if (node == NULL)
		return false;
	if (IsA(node, ColumnRef))
	{
		ColumnRef *reference = (ColumnRef *) node;

		if (list_length(reference->fields) > 1 &&
			(strcmp(field_name(reference, 0), "new") == 0 ||
			 strcmp(field_name(reference, 0), "old") == 0) &&
			strcmp(field_name(reference, 1), search->name) == 0)
			search->places = lappend_int(search->places, reference->location);
		return false;
	}
	return raw_expression_tree_walker(node, find_references, arg);
}

static void
parse(Search *search)
{
	RawStmt *statement = linitial_node(RawStmt, raw_parser(search->text, RAW_PARSE_PLPGSQL_EXPR));

	(void) find_references(statement->stmt, search);
}

/* Past the identifier that begins here; NULL if it is of a kind that we do not read. */
static const char *
skip_identifier(const char *p)
{
	if (*p == '"')
	{
		for (p++; *p != '\0'; p++)
		{
			if (*p == '"' && *++p != '"')
				return p;
		}
		return NULL;
	}
	if ((*p == 'U' || *p == 'u') && p[1] == '&')
		return NULL;
	while (*p == '_' || *p == '$' || IS_HIGHBIT_SET(*p) || isalnum((unsigned char) *p))
		p++;
	return p;
}

static const char *
skip_blanks(const char *p)
{
	while (scanner_isspace(*p))
		p++;
	return p;
}

/* The column's name in the reference that begins here: its start, and its end. */
static const char *
find_name(const char *reference, const char **end)
{
	const char *p = skip_identifier(reference);

	if (p == NULL)
		return NULL;
	p = skip_blanks(p);
	if (*p != '.')
		return NULL;
	p = skip_blanks(p + 1);
	*end = skip_identifier(p);
	return *end == NULL || *end == p ? NULL : p;
}

static int
compare_places(const ListCell *a, const ListCell *b)
{
	return lfirst_int(a) - lfirst_int(b);
}

/* events._rename_in_condition(condition, old_name, new_name) → the condition */
Datum
ev_capture_rename_in_condition(PG_FUNCTION_ARGS)
{
	Search search = {text_to_cstring(PG_GETARG_TEXT_PP(0)), text_to_cstring(PG_GETARG_TEXT_PP(1)),
					 NIL};
	const char *new_name = quote_identifier(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	const char *done = search.text;
	StringInfoData result;
	ListCell *cell;

	parse(&search);
	list_sort(search.places, compare_places);
	initStringInfo(&result);
	foreach (cell, search.places)
	{
		const char *end;
		const char *name = find_name(search.text + lfirst_int(cell), &end);

		if (name == NULL)
			continue;
		appendBinaryStringInfo(&result, done, name - done);
		appendStringInfoString(&result, new_name);
		done = end;
	}
	appendStringInfoString(&result, done);
	PG_RETURN_TEXT_P(cstring_to_text(result.data));
}
