/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_run.h: one evaluation of a FEEL expression, and what it may use up.
 *
 * Nothing in FEEL raises.  What goes wrong becomes null, and a reason why is
 * noted when somebody asked for reasons (events.feel_problems).  Limits are
 * the same: whoever passes one sets run->exceeded, everybody returns null from
 * then on, and the caller of the whole evaluation decides whether that is an
 * error (events.feel raises 54001) or ends one filter (the feed).  Only interrupts,
 * want of memory and faults of our own raise.
 *
 * CurrentMemoryContext is run->memory during an evaluation; it is reset as a
 * whole afterwards.
 */
#ifndef EV_FEEL_RUN_H
#define EV_FEEL_RUN_H

#include "base/compat.h"

#include "datatype/timestamp.h"
#include "lib/stringinfo.h"
#include "match/feel_value.h"

typedef enum EvFeelLimit
{
	EV_FEEL_WITHIN_LIMITS,
	EV_FEEL_TOO_MANY_STEPS, /* events.feel_step_limit */
	EV_FEEL_FILTER_STEPS,	/* events.filter_step_limit, of a filter of events */
	EV_FEEL_TOO_DEEP,		/* events.feel_depth_limit, or the stack */
	EV_FEEL_TOO_LARGE,		/* events.feel_memory_limit */
	EV_FEEL_PATTERN_LIMIT	/* events.pattern_match_limit, of a regular expression */
} EvFeelLimit;

typedef struct EvFeelRun
{
	MemoryContext memory;
	EvFeelLimit exceeded;
	int64 steps_left;
	int64 bytes_left;	/* counted by ev_feel_alloc() and ev_feel_take() */
	int bytes_per_step; /* so many of them count as a step too; 0: they do not */
	int depth_left;
	TimestampTz now;	/* of now() and today(): the transaction's start */
	bool wants_reasons; /* collect problems */
	List *problems;		/* of EvFeelProblem */
	int location;		/* byte in the expression, of the node under way */
} EvFeelRun;

typedef struct EvFeelProblem
{
	int location; /* byte in the expression */
	char *message;
} EvFeelProblem;

/*
 * Count work: n is about the number of elements or bytes looked at.  false when
 * the limit was passed (now or before): return ev_feel_null() then.  Looks for
 * interrupts now and then.
 */
extern bool ev_feel_step(EvFeelRun *run, int64 n);

/* Count bytes that are about to be allocated in another way; false past the limit. */
extern bool ev_feel_take(EvFeelRun *run, int64 bytes);

/* One level deeper into nested values or calls; false past the limit, and then nobody leaves. */
extern bool ev_feel_enter(EvFeelRun *run);

static inline void
ev_feel_leave(EvFeelRun *run)
{
	run->depth_left++;
}

/* Counted memory of the run; NULL past the limit, and run->exceeded is set. */
extern void *ev_feel_alloc(EvFeelRun *run, int64 bytes);

/* The limits of the settings; CurrentMemoryContext is the run's. */
extern void ev_feel_run_begin(EvFeelRun *run);

/* Null, and the reason why (errmsg style, lower case, no full stop), if reasons are collected. */
extern EvFeelValue ev_feel_problem(EvFeelRun *run, const char *format, ...)
	pg_attribute_printf(2, 3);

/* ---- strings, lists and contexts (feel_container.c) ---- */

/* A copy in the run's memory. */
extern EvFeelValue ev_feel_make_string(EvFeelRun *run, const char *string, int length);
/* Room for a string of so many bytes; NULL past the limit, which a string of 1 GB is too. */
extern char *ev_feel_alloc_string(EvFeelRun *run, int64 length);

/* What a buffer has collected, whose bytes have been counted already; the buffer is gone then. */
extern EvFeelValue ev_feel_string_of_buffer(EvFeelRun *run, StringInfo buffer);
extern bool ev_feel_string_is(EvFeelValue value, const char *literal);

/* A list around an array of `count` values, which is not copied. */
extern EvFeelValue ev_feel_make_list(EvFeelRun *run, EvFeelValue *items, int count);

/* Room for a list of so many; NULL past the limit. */
extern EvFeelValue *ev_feel_alloc_items(EvFeelRun *run, int64 count);

/* All elements; NULL past the limit, or where there are none.  The array must not be changed. */
extern const EvFeelValue *ev_feel_items(EvFeelRun *run, EvFeelValue list);

/* A list that grows. */
typedef struct EvFeelItems
{
	EvFeelRun *run;
	EvFeelValue *items;
	int count;
	int capacity;
} EvFeelItems;

extern void ev_feel_items_begin(EvFeelItems *items, EvFeelRun *run);
extern bool ev_feel_items_add(EvFeelItems *items, EvFeelValue value);
extern EvFeelValue ev_feel_items_end(EvFeelItems *items);

/* A context out of entries, which are not copied; names must be unique. */
extern EvFeelValue ev_feel_make_context(EvFeelRun *run, EvFeelEntry *entries, int count);
extern EvFeelEntry *ev_feel_alloc_entries(EvFeelRun *run, int64 count);
extern const EvFeelEntry *ev_feel_entries(EvFeelRun *run, EvFeelValue context);

/* One entry by name; false if there is none. */
extern bool ev_feel_context_get(EvFeelRun *run, EvFeelValue context, const char *name, int length,
								EvFeelValue *value);

/* A range; the endpoints have been checked. */
extern EvFeelValue ev_feel_make_range(EvFeelRun *run, EvFeelRange range);

/* ---- JSON (feel_json.c) ---- */

/* Looked at where it lies, which must be for as long as the run. */
extern EvFeelValue ev_feel_from_view(EvFeelRun *run, const EvView *view);

/*
 * As JSON: temporal values and durations as strings in the form of string(),
 * ranges as objects {"start", "end", "start included", "end included"},
 * functions as null.  NULL past the limit.
 */
extern Jsonb *ev_feel_to_jsonb(EvFeelRun *run, EvFeelValue value);

#endif /* EV_FEEL_RUN_H */
