/* SPDX-License-Identifier: PostgreSQL
 *
 * number.h: exact numbers where they lie.
 *
 * A Numeric is a sign, a weight and digits to the base 10000.  The layout is
 * that of data on disk, so it stands still from one server version to the next,
 * and reading it here saves what the functions of numeric.c spend on calling
 * conventions and on copies: whether 17.0 is an integer or 12 is at most 10 is
 * a matter of a few loads.  Whatever needs arithmetic goes to numeric.c.
 *
 * jsonb knows no NaN and no infinities.
 */
#ifndef EV_NUMBER_H
#define EV_NUMBER_H

#include "base/compat.h"

#include "utils/numeric.h"

#define EV_NUMBER_BASE 10000

/* The value is the sum of digits[i] * 10000^(weight - i). */
typedef struct EvNumber
{
	bool negative;
	int weight;
	int ndigits; /* 0 for zero; neither the first nor the last digit is 0 */
	int scale;	 /* decimal digits after the point as it was written */
	const int16 *digits;
} EvNumber;

static inline EvNumber
ev_number_read(const struct NumericData *numeric)
{
	const char *data = VARDATA_ANY(numeric);
	int size = VARSIZE_ANY_EXHDR(numeric);
	uint16 header = *(const uint16 *) data;
	EvNumber number;

	if (header & 0x8000) /* the short form: all in one word */
	{
		number.negative = (header & 0x2000) != 0;
		number.scale = (header & 0x1F80) >> 7;
		number.weight = (header & 0x0040) ? (int) (header & 0x003F) - 0x40 : (header & 0x003F);
		size -= sizeof(uint16);
		data += sizeof(uint16);
	}
	else
	{
		number.negative = (header & 0x4000) != 0;
		number.scale = header & 0x3FFF;
		number.weight = ((const int16 *) data)[1];
		size -= 2 * sizeof(uint16);
		data += 2 * sizeof(uint16);
	}
	number.digits = (const int16 *) data;
	number.ndigits = size > 0 ? size / (int) sizeof(int16) : 0;
	while (number.ndigits > 0 && number.digits[number.ndigits - 1] == 0)
		number.ndigits--;
	while (number.ndigits > 0 && number.digits[0] == 0)
	{
		number.digits++;
		number.ndigits--;
		number.weight--;
	}
	return number;
}

/* No fraction: 17, 17.0, 1e9. */
static inline bool
ev_number_is_integer(const EvNumber *number)
{
	return number->ndigits == 0 || number->ndigits <= number->weight + 1;
}

/* True for integers written as such (17, not 17.0) that are not huge; false says nothing. */
static inline bool
ev_number_is_plain_integer(const struct NumericData *numeric)
{
	/* the short form, and no decimal digits after the point */
	return VARATT_IS_4B_U(numeric) &&
		   (*(const uint16 *) ((const char *) numeric + VARHDRSZ) & 0x9F80) == 0x8000;
}

/* false if it has a fraction or more than 16 digits. */
static inline bool
ev_number_to_int64(const EvNumber *number, int64 *value)
{
	int64 n = 0;

	if (!ev_number_is_integer(number) || number->weight > 3)
		return false;
	if (number->ndigits > 0)
	{
		for (int i = 0; i <= number->weight; i++)
			n = n * EV_NUMBER_BASE + (i < number->ndigits ? number->digits[i] : 0);
	}
	*value = number->negative ? -n : n;
	return true;
}

/* Less than, equal to or greater than 0, like memcmp. */
static inline int
ev_number_compare(const EvNumber *a, const EvNumber *b)
{
	int sign = a->negative ? -1 : 1;

	if (a->ndigits == 0 || b->ndigits == 0)
	{
		if (a->ndigits != 0)
			return sign;
		return b->ndigits == 0 ? 0 : (b->negative ? 1 : -1);
	}
	if (a->negative != b->negative)
		return sign;
	if (a->weight != b->weight)
		return a->weight > b->weight ? sign : -sign;
	for (int i = 0; i < a->ndigits && i < b->ndigits; i++)
	{
		if (a->digits[i] != b->digits[i])
			return a->digits[i] > b->digits[i] ? sign : -sign;
	}
	if (a->ndigits == b->ndigits)
		return 0;
	return a->ndigits > b->ndigits ? sign : -sign;
}

/* Equal numbers have equal hashes. */
extern uint32 ev_number_hash(const EvNumber *number);

/* Is it a whole multiple of a divisor, which is not 0? */
extern bool ev_number_is_multiple(Numeric numeric, Numeric divisor);

#endif /* EV_NUMBER_H */
