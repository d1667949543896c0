/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_evaluate_operator.c: arithmetic, comparisons, logic, types of values.
 *
 * Logic has three values: whatever is not true or false counts as null.
 * `false and x` is false and `true or x` is true whatever x is, and x is not evaluated
 * then.
 */
#include "base/compat.h"

#include "match/feel_compare.h"
#include "match/feel_evaluate.h"
#include "match/feel_number.h"
#include "match/feel_temporal.h"
#include "match/feel_type.h"

static EvFeelValue
concatenate(EvFeelRun *run, EvFeelValue a, EvFeelValue b)
{
	char *string = ev_feel_alloc_string(run, (int64) a.length + b.length);

	if (string == NULL)
		return ev_feel_null();
	memcpy(string, a.string, a.length);
	memcpy(string + a.length, b.string, b.length);
	return ev_feel_string(string, a.length + b.length);
}

static EvFeelValue
number_arithmetic(EvFeelRun *run, EvFeelOperator op, EvFeelValue a, EvFeelValue b)
{
	switch (op)
	{
		case EV_FEEL_ADD:
			return ev_feel_number_add(run, a, b);
		case EV_FEEL_SUBTRACT:
			return ev_feel_number_subtract(run, a, b);
		case EV_FEEL_MULTIPLY:
			return ev_feel_number_multiply(run, a, b);
		case EV_FEEL_DIVIDE:
			return ev_feel_number_divide(run, a, b);
		default:
			return ev_feel_number_power(run, a, b);
	}
}

static EvFeelValue
temporal_arithmetic(EvFeelRun *run, EvFeelOperator op, EvFeelValue a, EvFeelValue b)
{
	switch (op)
	{
		case EV_FEEL_ADD:
			return ev_feel_temporal_add(run, a, b);
		case EV_FEEL_SUBTRACT:
			return ev_feel_temporal_subtract(run, a, b);
		case EV_FEEL_MULTIPLY:
			return ev_feel_temporal_multiply(run, a, b);
		case EV_FEEL_DIVIDE:
			return ev_feel_temporal_divide(run, a, b);
		default:
			return ev_feel_problem(run, "durations and moments have no powers");
	}
}

EvFeelValue
ev_feel_evaluate_arithmetic(EvFeelRun *run, const EvFeelFrame *frame, const EvFeelNode *node)
{
	static const char *const symbols[] = {"+", "-", "*", "/", "**"};
	EvFeelOperator op = node->operation.op;
	EvFeelValue a = ev_feel_evaluate(run, frame, node->operation.left);
	EvFeelValue b = ev_feel_evaluate(run, frame, node->operation.right);

	run->location = node->location;
	if (a.type == EV_FEEL_NUMBER && b.type == EV_FEEL_NUMBER)
		return number_arithmetic(run, op, a, b);
	if (a.type == EV_FEEL_STRING && b.type == EV_FEEL_STRING && op == EV_FEEL_ADD)
		return concatenate(run, a, b);
	if ((ev_feel_is_temporal(a) && (ev_feel_is_temporal(b) || b.type == EV_FEEL_NUMBER)) ||
		(ev_feel_is_temporal(b) && a.type == EV_FEEL_NUMBER))
		return temporal_arithmetic(run, op, a, b);
	return ev_feel_problem(run, "%s %s %s is not defined", ev_feel_type_name(a.type), symbols[op],
						   ev_feel_type_name(b.type));
}

EvFeelValue
ev_feel_evaluate_negate(EvFeelRun *run, const EvFeelFrame *frame, const EvFeelNode *node)
{
	EvFeelValue value = ev_feel_evaluate(run, frame, node->operation.right);

	run->location = node->location;
	if (value.type == EV_FEEL_NUMBER)
		return ev_feel_number_negate(run, value);
	if (value.type == EV_FEEL_YEARS_MONTHS || value.type == EV_FEEL_DAYS_TIME)
		return ev_feel_temporal_negate(run, value);
	return ev_feel_problem(run, "- %s is not defined", ev_feel_type_name(value.type));
}

