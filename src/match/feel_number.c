/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_number.c: calculating with the numbers of FEEL.
 *
 * A number is a Numeric; base/decimal.h knows the arithmetic.  Most numbers of
 * filters are whole and small, and for these a sum is read, added and written
 * as 64 bits.
 */
#include "match/feel_number.h"

#include "base/decimal.h"
#include "common/int.h"

/* Steps counted for what takes as long as some hundred sums. */
#define STEPS_OF_POWER 200
#define BYTES_OF_POWER 2048

/* Digits to the base 10000 that are 34 decimal digits in any case. */
#define GROUPS_FIT 8

static EvFeelValue
out_of_range(EvFeelRun *run)
{
	return ev_feel_problem(run, "the result is too large for a number");
}

/* A whole number below 10^16 that is written as such. */
static inline bool
read_small(EvFeelValue value, int64 *n)
{
	EvNumber number;

	if (!ev_number_is_plain_integer(value.number))
		return false;
	number = ev_number_read(value.number);
	return ev_number_to_int64(&number, n);
}

static EvFeelValue
make_number(EvFeelRun *run, const EvDecimal *decimal)
{
	Numeric numeric = ev_feel_alloc(run, EV_DECIMAL_MAX_SIZE);

	if (!numeric)
		return ev_feel_null();
	ev_decimal_to_numeric(decimal, 0, numeric);
	return ev_feel_number(numeric);
}

bool
ev_feel_number_read(EvFeelValue value, EvDecimal *decimal)
{
	EvNumber number = ev_number_read(value.number);

	return ev_decimal_from_number(&number, decimal);
}

EvFeelValue
ev_feel_number_make(EvFeelRun *run, bool exists, const EvDecimal *decimal)
{
	return exists ? make_number(run, decimal) : out_of_range(run);
}

EvFeelValue
ev_feel_number_from_int64(EvFeelRun *run, int64 n)
{
	EvDecimal decimal = ev_decimal_from_int64(n);

	return make_number(run, &decimal);
}

EvFeelValue
ev_feel_number_add(EvFeelRun *run, EvFeelValue a, EvFeelValue b)
{
	int64 m, n;
	EvDecimal x, y;

	if (read_small(a, &m) && read_small(b, &n))
		return ev_feel_number_from_int64(run, m + n);
	return ev_feel_number_make(run,
							   ev_feel_number_read(a, &x) && ev_feel_number_read(b, &y) &&
								   ev_decimal_add(&x, &y, &x),
							   &x);
}

EvFeelValue
ev_feel_number_subtract(EvFeelRun *run, EvFeelValue a, EvFeelValue b)
{
	int64 m, n;
	EvDecimal x, y;

	if (read_small(a, &m) && read_small(b, &n))
		return ev_feel_number_from_int64(run, m - n);
	if (!ev_feel_number_read(a, &x) || !ev_feel_number_read(b, &y))
		return out_of_range(run);
	y.negative = !y.negative && y.digits != 0;
	return ev_feel_number_make(run, ev_decimal_add(&x, &y, &x), &x);
}

EvFeelValue
ev_feel_number_multiply(EvFeelRun *run, EvFeelValue a, EvFeelValue b)
{
	int64 m, n;
	EvDecimal x, y;

	if (read_small(a, &m) && read_small(b, &n) && !pg_mul_s64_overflow(m, n, &m))
		return ev_feel_number_from_int64(run, m);
	return ev_feel_number_make(run,
							   ev_feel_number_read(a, &x) && ev_feel_number_read(b, &y) &&
								   ev_decimal_multiply(&x, &y, &x),
							   &x);
}

EvFeelValue
ev_feel_number_divide(EvFeelRun *run, EvFeelValue a, EvFeelValue b)
{
	int64 m, n;
	EvDecimal x, y;

	if (read_small(a, &m) && read_small(b, &n) && n != 0 && m % n == 0)
		return ev_feel_number_from_int64(run, m / n);
	if (!ev_feel_number_read(a, &x) || !ev_feel_number_read(b, &y))
		return out_of_range(run);
	if (y.digits == 0)
		return ev_feel_problem(run, "division by zero");
	return ev_feel_number_make(run, ev_decimal_divide(&x, &y, &x), &x);
}

