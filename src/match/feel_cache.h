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

/*
 * Names of more than one word among the keys of the JSON, at any depth, that stand somewhere in
 * the text (NUL at its end).
 */
extern void ev_feel_known_collect(EvFeelNames *known, const EvView *view, const char *text);

/* Raise what is wrong. */
extern pg_noreturn void ev_feel_raise_fault(const EvFeelFault *fault);

#endif /* EV_FEEL_CACHE_H */
