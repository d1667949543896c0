/* SPDX-License-Identifier: PostgreSQL
 *
 * number.c: what number.h has no room for.
 *
 * A remainder is computed with machine integers where both numbers have at
 * most 16 digits and no fraction; everything else is left to numeric_mod, which
 * is exact for all that a numeric can hold.
 */
#include "base/number.h"

#include "common/hashfn.h"
#include "fmgr.h"
#include "utils/fmgrprotos.h"

uint32
ev_number_hash(const EvNumber *number)
{
	uint32 hash;

	if (number->ndigits == 0)
		return 0;
	hash = hash_bytes((const unsigned char *) number->digits, number->ndigits * sizeof(int16));
	return hash_combine(hash, ((uint32) number->weight << 1) | number->negative);
}

bool
ev_number_is_multiple(Numeric numeric, Numeric divisor)
{
	EvNumber number = ev_number_read(numeric);
	EvNumber by = ev_number_read(divisor);
	int64 n, d;
	Numeric remainder;
	bool multiple;

	if (number.ndigits == 0)
		return true;
	if (ev_number_to_int64(&by, &d))
	{
		if (d == 1 || d == -1)
			return ev_number_is_integer(&number);
		if (ev_number_to_int64(&number, &n))
			return d != 0 && n % d == 0;
	}
	remainder = DatumGetNumeric(
		DirectFunctionCall2(numeric_mod, NumericGetDatum(numeric), NumericGetDatum(divisor)));
	number = ev_number_read(remainder);
	multiple = number.ndigits == 0;
	pfree(remainder); /* a value may have millions of numbers */
	return multiple;
}
