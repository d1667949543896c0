/* SPDX-License-Identifier: PostgreSQL
 *
 * uuid7.c: version 7 UUIDs as text.
 *
 * Layout (RFC 9562, section 5.7 with method 3 of section 6.2): 48 bits of Unix
 * milliseconds, the version, 12 bits with the fraction of the millisecond, the
 * variant, 62 random bits.  Ids made by one backend rise with time to a quarter
 * of a microsecond; nothing relies on that, the order of events is `position`.
 *
 * Random bytes are taken from the operating system 512 at a time: a call for
 * each id would cost more than all the rest.  The postmaster never takes from it,
 * so no two backends share a stock.
 */
#include "base/compat.h"

#include "base/uuid7.h"
#include "utils/timestamp.h"

#define STOCK_SIZE 512

static uint8 stock[STOCK_SIZE];
static int stock_used = STOCK_SIZE;

static const uint8 *
take_random(int n)
{
	const uint8 *taken;

	if (stock_used + n > STOCK_SIZE)
	{
		if (!pg_strong_random(stock, STOCK_SIZE))
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate random values")));
		stock_used = 0;
	}
	taken = stock + stock_used;
	stock_used += n;
	return taken;
}

void
ev_uuid7_format(TimestampTz now, char *out)
{
	static const char hex[] = "0123456789abcdef";
	int64 unix_us = now + ((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE)) * USECS_PER_DAY;
	uint64 ms = (uint64) (unix_us / 1000);
	uint32 fraction = (uint32) (unix_us % 1000) * 4096 / 1000;
	uint8 b[16];

	for (int i = 0; i < 6; i++)
		b[i] = (uint8) (ms >> (40 - 8 * i));
	b[6] = 0x70 | (fraction >> 8);
	b[7] = fraction & 0xFF;
	memcpy(b + 8, take_random(8), 8);
	b[8] = (b[8] & 0x3F) | 0x80;

	for (int i = 0; i < 16; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = hex[b[i] >> 4];
		*out++ = hex[b[i] & 0xF];
	}
	*out = '\0';
}
