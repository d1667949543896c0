/* SPDX-License-Identifier: PostgreSQL
 *
 * pattern.h: regular expressions of ECMA-262, as `pattern` has them.
 *
 * The expression is parsed by the grammar of ECMA-262 (11th edition, 22.2,
 * flag u), rewritten into one of PCRE2 that means the same, and compiled (with
 * its JIT where there is one).  Matching is bounded by
 * events.pattern_match_limit: past it is an error (54001 ... statement too
 * complex), never a verdict and never an endless loop.
 */
#ifndef EV_PATTERN_H
#define EV_PATTERN_H

#include "postgres.h"

typedef struct EvPattern EvPattern;

/*
 * Compile in CurrentMemoryContext; what PCRE2 itself allocated is freed when
 * that context is reset or deleted.  On a syntax error returns NULL, and
 * *message and *offset (bytes) say what and where.
 */
extern EvPattern *ev_pattern_compile(const char *source, int length, const char **message,
									 int *offset);

/* Does it match anywhere in the string? */
extern bool ev_pattern_matches(const EvPattern *pattern, const char *s, int length);

/* As it was written; NUL at its end. */
extern const char *ev_pattern_source(const EvPattern *pattern);

/* Is this an expression of ECMA-262?  (The format `regex`.) */
extern bool ev_pattern_is_valid(const char *source, int length);

#endif /* EV_PATTERN_H */
