/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * uri.c: percent-encoding; see uri.h.
 */
#include <string.h>

#include "base/mem.h"
#include "web/uri.h"

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char) (c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
uri_decode_to(char *out, HttpSlice text, bool plus_is_blank, size_t *len)
{
	size_t n = 0;
	bool escaped = memchr(text.at, '%', text.len) != NULL ||
				   (plus_is_blank && memchr(text.at, '+', text.len) != NULL);

	if (!escaped)
	{
		memcpy(out, text.at, text.len);
		n = text.len;
	}
	for (size_t i = n; i < text.len; i++)
	{
		char c = text.at[i];

		if (c == '%')
		{
			int high = i + 2 < text.len ? hex_digit(text.at[i + 1]) : -1;
			int low = high >= 0 ? hex_digit(text.at[i + 2]) : -1;

			if (low < 0)
				return false;
			c = (char) (high * 16 + low);
			i += 2;
		}
		else if (c == '+' && plus_is_blank)
			c = ' ';
		out[n++] = c;
	}
	out[n] = '\0';
	*len = n;
	return true;
}

char *
uri_decode(HttpSlice text, bool plus_is_blank, size_t *len)
{
	char *out = mem_alloc(text.len + 1);

	if (uri_decode_to(out, text, plus_is_blank, len))
		return out;
	mem_free(out);
	return NULL;
}

bool
uri_path_is(HttpSlice path, const char *literal)
{
	return path.len == strlen(literal) && memcmp(path.at, literal, path.len) == 0;
}

/* Reads exactly `digits` digits in [low, high]; advances. */
static bool
number(const char **at, int digits, int low, int high)
{
	int value = 0;

	for (int i = 0; i < digits; i++, (*at)++)
	{
		if (**at < '0' || **at > '9')
			return false;
		value = value * 10 + (**at - '0');
	}
	return value >= low && value <= high;
}

static bool
literal(const char **at, const char *any)
{
	if (**at == '\0' || strchr(any, **at) == NULL)
		return false;
	(*at)++;
	return true;
}

bool
uri_is_rfc3339(const char *text)
{
	const char *at = text;

	if (!number(&at, 4, 0, 9999) || !literal(&at, "-") || !number(&at, 2, 1, 12) ||
		!literal(&at, "-") || !number(&at, 2, 1, 31) || !literal(&at, "Tt ") ||
		!number(&at, 2, 0, 23) || !literal(&at, ":") || !number(&at, 2, 0, 59) ||
		!literal(&at, ":") || !number(&at, 2, 0, 60))
		return false;
	if (literal(&at, "."))
	{
		const char *first = at;

		while (*at >= '0' && *at <= '9')
			at++;
		if (at == first || at - first > 9)
			return false;
	}
	if (literal(&at, "Zz"))
		return *at == '\0';
	return literal(&at, "+-") && number(&at, 2, 0, 23) && literal(&at, ":") &&
		   number(&at, 2, 0, 59) && *at == '\0';
}

bool
uri_mend_rfc3339(char *text, size_t len)
{
	if (len > 19)
		for (char *at = text + 19; *at != '\0'; at++)
			if (*at == ' ')
				*at = '+';
	return uri_is_rfc3339(text);
}

static HttpSlice
take_pair(HttpSlice *rest)
{
	const char *mark = memchr(rest->at, '&', rest->len);
	HttpSlice pair = {rest->at, mark != NULL ? (size_t) (mark - rest->at) : rest->len};
	size_t taken = mark != NULL ? pair.len + 1 : pair.len;

	rest->at += taken;
	rest->len -= taken;
	return pair;
}

bool
uri_next_pair(HttpSlice *rest, HttpSlice *name, HttpSlice *value)
{
	HttpSlice pair = {NULL, 0};
	const char *equals;

	while (pair.len == 0 && rest->len > 0)
		pair = take_pair(rest);
	if (pair.len == 0)
		return false;
	equals = memchr(pair.at, '=', pair.len);
	*name = (HttpSlice) {pair.at, equals != NULL ? (size_t) (equals - pair.at) : pair.len};
	*value = equals != NULL ? (HttpSlice) {equals + 1, pair.len - name->len - 1}
							: (HttpSlice) {pair.at + pair.len, 0};
	return true;
}
