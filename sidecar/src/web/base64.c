/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * base64.c: base64; see base64.h.
 */
#include "web/base64.h"

bool
base64_put(Buf *out, const void *bytes, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *in = bytes;
	size_t size = (len + 2) / 3 * 4;
	char *at = buf_reserve(out, size);

	if (at == NULL)
		return false;
	for (; len >= 3; in += 3, len -= 3)
	{
		*at++ = digits[in[0] >> 2];
		*at++ = digits[(in[0] & 3) << 4 | in[1] >> 4];
		*at++ = digits[(in[1] & 15) << 2 | in[2] >> 6];
		*at++ = digits[in[2] & 63];
	}
	if (len > 0)
	{
		*at++ = digits[in[0] >> 2];
		*at++ = digits[(in[0] & 3) << 4 | (len > 1 ? in[1] >> 4 : 0)];
		*at++ = len > 1 ? digits[(in[1] & 15) << 2] : '=';
		*at++ = '=';
	}
	buf_grow_by(out, size);
	return true;
}
