/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_parse_binding.c: what begins with a word and mostly binds names:
 * for, some, every, if, function; and null, true, false.
 *
 * All iterators of a loop share one scope: each is in sight of those behind
 * it and of the body.  The slot behind the last iterator of `for` is `partial`.
 */
#include "base/compat.h"

#include "match/feel_lex.h"
#include "match/feel_parse.h"

/* name in value, name in start..end, ... */
static void
parse_iterators(EvFeelParser *parser, EvFeelPairs *iterators)
{
	do
	{
		EvFeelName name = ev_feel_parse_new_name(parser, true);
		EvFeelPair *pair = ev_feel_parse_add_pair(iterators, name);
		EvFeelNode *value;

		ev_feel_parse_expect_word(parser, "in");
		value = ev_feel_parse_expression(parser);
		pair->value = value;
		if (ev_feel_parse_take(parser, ".."))
			pair->end = ev_feel_parse_expression(parser);
		ev_feel_parse_bind(parser, name);
	} while (ev_feel_parse_take(parser, ","));
}

static EvFeelNode *
parse_for(EvFeelParser *parser, const char *at)
{
	EvFeelNode *node = ev_feel_parse_node(parser, EV_FEEL_NODE_FOR, at);
	EvFeelPairs iterators = {0};
	EvFeelScope scope;
	int partial;

	ev_feel_parse_open_scope(parser, &scope, EV_FEEL_SCOPE_NAMES);
	parse_iterators(parser, &iterators);
	ev_feel_parse_expect_word(parser, "return");
	partial = ev_feel_parse_bind(parser, (EvFeelName) {"partial", 7});
	node->binding.pairs = iterators.items;
	node->binding.count = iterators.count;
	node->binding.body = ev_feel_parse_expression(parser);
	node->binding.uses_partial = scope.used[partial];
	ev_feel_parse_close_scope(parser);
	node->captured = scope.captured;
	return node;
}

static EvFeelNode *
parse_quantified(EvFeelParser *parser, const char *at, bool every)
{
	EvFeelNode *node = ev_feel_parse_node(parser, EV_FEEL_NODE_QUANTIFIED, at);
	EvFeelPairs iterators = {0};
	EvFeelScope scope;

	ev_feel_parse_open_scope(parser, &scope, EV_FEEL_SCOPE_NAMES);
	parse_iterators(parser, &iterators);
	ev_feel_parse_expect_word(parser, "satisfies");
	node->binding.pairs = iterators.items;
	node->binding.count = iterators.count;
	node->binding.body = ev_feel_parse_expression(parser);
	node->binding.every = every;
	ev_feel_parse_close_scope(parser);
	node->captured = scope.captured;
	return node;
}

static EvFeelNode *
parse_if(EvFeelParser *parser, const char *at)
{
	EvFeelNode *node = ev_feel_parse_node(parser, EV_FEEL_NODE_IF, at);

	node->choice.value = ev_feel_parse_expression(parser);
	ev_feel_parse_expect_word(parser, "then");
	node->choice.first = ev_feel_parse_expression(parser);
	ev_feel_parse_expect_word(parser, "else");
	node->choice.second = ev_feel_parse_expression(parser);
	return node;
}

/* (a, b: number) and the body, or `external` and a context that says where it is. */
static EvFeelNode *
parse_function(EvFeelParser *parser, const char *at)
{
	EvFeelNode *node = ev_feel_parse_node(parser, EV_FEEL_NODE_FUNCTION, at);
	EvFeelPairs parameters = {0};
	EvFeelScope scope;

	ev_feel_parse_expect(parser, "(");
	ev_feel_parse_capture(parser);
	ev_feel_parse_open_scope(parser, &scope, EV_FEEL_SCOPE_FUNCTION);
	if (!ev_feel_parse_take(parser, ")"))
	{
		do
		{
			EvFeelName name = ev_feel_parse_new_name(parser, false);
			EvFeelPair *pair = ev_feel_parse_add_pair(&parameters, name);

			ev_feel_parse_bind(parser, name);
			if (ev_feel_parse_take(parser, ":"))
				pair->type = ev_feel_parse_type(parser);
		} while (ev_feel_parse_take(parser, ","));
		ev_feel_parse_expect(parser, ")");
	}
	node->binding.pairs = parameters.items;
	node->binding.count = parameters.count;
	if (ev_feel_parse_take_word(parser, "external"))
		ev_feel_parse_expression(parser);
	else
		node->binding.body = ev_feel_parse_expression(parser);
	ev_feel_parse_close_scope(parser);
	node->captured = scope.captured;
	return node;
}

EvFeelNode *
ev_feel_parse_binding(EvFeelParser *parser)
{
	const char *at = parser->s;

	if (ev_feel_parse_take_word(parser, "null"))
		return ev_feel_parse_constant(parser, ev_feel_null(), at);
	if (ev_feel_parse_take_word(parser, "true"))
		return ev_feel_parse_constant(parser, ev_feel_boolean(true), at);
	if (ev_feel_parse_take_word(parser, "false"))
		return ev_feel_parse_constant(parser, ev_feel_boolean(false), at);
	if (ev_feel_parse_take_word(parser, "if"))
		return parse_if(parser, at);
	if (ev_feel_parse_take_word(parser, "for"))
		return parse_for(parser, at);
	if (ev_feel_parse_take_word(parser, "some"))
		return parse_quantified(parser, at, false);
	if (ev_feel_parse_take_word(parser, "every"))
		return parse_quantified(parser, at, true);
	if (ev_feel_parse_take_word(parser, "function"))
		return parse_function(parser, at);
	return NULL;
}
