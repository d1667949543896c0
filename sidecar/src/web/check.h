/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * check.h: patterns and filters as clients write them, to their canonical text.
 *
 * There is no language here: the database checks a text and says what it is in
 * canonical form, or what is wrong with it.  That takes a question, which is
 * asked on the reading pool while the client's request waits.  Many ask for the
 * same: those who do at one time share one question, and answers are remembered,
 * in a table of fixed size and of so many bytes at most, where a newcomer takes
 * the place of whoever has it.  Refusals are not remembered.
 */
#ifndef WEB_CHECK_H
#define WEB_CHECK_H

#include "pg/query.h"
#include "web/http_conn.h"

typedef struct Checker Checker;
typedef struct Check Check; /* one who waits */

/* Either may be NULL: not given. */
typedef struct FilterTexts
{
	const char *pattern;
	const char *expression;
} FilterTexts;

extern Checker *checker_new(Queries *queries);
extern void checker_free(Checker *checker);

/* What was remembered may no longer be so. */
extern void checker_forget(Checker *checker);

/* Canonical text if it is known, good until the next call; else data is NULL. */
extern Str checker_find(Checker *checker, const FilterTexts *texts);

/*
 * Calls back exactly once, later, unless it is cancelled; the handle is gone then.
 * Either the text or the error is there.
 */
typedef void (*CheckFn)(void *arg, Str canonical, const QueryError *error);
extern Check *checker_ask(Checker *checker, const FilterTexts *texts, CheckFn fn, void *arg);
extern void check_cancel(Check *check);

/*
 * What the database said against a filter.  Members of an answer, as JSON text
 * with a comma before each: "hint", and where it was told "line", "column" and
 * "pointer".
 */
extern void check_put_members(Buf *out, const QueryError *error);

/* The sentence for the client: the database's message, and its detail. */
extern char *check_sentence(const QueryError *error);

/* Answers 400 with these, 422 when it took too long, or 503, or 500. */
extern void check_refuse(HttpConn *conn, const QueryError *error);

#endif /* WEB_CHECK_H */
