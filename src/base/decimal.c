/* SPDX-License-Identifier: PostgreSQL
 *
 * decimal.c: arithmetic on decimals of 34 digits.
 *
 * 128 bits hold 38 digits, 4 more than a result has.  So sums and quotients are
 * calculated to at least 35 digits, and "is there anything but zeros behind?"
 * stands for the rest: that is all that rounding has to know of it.  Only a
 * product is longer; its 68 digits are made of halves of 17 and rounded at once.
 */
#include "base/decimal.h"

#include "port/pg_bitutils.h"

#define MAX_POWER 38

#define POWER_17 UINT64CONST(100000000000000000)

/* 10^0 to 10^38 */
static uint128 powers[MAX_POWER + 1];

static uint128
power_of_ten(int n)
{
	if (powers[0] == 0)
	{
		uint128 power = 1;

		for (int i = 1; i <= MAX_POWER; i++)
		{
			power *= 10;
			powers[i] = power;
		}
		powers[0] = 1;
	}
	return powers[n];
}

int
ev_decimal_count_digits(uint128 digits)
{
	uint64 high = (uint64) (digits >> 64);
	int bits, n;

	if (digits == 0)
		return 0;
	bits = high ? 65 + pg_leftmost_one_pos64(high) : 1 + pg_leftmost_one_pos64((uint64) digits);
	n = (bits * 1233) >> 12; /* log10(2), and never one too many */
	return digits >= power_of_ten(n) ? n + 1 : n;
}

/* Is the last digit to be raised, when `rest` of `unit` and maybe more are cut off? */
static bool
rounds_up(EvRounding rounding, bool negative, uint128 digits, int half, bool exact)
{
	switch (rounding)
	{
		case EV_ROUND_HALF_EVEN:
			return half > 0 || (half == 0 && (digits & 1));
		case EV_ROUND_HALF_UP:
			return half >= 0;
		case EV_ROUND_HALF_DOWN:
			return half > 0;
		case EV_ROUND_UP:
			return !exact;
		case EV_ROUND_DOWN:
			return false;
		case EV_ROUND_CEILING:
			return !exact && !negative;
		case EV_ROUND_FLOOR:
			return !exact && negative;
	}
	return false;
}

/* Without the last n digits; `more` says that something follows behind them. */
static uint128
cut(uint128 digits, int n, bool more, bool negative, EvRounding rounding)
{
	uint128 kept = 0, rest = digits, half_unit;
	int half = -1;

	if (n <= MAX_POWER)
	{
		kept = digits / power_of_ten(n);
		rest = digits - kept * power_of_ten(n);
		half_unit = power_of_ten(n) / 2;
		half = rest > half_unit ? 1 : rest < half_unit ? -1 : more ? 1 : 0;
	}
	if (rounds_up(rounding, negative, kept, half, rest == 0 && !more))
		kept++;
	return kept;
}

/* To 34 digits and an exponent that is allowed; if there is more, digits has 35 at least. */
static bool
finish(uint128 digits, int exponent, bool more, bool negative, EvDecimal *result)
{
	int n = Max(ev_decimal_count_digits(digits) - EV_DECIMAL_DIGITS,
				EV_DECIMAL_MIN_EXPONENT - exponent);

	if (n > 0)
	{
		digits = cut(digits, n, more, negative, EV_ROUND_HALF_EVEN);
		exponent += n;
		if (digits == power_of_ten(EV_DECIMAL_DIGITS))
		{
			digits /= 10;
			exponent++;
		}
	}
	if (digits == 0)
		exponent = 0;
	if (exponent > EV_DECIMAL_MAX_EXPONENT)
	{
		int zeros = exponent - EV_DECIMAL_MAX_EXPONENT;

		if (zeros + ev_decimal_count_digits(digits) > EV_DECIMAL_DIGITS)
			return false;
		digits *= power_of_ten(zeros);
		exponent = EV_DECIMAL_MAX_EXPONENT;
	}
	result->digits = digits;
	result->exponent = exponent;
	result->negative = negative && digits != 0;
	return true;
}

bool
ev_decimal_from_number(const EvNumber *number, EvDecimal *result)
{
	uint128 digits = 0;
	int n = Min(number->ndigits, 9);
	int exponent = (number->weight - n + 1) * 4;
	bool more = false;

	for (int i = 0; i < n; i++)
		digits = digits * EV_NUMBER_BASE + number->digits[i];
	if (number->ndigits > 9)
	{
		digits = digits * 100 + number->digits[9] / 100;
		exponent -= 2;
		more = number->digits[9] % 100 != 0 || number->ndigits > 10;
	}
	return finish(digits, exponent, more, number->negative, result);
}

