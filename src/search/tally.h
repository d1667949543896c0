/* SPDX-License-Identifier: PostgreSQL
 *
 * tally.h: what a search has done so far, and whether it may go on.
 *
 * Every loop over rows, pages or chunks calls ev_tally_check(): it answers a
 * cancellation and ends the search at events.search_timeout.
 */
#ifndef EV_SEARCH_TALLY_H
#define EV_SEARCH_TALLY_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "search/key.h"

typedef struct EvTally
{
	TimestampTz started;
	uint32 checks;
	int64 reached; /* the position that was looked at last */
	int64 horizon;
	int64 filed_upto; /* documents are filed up to here; 0: none */
	int partitions;	  /* of documents that were opened */
	int all_partitions;
	int64 chunks;	  /* summarised ones that the times let through */
	int64 all_chunks; /* 0: none was looked at, since all events are asked for */
	int64 summaries;  /* chunks of which only the counts were read */
	int64 scans[EV_CHUNK_LEVELS +
				1];			/* of the index, in chunks of each size; last: whole partitions */
	int64 documents;		/* that were read because the index named them */
	int64 walked_documents; /* that were read one after the other */
	int64 walked_events;
	int64 fetched_events;
	int64 allowance; /* so many of the last four are allowed; 0: any number */
} EvTally;

static inline int64
ev_tally_work(const EvTally *tally)
{
	return tally->documents + tally->walked_documents + tally->walked_events +
		   tally->fetched_events;
}

/* Allow so much more work. */
static inline void
ev_tally_allow(EvTally *tally, int64 work)
{
	tally->allowance = ev_tally_work(tally) + work;
}

static inline bool
ev_tally_is_spent(const EvTally *tally)
{
	return tally->allowance != 0 && ev_tally_work(tally) >= tally->allowance;
}

extern void ev_tally_begin(EvTally *tally);

/* Raises 57014. */
extern void ev_tally_check(EvTally *tally, int64 position);

#endif /* EV_SEARCH_TALLY_H */