EvFeelValue
ev_feel_number_power(EvFeelRun *run, EvFeelValue a, EvFeelValue b)
{
	EvDecimal x, y;

	if (!ev_feel_number_spend(run))
		return ev_feel_null();
	if (!ev_feel_number_read(a, &x) || !ev_feel_number_read(b, &y))
		return out_of_range(run);
	if (x.digits == 0 && y.negative)
		return ev_feel_problem(run, "zero has no negative powers");
	if (x.negative && !ev_decimal_is_integer(&y))
		return ev_feel_problem(run, "a negative number has whole powers only");
	return ev_feel_number_make(run, ev_decimal_power(&x, &y, &x), &x);
}

bool
ev_feel_number_spend(EvFeelRun *run)
{
	return ev_feel_step(run, STEPS_OF_POWER) && ev_feel_take(run, BYTES_OF_POWER);
}

EvFeelValue
ev_feel_number_negate(EvFeelRun *run, EvFeelValue a)
{
	EvDecimal x;

	if (!ev_feel_number_read(a, &x))
		return out_of_range(run);
	x.negative = !x.negative && x.digits != 0;
	return make_number(run, &x);
}

int
ev_feel_number_compare(EvFeelValue a, EvFeelValue b)
{
	EvNumber x = ev_number_read(a.number), y = ev_number_read(b.number);

	return ev_number_compare(&x, &y);
}

EvFeelValue
ev_feel_number_from_numeric(EvFeelRun *run, Numeric numeric)
{
	EvNumber number = ev_number_read(numeric);
	EvDecimal decimal;

	if (number.ndigits <= GROUPS_FIT && number.weight < EV_DECIMAL_MAX_EXPONENT / 4 &&
		number.weight - number.ndigits > EV_DECIMAL_MIN_EXPONENT / 4)
		return ev_feel_number(numeric);
	return ev_feel_number_make(run, ev_decimal_from_number(&number, &decimal), &decimal);
}

EvFeelValue
ev_feel_number_from_text(EvFeelRun *run, const char *text, int length)
{
	EvDecimal decimal;

	if (!ev_decimal_from_text(text, length, &decimal))
		return ev_feel_problem(run, "this is not a number, or too large for one");
	return make_number(run, &decimal);
}

bool
ev_feel_number_to_int64(EvFeelValue value, int64 *n)
{
	EvNumber number = ev_number_read(value.number);

	return ev_number_to_int64(&number, n);
}

bool
ev_feel_number_is_integer(EvFeelValue value)
{
	EvNumber number = ev_number_read(value.number);

	return ev_number_is_integer(&number);
}

void
ev_feel_number_append(StringInfo out, EvFeelValue value)
{
	EvNumber number = ev_number_read(value.number);
	int last = number.weight - number.ndigits + 1; /* the weight of the last digit */

	if (number.ndigits == 0)
	{
		appendStringInfoChar(out, '0');
		return;
	}
	if (number.negative)
		appendStringInfoChar(out, '-');
	if (number.weight < 0)
		appendStringInfoChar(out, '0');
	for (int weight = Max(number.weight, 0); weight >= Min(last, 0); weight--)
	{
		int i = number.weight - weight;
		int digits = i >= 0 && i < number.ndigits ? number.digits[i] : 0;

		if (weight == -1)
			appendStringInfoChar(out, '.');
		if (weight < 0)
			appendStringInfo(out, "%04d", digits);
		else if (weight == number.weight)
			appendStringInfo(out, "%d", digits);
		else if (number.weight >= 0)
			appendStringInfo(out, "%04d", digits);
	}
	if (last < 0)
	{
		while (out->data[out->len - 1] == '0')
			out->len--;
		out->data[out->len] = '\0';
	}
}
