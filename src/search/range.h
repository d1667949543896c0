/* SPDX-License-Identifier: PostgreSQL
 *
 * range.h: which positions a search has to look at.
 */
#ifndef EV_SEARCH_RANGE_H
#define EV_SEARCH_RANGE_H

#include "search/request.h"
#include "search/tally.h"
#include "store/scan.h"

typedef struct EvRange
{
	int64 low;
	int64 high; /* inclusive */
	bool is_filed;
} EvRange;

/*
 * What of low..high may hold events of the times asked for, ascending: filed ranges up to
 * tally->filed_upto first, without positions of which `events` has no partition, then what
 * is not filed yet.
 */
extern EvRange *ev_range_list(const EvRequest *request, int64 low, int64 high, const EvScan *events,
							  EvTally *tally, int *count);

#endif /* EV_SEARCH_RANGE_H */
