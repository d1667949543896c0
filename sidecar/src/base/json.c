/*
 * json.c - reading JSON with jansson.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * Integers are decoded as reals, so that a 30-digit number in somebody's event is no error here:
 * whoever needs exact numbers passes the text on (json_raw_member).  Depth is counted over the raw
 * bytes first; jansson's own limit of 2,048 levels is far beyond what PostgreSQL's stack and our
 * readers should be asked to follow.
 */
#include "base/json.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define EXACT_LIMIT 9007199254740992.0 /* 2^53 */

static void
set_error(JsonError *error, const char *text, size_t offset, const char *message)
{
	if (!error)
		return;
	snprintf(error->message, sizeof(error->message), "%s", message);
	error->offset = offset;
	error->line = 1;
	error->column = 1;
	for (size_t i = 0; i < offset; i++)
	{
		error->column++;
		if (text[i] == '\n')
		{
			error->line++;
			error->column = 1;
		}
	}
}

/* offset just past the string whose opening quote is at i, or len when it does not end */
static size_t
skip_string(const char *text, size_t len, size_t i)
{
	for (i++; i < len && text[i] != '"'; i++)
	{
		if (text[i] == '\\')
			i++;
	}
	return i < len ? i + 1 : len;
}

/* offset of the bracket that goes too deep, or len */
static size_t
find_too_deep(const char *text, size_t len)
{
	int depth = 0;
	size_t i = 0;

	while (i < len)
	{
		if (text[i] == '"')
		{
			i = skip_string(text, len, i);
			continue;
		}
		if (text[i] == '[' || text[i] == '{')
		{
			if (++depth > JSON_MAX_DEPTH)
				return i;
		}
		else if (text[i] == ']' || text[i] == '}')
			depth--;
		i++;
	}
	return len;
}

/* jansson quotes the input ("invalid token near 'x'"); only the words before that are kept */
static void
explain(JsonError *error, const char *text, size_t len, const json_error_t *why)
{
	char message[JSON_ERROR_TEXT_LENGTH];
	char *near;
	size_t offset = why->position > 0 ? (size_t) why->position : 0;

	snprintf(message, sizeof(message), "%s", why->text);
	near = strstr(message, " near '");
	if (near)
		*near = '\0';
	if (json_error_code(why) == json_error_invalid_utf8)
		snprintf(message, sizeof(message), "not valid UTF-8");
	else if (json_error_code(why) == json_error_null_character)
		snprintf(message, sizeof(message), "\\u0000 is not allowed");
	set_error(error, text, offset < len ? offset : len, message);
}

Json *
json_parse(const char *text, size_t len, JsonError *error)
{
	json_error_t why;
	json_t *root;
	const char *nul;
	size_t deep;

	if (len == 0)
	{
		set_error(error, "", 0, "empty, a JSON value was expected");
		return NULL;
	}
	deep = find_too_deep(text, len);
	if (deep < len)
	{
		set_error(error, text, deep, "nested too deeply");
		return NULL;
	}
	/* the parser takes one behind the value for the end of the text */
	nul = memchr(text, '\0', len);
	if (nul)
	{
		set_error(error, text, (size_t) (nul - text), "a NUL byte");
		return NULL;
	}
	root = json_loadb(text, len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL,
					  &why);
	if (!root)
		explain(error, text, len, &why);
	return root;
}

void
json_release(Json *root)
{
	json_decref(root);
}

JsonKind
json_kind(const Json *value)
{
	double number;

	if (!value)
		return JSON_KIND_NONE;
	switch (json_typeof(value))
	{
		case JSON_NULL:
			return JSON_KIND_NULL;
		case JSON_TRUE:
		case JSON_FALSE:
			return JSON_KIND_BOOLEAN;
		case JSON_STRING:
			return JSON_KIND_STRING;
		case JSON_ARRAY:
			return JSON_KIND_ARRAY;
		case JSON_OBJECT:
			return JSON_KIND_OBJECT;
		case JSON_INTEGER:
			return JSON_KIND_INTEGER;
		case JSON_REAL:
			number = json_real_value(value);
			return number == floor(number) && fabs(number) < EXACT_LIMIT ? JSON_KIND_INTEGER
																		 : JSON_KIND_REAL;
	}
	return JSON_KIND_NONE;
}

