/* SPDX-License-Identifier: PostgreSQL
 *
 * text_query.c: what people type into a search box; see text_query.h.
 *
 * A word goes through the parser and the dictionaries of the configuration, as in
 * to_tsvector(); a word that becomes several, like an address, is a phrase of them.
 * Names are filed whole and in pieces too (document.h), without dictionaries, so each
 * word may also be there just as it stands, in lower case.
 *
 * A tsquery is written as text and read by its input function: the server's functions
 * for words would give a NOTICE for each stop word.
 */
#include "base/compat.h"

#include "catalog/pg_collation.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "nodes/pg_list.h"
#include "search/text_query.h"
#include "tsearch/ts_cache.h"
#include "tsearch/ts_utils.h"
#include "utils/builtins.h"
#include "utils/formatting.h"

/* Longer texts are refused. */
#define MAX_QUERY_LENGTH 8192

/* So many words of data_contains narrow a search; more would not narrow it further. */
#define MAX_REQUIRED 16

typedef struct Term
{
	const char *text;
	int length;
	bool is_phrase;
	bool is_prefix;
	bool is_negated;
	bool begins_alternative; /* OR stands before it */
} Term;

struct EvTextQuery
{
	const char *whole;
	int length;
	List *terms;
};

/* ---- taking the text apart */

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static const char *
skip_blanks(const char *p, const char *end)
{
	while (p < end && is_blank(*p))
		p++;
	return p;
}

/* OR, between what stands before it and something after it. */
static bool
is_or(const char *p, const char *end)
{
	return end - p > 2 && pg_strncasecmp(p, "or", 2) == 0 && is_blank(p[2]) &&
		   skip_blanks(p + 2, end) < end;
}

/* The term at p; where it ends.  What is none has the length 0. */
static const char *
take_term(Term *term, const char *p, const char *end)
{
	const char *quote;

	memset(term, 0, sizeof(Term));
	if (*p == '-')
	{
		term->is_negated = true;
		p++;
	}
	if (p < end && *p == '"' && (quote = memchr(p + 1, '"', end - p - 1)) != NULL)
	{
		term->is_phrase = true;
		term->text = p + 1;
		term->length = quote - p - 1;
		return quote + 1;
	}
	if (p < end && *p == '"') /* without a pair */
		p++;
	term->text = p;
	while (p < end && !is_blank(*p) && *p != '"')
		p++;
	term->length = p - term->text;
	while (term->length > 0 && term->text[term->length - 1] == '*')
	{
		term->is_prefix = true;
		term->length--;
	}
	return p;
}

EvTextQuery *
ev_text_query_parse(const text *query)
{
	EvTextQuery *result;
	const char *p = VARDATA_ANY(query);
	const char *end = p + VARSIZE_ANY_EXHDR(query);
	bool is_alternative = false;

	if (end - p > MAX_QUERY_LENGTH)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("query is too long"),
						errdetail("It has %d bytes; at most %d are searched for.", (int) (end - p),
								  MAX_QUERY_LENGTH),
						errhint("Search for the words that tell most.")));
	p = skip_blanks(p, end);
	while (end > p && is_blank(end[-1]))
		end--;
	if (p == end)
		return NULL;
	result = palloc0(sizeof(EvTextQuery));
	result->length = end - p;
	result->whole = pnstrdup(p, result->length);
	p = result->whole;
	end = p + result->length;
	while ((p = skip_blanks(p, end)) < end)
	{
		Term term;

		if (result->terms != NIL && !is_alternative && is_or(p, end))
		{
			is_alternative = true;
			p += 2;
			continue;
		}
		p = take_term(&term, p, end);
		if (term.length == 0)
			continue;
		term.begins_alternative = is_alternative;
		is_alternative = false;
		result->terms = lappend(result->terms, memcpy(palloc(sizeof(Term)), &term, sizeof(Term)));
	}
	return result;
}

const char *
ev_text_query_whole(const EvTextQuery *query, int *length)
{
	*length = query->length;
	return query->whole;
}

/* ---- writing a tsquery */

static void
append_lexeme(StringInfo out, const char *word, int length, bool is_prefix)
{
	appendStringInfoChar(out, '\'');
	for (int i = 0; i < length; i++)
	{
		if (word[i] == '\'' || word[i] == '\\')
			appendStringInfoChar(out, word[i]);
		appendStringInfoChar(out, word[i]);
	}
	appendStringInfoString(out, is_prefix ? "':*" : "'");
}

