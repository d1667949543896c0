/* SPDX-License-Identifier: PostgreSQL
 *
 * cursor.h: where the next page of a search begins.
 *
 * A cursor is opaque to its holder: base64url of the place of a hit in the order of its
 * search, and of what tells whether it belongs to the search that it is given to.
 */
#ifndef EV_SEARCH_CURSOR_H
#define EV_SEARCH_CURSOR_H

#include "postgres.h"

typedef enum EvOrder
{
	EV_ORDER_NEWEST,
	EV_ORDER_OLDEST,
	EV_ORDER_RANK
} EvOrder;

typedef struct EvSearchCursor
{
	EvOrder order;
	uint64 search;	/* hash of the filters */
	int64 position; /* of the hit */
	int64 upto;		/* EV_ORDER_RANK: only events up to here are ranked */
	int64 seen;		/* hits up to this one, with it */
	float4 rank;
} EvSearchCursor;

extern text *ev_cursor_write(const EvSearchCursor *cursor);

/* Raises 22023 unless it is of this order and this search, and of the current epoch. */
extern void ev_cursor_read(EvSearchCursor *cursor, const text *written, EvOrder order,
						   uint64 search);

#endif /* EV_SEARCH_CURSOR_H */
