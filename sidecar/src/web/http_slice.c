/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * http_slice.c: words, lists and headers in the slices of a parsed head; see
 * http_parse.h.
 */
#include <string.h>

#include "web/http_parse.h"

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char) (c + 32) : c;
}

bool
http_slice_matches(HttpSlice slice, const char *word)
{
	for (size_t i = 0; i < slice.len; i++)
		if (lower(slice.at[i]) != word[i])
			return false;
	return true;
}

const HttpHeader *
http_find_header_of(const HttpHead *head, const char *name, size_t len)
{
	for (int i = 0; i < head->nheaders; i++)
		if (head->headers[i].name.len == len && http_slice_matches(head->headers[i].name, name))
			return &head->headers[i];
	return NULL;
}

HttpSlice
http_slice_trimmed(HttpSlice slice)
{
	while (slice.len > 0 && (slice.at[0] == ' ' || slice.at[0] == '\t'))
		slice.at++, slice.len--;
	while (slice.len > 0 && (slice.at[slice.len - 1] == ' ' || slice.at[slice.len - 1] == '\t'))
		slice.len--;
	return slice;
}

bool
http_list_next(HttpSlice *rest, HttpSlice *element)
{
	while (rest->len > 0)
	{
		const char *comma = memchr(rest->at, ',', rest->len);
		size_t len = comma != NULL ? (size_t) (comma - rest->at) : rest->len;
		size_t skip = comma != NULL ? len + 1 : len;

		*element = http_slice_trimmed((HttpSlice) {rest->at, len});
		rest->at += skip;
		rest->len -= skip;
		if (element->len > 0)
			return true;
	}
	return false;
}

bool
http_list_has(const HttpHead *head, const char *name, const char *word)
{
	size_t len = strlen(name);

	for (int i = 0; i < head->nheaders; i++)
	{
		HttpSlice rest = head->headers[i].value;
		HttpSlice element;

		if (head->headers[i].name.len != len || !http_slice_matches(head->headers[i].name, name))
			continue;
		while (http_list_next(&rest, &element))
			if (http_slice_is(element, word))
				return true;
	}
	return false;
}
