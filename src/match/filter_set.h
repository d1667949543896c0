/* SPDX-License-Identifier: PostgreSQL
 *
 * filter_set.h: many filters, one event: which of them match?
 *
 * A filter here is a JSON object with the members "pattern" (an event pattern)
 * and "filter" (a FEEL expression); both must hold where both are given.  It is
 * what events._check_filter() answers, and what eventsd gives to the feed.
 *
 * eventsd asks with the same set page after page.  So a session keeps the last few sets
 * under names that the caller chooses, and the set crosses the wire only when it is new.
 * A name is OWNER-VERSION: sets can be large, and who gives a new version asks for the old
 * one no more.
 */
#ifndef EV_FILTER_SET_H
#define EV_FILTER_SET_H

#include "match/subject.h"
#include "utils/array.h"

typedef struct EvFilterSet EvFilterSet;

/*
 * From the texts of filters, in CurrentMemoryContext.  A filter that does not
 * compile is no error here, since it must not stop the others: what it matches
 * is never known.  Raises 22023 for a text that is no such object.
 */
extern EvFilterSet *ev_filter_set_make(ArrayType *filters);

/* The same, kept by the session under a name, in place of what it had of that owner. */
extern EvFilterSet *ev_filter_set_keep(const text *key, ArrayType *filters);

/* What is kept under the name, NULL if nothing is; good until the next ev_filter_set_keep(). */
extern EvFilterSet *ev_filter_set_find(const text *key);

extern int ev_filter_set_count(const EvFilterSet *set);

/*
 * Numbers of the filters that match, from 1, ascending by filter; the negative number of one
 * of which it cannot be known, because it passed a limit.  Returns how many were put into
 * answers, which has room for all filters.
 */
extern int ev_filter_set_match(EvFilterSet *set, EvSubject *subject, int *answers);

#endif /* EV_FILTER_SET_H */
