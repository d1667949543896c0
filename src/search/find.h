/* SPDX-License-Identifier: PostgreSQL
 *
 * find.h: the events of one page of a search.
 */
#ifndef EV_SEARCH_FIND_H
#define EV_SEARCH_FIND_H

#include "search/cursor.h"
#include "search/walk.h"

typedef struct EvFound
{
	int64 position;
	float4 rank;		 /* EV_ORDER_RANK only */
	ItemPointerData tid; /* as in EvHit */
} EvFound;

typedef struct EvPage
{
	EvOrder order;
	int max_count;
	bool has_after;
	EvSearchCursor after; /* of the page before this one */

	/* the answer */
	EvFound *found; /* in order */
	int count;
	int64 upto;	 /* EV_ORDER_RANK: for the cursors of this page */
	int64 total; /* how many events belong to the answer in all */
	bool is_exact;
} EvPage;

/* Fill in the answer. */
extern void ev_find_page(EvWalk *walk, EvPage *page);

#endif /* EV_SEARCH_FIND_H */
