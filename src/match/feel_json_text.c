/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_json_text.c: the text of JSON (RFC 8259) as values of FEEL, for `from json`.
 *
 * PostgreSQL's parser raises where an object is nested too deeply, a number is too
 * large or a character has no equivalent in the database's encoding; FEEL
 * never does.  So this is a parser of its own, by recursive descent, which makes
 * values at once.  Of names that come twice the last one counts, as in jsonb.
 */
#include "base/compat.h"

#include "match/feel_text.h"

#include "mb/pg_wchar.h"
#include "match/feel_number.h"
#include "match/feel_string.h"
#include "miscadmin.h"

typedef struct Reader
{
	EvFeelRun *run;
	const char *next;
	const char *end;
} Reader;

static bool read_value(Reader *reader, EvFeelValue *value);

static void
skip_space(Reader *reader)
{
	while (reader->next < reader->end && strchr(" \t\r\n", *reader->next) && *reader->next)
		reader->next++;
}

static bool
take(Reader *reader, char c)
{
	skip_space(reader);
	if (reader->next == reader->end || *reader->next != c)
		return false;
	reader->next++;
	return true;
}

static bool
take_word(Reader *reader, const char *word)
{
	size_t length = strlen(word);

	if (reader->end - reader->next < length || memcmp(reader->next, word, length) != 0)
		return false;
	reader->next += length;
	return true;
}

static int
read_digits(Reader *reader)
{
	const char *from = reader->next;

	while (reader->next < reader->end && *reader->next >= '0' && *reader->next <= '9')
		reader->next++;
	return reader->next - from;
}

static bool
read_number(Reader *reader, EvFeelValue *value)
{
	bool negative = take_word(reader, "-");
	const char *from = reader->next;
	int n = read_digits(reader);

	if (n == 0 || (n > 1 && *from == '0'))
		return false;
	if (take_word(reader, ".") && read_digits(reader) == 0)
		return false;
	if (take_word(reader, "e") || take_word(reader, "E"))
	{
		if (!take_word(reader, "+"))
			take_word(reader, "-");
		if (read_digits(reader) == 0)
			return false;
	}
	*value = ev_feel_number_from_text(reader->run, from, reader->next - from);
	if (negative && !ev_feel_is_null(*value))
		*value = ev_feel_number_negate(reader->run, *value);
	return true;
}

