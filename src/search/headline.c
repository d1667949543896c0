/* SPDX-License-Identifier: PostgreSQL
 *
 * headline.c: a line that shows why an event was found.
 *
 * The text is written out as one line: type, subject, topic, source, then the data with
 * its keys.  The server's parser says which of its words are asked for; names are looked
 * at in parts too, as they are filed.  Then the stretch that has most of them is cut out.
 * Nothing of the event gets into the line but through append_escaped().
 */
#include "base/compat.h"

#include "base/view.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "match/topic.h"
#include "miscadmin.h"
#include "search/headline.h"
#include "tsearch/ts_public.h"
#include "tsearch/ts_utils.h"
#include "utils/builtins.h"

/* So many bytes of text are looked at. */
#define MAX_TEXT 8192

/* Bytes shown, and of them before the first word that was found. */
#define SHOWN 200
#define SHOWN_BEFORE 40

/* Bytes that are parsed at a time. */
#define PIECE 256

/* What was found no later than here is shown with all that is before it. */
#define SHOWN_FROM_START 140

/* Data that is nested deeper is not shown. */
#define MAX_DEPTH 16

/* ---- the text */

static void
append_separator(StringInfo out, const char *separator)
{
	if (out->len > 0)
		appendStringInfoString(out, separator);
}

/* White space of any kind is one blank. */
static void
append_text(StringInfo out, const char *text, int length)
{
	enlargeStringInfo(out, length);
	for (int i = 0; i < length; i++)
	{
		unsigned char c = text[i];

		if (c > ' ' && c != 0x7f)
			out->data[out->len++] = c;
		else if (out->len > 0 && out->data[out->len - 1] != ' ')
			out->data[out->len++] = ' ';
	}
	out->data[out->len] = '\0';
}

static void
append_name(StringInfo out, const char *name, int length)
{
	append_separator(out, GetDatabaseEncoding() == PG_UTF8 ? " \xc2\xb7 " : " | ");
	append_text(out, name, pg_mbcliplen(name, length, MAX_TEXT / 8));
}

static void append_value(StringInfo out, const EvView *value, int depth);

static void
append_members(StringInfo out, const EvView *container, int depth)
{
	EvCursor cursor;
	EvView value;
	const char *key = NULL;
	int length = 0;
	bool is_first = true;

	ev_view_begin(&cursor, container);
	while (out->len < MAX_TEXT)
	{
		if (container->type == EV_JSON_ARRAY)
		{
			if (!ev_view_next_element(&cursor, &value))
				return;
		}
		else if (!ev_view_next_member(&cursor, &key, &length, &value))
			return;
		if (!is_first)
			appendStringInfoString(out, ", ");
		is_first = false;
		if (container->type == EV_JSON_OBJECT)
		{
			append_text(out, key, length);
			appendStringInfoString(out, ": ");
		}
		append_value(out, &value, depth + 1);
	}
}

static void
append_value(StringInfo out, const EvView *value, int depth)
{
	switch (value->type)
	{
		case EV_JSON_STRING:
			append_text(out, value->data,
						pg_mbcliplen(value->data, value->length,
									 MAX_TEXT - Min(out->len, MAX_TEXT)));
			break;
		case EV_JSON_NUMBER:
			appendStringInfoString(out, ev_view_to_cstring(value));
			break;
		case EV_JSON_BOOLEAN:
			appendStringInfoString(out, value->boolean ? "true" : "false");
			break;
		case EV_JSON_NULL:
			appendStringInfoString(out, "null");
			break;
		case EV_JSON_ARRAY:
		case EV_JSON_OBJECT:
			if (depth < MAX_DEPTH)
				append_members(out, value, depth);
			break;
	}
}

/* The line; up to *names bytes are names. */
static void
write_text(StringInfo out, const Datum *values, const bool *nulls, int *names)
{
	static const EvColumn columns[] = {EV_TYPE, EV_SUBJECT, EV_TOPIC, EV_SOURCE};

	for (int i = 0; i < lengthof(columns); i++)
	{
		int length;
		const char *name;

		if (nulls[columns[i]])
			continue;
		if (columns[i] == EV_TOPIC)
			name = ev_topic_to_path(DatumGetArrayTypeP(values[EV_TOPIC]), &length);
		else
		{
			text *t = DatumGetTextPP(values[columns[i]]);

			name = VARDATA_ANY(t);
			length = VARSIZE_ANY_EXHDR(t);
		}
		append_name(out, name, length);
	}
	*names = out->len;
	if (!nulls[EV_DATA])
	{
		EvView data = ev_view_of(DatumGetJsonbP(values[EV_DATA]));

		append_name(out, "", 0);
		append_value(out, &data, 0);
	}
}

