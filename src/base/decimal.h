/* SPDX-License-Identifier: PostgreSQL
 *
 * decimal.h: decimals of 34 digits, as IEEE 754-2008's decimal128 has them.
 *
 * A decimal is digits * 10^exponent with a sign.  Every result is the exact one
 * rounded once, half to even, to 34 digits and an exponent from -6176 to 6111;
 * what is too large for that has no result.  Nothing here raises, and but for
 * the functions of decimal_math.c nothing allocates.
 *
 * They are kept as Numeric, which knows neither that limit nor that rounding
 * (division and roots of numeric.c choose a scale by their own rules); this is
 * what they are while they are calculated with.
 */
#ifndef EV_DECIMAL_H
#define EV_DECIMAL_H

#include "base/number.h"

#ifndef HAVE_INT128
#error "events needs a compiler with integers of 128 bits"
#endif

#define EV_DECIMAL_DIGITS 34
#define EV_DECIMAL_MIN_EXPONENT (-6176)
#define EV_DECIMAL_MAX_EXPONENT 6111

/* Bytes of the largest Numeric that ev_decimal_to_numeric() makes. */
#define EV_DECIMAL_MAX_SIZE 32

typedef struct EvDecimal
{
	uint128 digits; /* below 10^34 */
	int exponent;
	bool negative;
} EvDecimal;

typedef enum EvRounding
{
	EV_ROUND_HALF_EVEN,
	EV_ROUND_HALF_UP, /* away from zero */
	EV_ROUND_HALF_DOWN,
	EV_ROUND_UP, /* away from zero */
	EV_ROUND_DOWN,
	EV_ROUND_CEILING,
	EV_ROUND_FLOOR
} EvRounding;

/* Rounded to 34 digits; false if it is too large. */
extern bool ev_decimal_from_number(const EvNumber *number, EvDecimal *result);

/* Digits, a point and digits, perhaps an exponent; false if it is not that, or too large. */
extern bool ev_decimal_from_text(const char *text, int length, EvDecimal *result);

extern EvDecimal ev_decimal_from_int64(int64 n);

/*
 * Written to `room` of EV_DECIMAL_MAX_SIZE bytes, without zeros behind the last
 * decimal digit, but with a display scale of at least `scale`; returns its size.
 */
extern int ev_decimal_to_numeric(const EvDecimal *a, int scale, Numeric room);

/* The result may be where an operand is; false if there is none. */
extern bool ev_decimal_add(const EvDecimal *a, const EvDecimal *b, EvDecimal *result);
extern bool ev_decimal_multiply(const EvDecimal *a, const EvDecimal *b, EvDecimal *result);
extern bool ev_decimal_divide(const EvDecimal *a, const EvDecimal *b, EvDecimal *result);

/* a - b * floor(a / b), which has the sign of b. */
extern bool ev_decimal_modulo(const EvDecimal *a, const EvDecimal *b, EvDecimal *result);

/* To so many digits after the point; before it, if the scale is negative. */
extern bool ev_decimal_round(const EvDecimal *a, int scale, EvRounding rounding, EvDecimal *result);

extern bool ev_decimal_is_integer(const EvDecimal *a);
extern bool ev_decimal_is_odd(const EvDecimal *a); /* a whole number, and not even */

/* How many digits it has; 0 for zero. */
extern int ev_decimal_count_digits(uint128 digits);

/* decimal_math.c; false if there is no real number that is the result, or it is too large. */
extern bool ev_decimal_sqrt(const EvDecimal *a, EvDecimal *result);
extern bool ev_decimal_exp(const EvDecimal *a, EvDecimal *result);
extern bool ev_decimal_log(const EvDecimal *a, EvDecimal *result);
extern bool ev_decimal_power(const EvDecimal *a, const EvDecimal *b, EvDecimal *result);

#endif /* EV_DECIMAL_H */
