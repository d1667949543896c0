/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * crypto.h: what the web layer takes from OpenSSL's libcrypto.
 */
#ifndef WEB_CRYPTO_H
#define WEB_CRYPTO_H

#include "base/buf.h"

#define CRYPTO_SHA1_SIZE 20

/* SHA-1 (RFC 3174), which the WebSocket handshake is defined with; it protects nothing there. */
extern bool crypto_sha1(const void *bytes, size_t len, unsigned char digest[CRYPTO_SHA1_SIZE]);

/* base64 (RFC 4648 section 4), appended; false when the buffer is full. */
extern bool crypto_base64_put(Buf *out, const void *bytes, size_t len);

#endif /* WEB_CRYPTO_H */
