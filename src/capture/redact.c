/* SPDX-License-Identifier: PostgreSQL
 *
 * redact.c: a value that can be recognised, but not read.
 *
 * Equal values have equal hashes, so events of one customer can be told from
 * those of another without the address.  What comes from a small set (telephone
 * numbers, names) can be found again by trying; with a secret in
 * events.redact_key, which makes it an HMAC, only by those who know that.
 */
#include "base/compat.h"

#include "base/settings.h"
#include "capture/redact.h"
#include "common/cryptohash.h"
#include "common/hmac.h"
#include "common/sha2.h"

static bool
digest(const char *text, int length, uint8 *out)
{
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);
	bool ok = hash != NULL && pg_cryptohash_init(hash) >= 0 &&
			  pg_cryptohash_update(hash, (const uint8 *) text, length) >= 0 &&
			  pg_cryptohash_final(hash, out, PG_SHA256_DIGEST_LENGTH) >= 0;

	pg_cryptohash_free(hash);
	return ok;
}

static bool
keyed_digest(const char *text, int length, uint8 *out)
{
	pg_hmac_ctx *hmac = pg_hmac_create(PG_SHA256);
	bool ok = hmac != NULL &&
			  pg_hmac_init(hmac, (const uint8 *) ev_redact_key, strlen(ev_redact_key)) >= 0 &&
			  pg_hmac_update(hmac, (const uint8 *) text, length) >= 0 &&
			  pg_hmac_final(hmac, out, PG_SHA256_DIGEST_LENGTH) >= 0;

	pg_hmac_free(hmac);
	return ok;
}

char *
ev_redact_hash(const char *text, int length)
{
	static const char prefix[] = "sha256:";
	static const char hex[] = "0123456789abcdef";
	uint8 bytes[PG_SHA256_DIGEST_LENGTH];
	char *result = palloc(sizeof(prefix) + 2 * PG_SHA256_DIGEST_LENGTH);
	char *out = result + strlen(prefix);

	if (!(ev_redact_key[0] != '\0' ? keyed_digest(text, length, bytes)
								   : digest(text, length, bytes)))
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not compute a SHA-256")));
	memcpy(result, prefix, strlen(prefix));
	for (int i = 0; i < PG_SHA256_DIGEST_LENGTH; i++)
	{
		*out++ = hex[bytes[i] >> 4];
		*out++ = hex[bytes[i] & 0xF];
	}
	*out = '\0';
	return result;
}