bool
ev_decimal_from_text(const char *text, int length, EvDecimal *result)
{
	const char *end = text + length;
	uint128 digits = 0;
	int exponent = 0, significant = 0;
	bool more = false, after_point = false, seen = false;

	for (; text < end; text++)
	{
		if (*text == '.' && !after_point && end - text > 1)
		{
			after_point = true;
			seen = false;
			continue;
		}
		if (*text < '0' || *text > '9')
			break;
		seen = true;
		if (significant < MAX_POWER)
		{
			digits = digits * 10 + (*text - '0');
			significant += digits != 0;
			exponent -= after_point;
		}
		else
		{
			more = more || *text != '0';
			exponent += !after_point;
		}
	}
	if (!seen)
		return false;
	if (text < end && (*text == 'e' || *text == 'E'))
	{
		bool negative = false;
		int n = 0;

		text++;
		if (text < end && (*text == '+' || *text == '-'))
			negative = *text++ == '-';
		if (text == end)
			return false;
		for (; text < end && *text >= '0' && *text <= '9'; text++)
			n = Min(n * 10 + (*text - '0'), 100000000);
		exponent += negative ? -n : n;
	}
	return text == end && finish(digits, exponent, more, false, result);
}

EvDecimal
ev_decimal_from_int64(int64 n)
{
	return (EvDecimal) {.digits = n < 0 ? -(uint64) n : (uint64) n, .negative = n < 0};
}

int
ev_decimal_to_numeric(const EvDecimal *a, int scale, Numeric room)
{
	int16 groups[10], *to;
	int n = 0, first = 0, shift, weight, size;
	uint128 digits;
	uint16 *header = (uint16 *) ((char *) room + VARHDRSZ);

	/* groups of 4 digits, the last one first; weight is that of the last */
	shift = ((a->exponent % 4) + 4) % 4;
	weight = (a->exponent - shift) / 4;
	for (digits = a->digits * power_of_ten(shift); digits > PG_UINT64_MAX; digits /= EV_NUMBER_BASE)
		groups[n++] = (int16) (digits % EV_NUMBER_BASE);
	for (uint64 small = (uint64) digits; small > 0; small /= EV_NUMBER_BASE)
		groups[n++] = (int16) (small % EV_NUMBER_BASE);
	while (first < n && groups[first] == 0)
	{
		first++;
		weight++;
	}
	if (first == n)
		weight = 0;
	else if (weight < 0)
	{
		int last = groups[first];
		int decimals = -weight * 4;

		for (; last % 10 == 0; last /= 10)
			decimals--;
		scale = Max(scale, decimals);
	}
	weight += Max(n - first - 1, 0);
	if (scale <= 0x3F && weight >= -0x40 && weight <= 0x3F)
	{
		header[0] = 0x8000 | (a->negative ? 0x2000 : 0) | (scale << 7) | (weight & 0x7F);
		to = (int16 *) &header[1];
	}
	else
	{
		header[0] = (a->negative ? 0x4000 : 0) | scale;
		header[1] = (uint16) weight;
		to = (int16 *) &header[2];
	}
	while (n > first)
		*to++ = groups[--n];
	size = (char *) to - (char *) room;
	SET_VARSIZE(room, size);
	return size;
}

bool
ev_decimal_add(const EvDecimal *a, const EvDecimal *b, EvDecimal *result)
{
	uint128 x, y;
	bool negative, more = false;
	int exponent, n, room;

	if (a->digits == 0 || b->digits == 0)
	{
		*result = a->digits == 0 ? *b : *a;
		return true;
	}
	if (a->exponent < b->exponent)
	{
		const EvDecimal *t = a;

		a = b;
		b = t;
	}
	x = a->digits;
	y = b->digits;
	negative = a->negative;
	exponent = b->exponent;
	n = a->exponent - exponent;
	room = Min(MAX_POWER - 1 - ev_decimal_count_digits(x), n);
	x *= power_of_ten(room);
	n -= room;
	if (n > 0) /* x has 37 digits; of y, less than half of one is cut off, or all */
	{
		uint128 kept = n <= MAX_POWER ? y / power_of_ten(n) : 0;

		more = n > MAX_POWER || y != kept * power_of_ten(n);
		y = kept;
		exponent += n;
	}
	if (a->negative == b->negative)
		x += y;
	else if (x > y || (x == y && !more))
		x -= y + more; /* what is cut off makes the difference smaller */
	else
	{
		x = y - x; /* nothing is cut off where x is the smaller one */
		negative = !negative;
	}
	return finish(x, exponent, more, negative, result);
}

