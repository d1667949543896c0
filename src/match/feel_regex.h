/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_regex.h: matching the regular expressions of FEEL, which are those of XPath.
 *
 * Expressions and strings are UTF-8 here, whatever the database's encoding is.
 */
#ifndef EV_FEEL_REGEX_H
#define EV_FEEL_REGEX_H

#include "base/regex.h"
#include "match/feel_function.h"

typedef struct EvFeelRegex
{
	EvRegex *regex;
	bool quoted;		/* flag q, for what replaces */
	bool matches_empty; /* the empty string */
} EvFeelRegex;

/*
 * The compiled expression, which the session keeps; flags may be null.  NULL, and a
 * reason is noted, if the expression or a flag is none.
 */
extern const EvFeelRegex *ev_feel_regex_get(EvFeelRun *run, EvFeelValue pattern, EvFeelValue flags);

/* The first match from a byte on; false past a limit. */
extern bool ev_feel_regex_search(EvFeelRun *run, const EvFeelRegex *regex, EvRegexSearch *search,
								 bool *found);

/* A string to UTF-8 and back; false or null if it has characters without an equivalent. */
extern bool ev_feel_regex_to_utf8(EvFeelRun *run, EvFeelValue *string);
extern EvFeelValue ev_feel_regex_from_utf8(EvFeelRun *run, const char *s, int length);

/* The functions (feel_function_regex.c); their rows stand with those of strings. */
extern EvFeelValue ev_feel_regex_matches(EvFeelRun *run, const EvFeelValue *args, int nargs);
extern EvFeelValue ev_feel_regex_replace(EvFeelRun *run, const EvFeelValue *args, int nargs);
extern EvFeelValue ev_feel_regex_split(EvFeelRun *run, const EvFeelValue *args, int nargs);
extern EvFeelValue ev_feel_regex_extract(EvFeelRun *run, const EvFeelValue *args, int nargs);

#endif /* EV_FEEL_REGEX_H */
