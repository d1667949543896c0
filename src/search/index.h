/* SPDX-License-Identifier: PostgreSQL
 *
 * index.h: how far the documents of search are filed.
 */
#ifndef EV_SEARCH_INDEX_H
#define EV_SEARCH_INDEX_H

#include "utils/snapshot.h"

/*
 * All events kept at and below *position have their document, as the snapshot sees it;
 * false if none was ever filed.
 */
extern bool ev_search_index_end(Snapshot snapshot, int64 *position);

/*
 * File the next events up to the horizon, at most about so many; where all are filed,
 * go on with what else is to do (summaries, events.reindex_search()).  One
 * transaction does so at a time: where another one is at it, nothing is done.
 * How many events were filed; 0 says that there is nothing left to do for this caller.
 */
extern int64 ev_search_index_extend(int64 horizon, int64 max_events);

/* In the worker: another process files, so events.maintain() does not. */
extern bool ev_search_index_elsewhere;

#endif /* EV_SEARCH_INDEX_H */
