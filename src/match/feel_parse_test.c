/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_parse_test.c: unary tests, and the right side of `in`.
 *
 * A unary test is a question to a value that is not written: `< 5`, `[1..3]`, "a", or any
 * expression, in which ? is the value.  Several with commas between them are
 * alternatives; not(...) around all of them turns the answer; - is true of everything.
 *
 * `in` asks the same of its left side.  In parentheses behind it may stand several tests,
 * but also just an expression with parentheses, which may go on behind them.
 */
#include "base/compat.h"

#include "match/feel_lex.h"
#include "match/feel_parse.h"

/* A comparison without left side, or what `parse` reads; the present scope is that of ?. */
static EvFeelNode *
parse_one(EvFeelParser *parser, EvFeelNode *(*parse)(EvFeelParser *) )
{
	bool *used = parser->scope->used;
	bool was_used = used[0];
	EvFeelOperator op;
	EvFeelNode *node;
	const char *at;

	ev_feel_parse_peek(parser);
	at = parser->s;
	if (ev_feel_parse_comparison(parser, &op))
	{
		node = ev_feel_parse_node(parser, EV_FEEL_NODE_TEST, at);
		node->operation.op = op;
		node->operation.right = ev_feel_parse_sum(parser);
		return node;
	}
	used[0] = false;
	node = parse(parser);
	node->asks = used[0];
	used[0] |= was_used;
	return node;
}

EvFeelNode *
ev_feel_parse_positive_test(EvFeelParser *parser)
{
	return parse_one(parser, ev_feel_parse_expression);
}

/* Behind `in`: tests in parentheses, or what goes on behind them, or one test. */
static EvFeelNode *
parse_right_side(EvFeelParser *parser)
{
	EvFeelNode *test;

	if (ev_feel_parse_peek(parser) != '(')
		return parse_one(parser, ev_feel_parse_sum);
	test = ev_feel_parse_parenthesis(parser, true);
	if (test->kind != EV_FEEL_NODE_TEST && test->kind != EV_FEEL_NODE_TESTS)
	{
		bool asks = test->asks;

		test = ev_feel_parse_postfix(parser, test);
		test = ev_feel_parse_rest(parser, test, EV_FEEL_PRECEDENCE_SUM);
		test->asks = asks;
	}
	return test;
}

EvFeelNode *
ev_feel_parse_in(EvFeelParser *parser, EvFeelNode *value, const char *at)
{
	EvFeelNode *node = ev_feel_parse_node(parser, EV_FEEL_NODE_IN, at);
	EvFeelScope scope;

	ev_feel_parse_open_scope(parser, &scope, EV_FEEL_SCOPE_NAMES);
	ev_feel_parse_bind(parser, (EvFeelName) {"?", 1});
	node->operation.left = value;
	node->operation.right = parse_right_side(parser);
	ev_feel_parse_close_scope(parser);
	node->captured = scope.captured;
	return node;
}

/* test, test, ... */
static EvFeelNode *
parse_list(EvFeelParser *parser)
{
	EvFeelNode *node;
	EvFeelNodes items = {0};

	ev_feel_parse_peek(parser);
	node = ev_feel_parse_node(parser, EV_FEEL_NODE_TESTS, parser->s);
	do
	{
		ev_feel_parse_add_node(&items, ev_feel_parse_positive_test(parser));
	} while (ev_feel_parse_take(parser, ","));
	node->list.items = items.items;
	node->list.count = items.count;
	node->list.alone = true;
	return node;
}

/* Is the text from here on not(...), with nothing behind it? */
static bool
is_negation(EvFeelParser *parser)
{
	EvFeelParser ahead = *parser;
	bool is_negation;

	if (!ev_feel_parse_take_word(&ahead, "not") || !ev_feel_parse_take(&ahead, "("))
		return false;
	parse_list(&ahead);
	ev_feel_parse_expect(&ahead, ")");
	is_negation = !ahead.failed && ev_feel_parse_peek(&ahead) == '\0';

	/* what it has learned of names is in memory that may have moved */
	parser->known = ahead.known;
	return is_negation;
}

EvFeelNode *
ev_feel_parse_tests(EvFeelParser *parser)
{
	EvFeelNode *node;

	if (ev_feel_parse_peek(parser) == '-')
	{
		const char *at = parser->s;

		if (*ev_feel_lex_blank(at + 1) == '\0')
		{
			parser->s++;
			return ev_feel_parse_constant(parser, ev_feel_boolean(true), at);
		}
	}
	if (!is_negation(parser))
		return parse_list(parser);
	ev_feel_parse_take_word(parser, "not");
	ev_feel_parse_expect(parser, "(");
	node = parse_list(parser);
	ev_feel_parse_expect(parser, ")");
	node->list.negated = true;
	return node;
}
