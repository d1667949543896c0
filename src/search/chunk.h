/* SPDX-License-Identifier: PostgreSQL
 *
 * chunk.h: the chunks that are summarised, rows of events.search_chunk.
 */
#ifndef EV_SEARCH_CHUNK_H
#define EV_SEARCH_CHUNK_H

#include "search/key.h"

/* Positions of a chunk. */
#define EV_CHUNK_SIZE (INT64CONST(1) << ev_chunk_shifts[EV_CHUNK_SUMMARY_LEVEL])

/* Numbers of the columns. */
typedef enum EvChunkColumn
{
	EV_CHUNK_FIRST = 1,
	EV_CHUNK_LAST,
	EV_CHUNK_EVENTS,
	EV_CHUNK_FIRST_RECORDED,
	EV_CHUNK_LAST_RECORDED,
	EV_CHUNK_SUMMARISED
} EvChunkColumn;

#endif /* EV_SEARCH_CHUNK_H */
