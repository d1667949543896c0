/*
 * json_put.c - writing JSON, piece by piece, into a Buf.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * Strings are escaped as little as RFC 8259 asks: quote, backslash and control characters.  Bytes
 * that are no UTF-8 become U+FFFD, so that whatever a client sent, what we write is JSON.
 */
#include <string.h>

#include "base/json.h"

/* longest run from text that can be copied as it is */
static size_t
plain_run(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len)
	{
		unsigned char c = (unsigned char) text[i];
		size_t step;

		if (c < 0x20 || c == '"' || c == '\\' || c == 0x7F)
			break;
		if (c < 0x80)
		{
			i++;
			continue;
		}
		step = str_utf8_length(text + i, len - i);
		if (!step)
			break;
		i += step;
	}
	return i;
}

static bool
put_escaped(Buf *out, unsigned char c)
{
	switch (c)
	{
		case '"':
			return buf_puts(out, "\\\"");
		case '\\':
			return buf_puts(out, "\\\\");
		case '\n':
			return buf_puts(out, "\\n");
		case '\r':
			return buf_puts(out, "\\r");
		case '\t':
			return buf_puts(out, "\\t");
	}
	if (c < 0x80)
		return buf_printf(out, "\\u%04x", c);
	return buf_puts(out, "\xEF\xBF\xBD");
}

bool
json_put_string(Buf *out, const char *text, size_t len)
{
	size_t i = 0;

	buf_putc(out, '"');
	while (i < len)
	{
		size_t run = plain_run(text + i, len - i);

		buf_append(out, text + i, run);
		i += run;
		if (i < len)
			put_escaped(out, (unsigned char) text[i++]);
	}
	return buf_putc(out, '"');
}

bool
json_put_key(Buf *out, const char *key)
{
	if (out->len > 0 && !strchr("{[", out->data[out->len - 1]))
		buf_putc(out, ',');
	json_put_string(out, key, strlen(key));
	return buf_putc(out, ':');
}

bool
json_put_member(Buf *out, const char *key, const char *text)
{
	if (!text)
		return !out->overflowed;
	json_put_key(out, key);
	return json_put_string(out, text, strlen(text));
}

bool
json_put_member_int(Buf *out, const char *key, int64_t value)
{
	json_put_key(out, key);
	return buf_printf(out, "%lld", (long long) value);
}

bool
json_put_member_bool(Buf *out, const char *key, bool value)
{
	json_put_key(out, key);
	return buf_puts(out, value ? "true" : "false");
}
