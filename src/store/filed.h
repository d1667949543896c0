/* SPDX-License-Identifier: PostgreSQL
 *
 * filed.h: how far the events are filed in a table of their own.
 *
 * What is filed behind the horizon, for subjects (subject_index.c) and for search
 * (search/index.c), has a table of one row that says up to which position.  The row
 * is written as those of catalogs are, under a lock of who files.
 */
#ifndef EV_STORE_FILED_H
#define EV_STORE_FILED_H

#include "access/htup.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

/* As a snapshot sees it; false: nothing was ever filed. */
extern bool ev_filed_end(const char *table, Snapshot snapshot, int64 *position);

/*
 * For who files: a copy of the row as it is now, or NULL; *end is then the position
 * before the oldest event.
 */
extern HeapTuple ev_filed_read(Relation rel, int64 *end);

/* In place of the row that was read, if there was one. */
extern void ev_filed_write(Relation rel, HeapTuple state, int64 end);

#endif /* EV_STORE_FILED_H */
