/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_fold.c: parts of an expression whose value does not depend on anything
 * are evaluated when it is compiled: lists and ranges of literals, dates, times and durations.
 *
 * Other functions are not called here, since they may take long, and nobody counts the steps
 * of a compilation.  What would be null stays as it is, so that the reason is told when it is
 * evaluated.
 */
#include "base/compat.h"

#include "match/feel_evaluate.h"
#include "match/feel_parse.h"

static bool
all_constant(const EvFeelNode *node)
{
	for (int i = 0; i < node->list.count; i++)
	{
		if (node->list.items[i]->kind != EV_FEEL_NODE_CONSTANT)
			return false;
	}
	return true;
}

static bool
is_constant(const EvFeelNode *node)
{
	return node == NULL || node->kind == EV_FEEL_NODE_CONSTANT;
}

/* A call of a function that makes a moment or a duration out of its arguments. */
static bool
makes_temporal(const EvFeelNode *node)
{
	static const char *const names[] = {"date", "time", "date and time", "duration",
										"years and months duration"};
	const EvFeelNode *function = node->list.value;

	if (function->kind != EV_FEEL_NODE_NAME || function->reference.slot >= 0 ||
		function->reference.builtin == NULL)
		return false;
	for (int i = 0; i < lengthof(names); i++)
	{
		if (strcmp(function->reference.builtin->name, names[i]) == 0)
			return true;
	}
	return false;
}

static bool
can_fold(const EvFeelNode *node)
{
	switch (node->kind)
	{
		case EV_FEEL_NODE_LIST:
			return all_constant(node);
		case EV_FEEL_NODE_RANGE:
			return is_constant(node->range.start) && is_constant(node->range.end);
		case EV_FEEL_NODE_CALL:
			return all_constant(node) && makes_temporal(node);
		default:
			return false;
	}
}

EvFeelNode *
ev_feel_parse_fold(EvFeelParser *parser, EvFeelNode *node)
{
	EvFeelValue value;

	if (parser->failed || !can_fold(node))
		return node;
	value = ev_feel_evaluate(parser->run, NULL, node);
	if (ev_feel_is_null(value))
		return node;
	return ev_feel_parse_constant(parser, value, parser->text + node->location);
}
