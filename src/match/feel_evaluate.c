/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_evaluate.c: the way into the functions that evaluate nodes, and those for what is made:
 * lists, contexts, ranges, functions.
 *
 * Depth is that of nodes within nodes, through calls of functions as well; the stack is
 * looked at now and then, in case the limit allows more than it can bear.
 */
#include "base/compat.h"

#include "match/feel_compare.h"
#include "match/feel_evaluate.h"
#include "miscadmin.h"

static EvFeelValue
evaluate_constant(EvFeelRun *run, const EvFeelFrame *frame, const EvFeelNode *node)
{
	return node->constant;
}

static EvFeelValue
evaluate_at(EvFeelRun *run, const EvFeelFrame *frame, const EvFeelNode *node)
{
	return ev_feel_problem(run, "@\"%.*s\" is no date, time or duration",
						   Min(node->path.name.length, 100), node->path.name.text);
}

static const EvFeelEvaluator evaluators[EV_FEEL_NKINDS] = {
	[EV_FEEL_NODE_CONSTANT] = evaluate_constant,
	[EV_FEEL_NODE_AT] = evaluate_at,
	[EV_FEEL_NODE_NAME] = ev_feel_scope_get,
	[EV_FEEL_NODE_LIST] = ev_feel_evaluate_list,
	[EV_FEEL_NODE_CONTEXT] = ev_feel_evaluate_context,
	[EV_FEEL_NODE_RANGE] = ev_feel_evaluate_range,
	[EV_FEEL_NODE_FUNCTION] = ev_feel_evaluate_function,
	[EV_FEEL_NODE_ARITHMETIC] = ev_feel_evaluate_arithmetic,
	[EV_FEEL_NODE_NEGATE] = ev_feel_evaluate_negate,
	[EV_FEEL_NODE_COMPARE] = ev_feel_evaluate_compare,
	[EV_FEEL_NODE_AND] = ev_feel_evaluate_logic,
	[EV_FEEL_NODE_OR] = ev_feel_evaluate_logic,
	[EV_FEEL_NODE_BETWEEN] = ev_feel_evaluate_between,
	[EV_FEEL_NODE_IN] = ev_feel_evaluate_in,
	[EV_FEEL_NODE_TESTS] = ev_feel_evaluate_unary,
	[EV_FEEL_NODE_INSTANCE] = ev_feel_evaluate_instance,
	[EV_FEEL_NODE_IF] = ev_feel_evaluate_if,
	[EV_FEEL_NODE_FOR] = ev_feel_evaluate_for,
	[EV_FEEL_NODE_QUANTIFIED] = ev_feel_evaluate_quantified,
	[EV_FEEL_NODE_PATH] = ev_feel_evaluate_path,
	[EV_FEEL_NODE_FILTER] = ev_feel_evaluate_filter,
	[EV_FEEL_NODE_CALL] = ev_feel_evaluate_call,
};

EvFeelValue
ev_feel_evaluate(EvFeelRun *run, const EvFeelFrame *frame, const EvFeelNode *node)
{
	EvFeelValue value;

	if (node->kind == EV_FEEL_NODE_CONSTANT)
		return node->constant;
	if (!ev_feel_step(run, 1) || !ev_feel_enter(run))
		return ev_feel_null();
	run->location = node->location;
	value = evaluators[node->kind](run, frame, node);
	ev_feel_leave(run);
	return value;
}

EvFeelValue
ev_feel_evaluate_list(EvFeelRun *run, const EvFeelFrame *frame, const EvFeelNode *node)
{
	EvFeelValue *items = ev_feel_alloc_items(run, node->list.count);

	if (items == NULL && node->list.count > 0)
		return ev_feel_null();
	for (int i = 0; i < node->list.count; i++)
		items[i] = ev_feel_evaluate(run, frame, node->list.items[i]);
	return ev_feel_make_list(run, items, node->list.count);
}

EvFeelValue
ev_feel_evaluate_context(EvFeelRun *run, const EvFeelFrame *frame, const EvFeelNode *node)
{
	int count = node->binding.count;
	EvFeelEntry *entries = ev_feel_alloc_entries(run, count);
	EvFeelFrame *inner;
	EvFeelFrame local;
	EvFeelValue slots[8];

	inner = ev_feel_scope_open(run, node, count, frame, &local, slots, lengthof(slots));
	if (inner == NULL || (entries == NULL && count > 0))
		return ev_feel_null();
	for (int i = 0; i < count; i++)
	{
		const EvFeelPair *pair = &node->binding.pairs[i];

		inner->slots[i] = ev_feel_evaluate(run, inner, pair->value);
		entries[i].name = pair->name.text;
		entries[i].name_length = pair->name.length;
		entries[i].value = inner->slots[i];
	}
	return ev_feel_make_context(run, entries, count);
}

/* Values that have an order. */
static bool
is_endpoint(EvFeelValue value)
{
	return (value.type >= EV_FEEL_NUMBER && value.type <= EV_FEEL_DAYS_TIME);
}

EvFeelValue
ev_feel_evaluate_range(EvFeelRun *run, const EvFeelFrame *frame, const EvFeelNode *node)
{
	EvFeelRange range = {.start_included = node->range.start_included,
						 .end_included = node->range.end_included,
						 .comparison = node->range.comparison};

	if (node->range.start != NULL)
		range.start = ev_feel_evaluate(run, frame, node->range.start);
	if (node->range.comparison)
		range.end = range.start;
	else if (node->range.end != NULL)
		range.end = ev_feel_evaluate(run, frame, node->range.end);
	run->location = node->location;
	if ((node->range.start != NULL && !is_endpoint(range.start)) ||
		(node->range.end != NULL && !is_endpoint(range.end)))
		return ev_feel_problem(run, "an endpoint of the range has no order");
	if (node->range.start != NULL && node->range.end != NULL && range.start.type != range.end.type)
		return ev_feel_problem(run, "a range from %s to %s", ev_feel_type_name(range.start.type),
							   ev_feel_type_name(range.end.type));
	return ev_feel_make_range(run, range);
}

EvFeelValue
ev_feel_evaluate_function(EvFeelRun *run, const EvFeelFrame *frame, const EvFeelNode *node)
{
	EvFeelClosure *closure = ev_feel_alloc(run, sizeof(EvFeelClosure));

	if (closure == NULL)
		return ev_feel_null();
	*closure = (EvFeelClosure) {.node = node, .frame = frame};
	return (EvFeelValue) {.type = EV_FEEL_FUNCTION, .function = closure};
}