/* ---- what is marked */

/*
 * Parsing is what takes the time, so pieces of the text in which no word of the query can
 * be are left out: they have none of its needles.  A needle is what a word and its lexeme have
 * in common as a rule: the longest run of ASCII letters and digits of the lexeme, without
 * the end that stemming may have changed.
 */
#define MAX_NEEDLES 16
#define MIN_NEEDLE 3
#define STEM_END 2

typedef struct Needles
{
	int count; /* 0: any piece may hold a word */
	struct
	{
		const char *text;
		int length;
	} list[MAX_NEEDLES];
} Needles;

static bool
add_needle(Needles *needles, const char *lexeme, int length)
{
	const char *best = NULL;
	int most = 0;
	int run = 0;

	for (int i = 0; i < length; i++)
	{
		run = !IS_HIGHBIT_SET(lexeme[i]) && isalnum((unsigned char) lexeme[i]) ? run + 1 : 0;
		if (run > most)
		{
			most = run;
			best = lexeme + i + 1 - run;
		}
	}
	if (best != NULL && best + most == lexeme + length && most >= MIN_NEEDLE + STEM_END)
		most -= STEM_END;
	if (most < MIN_NEEDLE || needles->count == MAX_NEEDLES)
		return false;
	needles->list[needles->count].text = best;
	needles->list[needles->count++].length = most;
	return true;
}

static void
find_needles(Needles *needles, TSQuery query)
{
	QueryItem *items = GETQUERY(query);

	needles->count = 0;
	for (int i = 0; i < query->size; i++)
	{
		if (items[i].type == QI_VAL &&
			!add_needle(needles, GETOPERAND(query) + items[i].qoperand.distance,
						items[i].qoperand.length))
		{
			needles->count = 0;
			return;
		}
	}
}

static bool
has_needle(const char *text, int length, const char *needle, int needle_length)
{
	for (int i = 0; i + needle_length <= length; i++)
	{
		int n = 0;

		while (n < needle_length &&
			   pg_ascii_tolower((unsigned char) text[i + n]) == (unsigned char) needle[n])
			n++;
		if (n == needle_length)
			return true;
	}
	return false;
}

/* How many of the needles are in a piece of text. */
static int
count_needles(const Needles *needles, const char *text, int length)
{
	int n = 0;

	for (int i = 0; i < needles->count; i++)
		n += has_needle(text, length, needles->list[i].text, needles->list[i].length);
	return n;
}

/* Tokens of the default parser whose parts come again after them. */
static bool
has_parts(int type)
{
	return type == 5 || (type >= 15 && type <= 17); /* URL, words with hyphens */
}

static void
mark_words(const char *text, int length, Oid configuration, TSQuery query, bool *marks)
{
	HeadlineParsedText parsed;
	int at = 0;
	int begin = 0;

	memset(&parsed, 0, sizeof(parsed));
	parsed.lenwords = 32;
	parsed.words = palloc(sizeof(HeadlineWordEntry) * parsed.lenwords);
	hlparsetext(configuration, &parsed, query, pnstrdup(text, length), length);
	for (int i = 0; i < parsed.curwords; i++)
	{
		const HeadlineWordEntry *word = &parsed.words[i];

		/* The same word again, for another part of the query, stands behind it. */
		if (!word->repeated)
			begin = at;
		/* Should the parser leave something out, the word is further on. */
		while (begin + word->len <= length && memcmp(text + begin, word->word, word->len) != 0)
			begin++;
		if (begin + word->len > length)
			return;
		if (word->item != NULL)
			memset(marks + begin, true, word->len);
		at = has_parts(word->type) ? begin : begin + word->len;
	}
}

/* Names are looked at in parts too. */
static void
mark_names(const char *text, int length, Oid configuration, TSQuery query, bool *marks)
{
	char *parts = pnstrdup(text, length);

	for (int i = 0; i < length; i++)
	{
		if (!IS_HIGHBIT_SET(parts[i]) && !isalnum((unsigned char) parts[i]))
			parts[i] = ' ';
	}
	mark_words(parts, length, configuration, query, marks);
}

static bool
has_mark(const bool *marks, int n)
{
	return n > 0 && memchr(marks, true, n) != NULL;
}

/* The end of a piece of the text: a blank after so many bytes. */
static int
end_of_piece(const char *text, int length, int begin)
{
	int end = begin + PIECE;

	while (end < length && text[end] != ' ')
		end++;
	return Min(end, length);
}

/*
 * Mark what is asked for, piece by piece.  The first piece that has all that is asked for, or a
 * single word, is as good as any other, and what is not shown is not parsed.
 */
