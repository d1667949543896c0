/* SPDX-License-Identifier: PostgreSQL
 *
 * feel.h: FEEL, the expression language of DMN 1.5: compiling and evaluating.
 *
 * What an expression is, and how evaluation goes, is in feel_parse.h and
 * feel_evaluate.h; this is what the rest of the extension needs.
 */
#ifndef EV_FEEL_H
#define EV_FEEL_H

#include "match/feel_run.h"
#include "match/subject.h"

typedef struct EvFeel EvFeel; /* a compiled expression */

typedef struct EvFeelFault
{
	int offset;	   /* byte in the expression, from 0 */
	int line;	   /* from 1 */
	int column;	   /* characters, from 1 */
	bool too_deep; /* FEEL it may be, but nested more deeply than events.feel_depth_limit */
	const char *message;
} EvFeelFault;

/*
 * Compile a filter in CurrentMemoryContext; the text need not stay.  A filter is
 * an expression over an event whose members are not known beforehand; adjacent
 * words that are not names of functions are one name (Monthly Salary).  NULL if it is not
 * FEEL, and *fault says why.
 */
extern EvFeel *ev_feel_compile_filter(const char *text, int length, EvFeelFault *fault);

/* As above, but raises 42601 with DETAIL (line, column) and HINT. */
extern EvFeel *ev_feel_make_filter(const char *text, int length);

/*
 * Is the filter true of the event?  The names it may use: the attributes of the event
 * (time and recordedtime are dates with times), then the members of its data, unless they have the
 * name of an attribute that events have (subject).  null and anything
 * else that is not true is false.  *exceeded says whether a limit was passed, and the answer is
 * false then.  Its memory is gone afterwards.
 */
extern bool ev_feel_filter_matches(const EvFeel *filter, EvSubject *subject, EvFeelLimit *exceeded);

/* Raises 54001 for a limit that was passed, with DETAIL and HINT. */
extern void ev_feel_raise_exceeded(EvFeelLimit exceeded);

/* As ev_event_pattern_required(), from `type = "x"` and `type in ("x", "y")` joined by `and`. */
extern const EvView *ev_feel_required(const EvFeel *filter, const char *attribute, int *n);

#endif /* EV_FEEL_H */
