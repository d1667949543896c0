/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * intake_binary.c: a binary-mode HTTP request as a structured event.
 *
 * CloudEvents HTTP binding 1.0.2, section 3.1: attributes are headers with
 * the prefix ce-, the body is the data, Content-Type is datacontenttype.
 * Header values are decoded as 3.1.3.2 says: quotes off, then percent
 * escapes, and the result must be UTF-8.
 *
 * JSON data is spliced in as it came, so that its numbers keep their digits;
 * text in UTF-8 becomes a string; anything else is data_base64.
 */
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/mem.h"
#include "web/crypto.h"
#include "web/intake.h"
#include "web/json_scan.h"
#include "web/media.h"
#include "web/uri.h"

#define MAX_NAME_SIZE 64

bool
intake_is_binary(const HttpHead *head)
{
	return http_find_header(head, "ce-specversion") != NULL ||
		   http_find_header(head, "ce-id") != NULL || http_find_header(head, "ce-type") != NULL ||
		   http_find_header(head, "ce-source") != NULL;
}

static bool
refuse(const char **detail, const char *sentence)
{
	*detail = sentence;
	return false;
}

static bool
has_prefix(HttpSlice name)
{
	return name.len > 3 && http_slice_is((HttpSlice) {name.at, 3}, "ce-");
}

/* The attribute's name in lower case; false when it cannot be one. */
static bool
attribute_name(HttpSlice header, char *name, const char **detail)
{
	size_t len = header.len - 3;

	if (len >= MAX_NAME_SIZE)
		return refuse(detail, "An attribute name in a ce- header is too long.");
	for (size_t i = 0; i < len; i++)
	{
		char c = header.at[3 + i];

		if (c >= 'A' && c <= 'Z')
			c = (char) (c + 32);
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
			return refuse(detail, "An attribute name in a ce- header has other characters "
								  "than letters and digits.");
		name[i] = c;
	}
	name[len] = '\0';
	if (strcmp(name, "data") == 0 || strcmp(name, "datacontenttype") == 0)
		return refuse(detail, "In binary mode the data is the body, and its type is in "
							  "Content-Type.");
	return true;
}

/* Takes surrounding quotes off, and the backslashes inside them. */
static char *
unquoted(HttpSlice value, size_t *len)
{
	char *out = mem_alloc(value.len + 1);
	bool quoted = value.len >= 2 && value.at[0] == '"' && value.at[value.len - 1] == '"';
	size_t end = quoted ? value.len - 1 : value.len;
	size_t n = 0;

	for (size_t i = quoted ? 1 : 0; i < end; i++)
	{
		if (quoted && value.at[i] == '\\' && i + 1 < end)
			i++;
		out[n++] = value.at[i];
	}
	out[n] = '\0';
	*len = n;
	return out;
}

static bool
put_attribute(Buf *out, const char *name, HttpSlice value, const char **detail)
{
	size_t len;
	char *plain = unquoted(value, &len);
	size_t decoded_len = 0;
	char *decoded = uri_decode((HttpSlice) {plain, len}, false, &decoded_len);
	bool good = false;

	if (decoded == NULL)
		refuse(detail, "A ce- header has a broken percent escape.");
	else if (!str_is_utf8(decoded, decoded_len) || memchr(decoded, '\0', decoded_len) != NULL)
		refuse(detail, "A ce- header is not UTF-8.");
	else
	{
		json_put_key(out, name);
		good = json_put_string(out, decoded, decoded_len);
	}
	mem_free(plain);
	mem_free(decoded);
	return good;
}

static bool
is_repeated(const HttpHead *head, int which)
{
	for (int i = 0; i < which; i++)
		if (head->headers[i].name.len == head->headers[which].name.len &&
			strncasecmp(head->headers[i].name.at, head->headers[which].name.at,
						head->headers[i].name.len) == 0)
			return true;
	return false;
}

static bool
put_data(Buf *out, const HttpRequest *request, const char **detail)
{
	const HttpHeader *type = http_find_header(&request->head, "content-type");
	Str body = {request->body, request->body_len};
	Media media = {0};
	bool known = type != NULL && media_parse(type->value, &media);

	if (type != NULL && !known)
		return refuse(detail, "Content-Type is not a media type.");
	if (type != NULL)
	{
		json_put_key(out, "datacontenttype");
		json_put_string(out, type->value.at, type->value.len);
	}
	if (body.len == 0)
		return true;
	if (known && media_is_json(&media) && media_is_utf8(&media))
	{
		JsonFault fault;
		char kind;

		if (!json_scan(body, &kind, NULL, NULL, &fault))
			return refuse(detail, "The body is not the JSON that Content-Type says it is.");
		json_put_key(out, "data");
		return buf_append(out, body.data, body.len);
	}
	if (known && media_is_text(&media) && media_is_utf8(&media) &&
		str_is_utf8(body.data, body.len) && memchr(body.data, '\0', body.len) == NULL)
	{
		json_put_key(out, "data");
		return json_put_string(out, body.data, body.len);
	}
	json_put_key(out, "data_base64");
	return buf_putc(out, '"') && crypto_base64_put(out, body.data, body.len) && buf_putc(out, '"');
}

bool
intake_from_binary(Buf *out, const HttpRequest *request, const char **detail)
{
	const HttpHead *head = &request->head;
	char name[MAX_NAME_SIZE];

	buf_putc(out, '{');
	for (int i = 0; i < head->nheaders; i++)
	{
		if (!has_prefix(head->headers[i].name))
			continue;
		if (is_repeated(head, i))
			return refuse(detail, "A ce- header is repeated.");
		if (!attribute_name(head->headers[i].name, name, detail) ||
			!put_attribute(out, name, head->headers[i].value, detail))
			return false;
	}
	if (!put_data(out, request, detail))
		return false;
	buf_putc(out, '}');
	return !out->overflowed || refuse(detail, "The event is too large.");
}
