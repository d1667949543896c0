/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_list.h: what the files of the list functions share.
 *
 * feel_function_list.c has the rows of all of them; the rest is where the comments below say.
 */
#ifndef EV_FEEL_LIST_H
#define EV_FEEL_LIST_H

#include "match/feel_run.h"

/* All elements of a list; false past a limit. */
static inline bool
ev_feel_list_read(EvFeelRun *run, EvFeelValue list, const EvFeelValue **items, int *count)
{
	*count = list.list->count;
	*items = ev_feel_items(run, list);
	return *items != NULL || *count == 0;
}

/* A copy of an array with room for `more` behind it; NULL past a limit. */
extern EvFeelValue *ev_feel_list_copy(EvFeelRun *run, const EvFeelValue *items, int count,
									  int more);

/*
 * The number of an element, from 0, that a position means: 1 is the first of `count`, -1 the
 * last; fractions are cut off.  false if there is none.
 */
extern bool ev_feel_list_position(EvFeelValue position, int count, int *index);

/* What follows are functions of FEEL (EvFeelCode). */

/* feel_list.c */
extern EvFeelValue ev_feel_list_concatenate(EvFeelRun *run, const EvFeelValue *args, int nargs);
extern EvFeelValue ev_feel_list_sublist(EvFeelRun *run, const EvFeelValue *args, int nargs);
extern EvFeelValue ev_feel_list_append(EvFeelRun *run, const EvFeelValue *args, int nargs);
extern EvFeelValue ev_feel_list_append_many(EvFeelRun *run, const EvFeelValue *args, int nargs);
extern EvFeelValue ev_feel_list_insert_before(EvFeelRun *run, const EvFeelValue *args, int nargs);
extern EvFeelValue ev_feel_list_remove(EvFeelRun *run, const EvFeelValue *args, int nargs);
extern EvFeelValue ev_feel_list_reverse(EvFeelRun *run, const EvFeelValue *args, int nargs);
extern EvFeelValue ev_feel_list_flatten(EvFeelRun *run, const EvFeelValue *args, int nargs);
extern EvFeelValue ev_feel_list_replace(EvFeelRun *run, const EvFeelValue *args, int nargs);
extern EvFeelValue ev_feel_list_replace_matching(EvFeelRun *run, const EvFeelValue *args,
												 int nargs);
extern EvFeelValue ev_feel_list_partition(EvFeelRun *run, const EvFeelValue *args, int nargs);

/* feel_statistics.c */
extern EvFeelValue ev_feel_statistics_min(EvFeelRun *run, const EvFeelValue *args, int nargs);
extern EvFeelValue ev_feel_statistics_max(EvFeelRun *run, const EvFeelValue *args, int nargs);
extern EvFeelValue ev_feel_statistics_sum(EvFeelRun *run, const EvFeelValue *args, int nargs);
extern EvFeelValue ev_feel_statistics_product(EvFeelRun *run, const EvFeelValue *args, int nargs);
extern EvFeelValue ev_feel_statistics_mean(EvFeelRun *run, const EvFeelValue *args, int nargs);
extern EvFeelValue ev_feel_statistics_median(EvFeelRun *run, const EvFeelValue *args, int nargs);
extern EvFeelValue ev_feel_statistics_stddev(EvFeelRun *run, const EvFeelValue *args, int nargs);
extern EvFeelValue ev_feel_statistics_mode(EvFeelRun *run, const EvFeelValue *args, int nargs);

/* feel_distinct.c */
extern EvFeelValue ev_feel_distinct_values(EvFeelRun *run, const EvFeelValue *args, int nargs);
extern EvFeelValue ev_feel_distinct_union(EvFeelRun *run, const EvFeelValue *args, int nargs);
extern EvFeelValue ev_feel_distinct_duplicates(EvFeelRun *run, const EvFeelValue *args, int nargs);

/* feel_sort.c */
extern EvFeelValue ev_feel_sort(EvFeelRun *run, const EvFeelValue *args, int nargs);

/* Sort numbers, in place; false past a limit. */
extern bool ev_feel_sort_numbers(EvFeelRun *run, EvFeelValue *items, int count);

#endif /* EV_FEEL_LIST_H */
