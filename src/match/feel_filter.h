/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_filter.h: the memory that evaluations of this session share.
 */
#ifndef EV_FEEL_FILTER_H
#define EV_FEEL_FILTER_H

#include "match/feel.h"

/* Empty; whoever uses it empties it again. */
extern MemoryContext ev_feel_run_context(void);

#endif /* EV_FEEL_FILTER_H */
