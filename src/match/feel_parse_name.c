/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_parse_name.c: names: where one ends, and what it means.
 *
 * A name of FEEL may hold blanks and the characters . / - ' + *, so where it ends depends
 * on which names there are.  Those that are not plain words are kept in a list: of
 * built-in functions, of the context, of whatever the expression has bound so
 * far.  The longest of them that stands at a place is meant there.  Where none
 * does, a word alone is a name; but words with nothing but blanks between them,
 * which could be nothing else, are one name too (Monthly Salary).
 *
 * Blanks in a name are one blank, however many are written.  In `backticks` a name may be anything.
 */
#include "base/compat.h"

#include "match/feel_builtin.h"
#include "match/feel_lex.h"
#include "match/feel_parse.h"
#include "miscadmin.h"

static bool
same_name(EvFeelName a, EvFeelName b)
{
	return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

/* ---- names of several words ---- */

/* Keep a name, if it is one that has to be known to be read. */
void
ev_feel_parse_know(EvFeelNames *known, EvFeelName name)
{
	if (!ev_feel_lex_is_special(name.text, name.length))
		return;
	for (int i = 0; i < known->count; i++)
	{
		if (same_name(known->names[i], name))
			return;
	}
	if (known->count == known->capacity)
	{
		known->capacity = Max(8, 2 * known->capacity);
		known->names = known->names == NULL
						   ? palloc(known->capacity * sizeof(EvFeelName))
						   : repalloc(known->names, known->capacity * sizeof(EvFeelName));
	}
	known->names[known->count].text = pnstrdup(name.text, name.length);
	known->names[known->count++].length = name.length;
}

/* The longest known name at s; *end is where it ends. */
static EvFeelName
longest_known(EvFeelParser *parser, const char *s, const char **end)
{
	EvFeelName longest = ev_feel_function_longest(s, end);

	CHECK_FOR_INTERRUPTS();
	for (int i = 0; i < parser->known.count; i++)
	{
		EvFeelName name = parser->known.names[i];
		const char *name_end;

		if (name.text[0] != *s || name.length <= longest.length)
			continue;
		name_end = ev_feel_lex_match_name(s, name.text, name.length);
		if (name_end != NULL)
		{
			longest = name;
			*end = name_end;
		}
	}
	return longest;
}

bool
ev_feel_parse_at_known(EvFeelParser *parser)
{
	const char *end;

	return longest_known(parser, parser->s, &end).length > 0;
}

/* Words with only blanks between them. */
static EvFeelName
join_words(const char *s, const char **end)
{
	StringInfoData name;
	const char *word_end = ev_feel_lex_word(s);

	initStringInfo(&name);
	appendBinaryStringInfo(&name, s, word_end - s);
	*end = word_end;
	for (;;)
	{
		s = ev_feel_lex_blank(word_end);
		word_end = ev_feel_lex_word_part(s);
		if (word_end == s || s == *end || ev_feel_lex_ends_name(s, word_end - s))
			return (EvFeelName) {name.data, name.len};
		appendStringInfoChar(&name, ' ');
		appendBinaryStringInfo(&name, s, word_end - s);
		*end = word_end;
	}
}

/* `anything`, blanks in it made one. */
static EvFeelName
read_quoted(EvFeelParser *parser)
{
	const char *s = parser->s + 1;
	const char *end = strchr(s, '`');
	StringInfoData name;

	initStringInfo(&name);
	if (end == NULL)
	{
		ev_feel_parse_fault(parser, parser->s, "the name does not end");
		return (EvFeelName) {name.data, 0};
	}
	while (s < end)
	{
		const char *next = ev_feel_lex_blank(s);

		if (next > s)
			appendStringInfoChar(&name, ' ');
		else
			appendStringInfoChar(&name, *next++);
		s = next;
	}
	parser->s = end + 1;
	return (EvFeelName) {name.data, name.len};
}

/* ---- binding ---- */

EvFeelName
ev_feel_parse_new_name(EvFeelParser *parser, bool stops_at_in)
{
	StringInfoData name;
	const char *end;

	if (ev_feel_parse_peek(parser) == '`')
		return read_quoted(parser);
	initStringInfo(&name);
	end = ev_feel_lex_free_name(parser->s, stops_at_in, &name);
	if (end == parser->s)
		ev_feel_parse_fault(parser, end, "a name expected");
	else
		parser->s = end;
	return (EvFeelName) {name.data, name.len};
}

void
ev_feel_parse_open_scope(EvFeelParser *parser, EvFeelScope *scope, EvFeelScopeKind kind)
{
	*scope = (EvFeelScope) {.parent = parser->scope, .kind = kind, .pending = -1};
	parser->scope = scope;
}

void
ev_feel_parse_close_scope(EvFeelParser *parser)
{
	parser->scope = parser->scope->parent;
}

/* A function is made here: everything in sight stays in use. */
void
ev_feel_parse_capture(EvFeelParser *parser)
{
	for (EvFeelScope *scope = parser->scope; scope != NULL; scope = scope->parent)
		scope->captured = true;
}

int
ev_feel_parse_bind(EvFeelParser *parser, EvFeelName name)
{
	EvFeelScope *scope = parser->scope;

	if (scope->count == scope->capacity)
	{
		int capacity = Max(4, 2 * scope->capacity);
		EvFeelName *names = palloc(capacity * sizeof(EvFeelName));
		bool *used = palloc0(capacity * sizeof(bool));

		for (int i = 0; i < scope->count; i++)
		{
			names[i] = scope->names[i];
			used[i] = scope->used[i];
		}
		scope->names = names;
		scope->used = used;
		scope->capacity = capacity;
	}
	scope->names[scope->count] = name;
	ev_feel_parse_know(&parser->known, name);
	return scope->count++;
}

/* ---- what a name means ---- */

/* The slot that has the name, the last first; -1 if none does. */
static int
find_slot(EvFeelScope *scope, EvFeelName name, bool in_function)
{
	if (scope->kind == EV_FEEL_SCOPE_FILTER)
		return name.length == 4 && memcmp(name.text, "item", 4) == 0 ? 0 : -1;
	for (int i = scope->count - 1; i >= 0; i--)
	{
		if (same_name(scope->names[i], name) && (i != scope->pending || in_function))
			return i;
	}
	return -1;
}

static void
resolve(EvFeelParser *parser, EvFeelReference *reference)
{
	bool in_function = false;

	reference->slot = -1;
	reference->hops = 0;
	for (EvFeelScope *scope = parser->scope; scope != NULL; scope = scope->parent)
	{
		if (scope->kind == EV_FEEL_SCOPE_FILTER)
		{
			int size = (reference->nfilters + 1) * sizeof(int);

			reference->filters = reference->filters == NULL ? palloc(size)
															: repalloc(reference->filters, size);
			reference->filters[reference->nfilters++] = reference->hops;
		}
		reference->slot = find_slot(scope, reference->name, in_function);
		if (reference->slot >= 0)
		{
			if (scope->kind != EV_FEEL_SCOPE_FILTER)
				scope->used[reference->slot] = true;
			return;
		}
		in_function |= scope->kind == EV_FEEL_SCOPE_FUNCTION;
		if (scope->parent != NULL)
			reference->hops++;
	}
	reference->builtin = ev_feel_function_find(reference->name.text, reference->name.length);
	if (reference->builtin != NULL && reference->builtin->is_volatile)
		parser->is_volatile = true;
}

/* Is the word bound by the expression, so that it is a name by itself? */
static bool
is_bound(EvFeelParser *parser, EvFeelName name)
{
	for (EvFeelScope *scope = parser->scope; scope != NULL; scope = scope->parent)
	{
		if (find_slot(scope, name, true) >= 0)
			return true;
	}
	return false;
}

/* and(...), or(...): functions that have the name of an operator. */
static bool
is_called(const char *word, const char *end)
{
	return *ev_feel_lex_blank(end) == '(' && ev_feel_function_find(word, end - word) != NULL;
}

EvFeelNode *
ev_feel_parse_reference(EvFeelParser *parser)
{
	const char *at = parser->s;
	const char *word_end = ev_feel_lex_word(at);
	const char *end;
	EvFeelNode *node = ev_feel_parse_node(parser, EV_FEEL_NODE_NAME, at);
	EvFeelName name;

	if (*at == '`')
		name = read_quoted(parser);
	else if (word_end == at ||
			 (ev_feel_lex_ends_name(at, word_end - at) && !is_called(at, word_end)))
	{
		ev_feel_parse_unexpected(parser, "an expression");
		return ev_feel_parse_constant(parser, ev_feel_null(), at);
	}
	else
	{
		name = longest_known(parser, at, &end);
		if (name.length <= word_end - at)
		{
			name = (EvFeelName) {pnstrdup(at, word_end - at), word_end - at};
			end = word_end;
			if (!is_bound(parser, name) && *ev_feel_lex_blank(end) != '\0')
			{
				name = join_words(at, &end);
				ev_feel_parse_check_name(parser, at, end);
			}
		}
		if (!parser->failed)
			parser->s = end;
	}
	node->reference.name = name;
	resolve(parser, &node->reference);
	return node;
}

EvFeelName
ev_feel_parse_member(EvFeelParser *parser)
{
	const char *known_end = NULL;
	const char *end;
	EvFeelName name, known;

	if (ev_feel_parse_peek(parser) == '`')
		return read_quoted(parser);
	if (ev_feel_lex_word(parser->s) == parser->s)
	{
		ev_feel_parse_unexpected(parser, "a name");
		return (EvFeelName) {"", 0};
	}
	name = join_words(parser->s, &end);
	known = longest_known(parser, parser->s, &known_end);
	if (known.length >= name.length)
	{
		name = known;
		end = known_end;
	}
	else
		ev_feel_parse_check_name(parser, parser->s, end);
	if (!parser->failed)
		parser->s = end;
	return name;
}
