/* SPDX-License-Identifier: PostgreSQL
 *
 * index_tasks.h: what is done beside filing new events; under the lock of who files.
 */
#ifndef EV_INDEX_TASKS_H
#define EV_INDEX_TASKS_H

#include "nodes/pg_list.h"

/* Write down that documents were made with these text search configurations. */
extern void ev_index_tasks_note_configurations(const List *configurations);

/* Summarise the chunks that became complete when the end moved. */
extern void ev_index_tasks_summarise(int64 old_end, int64 new_end);

/* Summarise chunks whose summaries were taken back; false if there is none. */
extern bool ev_index_tasks_resummarise(int64 *done);

/* One chunk of a partition whose documents are missing; false if there is none. */
extern bool ev_index_tasks_file_missing(int64 *filed);

/* One chunk of events.reindex_search(); false if there is nothing to do. */
extern bool ev_index_tasks_reindex(int64 *filed);

/*
 * File events, at most so many; *end: all kept up to there are filed.  In index.c, here
 * for the sake of the tasks.
 */
extern int64 ev_search_index_file(int64 after, int64 upto, int64 max_events, int64 *end);

#endif /* EV_INDEX_TASKS_H */