/* The words of one position: variants are alternatives, the words of a variant go together. */
static int
append_position(StringInfo out, const ParsedText *parsed, int i, bool is_prefix)
{
	int first = i;

	appendStringInfoChar(out, '(');
	for (; i < parsed->curwords && parsed->words[i].pos.pos == parsed->words[first].pos.pos; i++)
	{
		if (i > first)
			appendStringInfoString(out, parsed->words[i].nvariant == parsed->words[i - 1].nvariant
											? "&"
											: "|");
		append_lexeme(out, parsed->words[i].word, parsed->words[i].len,
					  is_prefix || (parsed->words[i].flags & TSL_PREFIX) != 0);
	}
	appendStringInfoChar(out, ')');
	return i;
}

/* A text as a phrase of the words that it becomes; false if there are none. */
static bool
append_parsed(StringInfo out, Oid configuration, const Term *term)
{
	ParsedText parsed = {.lenwords = 16};

	parsed.words = palloc(sizeof(ParsedWord) * parsed.lenwords);
	parsetext(configuration, &parsed, (char *) term->text, term->length);
	if (parsed.curwords == 0)
		return false;
	appendStringInfoChar(out, '(');
	for (int i = 0; i < parsed.curwords;)
	{
		int last = i;

		i = append_position(out, &parsed, i, term->is_prefix);
		if (i < parsed.curwords)
			appendStringInfo(out, "<%d>", parsed.words[i].pos.pos - parsed.words[last].pos.pos);
	}
	appendStringInfoChar(out, ')');
	return true;
}

/* false if nothing of it is searched for */
static bool
append_term(StringInfo out, Oid configuration, const Term *term)
{
	StringInfoData words;
	StringInfoData name;
	char *lower = str_tolower(term->text, term->length, DEFAULT_COLLATION_OID);

	initStringInfo(&words);
	initStringInfo(&name);
	if (!append_parsed(&words, configuration, term))
		return false;
	appendStringInfoString(&name, "((");
	append_lexeme(&name, lower, strlen(lower), term->is_prefix);
	appendStringInfoString(&name, "))");
	appendStringInfoString(out, term->is_negated ? "!(" : "(");
	appendStringInfoString(out, words.data);
	if (!term->is_phrase && strlen(lower) < MAXSTRLEN && strcmp(words.data, name.data) != 0)
		appendStringInfo(out, "|%s", name.data);
	appendStringInfoChar(out, ')');
	return true;
}

static TSQuery
read_query(const char *written)
{
	return DatumGetTSQuery(DirectFunctionCall1(tsqueryin, CStringGetDatum(written)));
}

TSQuery
ev_text_query_make(const EvTextQuery *query, Oid configuration)
{
	StringInfoData out;
	ListCell *cell;
	bool is_alternative = false;

	initStringInfo(&out);
	foreach (cell, query->terms)
	{
		const Term *term = (const Term *) lfirst(cell);
		int before = out.len;

		is_alternative |= term->begins_alternative;
		if (before > 0)
			appendStringInfoChar(&out, is_alternative ? '|' : '&');
		if (append_term(&out, configuration, term))
			is_alternative = false;
		else
		{
			out.len = before;
			out.data[before] = '\0';
		}
	}
	return out.len == 0 ? NULL : read_query(out.data);
}

TSQuery
ev_text_query_require(TSQuery query, TSVector words)
{
	const WordEntry *entries = ARRPTR(words);
	StringInfoData out;
	TSQuery required;

	if (words->size == 0)
		return query;
	initStringInfo(&out);
	for (int i = 0; i < Min(words->size, MAX_REQUIRED); i++)
	{
		if (i > 0)
			appendStringInfoChar(&out, '&');
		append_lexeme(&out, STRPTR(words) + entries[i].pos, entries[i].len, false);
	}
	required = read_query(out.data);
	if (query == NULL)
		return required;
	return DatumGetTSQuery(
		DirectFunctionCall2(tsquery_and, TSQueryGetDatum(query), TSQueryGetDatum(required)));
}

bool
ev_text_query_is_indexable(TSQuery query)
{
	return query->size > 0 && tsquery_requires_match(GETQUERY(query));
}

bool
ev_text_query_has_prefix(TSQuery query)
{
	const QueryItem *items = GETQUERY(query);

	for (int i = 0; i < query->size; i++)
	{
		if (items[i].type == QI_VAL && items[i].qoperand.prefix)
			return true;
	}
	return false;
}
