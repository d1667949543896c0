/*
 * pretty.c - indenting JSON text without understanding it.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * Only strings must be told from the rest; outside of them white space is dropped and brackets,
 * commas and colons get ours.  An empty object or array stays on one line.
 */
#include "cmd/pretty.h"

#include <string.h>

static void
new_line(Buf *out, int depth)
{
	buf_putc(out, '\n');
	for (int i = 0; i < depth; i++)
		buf_puts(out, "  ");
}

static size_t
string_length(Str json, size_t at)
{
	size_t end = at + 1;

	while (end < json.len && json.data[end] != '"')
		end += json.data[end] == '\\' ? 2 : 1;
	return (end < json.len ? end + 1 : json.len) - at;
}

static char
next_visible(Str json, size_t at)
{
	while (at < json.len && strchr(" \t\r\n", json.data[at]))
		at++;
	return at < json.len ? json.data[at] : '\0';
}

static void
put_open(Buf *out, Str json, size_t at, int *depth)
{
	char next = next_visible(json, at + 1);

	buf_putc(out, json.data[at]);
	++*depth;
	if (next != '}' && next != ']')
		new_line(out, *depth);
}

static void
put_close(Buf *out, char c, int *depth)
{
	--*depth;
	if (out->len > 0 && out->data[out->len - 1] != (c == '}' ? '{' : '['))
		new_line(out, *depth);
	buf_putc(out, c);
}

void
pretty_print(Buf *out, Str json)
{
	int depth = 0;

	for (size_t i = 0; i < json.len; i++)
	{
		char c = json.data[i];
		size_t len;

		if (c == '"')
		{
			len = string_length(json, i);
			buf_append(out, json.data + i, len);
			i += len - 1;
		}
		else if (c == '{' || c == '[')
			put_open(out, json, i, &depth);
		else if (c == '}' || c == ']')
			put_close(out, c, &depth);
		else if (c == ',')
		{
			buf_putc(out, c);
			new_line(out, depth);
		}
		else if (c == ':')
			buf_puts(out, ": ");
		else if (!strchr(" \t\r\n", c))
			buf_putc(out, c);
	}
}
