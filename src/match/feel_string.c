/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_string.c: characters of strings: counting, finding, making them.
 *
 * In encodings of the server, of which UTF-8 is one, no byte of a character of
 * several bytes is below 0x80.  In UTF-8 (and in those of one byte) the bytes of
 * one character are never found within others, so there bytes are compared;
 * elsewhere only from the beginning of a character.
 */
#include "base/compat.h"

#include "match/feel_string.h"

#include "base/utf8.h"
#include "catalog/namespace.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"

/* Bytes that one character may become in any encoding, and a NUL. */
#define ROOM_FOR_CHARACTER 17

static bool
bytes_are_enough(void)
{
	return GetDatabaseEncoding() == PG_UTF8 || pg_database_encoding_max_length() == 1;
}

bool
ev_feel_append_code_point(StringInfo out, int c)
{
	unsigned char utf8[5] = {0};
	unsigned char converted[ROOM_FOR_CHARACTER];
	Oid proc;
	int length;

	if (c <= 0 || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		return false;
	if (c < 0x80)
	{
		appendStringInfoChar(out, (char) c);
		return true;
	}
	unicode_to_utf8(c, utf8);
	length = pg_utf_mblen(utf8);
	if (GetDatabaseEncoding() == PG_UTF8)
	{
		appendBinaryStringInfo(out, (char *) utf8, length);
		return true;
	}
	proc = FindDefaultConversionProc(PG_UTF8, GetDatabaseEncoding());
	if (!OidIsValid(proc) ||
		pg_do_encoding_conversion_buf(proc, PG_UTF8, GetDatabaseEncoding(), utf8, length, converted,
									  sizeof(converted), true) != length)
		return false;
	appendStringInfoString(out, (char *) converted);
	return true;
}

int
ev_feel_string_count(EvFeelValue string)
{
	return pg_mbstrlen_with_len(string.string, string.length);
}

int
ev_feel_string_offset(EvFeelValue string, int64 n)
{
	const char *s = string.string, *end = s + string.length;

	if (pg_database_encoding_max_length() == 1)
		return (int) Min(n, string.length);
	for (; s < end && n > 0; n--)
		s += pg_mblen(s);
	return Min(s, end) - string.string;
}

static bool
is_at(EvFeelValue string, int offset, EvFeelValue part)
{
	return memcmp(string.string + offset, part.string, part.length) == 0;
}

int
ev_feel_string_find(EvFeelValue string, EvFeelValue part)
{
	int last = string.length - part.length;
	bool by_bytes = bytes_are_enough();

	if (part.length == 0)
		return 0;
	for (int i = 0; i <= last;)
	{
		CHECK_FOR_INTERRUPTS();
		if (by_bytes)
		{
			const char *first = memchr(string.string + i, part.string[0], last - i + 1);

			if (first == NULL)
				return -1;
			i = first - string.string;
		}
		if (is_at(string, i, part))
			return i;
		i += by_bytes ? 1 : pg_mblen(string.string + i);
	}
	return -1;
}

bool
ev_feel_string_starts_with(EvFeelValue string, EvFeelValue part)
{
	return part.length <= string.length && is_at(string, 0, part);
}

bool
ev_feel_string_ends_with(EvFeelValue string, EvFeelValue part)
{
	int last = string.length - part.length;

	if (last < 0 || !is_at(string, last, part))
		return false;
	if (bytes_are_enough())
		return true;
	for (int i = 0; i <= last; i += pg_mblen(string.string + i))
	{
		if (i == last)
			return true;
	}
	return part.length == 0;
}
