/* SPDX-License-Identifier: PostgreSQL
 *
 * key.c: keys, the hashes by which documents are found by exact conditions; see key.h.
 *
 * They are stored: the functions here must give the same for ever, or all
 * documents have to be made anew.
 */
#include "base/compat.h"

#include "common/hashfn.h"
#include "search/key.h"

const int ev_chunk_shifts[EV_CHUNK_LEVELS] = {11, 14, 18};

int64
ev_search_key(EvSearchKeyKind kind, const char *text, int length)
{
	return (int64) hash_bytes_extended((const unsigned char *) text, length, (uint64) kind);
}

int64
ev_search_chunk_key(int level, int64 number)
{
	/* Levels are numbered as if they were kinds; no kind is so small. */
	return (int64) hash_bytes_extended((const unsigned char *) &number, sizeof(number),
									   (uint64) level + 1);
}
