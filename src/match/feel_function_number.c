/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_function_number.c: the functions of numbers (DMN 1.5, 10.3.4.5).
 *
 * Scales are numbers from -6111 to 6176; a fraction of one is cut off.
 */
#include "match/feel_function.h"

#include "match/feel_number.h"
#include "match/feel_temporal.h"

#define NUMBER EV_FEEL_BIT(EV_FEEL_NUMBER)
#define MONTHS EV_FEEL_BIT(EV_FEEL_YEARS_MONTHS)
#define DURATION EV_FEEL_BIT(EV_FEEL_DAYS_TIME)

#define MIN_SCALE (-6111)
#define MAX_SCALE 6176

static EvFeelValue
round_to(EvFeelRun *run, const EvFeelValue *args, EvRounding rounding)
{
	EvDecimal n, scale;
	int64 digits = 0;

	if (!ev_feel_number_read(args[0], &n))
		return ev_feel_problem(run, "the number is too large");
	if (!ev_feel_is_null(args[1]))
	{
		EvFeelValue whole;

		if (!ev_feel_number_read(args[1], &scale) ||
			!ev_decimal_round(&scale, 0, EV_ROUND_DOWN, &scale))
			return ev_feel_null();
		whole = ev_feel_number_make(run, true, &scale);
		if (ev_feel_is_null(whole))
			return whole;
		if (!ev_feel_number_to_int64(whole, &digits) || digits < MIN_SCALE || digits > MAX_SCALE)
			return ev_feel_problem(run, "a scale must be from %d to %d", MIN_SCALE, MAX_SCALE);
	}
	return ev_feel_number_make(run, ev_decimal_round(&n, (int) digits, rounding, &n), &n);
}

static EvFeelValue
decimal(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return round_to(run, args, EV_ROUND_HALF_EVEN);
}

static EvFeelValue
floor_of(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return round_to(run, args, EV_ROUND_FLOOR);
}

static EvFeelValue
ceiling(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return round_to(run, args, EV_ROUND_CEILING);
}

static EvFeelValue
round_up(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return round_to(run, args, EV_ROUND_UP);
}

static EvFeelValue
round_down(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return round_to(run, args, EV_ROUND_DOWN);
}

static EvFeelValue
round_half_up(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return round_to(run, args, EV_ROUND_HALF_UP);
}

static EvFeelValue
round_half_down(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return round_to(run, args, EV_ROUND_HALF_DOWN);
}

static EvFeelValue
absolute(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	EvFeelValue n = args[0];

	if (n.type == EV_FEEL_YEARS_MONTHS)
		return n.months < 0 ? ev_feel_temporal_negate(run, n) : n;
	if (n.type == EV_FEEL_DAYS_TIME)
		return n.duration->seconds < 0 || n.duration->nanoseconds < 0
				   ? ev_feel_temporal_negate(run, n)
				   : n;
	return ev_number_read(n.number).negative ? ev_feel_number_negate(run, n) : n;
}

static EvFeelValue
modulo(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	EvDecimal a, b;

	if (!ev_feel_number_read(args[0], &a) || !ev_feel_number_read(args[1], &b))
		return ev_feel_problem(run, "the number is too large");
	if (b.digits == 0)
		return ev_feel_problem(run, "division by zero");
	if (a.exponent > b.exponent && !ev_feel_step(run, (a.exponent - b.exponent) / 8))
		return ev_feel_null();
	return ev_feel_number_make(run, ev_decimal_modulo(&a, &b, &a), &a);
}

static EvFeelValue
square_root(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	EvDecimal a;

	if (!ev_feel_number_spend(run) || !ev_feel_number_read(args[0], &a))
		return ev_feel_null();
	if (a.negative)
		return ev_feel_problem(run, "a negative number has no square root");
	return ev_feel_number_make(run, ev_decimal_sqrt(&a, &a), &a);
}

static EvFeelValue
logarithm(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	EvDecimal a;

	if (!ev_feel_number_spend(run) || !ev_feel_number_read(args[0], &a))
		return ev_feel_null();
	if (a.negative || a.digits == 0)
		return ev_feel_problem(run, "only a number above zero has a logarithm");
	return ev_feel_number_make(run, ev_decimal_log(&a, &a), &a);
}

static EvFeelValue
exponential(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	EvDecimal a;

	if (!ev_feel_number_spend(run) || !ev_feel_number_read(args[0], &a))
		return ev_feel_null();
	return ev_feel_number_make(run, ev_decimal_exp(&a, &a), &a);
}

static EvFeelValue
odd(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	EvDecimal a;

	return ev_feel_boolean(ev_feel_number_read(args[0], &a) && ev_decimal_is_odd(&a));
}

static EvFeelValue
even(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	EvDecimal a;

	return ev_feel_boolean(ev_feel_number_read(args[0], &a) && ev_decimal_is_integer(&a) &&
						   !ev_decimal_is_odd(&a));
}

const EvFeelBuiltin ev_feel_number_functions[] = {
	{"decimal", decimal, {{"n", NUMBER}, {"scale", NUMBER}}},
	{"floor", floor_of, {{"n", NUMBER}, {"scale", NUMBER, true}}},
	{"ceiling", ceiling, {{"n", NUMBER}, {"scale", NUMBER, true}}},
	{"round up", round_up, {{"n", NUMBER}, {"scale", NUMBER}}},
	{"round down", round_down, {{"n", NUMBER}, {"scale", NUMBER}}},
	{"round half up", round_half_up, {{"n", NUMBER}, {"scale", NUMBER}}},
	{"round half down", round_half_down, {{"n", NUMBER}, {"scale", NUMBER}}},
	{"abs", absolute, {{"n", NUMBER | MONTHS | DURATION}}},
	{"modulo", modulo, {{"dividend", NUMBER}, {"divisor", NUMBER}}},
	{"sqrt", square_root, {{"number", NUMBER}}},
	{"log", logarithm, {{"number", NUMBER}}},
	{"exp", exponential, {{"number", NUMBER}}},
	{"odd", odd, {{"number", NUMBER}}},
	{"even", even, {{"number", NUMBER}}},
	{0}};
