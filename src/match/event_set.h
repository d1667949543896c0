/* SPDX-License-Identifier: PostgreSQL
 *
 * event_set.h: many patterns at once: which of them does an event match?
 *
 * The answer is the same as that of ev_event_pattern_matches() for each, and
 * takes a time that goes with the event and with how many patterns match it,
 * not with how many there are.  event_set_parts.h says how.
 */
#ifndef EV_EVENT_SET_H
#define EV_EVENT_SET_H

#include "match/event_pattern.h"

typedef struct EvEventSet EvEventSet;

/*
 * Compile in CurrentMemoryContext, which becomes the parent of what the set
 * allocates later.  The patterns must stay as long as the set; one that is NULL
 * matches nothing.
 */
extern EvEventSet *ev_event_set_compile(EvEventPattern *const *patterns, int n);

/*
 * How many patterns match; *indexes has their numbers from 0, ascending, good
 * until the next call.  What an event needs is given up with the next one.  Patterns of which
 * it cannot be known, because they passed a limit, are among them.
 */
extern int ev_event_set_match(EvEventSet *set, EvSubject *subject, const int **indexes);

/* Of the last event: does the pattern, which is among those answered, match for sure? */
extern bool ev_event_set_knows(const EvEventSet *set, int pattern);

/* Raises 54001 if there is a pattern of which it is not known. */
extern void ev_event_set_require_all(const EvEventSet *set);

#endif /* EV_EVENT_SET_H */
