/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * crypto.c: the one home of OpenSSL's headers; see crypto.h.
 */
#include "web/crypto.h"

#include <limits.h>
#include <openssl/evp.h>

bool
crypto_sha1(const void *bytes, size_t len, unsigned char digest[CRYPTO_SHA1_SIZE])
{
	return EVP_Digest(bytes, len, digest, NULL, EVP_sha1(), NULL) == 1;
}

bool
crypto_base64_put(Buf *out, const void *bytes, size_t len)
{
	size_t size = (len + 2) / 3 * 4;
	char *at;

	if (len > INT_MAX)
		return false;
	/* The encoder ends its output with a NUL. */
	at = buf_reserve(out, size + 1);
	if (at == NULL)
		return false;
	(void) EVP_EncodeBlock((unsigned char *) at, bytes, (int) len);
	buf_grow_by(out, size);
	return true;
}
