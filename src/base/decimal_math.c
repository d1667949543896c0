/* SPDX-License-Identifier: PostgreSQL
 *
 * decimal_math.c: roots, logarithms and powers of decimals.
 *
 * numeric.c calculates them to as many decimal digits as its argument says it
 * has.  So arguments are brought near 1 first, where it is quick and cannot
 * raise, and say that they have so many digits that 34 are left in any case:
 *
 *	   sqrt(m * 10^2k) = sqrt(m) * 10^k
 *	   log(m * 10^k)   = log(m) + k * log(10)
 *	   exp(x)          = exp(x - k * log(10)) * 10^k
 *	   a^b             = exp(b * log(a))
 *
 * Powers that have at most 34 digits come from multiplying, without any
 * rounding.  A result of the others is rounded to 44 digits before it is rounded
 * to 34, which makes an end like ...4999999999 the ...5 that it is.
 */
#include "base/decimal.h"

#include <math.h>

#include "utils/builtins.h"

#define LOG_10                                                                                   \
	"2.3025850929940456840179914546843642076011014886287729760333279009675726096773524802359972" \
	"05089598298342"

/* Of results that lie near 1. */
#define RESULT_SCALE 44

/* Decimal digits of arguments; near 1, a logarithm has up to 33 zeros behind the point. */
#define ROOT_SCALE 72
#define LOG_SCALE 60
#define LOG_SCALE_NEAR_1 95
#define EXP_SCALE 50

/* No exp() of more is finite, none of less is above zero. */
#define EXP_MAX 14200.0

static Numeric
call(PGFunction function, Numeric a)
{
	return DatumGetNumeric(DirectFunctionCall1(function, NumericGetDatum(a)));
}

static Numeric
call_two(PGFunction function, Numeric a, Numeric b)
{
	return DatumGetNumeric(DirectFunctionCall2(function, NumericGetDatum(a), NumericGetDatum(b)));
}

static Numeric
round_to(Numeric a, int scale)
{
	return DatumGetNumeric(
		DirectFunctionCall2(numeric_round, NumericGetDatum(a), Int32GetDatum(scale)));
}

static Numeric
make_numeric(const EvDecimal *a, int scale)
{
	Numeric numeric = palloc(EV_DECIMAL_MAX_SIZE);

	ev_decimal_to_numeric(a, scale, numeric);
	return numeric;
}

/* n * log(10), which is exact to as many digits as LOG_10 has. */
static Numeric
log_of_power(int64 n)
{
	Datum log_10 = DirectFunctionCall3(numeric_in, CStringGetDatum(LOG_10),
									   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));

	return call_two(numeric_mul, int64_to_numeric(n), DatumGetNumeric(log_10));
}

/* A Numeric times 10^exponent, rounded. */
static bool
finish(Numeric numeric, int exponent, EvDecimal *result)
{
	EvNumber number = ev_number_read(numeric);
	EvDecimal one = {.digits = 1, .exponent = exponent};

	return ev_decimal_from_number(&number, result) && ev_decimal_multiply(result, &one, result);
}

bool
ev_decimal_sqrt(const EvDecimal *a, EvDecimal *result)
{
	EvDecimal m = *a;
	int exponent;

	if (a->negative)
		return false;
	if (a->digits == 0)
	{
		*result = *a;
		return true;
	}
	exponent = a->exponent + ev_decimal_count_digits(a->digits) - 1;
	exponent -= exponent & 1;
	m.exponent -= exponent; /* 1 to 100 */
	return finish(call(numeric_sqrt, make_numeric(&m, ROOT_SCALE)), exponent / 2, result);
}

/* The logarithm of what is above zero, with more than 34 digits. */
static Numeric
log_of(const EvDecimal *a)
{
	EvDecimal m = *a;
	int n = ev_decimal_count_digits(a->digits);
	int exponent = a->exponent + n - 1;
	double near;
	Numeric log;

	/* m is 0.32 to 3.2 */
	near = (double) a->digits * pow(10.0, 1 - n);
	if (near > 3.162)
	{
		exponent++;
		near /= 10;
	}
	m.exponent -= exponent;
	m.negative = false;
	log = call(numeric_ln, make_numeric(&m, fabs(near - 1) < 0.01 ? LOG_SCALE_NEAR_1 : LOG_SCALE));
	return exponent == 0 ? log : call_two(numeric_add, log, log_of_power(exponent));
}

bool
ev_decimal_log(const EvDecimal *a, EvDecimal *result)
{
	if (a->negative || a->digits == 0)
		return false;
	return finish(log_of(a), 0, result);
}

/* As a double, which may be infinite. */
static double
estimate(Numeric a)
{
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(a)));
}

static bool
exp_of(Numeric a, EvDecimal *result)
{
	double near = estimate(a);
	int exponent;

	if (near > EXP_MAX)
		return false;
	if (near < -EXP_MAX)
	{
		*result = ev_decimal_from_int64(0);
		return true;
	}
	exponent = (int) rint(near / M_LN10);
	if (exponent != 0)
		a = call_two(numeric_sub, a, log_of_power(exponent));
	a = round_to(a, EXP_SCALE);
	return finish(round_to(call(numeric_exp, a), RESULT_SCALE), exponent, result);
}

bool
ev_decimal_exp(const EvDecimal *a, EvDecimal *result)
{
	return exp_of(make_numeric(a, 0), result);
}

/* By squaring, as long as all products are exact; false says nothing. */
static bool
power_exactly(const EvDecimal *a, int n, EvDecimal *result)
{
	EvDecimal square = *a, product = ev_decimal_from_int64(1);

	for (;;)
	{
		if (n & 1)
		{
			if (ev_decimal_count_digits(product.digits) + ev_decimal_count_digits(square.digits) >
					EV_DECIMAL_DIGITS ||
				!ev_decimal_multiply(&product, &square, &product))
				return false;
		}
		n >>= 1;
		if (n == 0)
			break;
		if (ev_decimal_count_digits(square.digits) * 2 > EV_DECIMAL_DIGITS ||
			!ev_decimal_multiply(&square, &square, &square))
			return false;
	}
	*result = product;
	return true;
}

/* Its value, if that is a whole number of a few digits; else 0. */
static int
small_integer(const EvDecimal *a)
{
	EvDecimal whole;
	int n;

	if (!ev_decimal_is_integer(a) || !ev_decimal_round(a, 0, EV_ROUND_DOWN, &whole) ||
		whole.digits > 10000 || whole.exponent > 4)
		return 0;
	n = (int) whole.digits;
	for (int i = 0; i < whole.exponent; i++)
		n *= 10;
	return whole.negative ? -n : n;
}

bool
ev_decimal_power(const EvDecimal *a, const EvDecimal *b, EvDecimal *result)
{
	EvDecimal one = ev_decimal_from_int64(1);
	bool negative = a->negative && ev_decimal_is_odd(b);
	int n = small_integer(b);

	if (b->digits == 0)
	{
		*result = one;
		return true;
	}
	if (a->digits == 0)
	{
		*result = *a;
		return !b->negative;
	}
	if (a->negative && !ev_decimal_is_integer(b))
		return false;
	if (n > 0 && power_exactly(a, n, result))
		return true;
	if (n < 0 && power_exactly(a, -n, result))
		return ev_decimal_divide(&one, result, result);
	if (!exp_of(call_two(numeric_mul, log_of(a), make_numeric(b, 0)), result))
		return false;
	result->negative = negative && result->digits != 0;
	return true;
}
