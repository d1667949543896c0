/* SPDX-License-Identifier: PostgreSQL
 *
 * summary.h: counting whole chunks by what was counted when they were filed.
 */
#ifndef EV_SEARCH_SUMMARY_H
#define EV_SEARCH_SUMMARY_H

#include "search/walk.h"

/* Fields of events.search_count. */
#define EV_COUNT_TYPE 't'
#define EV_COUNT_SOURCE 's'
#define EV_COUNT_TOPIC 'o'
#define EV_COUNT_USER 'u'
#define EV_COUNT_MINUTE 'm'
#define EV_COUNT_HOUR 'h'

/* So many events have a value; sample is the position of one. */
typedef void (*EvCountVisitor)(void *arg, char field, int64 value, int64 events, int64 sample);

/* May chunks be counted by their summaries: is nothing asked for but times? */
extern bool ev_summary_suffices(const EvWalk *walk);

/*
 * Count the chunks all of whose fields are counted and all of whose events are of the times
 * asked for: of each of the alternatives, strings of fields, the first that a chunk has.
 * What is left of the ranges has to be walked.
 */
extern EvRange *ev_summary_visit(EvWalk *walk, const char *const *alternatives, int nalternatives,
								 EvCountVisitor visitor, void *arg, int *left);

#endif /* EV_SEARCH_SUMMARY_H */
