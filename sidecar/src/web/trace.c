/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * trace.c: correlation ids; see trace.h.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "web/trace.h"

#define TRACEPARENT_SIZE 55 /* 00-<32 hex>-<16 hex>-<2 hex> */

static bool
is_word(HttpSlice value)
{
	if (value.len == 0 || value.len >= TRACE_SIZE)
		return false;
	for (size_t i = 0; i < value.len; i++)
	{
		char c = value.at[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			  strchr("._:=+/-", c) != NULL))
			return false;
	}
	return true;
}

/* Lower-case hex of exactly that length, not all zeros. */
static bool
is_hex(const char *at, size_t len, bool may_be_zero)
{
	bool zero = true;

	for (size_t i = 0; i < len; i++)
	{
		if (!((at[i] >= '0' && at[i] <= '9') || (at[i] >= 'a' && at[i] <= 'f')))
			return false;
		zero = zero && at[i] == '0';
	}
	return may_be_zero || !zero;
}

static bool
is_traceparent(HttpSlice value)
{
	const char *at = value.at;

	return value.len == TRACEPARENT_SIZE && memcmp(at, "00-", 3) == 0 &&
		   is_hex(at + 3, 32, false) && at[35] == '-' && is_hex(at + 36, 16, false) &&
		   at[52] == '-' && is_hex(at + 53, 2, true);
}

static void
copy(char *out, const char *at, size_t len)
{
	memcpy(out, at, len);
	out[len] = '\0';
}

bool
trace_from_head(const HttpHead *head, char correlation[TRACE_SIZE], char traceparent[TRACE_SIZE])
{
	const HttpHeader *id = http_find_header(head, "x-request-id");
	const HttpHeader *parent = http_find_header(head, "traceparent");
	bool traced = parent != NULL && is_traceparent(parent->value);

	traceparent[0] = '\0';
	if (traced)
		copy(traceparent, parent->value.at, parent->value.len);
	if (id != NULL && is_word(id->value))
		copy(correlation, id->value.at, id->value.len);
	else if (traced)
		copy(correlation, traceparent + 3, 32);
	else
		return false;
	return true;
}

void
trace_make(char *text, size_t size, uint64_t conn, uint32_t serial)
{
	/* made at the first request, which is after the fork */
	static uint32_t word;

	while (word == 0)
		word = clock_jitter(UINT32_MAX);
	snprintf(text, size, "%08x-%llx-%x", word, (unsigned long long) conn, serial);
}
