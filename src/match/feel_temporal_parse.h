/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_temporal_parse.h: zones as text, for functions that take them so.
 */
#ifndef EV_FEEL_TEMPORAL_PARSE_H
#define EV_FEEL_TEMPORAL_PARSE_H

#include "match/feel_run.h"

/* Z, +02:00, or the name of a region, perhaps with @ before it; false if it is none of these. */
extern bool ev_feel_zone_from_text(EvFeelRun *run, const char *text, int length, EvFeelZone *zone);

#endif /* EV_FEEL_TEMPORAL_PARSE_H */
