/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * media.c: media types; see media.h.
 */
#include <string.h>
#include <strings.h>

#include "web/media.h"

/* The next piece up to a semicolon; false at the end. */
static bool
next_piece(HttpSlice *rest, HttpSlice *piece)
{
	const char *mark;
	size_t len;

	if (rest->len == 0)
		return false;
	mark = memchr(rest->at, ';', rest->len);
	len = mark != NULL ? (size_t) (mark - rest->at) : rest->len;
	*piece = http_slice_trimmed((HttpSlice) {rest->at, len});
	rest->at += mark != NULL ? len + 1 : len;
	rest->len -= mark != NULL ? len + 1 : len;
	return true;
}

/* Splits name=value, taking the quotes off the value. */
static bool
split_parameter(HttpSlice piece, HttpSlice *name, HttpSlice *value)
{
	const char *equals = memchr(piece.at, '=', piece.len);

	if (equals == NULL)
		return false;
	*name = http_slice_trimmed((HttpSlice) {piece.at, (size_t) (equals - piece.at)});
	*value = http_slice_trimmed(
		(HttpSlice) {equals + 1, piece.len - (size_t) (equals - piece.at) - 1});
	if (value->len >= 2 && value->at[0] == '"' && value->at[value->len - 1] == '"')
	{
		value->at++;
		value->len -= 2;
	}
	return true;
}

bool
media_parse(HttpSlice value, Media *media)
{
	HttpSlice rest = value;
	HttpSlice piece;
	const char *slash;

	memset(media, 0, sizeof(*media));
	if (!next_piece(&rest, &media->type))
		return false;
	slash = memchr(media->type.at, '/', media->type.len);
	if (slash == NULL || slash == media->type.at || slash == media->type.at + media->type.len - 1)
		return false;
	for (size_t i = 0; i < media->type.len; i++)
		if (media->type.at + i != slash && !http_is_token_char((unsigned char) media->type.at[i]))
			return false;
	while (next_piece(&rest, &piece))
	{
		HttpSlice name;
		HttpSlice content;

		if (piece.len == 0)
			continue;
		if (!split_parameter(piece, &name, &content))
			return false;
		if (http_slice_is(name, "charset"))
			media->charset = content;
	}
	return true;
}

bool
media_is_utf8(const Media *media)
{
	return media->charset.len == 0 || http_slice_is(media->charset, "utf-8") ||
		   http_slice_is(media->charset, "utf8") || http_slice_is(media->charset, "us-ascii");
}

static bool
ends_in(HttpSlice s, const char *ending)
{
	size_t len = strlen(ending);

	return s.len > len && http_slice_is((HttpSlice) {s.at + s.len - len, len}, ending);
}

bool
media_is_json(const Media *media)
{
	return ends_in(media->type, "/json") || ends_in(media->type, "+json");
}

bool
media_is_text(const Media *media)
{
	return media->type.len > 5 && http_slice_is((HttpSlice) {media->type.at, 5}, "text/");
}

/* q=0.123 as 123; 1000 when it is no number. */
static int
quality(HttpSlice rest)
{
	HttpSlice piece;
	HttpSlice name;
	HttpSlice value;

	while (next_piece(&rest, &piece))
	{
		int q = 0;
		int scale = 1000;

		if (!split_parameter(piece, &name, &value) || !http_slice_is(name, "q"))
			continue;
		for (size_t i = 0; i < value.len && scale > 0; i++)
		{
			if (value.at[i] == '.')
				continue;
			if (value.at[i] < '0' || value.at[i] > '9')
				return 1000;
			q += (value.at[i] - '0') * scale;
			scale /= 10;
		}
		return q > 1000 ? 1000 : q;
	}
	return 1000;
}

/* -1: the range does not cover the type. */
static int
specificity_of(HttpSlice range, const char *type)
{
	size_t prefix = (size_t) (strchr(type, '/') - type) + 1;

	if (http_slice_is(range, type))
		return 2;
	if (range.len == prefix + 1 && range.at[prefix] == '*' &&
		strncasecmp(range.at, type, prefix) == 0)
		return 1;
	return range.len == 3 && memcmp(range.at, "*/*", 3) == 0 ? 0 : -1;
}

int
media_wanted(const HttpHead *head, const char *type, int *specificity)
{
	bool any = false;
	int best = -1;
	int wanted = 0;

	for (int i = 0; i < head->nheaders; i++)
	{
		HttpSlice rest = head->headers[i].value;
		HttpSlice element;

		if (!http_slice_is(head->headers[i].name, "accept"))
			continue;
		while (http_list_next(&rest, &element))
		{
			HttpSlice parameters = element;
			HttpSlice range;
			int how;

			any = true;
			next_piece(&parameters, &range);
			how = specificity_of(range, type);
			if (how > best)
			{
				best = how;
				wanted = quality(parameters);
			}
		}
	}
	*specificity = best > 0 ? best : 0;
	return any ? wanted : 1000;
}
