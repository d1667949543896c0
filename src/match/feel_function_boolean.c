/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_function_boolean.c: not, is, and functions that ask whether there is a value.
 *
 * not and is are DMN's (1.5, 10.3.4.2 and 10.3.4.10).  is tells apart what = does not:
 * the same moment told in two zones is not the same value.  It is never null:
 * values of two types are just not the same.
 *
 * get or else, is defined and assert are those of other implementations of FEEL.  An
 * assertion that does not hold makes null here, and its cause is noted as the
 * reason.
 */
#include "base/compat.h"

#include "match/feel_compare.h"
#include "match/feel_function.h"
#include "match/feel_temporal.h"

#define BOOLEAN EV_FEEL_BIT(EV_FEEL_BOOLEAN)
#define NONE EV_FEEL_BIT(EV_FEEL_NULL)
#define STRING EV_FEEL_BIT(EV_FEEL_STRING)

static EvFeelValue
negate(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	if (ev_feel_is_null(args[0]))
		return args[0];
	return ev_feel_boolean(!args[0].boolean);
}

static EvFeelValue
is(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	EvFeelValue a = args[0], b = args[1];
	bool same;

	if (a.type != b.type)
		return ev_feel_boolean(false);
	if (ev_feel_is_temporal(a))
		same = ev_feel_temporal_is(a, b);
	else if (a.type == EV_FEEL_FUNCTION)
		same = a.function == b.function;
	else
		same = ev_feel_is_equal(run, a, b);
	return run->exceeded != EV_FEEL_WITHIN_LIMITS ? ev_feel_null() : ev_feel_boolean(same);
}

static EvFeelValue
is_turned(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	EvFeelValue turned[] = {args[1], args[0]};

	return is(run, turned, nargs);
}

static EvFeelValue
is_defined(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return ev_feel_boolean(!ev_feel_is_null(args[0]));
}

static EvFeelValue
get_or_else(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return ev_feel_is_null(args[0]) ? args[1] : args[0];
}

static EvFeelValue
assert_that(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	if (ev_feel_is_true(args[1]))
		return args[0];
	if (args[2].type == EV_FEEL_STRING)
		return ev_feel_problem(run, "assert: %.*s", args[2].length, args[2].string);
	return ev_feel_problem(run, "assert: the condition is not true");
}

const EvFeelBuiltin ev_feel_boolean_functions[] = {
	{"not", negate, {{"negand", BOOLEAN | NONE}}},
	{"is", is, {{"value1", EV_FEEL_ANY}, {"value2", EV_FEEL_ANY, .optional = true}}},
	{"is", is_turned, {{"value2", EV_FEEL_ANY}, {"value1", EV_FEEL_ANY, .optional = true}}},
	{"is defined", is_defined, {{"value", EV_FEEL_ANY}}},
	{"get or else", get_or_else, {{"value", EV_FEEL_ANY}, {"default", EV_FEEL_ANY}}},
	{"assert",
	 assert_that,
	 {{"value", EV_FEEL_ANY},
	  {"condition", BOOLEAN | NONE},
	  {"cause", STRING | NONE, .optional = true}}},
	{NULL},
};
