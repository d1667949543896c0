/* SPDX-License-Identifier: PostgreSQL
 *
 * event_row.h: rows of events.event that come as arguments of SQL functions.
 */
#ifndef EV_EVENT_ROW_H
#define EV_EVENT_ROW_H

#include "store/columns.h"

/* What a call site knows of the rows it gets; starts zeroed. */
typedef struct EvEventRow
{
	Oid type; /* of the row that was seen last */
	int32 typmod;
	TupleDesc descriptor;
	int numbers[EV_NCOLUMNS];
	Datum *row;
	bool *isnull;
} EvEventRow;

/*
 * The columns of a row, in the order of store/columns.h; they point into the row.
 * context is that of the call site (flinfo->fn_mcxt).  Raises 55000 if the row has
 * not the columns of events.event.
 */
extern void ev_event_row_read(EvEventRow *site, HeapTupleHeader header, MemoryContext context,
							  Datum values[EV_NCOLUMNS], bool nulls[EV_NCOLUMNS]);

/*
 * Raises 22004 if a column is NULL that is NOT NULL in events.event, which does not bind
 * rows that somebody has put together.  For those who need a whole event.
 */
extern void ev_event_row_require(const bool nulls[EV_NCOLUMNS]);

#endif /* EV_EVENT_ROW_H */
