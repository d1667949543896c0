/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_parse_primary.c: operands: literals, lists, contexts, ranges, and what
 * is in parentheses.
 *
 * A bracket or a parenthesis may begin a list, a range or a part of an expression;
 * the two points behind the first expression tell.  Ranges may be written with a
 * bracket turned outwards, so that ] begins one too, and [ may close one.
 *
 * (> 5) is a range that is open for ever, (= 5) and (!= 5) are kinds of their own.  Where an
 * element of a list or the whole of a filter is such a test, the parentheses may be left out.
 */
#include "base/compat.h"

#include "match/feel_lex.h"
#include "match/feel_number.h"
#include "match/feel_parse.h"
#include "match/feel_temporal.h"
#include "mb/pg_wchar.h"

/* Names of so many entries are compared as they come. */
#define FEW_ENTRIES 64

/* The string at s, where a quotation mark is. */
static EvFeelName
parse_string(EvFeelParser *parser)
{
	StringInfoData out;
	const char *at = parser->s;
	const char *message = NULL;
	const char *end;

	initStringInfo(&out);
	end = ev_feel_lex_string(at, &out, &at, &message);
	if (end == NULL)
		ev_feel_parse_fault(parser, at, "%s", message);
	else
		parser->s = end;
	return (EvFeelName) {out.data, out.len};
}

static EvFeelNode *
parse_number(EvFeelParser *parser)
{
	const char *at = parser->s;
	const char *end = ev_feel_lex_number(at);
	EvFeelValue number = ev_feel_number_from_text(parser->run, at, end - at);

	if (ev_feel_is_null(number))
		ev_feel_parse_fault(parser, at, "the number is out of range");
	else
		parser->s = end;
	return ev_feel_parse_constant(parser, number, at);
}

/* @"2024-02-29" */
static EvFeelNode *
parse_at_literal(EvFeelParser *parser)
{
	const char *at = parser->s++;
	EvFeelName string;
	EvFeelValue value;

	if (ev_feel_parse_peek(parser) != '"')
	{
		ev_feel_parse_fault(parser, parser->s, "a string expected after \"@\"");
		return ev_feel_parse_constant(parser, ev_feel_null(), at);
	}
	string = parse_string(parser);
	value = ev_feel_at_literal(parser->run, string.text, string.length);
	if (ev_feel_is_null(value))
	{
		/* null, with a reason when it is evaluated */
		EvFeelNode *node = ev_feel_parse_node(parser, EV_FEEL_NODE_AT, at);

		node->path.name = string;
		return node;
	}
	return ev_feel_parse_constant(parser, value, at);
}

/* ---- ranges and lists ---- */

/* Behind the two points of a range. */
static EvFeelNode *
parse_range_end(EvFeelParser *parser, EvFeelNode *start, bool start_included, const char *at)
{
	EvFeelNode *node = ev_feel_parse_node(parser, EV_FEEL_NODE_RANGE, at);

	parser->in_range = true;
	node->range.start = start;
	node->range.start_included = start_included;
	node->range.end = ev_feel_parse_sum(parser);
	parser->in_range = false;
	node->range.end_included = ev_feel_parse_take(parser, "]");
	if (!node->range.end_included && !ev_feel_parse_take(parser, "[") &&
		!ev_feel_parse_take(parser, ")"))
		ev_feel_parse_unexpected(parser, "\"]\" or \")\"");
	return ev_feel_parse_fold(parser, node);
}

/* What a comparison without left side means as a value. */
static EvFeelNode *
make_open_range(EvFeelParser *parser, EvFeelOperator op, EvFeelNode *end, const char *at)
{
	EvFeelNode *node = ev_feel_parse_node(parser, EV_FEEL_NODE_RANGE, at);

	node->range.comparison = op <= EV_FEEL_NOT_EQUAL;
	if (op != EV_FEEL_LESS && op != EV_FEEL_LESS_EQUAL)
	{
		node->range.start = end;
		node->range.start_included = op == EV_FEEL_EQUAL || op == EV_FEEL_GREATER_EQUAL;
	}
	if (op != EV_FEEL_GREATER && op != EV_FEEL_GREATER_EQUAL)
	{
		node->range.end = end;
		node->range.end_included = op == EV_FEEL_EQUAL || op == EV_FEEL_LESS_EQUAL;
	}
	return ev_feel_parse_fold(parser, node);
}

/* An element of a list, what a filter asks: an expression, or a range without its parentheses. */
EvFeelNode *
ev_feel_parse_test(EvFeelParser *parser)
{
	EvFeelOperator op;
	const char *at;

	ev_feel_parse_peek(parser);
	at = parser->s;
	if (ev_feel_parse_comparison(parser, &op))
		return make_open_range(parser, op, ev_feel_parse_sum(parser), at);
	return ev_feel_parse_expression(parser);
}

static EvFeelNode *
parse_bracket(EvFeelParser *parser)
{
	const char *at = parser->s++;
	EvFeelNode *node = ev_feel_parse_node(parser, EV_FEEL_NODE_LIST, at);
	EvFeelNodes items = {0};

	if (ev_feel_parse_take(parser, "]"))
		return node;
	ev_feel_parse_add_node(&items, ev_feel_parse_test(parser));
	if (ev_feel_parse_take(parser, ".."))
		return parse_range_end(parser, items.items[0], true, at);
	while (ev_feel_parse_take(parser, ","))
		ev_feel_parse_add_node(&items, ev_feel_parse_test(parser));
	ev_feel_parse_expect(parser, "]");
	node->list.items = items.items;
	node->list.count = items.count;
	return ev_feel_parse_fold(parser, node);
}

/* ]1..2] */
static EvFeelNode *
parse_open_bracket(EvFeelParser *parser)
{
	const char *at = parser->s++;
	EvFeelNode *start = ev_feel_parse_sum(parser);

	ev_feel_parse_expect(parser, "..");
	return parse_range_end(parser, start, false, at);
}

/*
 * With `tests`, what is behind `in`: a list of tests is one node then, and a
 * comparison without left side a test.
 */
EvFeelNode *
ev_feel_parse_parenthesis(EvFeelParser *parser, bool tests)
{
	const char *at = parser->s++;
	bool in_range = parser->in_range;
	EvFeelNodes items = {0};
	EvFeelNode *node;

	parser->in_range = false;
	node = tests ? ev_feel_parse_positive_test(parser) : ev_feel_parse_test(parser);
	if (ev_feel_parse_take(parser, ".."))
	{
		node = parse_range_end(parser, node, false, at);
		parser->in_range = in_range;
		return node;
	}
	if (tests && ev_feel_parse_peek(parser) == ',')
	{
		ev_feel_parse_add_node(&items, node);
		while (ev_feel_parse_take(parser, ","))
			ev_feel_parse_add_node(&items, ev_feel_parse_positive_test(parser));
		node = ev_feel_parse_node(parser, EV_FEEL_NODE_TESTS, at);
		node->list.items = items.items;
		node->list.count = items.count;
	}
	ev_feel_parse_expect(parser, ")");
	parser->in_range = in_range;
	return node;
}

/* ---- contexts ---- */

static void
fault_of_double(EvFeelParser *parser, const char *at)
{
	ev_feel_parse_fault(parser, at, "the context has two entries of one name");
}

static int
compare_names(const void *a, const void *b)
{
	EvFeelName x = ((const EvFeelPair *) a)->name, y = ((const EvFeelPair *) b)->name;

	return ev_view_compare_keys(x.text, x.length, y.text, y.length);
}

/* Names that come twice among many, which were not compared one by one. */
static void
check_names(EvFeelParser *parser, const EvFeelPairs *entries)
{
	EvFeelPair *sorted;

	if (entries->count <= FEW_ENTRIES || parser->failed)
		return;
	sorted = palloc(entries->count * sizeof(EvFeelPair));
	memcpy(sorted, entries->items, entries->count * sizeof(EvFeelPair));
	qsort(sorted, entries->count, sizeof(EvFeelPair), compare_names);
	for (int i = 1; i < entries->count; i++)
	{
		if (compare_names(&sorted[i - 1], &sorted[i]) == 0)
			fault_of_double(parser, parser->s);
	}
	pfree(sorted);
}

static void
parse_entry(EvFeelParser *parser, EvFeelPairs *entries)
{
	EvFeelScope *scope = parser->scope;
	const char *at;
	EvFeelName name;
	EvFeelNode *value;
	int slot;

	ev_feel_parse_peek(parser);
	at = parser->s;
	if (*at == '"')
		name = parse_string(parser);
	else
		name = ev_feel_parse_new_name(parser, false);
	for (int i = 0; i < Min(entries->count, FEW_ENTRIES); i++)
	{
		if (entries->items[i].name.length == name.length &&
			memcmp(entries->items[i].name.text, name.text, name.length) == 0)
			fault_of_double(parser, at);
	}
	ev_feel_parse_expect(parser, ":");
	slot = ev_feel_parse_bind(parser, name);
	scope->pending = slot;
	ev_feel_parse_add_pair(entries, name);
	value = ev_feel_parse_test(parser);
	entries->items[slot].value = value;
	scope->pending = -1;
}

static EvFeelNode *
parse_context(EvFeelParser *parser)
{
	EvFeelNode *node = ev_feel_parse_node(parser, EV_FEEL_NODE_CONTEXT, parser->s++);
	EvFeelPairs entries = {0};
	EvFeelScope scope;

	if (ev_feel_parse_take(parser, "}"))
		return node;
	ev_feel_parse_open_scope(parser, &scope, EV_FEEL_SCOPE_NAMES);
	do
	{
		parse_entry(parser, &entries);
	} while (ev_feel_parse_take(parser, ","));
	ev_feel_parse_close_scope(parser);
	check_names(parser, &entries);
	ev_feel_parse_expect(parser, "}");
	node->binding.pairs = entries.items;
	node->binding.count = entries.count;
	node->captured = scope.captured;
	return node;
}

/* ---- all of them ---- */

/* A bracket, a parenthesis or a brace, in which the range that we may be in is out of sight. */
static EvFeelNode *
parse_nested(EvFeelParser *parser, EvFeelNode *(*parse)(EvFeelParser *) )
{
	bool in_range = parser->in_range;
	EvFeelNode *node;

	parser->in_range = false;
	node = parse(parser);
	parser->in_range = in_range;
	return node;
}

EvFeelNode *
ev_feel_parse_primary(EvFeelParser *parser)
{
	char c = ev_feel_parse_peek(parser);
	const char *at = parser->s;
	EvFeelNode *node;

	switch (c)
	{
		case '"':
		{
			EvFeelName string = parse_string(parser);

			return ev_feel_parse_constant(parser, ev_feel_string(string.text, string.length), at);
		}
		case '@':
			return parse_at_literal(parser);
		case '[':
			return parse_nested(parser, parse_bracket);
		case ']':
			return parse_nested(parser, parse_open_bracket);
		case '{':
			return parse_nested(parser, parse_context);
		case '(':
			return ev_feel_parse_parenthesis(parser, false);
		default:
			break;
	}
	if (ev_feel_lex_number(at) > at)
		return parse_number(parser);
	node = ev_feel_parse_at_known(parser) ? NULL : ev_feel_parse_binding(parser);
	return node != NULL ? node : ev_feel_parse_reference(parser);
}
