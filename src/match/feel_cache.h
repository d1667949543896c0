/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_cache.h: compiled expressions of this session.
 */
#ifndef EV_FEEL_CACHE_H
#define EV_FEEL_CACHE_H

#include "match/feel_parse.h"

/*
 * The compiled expression, which may be gone when the cache is asked again.  The names of
 * the context are known to the parser; NULL for no context.  Raises 42601 if it is not
 * FEEL, or 54001.
 */
extern const EvFeel *ev_feel_cache_get(FmgrInfo *flinfo, const char *text, int length, bool unary,
									   const EvView *context);

/* First bytes of names of several words that a text may have: of those looked up anywhere, or in
 * the outermost context only. */
typedef struct EvFeelSeams
{
	bool has_deep;
	bool deep[256];
	bool outermost[256];
} EvFeelSeams;

/*
 * Names of more than one word among the keys of the JSON, at any depth, that stand somewhere in
 * the text (NUL at its end).
 */
extern void ev_feel_known_collect(EvFeelNames *known, const EvView *view, const char *text,
								  const EvFeelSeams *seams);

/* What `text` says of the names that may matter. */
extern void ev_feel_known_find_seams(const char *text, EvFeelSeams *seams);

/* Raise what is wrong. */
extern pg_noreturn void ev_feel_raise_fault(const EvFeelFault *fault);

#endif /* EV_FEEL_CACHE_H */
