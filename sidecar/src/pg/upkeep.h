/*
 * upkeep.h - background work for databases that have no worker of their own.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * Where the extension is not in shared_preload_libraries nobody makes partitions ahead or drops
 * old ones, so eventsd calls events.maintain() every ten seconds while the feed says that there
 * is no worker.  Process 0 does it for all processes of one eventsd; several eventsd may do it at
 * the same time, the function sorts that out by its locks.  After each round events are filed for
 * search, one piece after the other until there are no more.  While a round has left events to be
 * deleted, which excludes filing, the next one is made after one piece, or after a second.
 */
#ifndef EVENTSD_UPKEEP_H
#define EVENTSD_UPKEEP_H

#include "loop/loop.h"
#include "pg/feed.h"
#include "pg/query.h"

typedef struct Upkeep Upkeep;

Upkeep *upkeep_new(Loop *loop, Queries *queries, const Feed *feed);
/* before the Queries and the Feed */
void upkeep_free(Upkeep *upkeep);

#endif /* EVENTSD_UPKEEP_H */
