/* SPDX-License-Identifier: PostgreSQL
 *
 * estimate.h: about how many events belong to the answer of a search.
 */
#ifndef EV_SEARCH_ESTIMATE_H
#define EV_SEARCH_ESTIMATE_H

#include "search/find.h"

/*
 * Add to page->total what comes after a full page, the walk having come to the end of the
 * stretch.  `tried` candidates were looked at for the page's; of what was walked, `hits` belong
 * to the answer.  Sets page->is_exact if all could be counted.
 */
extern void ev_estimate_rest(EvWalk *walk, EvPage *page, const EvStretch *stretch, int64 tried,
							 int64 hits);

#endif /* EV_SEARCH_ESTIMATE_H */
