/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_function.h: functions: the table of those built in, and calling any.
 *
 * A built-in function has a row for each of its forms (the rows of one name
 * stand together).  A call takes the first row that its arguments fit: by
 * position or by name, with types as the row says after the conversions of
 * FEEL (10.3.2.9.4: a list of one element for the element, an element for a
 * list of it, a date for a date and time).  null fits only parameters that say so.  If no row
 * fits, the call is null.
 *
 * Each family of functions is a file that exports its rows, which end with a
 * row of no name:
 *	  feel_function_boolean.c   not, is, ...
 *	  feel_function_number.c    decimal, floor, ... exp, log
 *	  feel_function_string.c    substring, ... matches, replace, split
 *	  feel_function_convert.c   number, string, context, from json, ...
 *	  feel_function_list.c      list contains, ... mode, sort
 *	  feel_function_context.c   get value, get entries, context put, ...
 *	  feel_function_range.c     before, after, meets, ... range
 *	  feel_function_temporal.c  date, time, duration, now, day of week, ...
 */
#ifndef EV_FEEL_FUNCTION_H
#define EV_FEEL_FUNCTION_H

#include "match/feel_run.h"

#define EV_FEEL_MAX_PARAMETERS 8

/* Sets of types, as bits. */
#define EV_FEEL_BIT(type) (1 << (type))
#define EV_FEEL_ANY ((1 << EV_FEEL_NTYPES) - 1)					/* null too */
#define EV_FEEL_SOME (EV_FEEL_ANY & ~EV_FEEL_BIT(EV_FEEL_NULL)) /* anything but null */

typedef struct EvFeelParameter
{
	const char *name;
	uint16 types; /* that fit, as bits; with EV_FEEL_BIT(EV_FEEL_NULL), null does too */
	bool optional;
} EvFeelParameter;

/*
 * Optional arguments that were left out are null.  nargs is the number of
 * parameters of the row; for a variadic row there is one argument, the list of
 * all that were given (or the list that was given as the only one).
 */
typedef EvFeelValue (*EvFeelCode)(EvFeelRun *run, const EvFeelValue *args, int nargs);

typedef struct EvFeelBuiltin
{
	const char *name;
	EvFeelCode code;
	EvFeelParameter parameters[EV_FEEL_MAX_PARAMETERS]; /* end with one of no name */
	bool variadic;
	bool is_volatile; /* now, today: not the same for ever */
} EvFeelBuiltin;

extern const EvFeelBuiltin ev_feel_boolean_functions[];
extern const EvFeelBuiltin ev_feel_number_functions[];
extern const EvFeelBuiltin ev_feel_string_functions[];
extern const EvFeelBuiltin ev_feel_convert_functions[];
extern const EvFeelBuiltin ev_feel_list_functions[];
extern const EvFeelBuiltin ev_feel_context_functions[];
extern const EvFeelBuiltin ev_feel_range_functions[];
extern const EvFeelBuiltin ev_feel_temporal_functions[];

/* Call a function value with arguments by position: lambdas and built-in ones alike. */
extern EvFeelValue ev_feel_invoke(EvFeelRun *run, EvFeelValue function, const EvFeelValue *args,
								  int nargs);

/* How many parameters a function has; -1 if that depends (several forms, variadic). */
extern int ev_feel_arity(EvFeelValue function);

#endif /* EV_FEEL_FUNCTION_H */
