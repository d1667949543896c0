/* SPDX-License-Identifier: PostgreSQL
 *
 * event_pattern_functions.c: the SQL functions that take one pattern.
 */
#include "base/compat.h"

#include "match/event_cache.h"
#include "match/event_pattern.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(ev_matches);

static void *
compile(struct varlena *datum)
{
	return ev_event_pattern_make((const Jsonb *) datum);
}

Datum
ev_matches(PG_FUNCTION_ARGS)
{
	const EvEventPattern *pattern = ev_event_cache_get(fcinfo, 1, compile);
	Jsonb *event = PG_GETARG_JSONB_P(0);
	EvSubject subject = {.view = ev_view_of(event)};
	bool matches = ev_event_pattern_matches(pattern, &subject);

	PG_FREE_IF_COPY(event, 0);
	PG_RETURN_BOOL(matches);
}
