/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_compare.h: equality and order of FEEL values (DMN 1.5, 10.3.2.13, tables 51 to 53).
 */
#ifndef EV_FEEL_COMPARE_H
#define EV_FEEL_COMPARE_H

#include "match/feel_run.h"

/* true, false, or null where the two cannot be compared (values of different types). */
extern EvFeelValue ev_feel_equal(EvFeelRun *run, EvFeelValue a, EvFeelValue b);

/*
 * A plain answer for elements of lists: are they equal?  Values that cannot be compared are
 * not, null equals null, and a list of one element is not its element (for the others here it is).
 */
extern bool ev_feel_is_equal(EvFeelRun *run, EvFeelValue a, EvFeelValue b);

/* Less than, equal to or greater than 0 in *order; false where there is no order (null). */
extern bool ev_feel_compare(EvFeelRun *run, EvFeelValue a, EvFeelValue b, int *order);

/* Is the value in the range?  true, false, or null. */
extern EvFeelValue ev_feel_in_range(EvFeelRun *run, EvFeelValue value, const EvFeelRange *range);

#endif /* EV_FEEL_COMPARE_H */
