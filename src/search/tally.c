/* SPDX-License-Identifier: PostgreSQL
 *
 * tally.c: what a search has done so far, and whether it may go on; see tally.h.
 */
#include "base/compat.h"

#include "base/settings.h"
#include "miscadmin.h"
#include "search/tally.h"
#include "utils/timestamp.h"

/* The clock is looked at once in so many checks. */
#define CHECKS_PER_LOOK 64

void
ev_tally_begin(EvTally *tally)
{
	memset(tally, 0, sizeof(EvTally));
	tally->started = GetCurrentTimestamp();
}

void
ev_tally_check(EvTally *tally, int64 position)
{
	CHECK_FOR_INTERRUPTS();
	tally->reached = position;
	if (ev_search_timeout == 0 || ++tally->checks % CHECKS_PER_LOOK != 0 ||
		!TimestampDifferenceExceeds(tally->started, GetCurrentTimestamp(), ev_search_timeout))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_QUERY_CANCELED),
			 errmsg("the search took longer than events.search_timeout"),
			 errdetail("After %d ms it had come to position " INT64_FORMAT " of " INT64_FORMAT "; "
					   "it had read " INT64_FORMAT " documents and " INT64_FORMAT " events.",
					   ev_search_timeout, position, tally->horizon,
					   tally->documents + tally->walked_documents,
					   tally->walked_events + tally->fetched_events),
			 errhint("Give a narrower range of times, a type or a topic, or raise "
					 "events.search_timeout.")));
}
