/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * check.c: from a client's pattern and filter to the canonical text; see check.h.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/dlist.h"
#include "base/json.h"
#include "base/mem.h"
#include "web/check.h"
#include "web/problem.h"

#define PLACES 1024
#define MAX_BYTES ((size_t) 16 << 20)

typedef struct Place
{
	Str key;
	Str canonical;
} Place;

/* A question under way. */
typedef struct Question
{
	DlistNode node; /* Checker.questions */
	Checker *checker;
	Query *query; /* NULL while the answer is given out */
	Str key;
	uint64_t hash;
	Dlist waiting;
	bool stale; /* the answer is not to be remembered */
} Question;

struct Check
{
	DlistNode node; /* Question.waiting */
	Question *question;
	CheckFn fn;
	void *arg;
};

struct Checker
{
	Queries *queries;
	Dlist questions;
	Place places[PLACES];
	size_t bytes;
	unsigned hand; /* the place that is given up next when there are too many bytes */
};

/* ---- what is remembered ---- */

/* Both texts, each with a byte before it that says whether it is there, and a NUL behind it. */
static Str
key_of(const FilterTexts *texts)
{
	size_t pattern_len = texts->pattern != NULL ? strlen(texts->pattern) : 0;
	size_t expression_len = texts->expression != NULL ? strlen(texts->expression) : 0;
	size_t len = pattern_len + expression_len + 4;
	char *key = mem_zalloc(len);

	key[0] = texts->pattern != NULL ? 'p' : '-';
	if (pattern_len > 0)
		memcpy(key + 1, texts->pattern, pattern_len);
	key[pattern_len + 2] = texts->expression != NULL ? 'f' : '-';
	if (expression_len > 0)
		memcpy(key + pattern_len + 3, texts->expression, expression_len);
	return (Str) {key, len};
}

static uint64_t
hash_of(Str key)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < key.len; i++)
		hash = (hash ^ (unsigned char) key.data[i]) * UINT64_C(1099511628211);
	return hash;
}

static Place *
place_of(Checker *checker, uint64_t hash)
{
	return &checker->places[(hash >> 32) % PLACES];
}

static void
place_clear(Checker *checker, Place *place)
{
	checker->bytes -= place->key.len + place->canonical.len;
	mem_free((char *) place->key.data);
	mem_free((char *) place->canonical.data);
	memset(place, 0, sizeof(*place));
}

/* Takes the key. */
static void
remember(Checker *checker, Str key, uint64_t hash, Str canonical)
{
	Place *place = place_of(checker, hash);

	place_clear(checker, place);
	while (checker->bytes > 0 && checker->bytes + key.len + canonical.len > MAX_BYTES)
		place_clear(checker, &checker->places[checker->hand++ % PLACES]);
	place->key = key;
	place->canonical = (Str) {mem_strndup(canonical.data, canonical.len), canonical.len};
	checker->bytes += key.len + canonical.len;
}

Str
checker_find(Checker *checker, const FilterTexts *texts)
{
	Str key = key_of(texts);
	const Place *place = place_of(checker, hash_of(key));
	bool found = place->key.data != NULL && str_equal(place->key, key);

	mem_free((char *) key.data);
	return found ? place->canonical : (Str) {NULL, 0};
}

void
checker_forget(Checker *checker)
{
	for (int i = 0; i < PLACES; i++)
		place_clear(checker, &checker->places[i]);
	for (DLIST_EACH(node, &checker->questions))
		DLIST_OWNER(Question, node, node)->stale = true;
}

/* ---- asking ---- */

Checker *
checker_new(Queries *queries)
{
	Checker *checker = mem_zalloc(sizeof(*checker));

	checker->queries = queries;
	dlist_init(&checker->questions);
	return checker;
}

static void
question_free(Question *question)
{
	dlist_remove(&question->node);
	mem_free((char *) question->key.data);
	mem_free(question);
}

void
checker_free(Checker *checker)
{
	for (DLIST_EACH_SAFE(node, &checker->questions))
	{
		Question *question = DLIST_OWNER(Question, node, node);

		query_cancel(question->query);
		question_free(question);
	}
	checker_forget(checker);
	mem_free(checker);
}

static void
on_answer(void *arg, Str canonical, const QueryError *error)
{
	Question *question = arg;
	DlistNode *node;

	question->query = NULL;
	/* who asks from now on asks anew, or finds it */
	dlist_remove(&question->node);
	if (error == NULL && !question->stale)
	{
		remember(question->checker, question->key, question->hash, canonical);
		question->key = (Str) {NULL, 0};
	}
	while ((node = dlist_pop_head(&question->waiting)) != NULL)
	{
		Check *check = DLIST_OWNER(Check, node, node);
		CheckFn fn = check->fn;
		void *fn_arg = check->arg;

		mem_free(check);
		fn(fn_arg, canonical, error);
	}
	question_free(question);
}