/* ---- comparisons ---- */

static bool
holds(EvFeelOperator op, int order)
{
	switch (op)
	{
		case EV_FEEL_LESS:
			return order < 0;
		case EV_FEEL_LESS_EQUAL:
			return order <= 0;
		case EV_FEEL_GREATER:
			return order > 0;
		default:
			return order >= 0;
	}
}

EvFeelValue
ev_feel_evaluate_comparison(EvFeelRun *run, EvFeelOperator op, EvFeelValue a, EvFeelValue b)
{
	int order;

	if (op == EV_FEEL_EQUAL)
		return ev_feel_equal(run, a, b);
	if (op == EV_FEEL_NOT_EQUAL)
	{
		EvFeelValue equal = ev_feel_equal(run, a, b);

		return ev_feel_is_null(equal) ? equal : ev_feel_boolean(!equal.boolean);
	}
	if (a.type == EV_FEEL_NUMBER && b.type == EV_FEEL_NUMBER)
		return ev_feel_boolean(holds(op, ev_feel_number_compare(a, b)));
	if (!ev_feel_compare(run, a, b, &order))
		return ev_feel_problem(run, "%s and %s have no order", ev_feel_type_name(a.type),
							   ev_feel_type_name(b.type));
	return ev_feel_boolean(holds(op, order));
}

EvFeelValue
ev_feel_evaluate_compare(EvFeelRun *run, const EvFeelFrame *frame, const EvFeelNode *node)
{
	EvFeelValue a = ev_feel_evaluate(run, frame, node->operation.left);
	EvFeelValue b = ev_feel_evaluate(run, frame, node->operation.right);

	run->location = node->location;
	return ev_feel_evaluate_comparison(run, node->operation.op, a, b);
}

EvFeelValue
ev_feel_evaluate_between(EvFeelRun *run, const EvFeelFrame *frame, const EvFeelNode *node)
{
	EvFeelValue value = ev_feel_evaluate(run, frame, node->choice.value);
	EvFeelValue from = ev_feel_evaluate(run, frame, node->choice.first);
	EvFeelValue to = ev_feel_evaluate(run, frame, node->choice.second);
	EvFeelValue above, below;

	run->location = node->location;
	above = ev_feel_evaluate_comparison(run, EV_FEEL_GREATER_EQUAL, value, from);
	below = ev_feel_evaluate_comparison(run, EV_FEEL_LESS_EQUAL, value, to);
	if (ev_feel_is_null(above) || ev_feel_is_null(below))
		return ev_feel_null();
	return ev_feel_boolean(above.boolean && below.boolean);
}

/* ---- logic ---- */

EvFeelValue
ev_feel_evaluate_logic(EvFeelRun *run, const EvFeelFrame *frame, const EvFeelNode *node)
{
	bool decides = node->kind == EV_FEEL_NODE_OR;
	bool is_null = false;

	for (int i = 0; i < node->list.count; i++)
	{
		EvFeelValue value = ev_feel_evaluate(run, frame, node->list.items[i]);

		if (value.type != EV_FEEL_BOOLEAN)
		{
			if (!ev_feel_is_null(value))
			{
				run->location = node->list.items[i]->location;
				ev_feel_problem(run, "%s is neither true nor false", ev_feel_type_name(value.type));
			}
			is_null = true;
		}
		else if (value.boolean == decides)
			return value;
	}
	return is_null ? ev_feel_null() : ev_feel_boolean(!decides);
}

EvFeelValue
ev_feel_evaluate_instance(EvFeelRun *run, const EvFeelFrame *frame, const EvFeelNode *node)
{
	EvFeelValue value = ev_feel_evaluate(run, frame, node->instance.value);

	return ev_feel_boolean(ev_feel_type_has(run, node->instance.type, value));
}
