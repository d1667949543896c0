/* SPDX-License-Identifier: PostgreSQL
 *
 * event_pattern.h: event patterns, the language of EventBridge: one event, one pattern.
 *
 * A pattern is a JSON object that has the shape of the events it matches; its
 * leaves are arrays of values and conditions.  The whole language is in docs/filters.md.
 * The names of EventBridge's envelope are aliases: detail-type for type, detail for data;
 * a member that the event itself has under that name comes first.
 */
#ifndef EV_EVENT_PATTERN_H
#define EV_EVENT_PATTERN_H

#include "base/compat.h"

#include "match/subject.h"

typedef struct EvEventPattern EvEventPattern;

/* What is wrong with a pattern. */
typedef struct EvPatternFault
{
	const char *pointer; /* JSON Pointer to the value that is wrong */
	const char *message; /* a sentence without full stop, for errdetail */
} EvPatternFault;

/*
 * Compile in CurrentMemoryContext; the datum need not stay.  NULL if it is no
 * pattern, and *fault says why.
 */
extern EvEventPattern *ev_event_pattern_compile(const Jsonb *pattern, EvPatternFault *fault);

/* As above, but raises 22023 with DETAIL and HINT. */
extern EvEventPattern *ev_event_pattern_make(const Jsonb *pattern);

/* Why it cannot be known whether an event matches. */
typedef enum EvPatternLimit
{
	EV_PATTERN_WITHIN_LIMITS,
	EV_PATTERN_TOO_MANY_STEPS, /* events.pattern_step_limit */
	EV_PATTERN_TOO_DEEP		   /* the event, for the stack */
} EvPatternLimit;

/* Raises 54001 past a limit. */
extern bool ev_event_pattern_matches(const EvEventPattern *pattern, EvSubject *subject);

/* The same without raising; what it says counts within limits only. */
extern EvPatternLimit ev_event_pattern_try(const EvEventPattern *pattern, EvSubject *subject,
										   bool *matches);

extern pg_noreturn void ev_event_pattern_raise_exceeded(EvPatternLimit exceeded);

/*
 * Exact values that a top-level attribute (type, source, subject, topic; by its name on
 * the wire) must have for the pattern to match: strings, as many as *n says, in an array of
 * CurrentMemoryContext whose strings are the pattern's.  NULL where any value might do.
 */
extern const EvView *ev_event_pattern_required(const EvEventPattern *pattern, const char *attribute,
											   int *n);

/* Does it say nothing but that, of this attribute: does every event with such a value match? */
extern bool ev_event_pattern_is_only(const EvEventPattern *pattern, const char *attribute);

#endif /* EV_EVENT_PATTERN_H */