bool
ev_decimal_multiply(const EvDecimal *a, const EvDecimal *b, EvDecimal *result)
{
	int exponent = a->exponent + b->exponent;
	bool negative = a->negative != b->negative;
	uint64 a1, a0, b1, b0;
	uint128 t, low, high;
	int n;

	if (ev_decimal_count_digits(a->digits) + ev_decimal_count_digits(b->digits) <= MAX_POWER)
		return finish(a->digits * b->digits, exponent, false, negative, result);
	a1 = (uint64) (a->digits / POWER_17);
	a0 = (uint64) (a->digits % POWER_17);
	b1 = (uint64) (b->digits / POWER_17);
	b0 = (uint64) (b->digits % POWER_17);
	t = (uint128) a0 * b0;
	low = t % POWER_17;
	t = (uint128) a1 * b0 + (uint128) a0 * b1 + t / POWER_17;
	low += t % POWER_17 * POWER_17;
	high = (uint128) a1 * b1 + t / POWER_17;
	if (high == 0)
		return finish(low, exponent, false, negative, result);

	/* the first 36 digits of high and low, of which low has 34 */
	n = Max(ev_decimal_count_digits(high) - 2, 0);
	t = low / power_of_ten(n);
	return finish(high * power_of_ten(EV_DECIMAL_DIGITS - n) + t, exponent + n,
				  low != t * power_of_ten(n), negative, result);
}

bool
ev_decimal_divide(const EvDecimal *a, const EvDecimal *b, EvDecimal *result)
{
	int exponent = a->exponent - b->exponent;
	uint128 quotient, rest;
	int room, n;

	if (b->digits == 0)
		return false;
	quotient = a->digits / b->digits;
	rest = a->digits - quotient * b->digits;
	room = MAX_POWER - ev_decimal_count_digits(b->digits);
	while (rest != 0 && (n = ev_decimal_count_digits(quotient)) <= EV_DECIMAL_DIGITS)
	{
		int step = Min(room, MAX_POWER - n);
		uint128 next;

		rest *= power_of_ten(step);
		next = rest / b->digits;
		rest -= next * b->digits;
		quotient = quotient * power_of_ten(step) + next;
		exponent -= step;
	}
	return finish(quotient, exponent, rest != 0, a->negative != b->negative, result);
}

bool
ev_decimal_modulo(const EvDecimal *a, const EvDecimal *b, EvDecimal *result)
{
	EvDecimal rest = *a;
	int n = a->exponent - b->exponent;

	if (b->digits == 0)
		return false;
	if (n >= 0)
	{
		int room = MAX_POWER - ev_decimal_count_digits(b->digits);

		rest.digits %= b->digits;
		rest.exponent = b->exponent;
		for (; n > 0 && rest.digits != 0; n -= room)
			rest.digits = rest.digits * power_of_ten(Min(room, n)) % b->digits;
	}
	else if (ev_decimal_count_digits(b->digits) - n <= EV_DECIMAL_DIGITS)
		rest.digits %= b->digits * power_of_ten(-n);
	rest.negative = a->negative && rest.digits != 0;
	if (rest.digits != 0 && a->negative != b->negative)
		return ev_decimal_add(&rest, b, result);
	*result = rest;
	return true;
}

bool
ev_decimal_round(const EvDecimal *a, int scale, EvRounding rounding, EvDecimal *result)
{
	int n = -scale - a->exponent;

	if (n <= 0)
	{
		*result = *a;
		return true;
	}
	return finish(cut(a->digits, n, false, a->negative, rounding), -scale, false, a->negative,
				  result);
}

bool
ev_decimal_is_integer(const EvDecimal *a)
{
	if (a->exponent >= 0 || a->digits == 0)
		return true;
	return a->exponent > -EV_DECIMAL_DIGITS && a->digits % power_of_ten(-a->exponent) == 0;
}

bool
ev_decimal_is_odd(const EvDecimal *a)
{
	if (a->exponent > 0 || a->exponent <= -EV_DECIMAL_DIGITS || !ev_decimal_is_integer(a))
		return false;
	return a->digits / power_of_ten(-a->exponent) % 2 == 1;
}
