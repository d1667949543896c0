/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_type.c: is a value of a type, and can it become one? (DMN 1.5, 10.3.2.9)
 *
 * A context is of a type if it has at least the members that are named.  A
 * function is of a type if it has that many parameters, and takes what the type says it is
 * given; what it returns is known from no function, so that only Any is sure.
 */
#include "base/compat.h"

#include "match/feel_builtin.h"
#include "match/feel_scope.h"
#include "match/feel_type.h"

static bool
list_has(EvFeelRun *run, const EvFeelShape *element, EvFeelValue list)
{
	const EvFeelValue *items;

	if (element == NULL || element->kind == EV_FEEL_SHAPE_ANY)
		return true;
	items = ev_feel_items(run, list);
	for (int i = 0; items != NULL && i < list.list->count; i++)
	{
		if (!ev_feel_step(run, 1) || !ev_feel_type_has(run, element, items[i]))
			return false;
	}
	return true;
}

static bool
context_has(EvFeelRun *run, const EvFeelShape *shape, EvFeelValue context)
{
	for (int i = 0; i < shape->count; i++)
	{
		EvFeelName name = shape->members[i].name;
		EvFeelValue value;

		if (!ev_feel_context_get(run, context, name.text, name.length, &value) ||
			!(ev_feel_is_null(value) || ev_feel_type_has(run, shape->members[i].type, value)))
			return false;
	}
	return true;
}

/* Is every value of type a one of type b? */
static bool
conforms(const EvFeelShape *a, const EvFeelShape *b)
{
	if (b == NULL || b->kind == EV_FEEL_SHAPE_ANY)
		return true;
	if (a == NULL || a->kind != b->kind || a->type != b->type)
		return false;
	if (a->element != NULL || b->element != NULL)
		return conforms(a->element, b->element);
	return true;
}

static bool
function_has(const EvFeelShape *shape, EvFeelValue function)
{
	const EvFeelNode *node = function.function->node;

	if (shape->element != NULL && shape->element->kind != EV_FEEL_SHAPE_ANY)
		return false;
	if (shape->count < 0)
		return true;
	if (node == NULL)
	{
		int arity = ev_feel_arity(function);

		return arity < 0 || arity == shape->count;
	}
	if (shape->count != node->binding.count)
		return false;
	for (int i = 0; i < shape->count; i++)
	{
		if (!conforms(shape->members[i].type, node->binding.pairs[i].type))
			return false;
	}
	return true;
}

bool
ev_feel_type_has(EvFeelRun *run, const EvFeelShape *shape, EvFeelValue value)
{
	bool has = true;

	if (shape->kind != EV_FEEL_SHAPE_TYPE)
		return shape->kind == EV_FEEL_SHAPE_ANY
				   ? !ev_feel_is_null(value)
				   : shape->kind == EV_FEEL_SHAPE_NULL && ev_feel_is_null(value);
	if (value.type != shape->type || !ev_feel_enter(run))
		return false;
	if (value.type == EV_FEEL_LIST)
		has = list_has(run, shape->element, value);
	else if (value.type == EV_FEEL_CONTEXT)
		has = context_has(run, shape, value);
	else if (value.type == EV_FEEL_RANGE && shape->element != NULL)
		has = ev_feel_type_has(run, shape->element,
							   ev_feel_is_null(value.range->start) ? value.range->end
																   : value.range->start);
	else if (value.type == EV_FEEL_FUNCTION)
		has = function_has(shape, value);
	ev_feel_leave(run);
	return has;
}

bool
ev_feel_type_convert(EvFeelRun *run, const EvFeelShape *shape, EvFeelValue *value)
{
	EvFeelValue converted = *value;

	if (ev_feel_is_null(*value) || ev_feel_type_has(run, shape, *value))
		return true;
	if (shape->kind != EV_FEEL_SHAPE_TYPE ||
		!ev_feel_function_convert(run, EV_FEEL_BIT(shape->type), &converted) ||
		!ev_feel_type_has(run, shape, converted))
		return false;
	*value = converted;
	return true;
}
