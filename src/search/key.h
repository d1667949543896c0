/* SPDX-License-Identifier: PostgreSQL
 *
 * key.h: keys, the hashes by which documents are found by exact conditions.
 *
 * A key stands for "this event has that type", "its topic begins with that path",
 * "it lies in that chunk of positions".  Those of a document are an array that lies
 * in one GIN index with its text, so that any combination of conditions is one walk
 * of that index.  A key is a hash of 64 bits of a kind and a text; those who need
 * certainty look at the event.
 *
 * Chunks are ranges of positions of three sizes.  With the key of a chunk among its
 * conditions the walk of the index stays within the chunk, and so a search can begin
 * with the newest events and end when it has enough.
 */
#ifndef EV_SEARCH_KEY_H
#define EV_SEARCH_KEY_H

#include "postgres.h"

typedef enum EvSearchKeyKind
{
	EV_KEY_TYPE = 't',			/* the whole type */
	EV_KEY_TYPE_PREFIX = 'T',	/* up to and with a dot: "a.", "a.b." of a.b.c */
	EV_KEY_SOURCE = 's',		/* */
	EV_KEY_TOPIC = 'o',			/* the whole path, as on the wire: order/created */
	EV_KEY_TOPIC_PREFIX = 'O',	/* "order", "order/created": the whole one too */
	EV_KEY_USER = 'u',			/* attribute user */
	EV_KEY_SUBJECT = 'j',		/* */
	EV_KEY_ID = 'i',			/* */
	EV_KEY_CORRELATION = 'c',	/* attribute correlationid */
	EV_KEY_CONFIGURATION = 'g', /* name of the text search configuration of the document */
	EV_KEY_TRUNCATED = 'x'		/* of the text "": not all text of the event is in the document */
} EvSearchKeyKind;

extern int64 ev_search_key(EvSearchKeyKind kind, const char *text, int length);

/*
 * Of a type or a topic only so many of the shortest prefixes are keys.  Who looks for
 * a longer one looks for that of so many elements, and at the event.
 */
#define EV_KEY_MAX_PREFIXES 64

/* Sizes of chunks: 2^shift positions; a chunk's number is position >> shift. */
#define EV_CHUNK_LEVELS 3
#define EV_CHUNK_SUMMARY_LEVEL 1 /* of events.search_chunk and events.search_count */
extern const int ev_chunk_shifts[EV_CHUNK_LEVELS]; /* {11, 14, 18} */

extern int64 ev_search_chunk_key(int level, int64 number);

#endif /* EV_SEARCH_KEY_H */
