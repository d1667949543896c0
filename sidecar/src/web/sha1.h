/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * sha1.h: SHA-1 (RFC 3174), which the WebSocket handshake is defined with.
 * Good for nothing else: it protects nothing.
 */
#ifndef WEB_SHA1_H
#define WEB_SHA1_H

#include <stddef.h>

#define SHA1_SIZE 20

/* Of a short text: at most 119 bytes. */
extern void sha1_short(const char *text, size_t len, unsigned char digest[SHA1_SIZE]);

#endif /* WEB_SHA1_H */