static Question *
find_question(Checker *checker, Str key, uint64_t hash)
{
	for (DLIST_EACH(node, &checker->questions))
	{
		Question *question = DLIST_OWNER(Question, node, node);

		if (question->hash == hash && !question->stale && str_equal(question->key, key))
			return question;
	}
	return NULL;
}

Check *
checker_ask(Checker *checker, const FilterTexts *texts, CheckFn fn, void *arg)
{
	Str key = key_of(texts);
	uint64_t hash = hash_of(key);
	Question *question = find_question(checker, key, hash);
	Check *check = mem_zalloc(sizeof(*check));

	if (question != NULL)
		mem_free((char *) key.data);
	else
	{
		question = mem_zalloc(sizeof(*question));
		question->checker = checker;
		question->key = key;
		question->hash = hash;
		dlist_init(&question->waiting);
		dlist_push_tail(&checker->questions, &question->node);
		question->query = query_check_filter(checker->queries, texts->pattern, texts->expression,
											 on_answer, question);
	}
	check->question = question;
	check->fn = fn;
	check->arg = arg;
	dlist_push_tail(&question->waiting, &check->node);
	return check;
}

/*
 * A question that the database works on is answered anyway, and remembered.  One that nobody
 * waits for any more leaves the queue: who comes and goes must not fill it.
 */
void
check_cancel(Check *check)
{
	Question *question = check->question;

	dlist_remove(&check->node);
	mem_free(check);
	if (!dlist_is_empty(&question->waiting) || question->query == NULL ||
		query_is_running(question->query))
		return;
	query_cancel(question->query);
	question_free(question);
}

/* ---- refusals ---- */

/* "... line 3, column 14 ...": the number after the word, or 0 */
static int64_t
number_after(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = text; *at != '\0'; at++)
		if (strncasecmp(at, word, len) == 0 && at[len] == ' ')
		{
			int64_t number = strtoll(at + len, NULL, 10);

			if (number > 0)
				return number;
		}
	return 0;
}

static bool
begins_word(const char *text, const char *at)
{
	return at == text || strchr(" \"'(", at[-1]) != NULL;
}

/* A JSON Pointer in a sentence, in quotes or between blanks. */
static Str
find_pointer(const char *text)
{
	for (const char *at = strchr(text, '/'); at != NULL; at = strchr(at + 1, '/'))
	{
		bool quoted = at > text && at[-1] == '"';
		size_t len = strcspn(at, quoted ? "\"" : " \",;:)");

		if (!begins_word(text, at))
			continue;
		if (!quoted && len > 1 && at[len - 1] == '.')
			len--;
		return (Str) {at, len};
	}
	return (Str) {NULL, 0};
}

/* PostgreSQL's own advice on its settings is for those who run it. */
static bool
is_for_clients(const char *hint)
{
	return hint != NULL && strstr(hint, "configuration parameter") == NULL;
}

void
check_put_members(Buf *out, const QueryError *error)
{
	const char *detail = error->detail != NULL ? error->detail : "";
	int64_t line = number_after(detail, "line");
	int64_t column = number_after(detail, "column");
	Str pointer = find_pointer(detail);

	if (is_for_clients(error->hint))
		json_put_member(out, "hint", error->hint);
	if (line > 0)
		json_put_member_int(out, "line", line);
	if (column > 0)
		json_put_member_int(out, "column", column);
	if (pointer.data != NULL)
	{
		json_put_key(out, "pointer");
		json_put_string(out, pointer.data, pointer.len);
	}
}

char *
check_sentence(const QueryError *error)
{
	if (error->detail == NULL)
		return mem_strdup(error->message);
	return mem_printf("%s: %s", error->message, error->detail);
}

void
check_refuse(HttpConn *conn, const QueryError *error)
{
	Buf members;
	char *sentence;

	if (error->unavailable)
		problem_unavailable(conn, "The filter cannot be checked now.");
	else if (!query_is_client_fault(error) && !query_took_too_long(error))
		problem_internal(conn, error->message);
	else
	{
		bool too_slow = query_took_too_long(error);

		buf_init(&members, 65536);
		buf_putc(&members, '{');
		check_put_members(&members, error);
		sentence = check_sentence(error);
		problem_respond(conn, too_slow ? 422 : 400, too_slow ? "filter-too-slow" : "invalid-filter",
						sentence, members.len > 1 ? buf_text(&members) + 1 : NULL, NULL);
		mem_free(sentence);
		buf_clear(&members);
	}
}
