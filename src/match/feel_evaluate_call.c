/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_evaluate_call.c: calling functions.
 *
 * A name of a built-in function that nothing else has is called without a
 * value of it being made.  Arguments of functions of the expression are converted to the types
 * of the parameters where those are said; the call is null where there is no conversion.
 */
#include "base/compat.h"

#include "match/feel_builtin.h"
#include "match/feel_evaluate.h"
#include "match/feel_type.h"

#define LOCAL_ARGUMENTS 8

/* Arguments by name, into the order of the parameters; false if they do not fit. */
static bool
arrange(const EvFeelNode *function, const EvFeelNode *call, const EvFeelValue *args,
		EvFeelValue *arranged)
{
	for (int i = 0; i < function->binding.count; i++)
	{
		EvFeelName wanted = function->binding.pairs[i].name;
		bool found = false;

		for (int j = 0; j < call->list.count && !found; j++)
		{
			EvFeelName name = call->list.names[j];

			found = name.length == wanted.length &&
					memcmp(name.text, wanted.text, name.length) == 0;
			if (found)
				arranged[i] = args[j];
		}
		if (!found)
			return false;
	}
	return true;
}

EvFeelValue
ev_feel_evaluate_lambda(EvFeelRun *run, const EvFeelClosure *closure, const EvFeelValue *args)
{
	const EvFeelNode *node = closure->node;
	EvFeelFrame *frame;
	EvFeelFrame local;
	EvFeelValue slots[LOCAL_ARGUMENTS];

	if (node->binding.body == NULL)
		return ev_feel_problem(run, "external functions are not supported");
	frame = ev_feel_scope_open(run, node, node->binding.count, closure->frame, &local, slots,
							   lengthof(slots));
	if (frame == NULL)
		return ev_feel_null();
	for (int i = 0; i < node->binding.count; i++)
	{
		const EvFeelPair *parameter = &node->binding.pairs[i];

		frame->slots[i] = args[i];
		if (parameter->type != NULL &&
			!ev_feel_type_convert(run, parameter->type, &frame->slots[i]))
			return ev_feel_problem(run, "the argument for \"%.*s\" is %s",
								   Min(parameter->name.length, 100), parameter->name.text,
								   ev_feel_type_name(args[i].type));
	}
	return ev_feel_evaluate(run, frame, node->binding.body);
}

static EvFeelValue
call_lambda(EvFeelRun *run, const EvFeelClosure *closure, const EvFeelNode *call,
			const EvFeelValue *args)
{
	const EvFeelNode *function = closure->node;
	EvFeelValue *arranged;

	if (function->binding.count != call->list.count)
		return ev_feel_problem(run, "the function takes %d arguments, not %d",
							   function->binding.count, call->list.count);
	if (call->list.names == NULL || call->list.count == 0)
		return ev_feel_evaluate_lambda(run, closure, args);
	arranged = ev_feel_alloc_items(run, call->list.count);
	if (arranged == NULL)
		return ev_feel_null();
	if (!arrange(function, call, args, arranged))
		return ev_feel_problem(run, "the names of the arguments are not those of the parameters");
	return ev_feel_evaluate_lambda(run, closure, arranged);
}

/* The built-in function that is called by its name, or NULL. */
static const EvFeelBuiltin *
called_builtin(const EvFeelNode *node)
{
	if (node->kind != EV_FEEL_NODE_NAME || node->reference.slot >= 0)
		return NULL;
	return node->reference.builtin;
}

EvFeelValue
ev_feel_evaluate_call(EvFeelRun *run, const EvFeelFrame *frame, const EvFeelNode *node)
{
	const EvFeelBuiltin *builtin = called_builtin(node->list.value);
	int count = node->list.count;
	EvFeelValue function = ev_feel_null();
	EvFeelValue local[LOCAL_ARGUMENTS];
	EvFeelValue *args = local;

	if (builtin == NULL)
		function = ev_feel_evaluate(run, frame, node->list.value);
	if (count > lengthof(local))
	{
		args = ev_feel_alloc_items(run, count);
		if (args == NULL)
			return ev_feel_null();
	}
	for (int i = 0; i < count; i++)
		args[i] = ev_feel_evaluate(run, frame, node->list.items[i]);
	run->location = node->location;
	if (builtin == NULL && function.type == EV_FEEL_FUNCTION)
		builtin = function.function->builtin;
	if (builtin != NULL)
		return ev_feel_function_call(run, builtin, args, count, node->list.names);
	if (function.type != EV_FEEL_FUNCTION)
		return ev_feel_problem(run, "%s is no function", ev_feel_type_name(function.type));
	return call_lambda(run, function.function, node, args);
}
