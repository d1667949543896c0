/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_builtin.h: finding built-in functions by name, and calling them.
 */
#ifndef EV_FEEL_BUILTIN_H
#define EV_FEEL_BUILTIN_H

#include "match/feel_ast.h"

/* The first row of the name, or NULL. */
extern const EvFeelBuiltin *ev_feel_function_find(const char *name, int length);

/* The longest name of several words that stands at s, and where it ends; .length 0: none. */
extern EvFeelName ev_feel_function_longest(const char *s, const char **end);

/* A name that differs only in upper case, blanks and underscores; NULL if there is none. */
extern const char *ev_feel_function_similar(const char *name, int length);

/* names is NULL for arguments by position. */
extern EvFeelValue ev_feel_function_call(EvFeelRun *run, const EvFeelBuiltin *rows,
										 const EvFeelValue *args, int nargs,
										 const EvFeelName *names);

/*
 * The value as one of these types (bits), by the conversions of FEEL; false if there is none.
 */
extern bool ev_feel_function_convert(EvFeelRun *run, int types, EvFeelValue *value);

#endif /* EV_FEEL_BUILTIN_H */
