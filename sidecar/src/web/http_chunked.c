/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * http_chunked.c: the decoder of chunked bodies; see http_parse.h.
 *
 *	 size [;extension] CRLF data CRLF ... 0 CRLF [trailer CRLF]... CRLF
 *
 * A machine of one state per place in that grammar, one byte at a time for
 * the framing and whole slices for the data.  Sizes are at most 15 hex
 * digits, extensions and trailers are read over, with limits; a bare LF is a
 * fault here too.  Trailers are dropped: none of the fields that we look at
 * may be sent there.
 */
#include "web/http_parse.h"

#define MAX_SIZE_DIGITS 15
#define MAX_EXTENSION 256
#define MAX_TRAILER 8192

enum
{
	CHUNK_SIZE,		 /* hex digits */
	CHUNK_EXTENSION, /* after ';' */
	CHUNK_SIZE_LF,
	CHUNK_DATA,
	CHUNK_DATA_CR,
	CHUNK_DATA_LF,
	TRAILER_START, /* first byte of a trailer line */
	TRAILER_NAME,
	TRAILER_VALUE,
	TRAILER_LF,
	TRAILER_LAST_LF
};

static HttpParse
refuse(HttpFault *fault, int status, const char *detail)
{
	fault->status = status;
	fault->detail = detail;
	return HTTP_PARSE_FAULT;
}

static int
hex_digit(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
is_text(unsigned char c)
{
	return (c >= 0x20 && c != 0x7f) || c == '\t';
}

static bool
read_size(HttpChunked *chunked, unsigned char c)
{
	int digit = hex_digit(c);

	if (digit >= 0)
	{
		chunked->left = chunked->left * 16 + (uint64_t) digit;
		return ++chunked->line <= MAX_SIZE_DIGITS;
	}
	if (chunked->line == 0)
		return false;
	chunked->line = 0;
	if (c == ';')
		chunked->state = CHUNK_EXTENSION;
	else if (c == '\r')
		chunked->state = CHUNK_SIZE_LF;
	else
		return false;
	return true;
}

/* Trailer lines have the shape of header lines. */
static bool
read_trailer(HttpChunked *chunked, unsigned char c)
{
	if (++chunked->trailer > MAX_TRAILER)
		return false;
	switch (chunked->state)
	{
		case TRAILER_START:
			chunked->state = c == '\r' ? TRAILER_LAST_LF : TRAILER_NAME;
			return c == '\r' || http_is_token_char(c);
		case TRAILER_NAME:
			if (c == ':')
				chunked->state = TRAILER_VALUE;
			return c == ':' || http_is_token_char(c);
		case TRAILER_VALUE:
			if (c == '\r')
				chunked->state = TRAILER_LF;
			return c == '\r' || is_text(c);
		default: /* TRAILER_LF */
			chunked->state = TRAILER_START;
			return c == '\n';
	}
}

/* One byte of framing; false when it does not belong there. */
static bool
read_framing(HttpChunked *chunked, unsigned char c)
{
	switch (chunked->state)
	{
		case CHUNK_SIZE:
			return read_size(chunked, c);
		case CHUNK_EXTENSION:
			if (c == '\r')
			{
				chunked->line = 0;
				chunked->state = CHUNK_SIZE_LF;
				return true;
			}
			return is_text(c) && ++chunked->line <= MAX_EXTENSION;
		case CHUNK_SIZE_LF:
			chunked->state = chunked->left > 0 ? CHUNK_DATA : TRAILER_START;
			return c == '\n';
		case CHUNK_DATA_CR:
			chunked->state = CHUNK_DATA_LF;
			return c == '\r';
		case CHUNK_DATA_LF:
			chunked->state = CHUNK_SIZE;
			return c == '\n';
		default:
			return read_trailer(chunked, c);
	}
}

HttpParse
http_chunked_read(HttpChunked *chunked, const char *bytes, size_t len, const HttpLimits *limits,
				  size_t *used, HttpSlice *data, HttpFault *fault)
{
	size_t at = 0;

	*data = (HttpSlice) {bytes, 0};
	while (at < len)
	{
		if (chunked->state == CHUNK_DATA)
		{
			size_t take = len - at < chunked->left ? len - at : (size_t) chunked->left;

			*data = (HttpSlice) {bytes + at, take};
			chunked->left -= take;
			if (chunked->left == 0)
				chunked->state = CHUNK_DATA_CR;
			*used = at + take;
			return HTTP_PARSE_MORE;
		}
		if (chunked->state == TRAILER_LAST_LF)
		{
			*used = at + 1;
			return bytes[at] == '\n' ? HTTP_PARSE_DONE
									 : refuse(fault, 400, "The chunked body is malformed.");
		}
		if (!read_framing(chunked, (unsigned char) bytes[at++]))
			return refuse(fault, 400, "The chunked body is malformed.");
		if (chunked->state == CHUNK_DATA)
		{
			chunked->total += chunked->left;
			if (chunked->total > limits->max_body_size)
				return refuse(fault, 413, "The request body is larger than this server takes.");
		}
	}
	*used = at;
	return HTTP_PARSE_MORE;
}
