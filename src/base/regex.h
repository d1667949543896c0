/* SPDX-License-Identifier: PostgreSQL
 *
 * regex.h: regular expressions of PCRE2, matched within limits.
 *
 * Languages of regular expressions (ECMA-262, XPath) are rewritten elsewhere into
 * what PCRE2 knows; this is all that the rest of the extension sees of it.
 * Matching is bounded by events.pattern_match_limit, for each place where a match may
 * begin; it takes interrupts, and asks the caller now and then whether it should go on.
 */
#ifndef EV_REGEX_H
#define EV_REGEX_H

#include "postgres.h"

typedef struct EvRegex EvRegex;

/* Options of compiling.  A dot matches any character. */
#define EV_REGEX_CASELESS 1

typedef enum EvRegexResult
{
	EV_REGEX_NO_MATCH,
	EV_REGEX_MATCH,
	EV_REGEX_TOO_MANY_STEPS, /* events.pattern_match_limit */
	EV_REGEX_TOO_LARGE,		 /* EV_REGEX_MEMORY kB for backtracking */
	EV_REGEX_STOPPED		 /* go_on() said so */
} EvRegexResult;

#define EV_REGEX_MEMORY (64 * 1024)

/* Where a group matched: bytes from the beginning of the string; -1 if it did not. */
typedef struct EvRegexGroup
{
	int from;
	int to;
} EvRegexGroup;

typedef struct EvRegexSearch
{
	const char *s; /* UTF-8 */
	int length;
	int from;			  /* the first place where the match may begin */
	EvRegexGroup *groups; /* room for ngroups, of which the first is the whole match; or NULL */
	int ngroups;
	bool (*go_on)(void *arg); /* called now and then in long strings; or NULL */
	void *arg;
} EvRegexSearch;

/*
 * Compile in CurrentMemoryContext; what PCRE2 itself allocated is freed when
 * that context is reset or deleted.  NULL where PCRE2 refuses; *message (palloc'd) and
 * *offset (bytes of the expression) say what and where.
 */
extern EvRegex *ev_regex_compile(const char *expression, int length, int options,
								 const char **message, int *offset);

/* How many groups it has, the whole match included. */
extern int ev_regex_count_groups(const EvRegex *regex);

/* The first match. */
extern EvRegexResult ev_regex_search(EvRegex *regex, const EvRegexSearch *search);

#endif /* EV_REGEX_H */
