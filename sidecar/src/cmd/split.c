/*
 * split.c - where one JSON value ends and the next begins.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * Values that were given out stay at the front of the text until more is fed; then they are dropped
 * all at once, so that many small values in one read are not moved many times.
 */
#include "cmd/split.h"

#include <string.h>

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void
split_init(Splitter *splitter, size_t limit)
{
	memset(splitter, 0, sizeof(*splitter));
	buf_init(&splitter->text, limit);
}

void
split_clear(Splitter *splitter)
{
	buf_clear(&splitter->text);
}

bool
split_feed(Splitter *splitter, const char *bytes, size_t len)
{
	buf_consume(&splitter->text, splitter->start);
	splitter->scanned -= splitter->start;
	splitter->start = 0;
	return buf_append(&splitter->text, bytes, len);
}

/* one more byte of a value; true when the value ends with it */
static bool
step(Splitter *splitter, char c)
{
	if (splitter->in_string)
	{
		if (splitter->escaped)
			splitter->escaped = false;
		else if (c == '\\')
			splitter->escaped = true;
		else if (c == '"')
			splitter->in_string = false;
		return false;
	}
	if (c == '"')
		splitter->in_string = true;
	else if (c == '{' || c == '[')
		splitter->depth++;
	else if (c == '}' || c == ']')
		return --splitter->depth <= 0;
	return splitter->depth <= 0 && c == '\n';
}

static void
skip_space(Splitter *splitter)
{
	while (splitter->start < splitter->text.len && is_space(splitter->text.data[splitter->start]))
		splitter->start++;
	splitter->scanned = splitter->start;
}

/* the value from start to where we have scanned */
static Str
take(Splitter *splitter)
{
	Str value = {splitter->text.data + splitter->start, splitter->scanned - splitter->start};

	splitter->start = splitter->scanned;
	splitter->depth = 0;
	splitter->in_string = splitter->escaped = false;
	return value;
}

bool
split_next(Splitter *splitter, bool at_end, Str *value)
{
	if (splitter->scanned == splitter->start)
		skip_space(splitter);
	while (splitter->scanned < splitter->text.len)
	{
		if (step(splitter, splitter->text.data[splitter->scanned++]))
		{
			*value = take(splitter);
			return true;
		}
	}
	if (!at_end || splitter->scanned == splitter->start)
		return false;
	*value = take(splitter);
	return true;
}