/* Four hexadecimal digits; -1 if they are none. */
static int
read_unit(Reader *reader)
{
	int unit = 0;

	if (reader->end - reader->next < 4)
		return -1;
	for (int i = 0; i < 4; i++)
	{
		char c = *reader->next++;

		if (!isxdigit((unsigned char) c))
			return -1;
		unit = unit * 16 + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return unit;
}

/* Behind \u; -1 if it is no character. */
static int
read_code_point(Reader *reader)
{
	int unit = read_unit(reader), low;

	if (unit < 0xD800 || unit > 0xDFFF)
		return unit;
	if (unit > 0xDBFF || !take_word(reader, "\\u"))
		return -1;
	low = read_unit(reader);
	if (low < 0xDC00 || low > 0xDFFF)
		return -1;
	return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
}

/* Behind the backslash. */
static bool
read_escape(Reader *reader, StringInfo out)
{
	static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	const char *letter;
	int c;

	if (reader->next == reader->end)
		return false;
	if (*reader->next == 'u')
	{
		reader->next++;
		c = read_code_point(reader);
		return c > 0 && ev_feel_append_code_point(out, c);
	}
	letter = *reader->next ? strchr(letters, *reader->next) : NULL;
	if (letter == NULL)
		return false;
	reader->next++;
	appendStringInfoChar(out, meanings[letter - letters]);
	return true;
}

/* A string that is none: what was made of it goes. */
static bool
drop(StringInfo out)
{
	if (out->data != NULL)
		pfree(out->data);
	return false;
}

/* Behind the first quotation mark; one without escapes is looked at where it lies. */
static bool
read_string(Reader *reader, EvFeelValue *value)
{
	const char *from = reader->next;
	StringInfoData out = {0};

	while (reader->next < reader->end && *reader->next != '"')
	{
		if ((unsigned char) *reader->next < ' ')
			return drop(&out);
		if (*reader->next != '\\')
		{
			reader->next += pg_mblen(reader->next);
			continue;
		}
		if (out.data == NULL)
		{
			if (!ev_feel_take(reader->run, reader->end - from))
				return false;
			initStringInfo(&out);
		}
		appendBinaryStringInfo(&out, from, reader->next - from);
		reader->next++;
		if (!read_escape(reader, &out))
			return drop(&out);
		from = reader->next;
	}
	if (reader->next >= reader->end)
		return drop(&out);
	if (out.data == NULL)
		*value = ev_feel_string(from, reader->next - from);
	else
	{
		appendBinaryStringInfo(&out, from, reader->next - from);
		*value = ev_feel_string_of_buffer(reader->run, &out);
	}
	reader->next++;
	return reader->run->exceeded == EV_FEEL_WITHIN_LIMITS;
}

static bool
read_array(Reader *reader, EvFeelValue *value)
{
	EvFeelItems items;

	ev_feel_items_begin(&items, reader->run);
	if (!take(reader, ']'))
	{
		do
		{
			EvFeelValue item;

			if (!read_value(reader, &item) || !ev_feel_items_add(&items, item))
				return false;
		} while (take(reader, ','));
		if (!take(reader, ']'))
			return false;
	}
	*value = ev_feel_items_end(&items);
	return true;
}

static int
compare_names(const EvFeelEntry *a, const EvFeelEntry *b)
{
	return ev_view_compare_keys(a->name, a->name_length, b->name, b->name_length);
}

/* Entries of one name stand in the order of the text, which is that of their memory. */
static int
compare_places(const void *a, const void *b)
{
	const EvFeelEntry *x = *(EvFeelEntry *const *) a, *y = *(EvFeelEntry *const *) b;
	int order = compare_names(x, y);

	return order != 0 ? order : (x > y) - (x < y);
}

/* Of each name the last value, at the place of the first; the new number, -1 past a limit. */
static int
remove_doubles(EvFeelRun *run, EvFeelEntry *entries, int count)
{
	EvFeelEntry **sorted = ev_feel_alloc(run, count * (int64) sizeof(EvFeelEntry *));
	int n = 0;

	if (sorted == NULL || !ev_feel_step(run, count))
		return -1;
	for (int i = 0; i < count; i++)
		sorted[i] = &entries[i];
	qsort(sorted, count, sizeof(EvFeelEntry *), compare_places);
	for (int i = 0, first = 0; i < count; i++)
	{
		if (i == 0 || compare_names(sorted[first], sorted[i]) != 0)
			first = i;
		else
		{
			sorted[first]->value = sorted[i]->value;
			sorted[i]->name_length = -1;
		}
	}
	for (int i = 0; i < count; i++)
	{
		if (entries[i].name_length >= 0)
			entries[n++] = entries[i];
	}
	return n;
}

/* Room for one more, at the end of an array that grows. */
static EvFeelEntry *
add_entry(EvFeelRun *run, EvFeelEntry **entries, int *count, int *room)
{
	if (*count == *room)
	{
		int larger = Max(8, *room * 2);
		EvFeelEntry *copy = ev_feel_alloc_entries(run, larger);

		if (copy == NULL)
			return NULL;
		if (*count > 0)
			memcpy(copy, *entries, *count * sizeof(EvFeelEntry));
		*entries = copy;
		*room = larger;
	}
	return &(*entries)[(*count)++];
}

static bool
read_member(Reader *reader, EvFeelEntry *entry)
{
	EvFeelValue name;

	if (!take(reader, '"') || !read_string(reader, &name) || !take(reader, ':'))
		return false;
	entry->name = name.string;
	entry->name_length = name.length;
	return read_value(reader, &entry->value);
}

static bool
read_object(Reader *reader, EvFeelValue *value)
{
	EvFeelEntry *entries = NULL;
	int count = 0, room = 0;

	if (!take(reader, '}'))
	{
		do
		{
			EvFeelEntry *entry = add_entry(reader->run, &entries, &count, &room);

			if (entry == NULL || !read_member(reader, entry))
				return false;
		} while (take(reader, ','));
		if (!take(reader, '}'))
			return false;
		count = remove_doubles(reader->run, entries, count);
		if (count < 0)
			return false;
	}
	*value = ev_feel_make_context(reader->run, entries, count);
	return true;
}

/* false if there is none, or past a limit */
static bool
read_value(Reader *reader, EvFeelValue *value)
{
	EvFeelRun *run = reader->run;

	if (run->exceeded == EV_FEEL_WITHIN_LIMITS && stack_is_too_deep())
		run->exceeded = EV_FEEL_TOO_DEEP;
	if (!ev_feel_step(run, 1))
		return false;
	*value = ev_feel_null();
	if (take(reader, '"'))
		return read_string(reader, value);
	if (take(reader, '['))
		return read_array(reader, value);
	if (take(reader, '{'))
		return read_object(reader, value);
	if (take_word(reader, "null"))
		return true;
	if (take_word(reader, "true") || take_word(reader, "false"))
	{
		*value = ev_feel_boolean(reader->next[-2] == 'u');
		return true;
	}
	return read_number(reader, value);
}

EvFeelValue
ev_feel_from_json_text(EvFeelRun *run, const char *text, int length)
{
	Reader reader = {.run = run, .next = text, .end = text + length};
	EvFeelValue value;

	if (!ev_feel_step(run, length / 8) || !read_value(&reader, &value))
		return ev_feel_problem(run, "this is not JSON");
	skip_space(&reader);
	if (reader.next != reader.end)
		return ev_feel_problem(run, "there is something behind the JSON");
	return value;
}
