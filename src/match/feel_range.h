/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_range.h: ranges out of text, for the function range().
 */
#ifndef EV_FEEL_RANGE_H
#define EV_FEEL_RANGE_H

#include "match/feel_run.h"

/* "[1..10)", of literals only.  Null, and a reason, if it is no range. */
extern EvFeelValue ev_feel_range_from_text(EvFeelRun *run, const char *text, int length);

#endif /* EV_FEEL_RANGE_H */
