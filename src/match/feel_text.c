/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_text.c: values as text, for string() and for `to json`.
 *
 * Both walk the same values; what differs is how a few things are written.  In the
 * text of FEEL a name of a context stands without quotation marks where it is one
 * word or several with single spaces between them, and an open end of a range
 * is left out.  JSON has no dates, durations and ranges: they are strings
 * there, as string() gives them, and functions are null.
 *
 * Values may be nested deeper than the stack reaches; that is a limit like the
 * number of bytes written.
 */
#include "base/compat.h"

#include "match/feel_text.h"

#include "mb/pg_wchar.h"
#include "match/feel_number.h"
#include "match/feel_temporal.h"
#include "miscadmin.h"

typedef struct Writer
{
	EvFeelRun *run;
	StringInfo out;
	bool is_json;
} Writer;

static bool write_value(Writer *writer, EvFeelValue value);

static bool
put(Writer *writer, const char *text, int length)
{
	if (!ev_feel_take(writer->run, length))
		return false;
	appendBinaryStringInfo(writer->out, text, length);
	return true;
}

static bool
put_text(Writer *writer, const char *text)
{
	return put(writer, text, strlen(text));
}

/* What a character is within quotation marks; NULL if it is itself. */
static const char *
escape_of(char c, bool is_json, char *room)
{
	switch (c)
	{
		case '"':
			return "\\\"";
		case '\\':
			return "\\\\";
		case '\n':
			return "\\n";
		case '\r':
			return "\\r";
		case '\t':
			return "\\t";
	}
	if (!is_json || (unsigned char) c >= ' ')
		return NULL;
	snprintf(room, 8, "\\u%04x", (unsigned char) c);
	return room;
}

static bool
write_quoted(Writer *writer, const char *s, int length)
{
	const char *end = s + length, *from = s;
	char room[8];

	if (!ev_feel_step(writer->run, length / 8) || !put(writer, "\"", 1))
		return false;
	while (s < end)
	{
		int n = pg_mblen(s);
		const char *escape = n == 1 ? escape_of(*s, writer->is_json, room) : NULL;

		if (escape != NULL)
		{
			if (!put(writer, from, s - from) || !put_text(writer, escape))
				return false;
			from = s + 1;
		}
		s += n;
	}
	return put(writer, from, end - from) && put(writer, "\"", 1);
}

static bool
is_name_character(char c, bool is_first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '?' ||
		   (unsigned char) c >= 0x80 || (!is_first && c >= '0' && c <= '9');
}

/* Words with single spaces between them. */
static bool
is_plain_name(const char *name, int length)
{
	bool is_first = true;

	for (int i = 0; i < length; i++)
	{
		if (name[i] == ' ' && !is_first)
			is_first = true;
		else if (is_name_character(name[i], is_first && i == 0) ||
				 (is_first && i > 0 && name[i] >= '0' && name[i] <= '9'))
			is_first = false;
		else
			return false;
	}
	return !is_first;
}

static bool
write_list(Writer *writer, EvFeelValue value)
{
	const EvFeelValue *items = ev_feel_items(writer->run, value);

	if (!ev_feel_step(writer->run, value.list->count) || !put(writer, "[", 1))
		return false;
	for (int i = 0; i < value.list->count; i++)
	{
		if ((i > 0 && !put_text(writer, writer->is_json ? "," : ", ")) ||
			!write_value(writer, items[i]))
			return false;
	}
	return put(writer, "]", 1);
}

static bool
write_name(Writer *writer, const EvFeelEntry *entry)
{
	if (!writer->is_json && is_plain_name(entry->name, entry->name_length))
		return put(writer, entry->name, entry->name_length);
	return write_quoted(writer, entry->name, entry->name_length);
}

static bool
write_context(Writer *writer, EvFeelValue value)
{
	const EvFeelEntry *entries = ev_feel_entries(writer->run, value);

	if (!ev_feel_step(writer->run, value.context->count) || !put(writer, "{", 1))
		return false;
	for (int i = 0; i < value.context->count; i++)
	{
		if ((i > 0 && !put_text(writer, writer->is_json ? "," : ", ")) ||
			!write_name(writer, &entries[i]) || !put_text(writer, writer->is_json ? ":" : ": ") ||
			!write_value(writer, entries[i].value))
			return false;
	}
	return put(writer, "}", 1);
}

/* The same in both: a range within JSON is a string, which has its own quotation marks inside. */
static bool
write_range(Writer *writer, const EvFeelRange *range)
{
	bool after = ev_feel_is_null(range->start) && !range->start_included;
	bool before = ev_feel_is_null(range->end) && !range->end_included;

	if (after != before)
		return put_text(writer, before ? (range->start_included ? "(>= " : "(> ")
									   : (range->end_included ? "(<= " : "(< ")) &&
			   write_value(writer, before ? range->start : range->end) && put(writer, ")", 1);
	return put(writer, range->start_included ? "[" : "(", 1) && write_value(writer, range->start) &&
		   put(writer, "..", 2) && write_value(writer, range->end) &&
		   put(writer, range->end_included ? "]" : ")", 1);
}

/* What JSON has no form for, as a string. */
static bool
write_as_string(Writer *writer, EvFeelValue value)
{
	StringInfoData text;
	bool written;

	initStringInfo(&text);
	written = ev_feel_append_text(writer->run, &text, value, true) &&
			  write_quoted(writer, text.data, text.len);
	pfree(text.data);
	return written;
}

static bool
write_simple(Writer *writer, EvFeelValue value)
{
	int length = writer->out->len;

	if (value.type == EV_FEEL_NUMBER)
		ev_feel_number_append(writer->out, value);
	else
		ev_feel_temporal_append(writer->out, value);
	return ev_feel_take(writer->run, writer->out->len - length);
}

static bool
write_value(Writer *writer, EvFeelValue value)
{
	EvFeelRun *run = writer->run;

	if (run->exceeded == EV_FEEL_WITHIN_LIMITS && stack_is_too_deep())
		run->exceeded = EV_FEEL_TOO_DEEP;
	if (run->exceeded != EV_FEEL_WITHIN_LIMITS)
		return false;
	switch (value.type)
	{
		case EV_FEEL_NULL:
			return put(writer, "null", 4);
		case EV_FEEL_BOOLEAN:
			return put_text(writer, value.boolean ? "true" : "false");
		case EV_FEEL_NUMBER:
			return write_simple(writer, value);
		case EV_FEEL_STRING:
			return write_quoted(writer, value.string, value.length);
		case EV_FEEL_LIST:
			return write_list(writer, value);
		case EV_FEEL_CONTEXT:
			return write_context(writer, value);
		case EV_FEEL_RANGE:
			return writer->is_json ? write_as_string(writer, value)
								   : write_range(writer, value.range);
		case EV_FEEL_FUNCTION:
			return put_text(writer, writer->is_json ? "null" : "function");
		default:
			return writer->is_json ? write_as_string(writer, value) : write_simple(writer, value);
	}
}

bool
ev_feel_append_text(EvFeelRun *run, StringInfo out, EvFeelValue value, bool is_top)
{
	Writer writer = {.run = run, .out = out};

	if (is_top && value.type == EV_FEEL_STRING)
		return put(&writer, value.string, value.length);
	return write_value(&writer, value);
}

bool
ev_feel_append_json(EvFeelRun *run, StringInfo out, EvFeelValue value)
{
	Writer writer = {.run = run, .out = out, .is_json = true};

	return write_value(&writer, value);
}
