/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_filter.h: the memory that evaluations of this session share.
 */
#ifndef EV_FEEL_FILTER_H
#define EV_FEEL_FILTER_H

#include "match/feel.h"

/* Empty; whoever uses it empties it again. */
extern MemoryContext ev_feel_run_context(void);

/* As ev_feel_run_begin(), with the limits of filters. */
extern void ev_feel_run_begin_filter(EvFeelRun *run);

#endif /* EV_FEEL_FILTER_H */
