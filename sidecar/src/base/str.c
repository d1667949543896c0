/*
 * str.c - is it UTF-8?
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * Everything that reaches the database, a log line or another client has passed this test.  It
 * follows table 3-7 of the Unicode standard ("well-formed UTF-8 byte sequences"): the allowed
 * range of the second byte depends on the first, all later ones are 80..BF.
 */
#include "base/str.h"

#include <stdint.h>

/* length of the well-formed sequence at p, or 0 */
static size_t
sequence_length(const unsigned char *p, size_t left)
{
	unsigned char low = 0x80;
	unsigned char high = 0xBF;
	size_t len;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xC2 || p[0] > 0xF4)
		return 0;
	len = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
	if (left < len)
		return 0;
	if (p[0] == 0xE0)
		low = 0xA0;
	else if (p[0] == 0xED)
		high = 0x9F;
	else if (p[0] == 0xF0)
		low = 0x90;
	else if (p[0] == 0xF4)
		high = 0x8F;
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
	{
		if ((p[i] & 0xC0) != 0x80)
			return 0;
	}
	return len;
}

size_t
str_utf8_length(const char *data, size_t left)
{
	return left ? sequence_length((const unsigned char *) data, left) : 0;
}

bool
str_is_utf8(const char *data, size_t len)
{
	const unsigned char *p = (const unsigned char *) data;
	const unsigned char *end = p + len;

	while (p < end)
	{
		uint64_t eight;
		size_t step;

		/* eight ASCII bytes at a time: nearly all text is that */
		if (end - p >= 8)
		{
			memcpy(&eight, p, 8);
			if (!(eight & UINT64_C(0x8080808080808080)))
			{
				p += 8;
				continue;
			}
		}
		step = sequence_length(p, (size_t) (end - p));
		if (!step)
			return false;
		p += step;
	}
	return true;
}
