/* SPDX-License-Identifier: PostgreSQL
 *
 * estimate.h: about how many events belong to the answer of a search.
 */
#ifndef EV_SEARCH_ESTIMATE_H
#define EV_SEARCH_ESTIMATE_H

#include "search/find.h"

/*
 * Add to page->total what comes after a full page.  The walk stands behind the stretch
 * in which the page became full, of which `left` candidates were not confirmed; of those
 * that were tried, all of the page were.  Sets page->is_exact if all could be counted.
 */
extern void ev_estimate_rest(EvWalk *walk, EvPage *page, const EvStretch *stretch, int left,
							 int64 tried);

#endif /* EV_SEARCH_ESTIMATE_H */