static void
mark_pieces(const char *text, int length, Oid configuration, TSQuery query, const Needles *needles,
			bool *marks)
{
	int good = query->size == 1 ? 0 : length; /* where the piece begins that will do */
	int end;

	for (int begin = 0; begin < length; begin = end)
	{
		int found;

		end = end_of_piece(text, length, begin);
		found = count_needles(needles, text + begin, end - begin);
		if (found > 0 || needles->count == 0)
			mark_words(text + begin, end - begin, configuration, query, marks + begin);
		if (found > 0 && found == needles->count)
			good = Min(good, begin);
		if (has_mark(marks + good, end - SHOWN - good))
			return;
	}
}

static void
mark_text(const char *text, int length, int names, Oid configuration, TSQuery query, bool *marks)
{
	Needles needles;

	find_needles(&needles, query);
	if (needles.count == 0 || count_needles(&needles, text, names) > 0)
		mark_names(text, names, configuration, query, marks);
	mark_pieces(text, length, configuration, query, &needles, marks);
	/* A dictionary can make a word into quite another one. */
	if (needles.count > 0 && !has_mark(marks, length))
	{
		needles.count = 0;
		mark_names(text, names, configuration, query, marks);
		mark_pieces(text, length, configuration, query, &needles, marks);
	}
}

/* ---- what is shown */

static bool
begins_mark(const bool *marks, int i)
{
	return marks[i] && (i == 0 || !marks[i - 1]);
}

/* The mark from which on most marks fit. */
static int
best_start(const bool *marks, int length)
{
	int best = 0;
	int most = 0;

	for (int i = 0; i < length; i++)
	{
		int n = 0;

		if (!begins_mark(marks, i))
			continue;
		for (int j = i; j < Min(length, i + SHOWN - SHOWN_BEFORE); j++)
			n += begins_mark(marks, j);
		if (n > most)
		{
			most = n;
			best = i;
		}
	}
	return best;
}

static void
append_escaped(StringInfo out, const char *text, int length)
{
	for (int i = 0; i < length; i++)
	{
		switch (text[i])
		{
			case '&':
				appendStringInfoString(out, "&amp;");
				break;
			case '<':
				appendStringInfoString(out, "&lt;");
				break;
			case '>':
				appendStringInfoString(out, "&gt;");
				break;
			case '"':
				appendStringInfoString(out, "&quot;");
				break;
			case '\'':
				appendStringInfoString(out, "&#39;");
				break;
			default:
				appendStringInfoChar(out, text[i]);
		}
	}
}

/* Characters from `from` to `to`, with their marks. */
static void
append_marked(StringInfo out, const char *text, int from, int to, const bool *marks)
{
	bool in_mark = false;

	for (int i = from; i < to;)
	{
		int length = Min(pg_mblen(text + i), to - i);

		if (marks[i] != in_mark)
			appendStringInfoString(out, in_mark ? "</mark>" : "<mark>");
		in_mark = marks[i];
		append_escaped(out, text + i, length);
		i += length;
	}
	if (in_mark)
		appendStringInfoString(out, "</mark>");
}

/* Where the character begins in which byte `at` lies, or the word, if one begins a little later. */
static int
begin_of_word(const char *text, int length, int at)
{
	int i = 0;
	int word;

	while (i < length && i < at)
		i += pg_mblen(text + i);
	for (word = i; word < Min(length, i + SHOWN_BEFORE / 2); word += pg_mblen(text + word))
	{
		if (text[word] == ' ')
			return word + 1;
	}
	return Min(i, length);
}

text *
ev_headline_make(const Datum *values, const bool *nulls, Oid configuration, TSQuery query)
{
	StringInfoData line;
	StringInfoData out;
	const char *more = GetDatabaseEncoding() == PG_UTF8 ? "\xe2\x80\xa6" : "...";
	int names, best, from, to;
	bool *marks;

	initStringInfo(&line);
	initStringInfo(&out);
	write_text(&line, values, nulls, &names);
	marks = palloc0(line.len + 1);
	if (query != NULL)
		mark_text(line.data, line.len, names, configuration, query, marks);
	best = best_start(marks, line.len);
	from = best <= SHOWN_FROM_START ? 0 : begin_of_word(line.data, line.len, best - SHOWN_BEFORE);
	to = from + pg_mbcliplen(line.data + from, line.len - from, SHOWN);
	if (from > 0)
		appendStringInfoString(&out, more);
	append_marked(&out, line.data, from, to, marks);
	if (to < line.len)
		appendStringInfoString(&out, more);
	return cstring_to_text_with_len(out.data, out.len);
}
