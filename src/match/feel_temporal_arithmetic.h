/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_temporal_arithmetic.h: numbers and durations as each other, for functions.
 */
#ifndef EV_FEEL_TEMPORAL_ARITHMETIC_H
#define EV_FEEL_TEMPORAL_ARITHMETIC_H

#include "match/feel_run.h"

/* A number of seconds, cut to nanoseconds; false if they are too many. */
extern bool ev_feel_duration_from_number(EvFeelValue number, EvFeelDuration *duration);

#endif /* EV_FEEL_TEMPORAL_ARITHMETIC_H */
