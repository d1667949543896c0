/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * sha1.c: SHA-1 of a text of at most two blocks; see sha1.h.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "web/sha1.h"

#define BLOCK 64
#define MAX_TEXT (2 * BLOCK - 9) /* the end mark and the length need 9 bytes */

static uint32_t
rotated(uint32_t x, int n)
{
	return x << n | x >> (32 - n);
}

/* One of the 80 steps: the function and the constant of its round. */
static uint32_t
mixed(int step, uint32_t b, uint32_t c, uint32_t d)
{
	if (step < 20)
		return ((b & c) | (~b & d)) + 0x5A827999;
	if (step < 40)
		return (b ^ c ^ d) + 0x6ED9EBA1;
	if (step < 60)
		return ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDC;
	return (b ^ c ^ d) + 0xCA62C1D6;
}

static void
take_block(uint32_t h[5], const unsigned char *block)
{
	uint32_t w[80];
	uint32_t v[5];

	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t) block[4 * i] << 24 | (uint32_t) block[4 * i + 1] << 16 |
			   (uint32_t) block[4 * i + 2] << 8 | block[4 * i + 3];
	for (int i = 16; i < 80; i++)
		w[i] = rotated(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	memcpy(v, h, sizeof(v));
	for (int i = 0; i < 80; i++)
	{
		uint32_t next = rotated(v[0], 5) + mixed(i, v[1], v[2], v[3]) + v[4] + w[i];

		v[4] = v[3];
		v[3] = v[2];
		v[2] = rotated(v[1], 30);
		v[1] = v[0];
		v[0] = next;
	}
	for (int i = 0; i < 5; i++)
		h[i] += v[i];
}

void
sha1_short(const char *text, size_t len, unsigned char digest[SHA1_SIZE])
{
	uint32_t h[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
	unsigned char padded[2 * BLOCK] = {0};
	size_t size = len + 9 <= BLOCK ? BLOCK : 2 * BLOCK;

	assert(len <= MAX_TEXT);
	memcpy(padded, text, len);
	padded[len] = 0x80;
	padded[size - 2] = (unsigned char) (len * 8 >> 8);
	padded[size - 1] = (unsigned char) (len * 8);
	for (size_t at = 0; at < size; at += BLOCK)
		take_block(h, padded + at);
	for (int i = 0; i < SHA1_SIZE; i++)
		digest[i] = (unsigned char) (h[i / 4] >> (24 - 8 * (i % 4)));
}
