/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_evaluate_test.c: unary tests and `in` (DMN 1.5, 7.3.3 and 10.3.2.8).
 *
 * What a test asks depends on what it is.  A comparison without a left side compares.
 * An expression in which ? occurs is the answer itself.  Of other expressions the value counts:
 * a range asks whether the value is in it, a list whether one of its elements is the value
 * or a range that the value is in, anything else whether it is the value.
 *
 * Where unary tests stand alone (not behind `in`), an expression that computes true
 * or false of something else is an answer too, unless the value itself is true or false.
 */
#include "base/compat.h"

#include "match/feel_compare.h"
#include "match/feel_evaluate.h"

/* Of two answers to alternatives. */
static EvFeelValue
either(EvFeelValue a, EvFeelValue b)
{
	if (ev_feel_is_true(a) || ev_feel_is_true(b))
		return ev_feel_boolean(true);
	if (a.type != EV_FEEL_BOOLEAN || b.type != EV_FEEL_BOOLEAN)
		return ev_feel_null();
	return ev_feel_boolean(false);
}

static EvFeelValue
is_element(EvFeelRun *run, EvFeelValue value, EvFeelValue element)
{
	if (element.type == EV_FEEL_RANGE && value.type != EV_FEEL_RANGE)
		return ev_feel_in_range(run, value, element.range);
	return ev_feel_equal(run, value, element);
}

static EvFeelValue
is_in_list(EvFeelRun *run, EvFeelValue value, EvFeelValue list)
{
	const EvFeelValue *items = ev_feel_items(run, list);

	if (value.type == EV_FEEL_LIST && ev_feel_is_equal(run, value, list))
		return ev_feel_boolean(true);
	for (int i = 0; items != NULL && i < list.list->count; i++)
	{
		if (!ev_feel_step(run, 1))
			return ev_feel_null();
		if (ev_feel_is_true(is_element(run, value, items[i])))
			return ev_feel_boolean(true);
	}
	return ev_feel_boolean(false);
}

/* A test that is an expression; `alone`: not behind `in`. */
static EvFeelValue
ask(EvFeelRun *run, const EvFeelFrame *frame, const EvFeelNode *test, EvFeelValue value, bool alone)
{
	EvFeelValue wanted = ev_feel_evaluate(run, frame, test);

	run->location = test->location;
	if (test->asks)
		return wanted.type == EV_FEEL_BOOLEAN ? wanted : ev_feel_null();
	if (alone && wanted.type == EV_FEEL_BOOLEAN && value.type != EV_FEEL_BOOLEAN &&
		test->kind != EV_FEEL_NODE_CONSTANT)
		return wanted;
	if (ev_feel_is_null(wanted) && test->kind == EV_FEEL_NODE_RANGE)
		return wanted;
	if (wanted.type == EV_FEEL_LIST)
		return is_in_list(run, value, wanted);
	return is_element(run, value, wanted);
}

static EvFeelValue
ask_one(EvFeelRun *run, const EvFeelFrame *frame, const EvFeelNode *test, EvFeelValue value,
		bool alone)
{
	EvFeelValue operand;

	if (test->kind != EV_FEEL_NODE_TEST)
		return ask(run, frame, test, value, alone);
	operand = ev_feel_evaluate(run, frame, test->operation.right);
	run->location = test->location;
	return ev_feel_evaluate_comparison(run, test->operation.op, value, operand);
}

/* All alternatives. */
static EvFeelValue
ask_any(EvFeelRun *run, const EvFeelFrame *frame, const EvFeelNode *tests, EvFeelValue value)
{
	EvFeelValue answer = ev_feel_boolean(false);

	for (int i = 0; i < tests->list.count && !ev_feel_is_true(answer); i++)
		answer = either(answer,
						ask_one(run, frame, tests->list.items[i], value, tests->list.alone));
	if (tests->list.negated && answer.type == EV_FEEL_BOOLEAN)
		answer.boolean = !answer.boolean;
	return answer;
}

EvFeelValue
ev_feel_evaluate_in(EvFeelRun *run, const EvFeelFrame *frame, const EvFeelNode *node)
{
	const EvFeelNode *test = node->operation.right;
	EvFeelFrame *inner;
	EvFeelFrame local;
	EvFeelValue slot;

	inner = ev_feel_scope_open(run, node, 1, frame, &local, &slot, 1);
	if (inner == NULL)
		return ev_feel_null();
	inner->slots[0] = ev_feel_evaluate(run, frame, node->operation.left);
	if (test->kind == EV_FEEL_NODE_TESTS)
		return ask_any(run, inner, test, inner->slots[0]);
	return ask_one(run, inner, test, inner->slots[0], false);
}

/* Tests that stand alone: the value is in the only slot of the frame. */
EvFeelValue
ev_feel_evaluate_unary(EvFeelRun *run, const EvFeelFrame *frame, const EvFeelNode *node)
{
	return ask_any(run, frame, node, frame->slots[0]);
}