const Json *
json_member(const Json *object, const char *key)
{
	return json_object_get(object, key);
}

const Json *
json_element(const Json *array, size_t index)
{
	return json_array_get(array, index);
}

size_t
json_count(const Json *value)
{
	if (json_is_array(value))
		return json_array_size(value);
	return json_object_size(value);
}

Str
json_text(const Json *value)
{
	if (!json_is_string(value))
		return (Str) {NULL, 0};
	return (Str) {json_string_value(value), json_string_length(value)};
}

int64_t
json_whole(const Json *value)
{
	return json_kind(value) == JSON_KIND_INTEGER ? (int64_t) json_number_value(value) : 0;
}

bool
json_truth(const Json *value)
{
	return json_is_true(value);
}

void
json_each_member(const Json *object, JsonMemberFn fn, void *arg)
{
	void *at;

	/* jansson iterates over constant objects with a pointer that is not */
	for (at = json_object_iter((json_t *) object); at;
		 at = json_object_iter_next((json_t *) object, at))
		fn(arg, json_object_iter_key(at), json_object_iter_value(at));
}

static int
append_piece(const char *piece, size_t len, void *out)
{
	return buf_append(out, piece, len) ? 0 : -1;
}

/* whole numbers are written as such: a real of jansson's would be 7.0 */
static bool
write_scalar(Buf *out, const Json *value)
{
	if (json_kind(value) == JSON_KIND_INTEGER)
		return buf_printf(out, "%lld", (long long) json_whole(value));
	if (json_is_string(value))
		return json_put_string(out, json_string_value(value), json_string_length(value));
	return json_dump_callback(value, append_piece, out, JSON_ENCODE_ANY | JSON_COMPACT) == 0;
}

bool
json_write(Buf *out, const Json *value)
{
	void *at;

	if (json_is_array(value))
	{
		buf_putc(out, '[');
		for (size_t i = 0; i < json_array_size(value); i++)
		{
			if (i > 0)
				buf_putc(out, ',');
			json_write(out, json_array_get(value, i));
		}
		return buf_putc(out, ']');
	}
	if (json_is_object(value))
	{
		buf_putc(out, '{');
		for (at = json_object_iter((json_t *) value); at;
			 at = json_object_iter_next((json_t *) value, at))
		{
			json_put_key(out, json_object_iter_key(at));
			json_write(out, json_object_iter_value(at));
		}
		return buf_putc(out, '}');
	}
	return write_scalar(out, value);
}

static size_t
skip_space(const char *text, size_t len, size_t i)
{
	while (i < len && strchr(" \t\r\n", text[i]))
		i++;
	return i;
}

/* offset just past the value at i; the text is known to be JSON */
static size_t
skip_value(const char *text, size_t len, size_t i)
{
	int depth = 0;

	while (i < len)
	{
		char c = text[i];

		if (c == '"')
			i = skip_string(text, len, i);
		else if (c == '[' || c == '{')
		{
			depth++;
			i++;
			continue;
		}
		else if (c == ']' || c == '}')
		{
			if (depth == 0)
				return i; /* the end of what holds a bare number */
			depth--;
			i++;
		}
		else
		{
			if (depth == 0 && (c == ',' || strchr(" \t\r\n", c)))
				return i;
			i++;
			continue;
		}
		if (depth == 0)
			return i;
	}
	return len;
}

Str
json_raw_member(const char *text, size_t len, const char *key)
{
	size_t key_len = strlen(key);
	size_t i = skip_space(text, len, 0);

	if (i >= len || text[i] != '{')
		return (Str) {NULL, 0};
	i = skip_space(text, len, i + 1);
	while (i < len && text[i] == '"')
	{
		size_t name = i + 1;
		size_t name_end = skip_string(text, len, i) - 1;
		size_t start;

		i = skip_space(text, len, name_end + 1); /* the colon */
		start = skip_space(text, len, i + 1);
		i = skip_value(text, len, start);
		if (name_end - name == key_len && memcmp(text + name, key, key_len) == 0)
			return (Str) {text + start, i - start};
		i = skip_space(text, len, i); /* the comma, or the end */
		i = skip_space(text, len, i + 1);
	}
	return (Str) {NULL, 0};
}
