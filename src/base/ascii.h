/* SPDX-License-Identifier: PostgreSQL
 *
 * ascii.h: kinds of ASCII characters, whatever the locale is; of bytes and of
 * code points.
 */
#ifndef EV_ASCII_H
#define EV_ASCII_H

#include "postgres.h"

static inline bool
ev_ascii_is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static inline bool
ev_ascii_is_letter(int c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static inline bool
ev_ascii_is_alphanumeric(int c)
{
	return ev_ascii_is_digit(c) || ev_ascii_is_letter(c);
}

/* -1 if it is no hexadecimal digit. */
static inline int
ev_ascii_hex_value(int c)
{
	if (ev_ascii_is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline bool
ev_ascii_is_hex(int c)
{
	return ev_ascii_hex_value(c) >= 0;
}

#endif /* EV_ASCII_H */
