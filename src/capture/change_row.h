/* SPDX-License-Identifier: PostgreSQL
 *
 * change_row.h: one changed row as the data and subject of an event.
 */
#ifndef EV_CHANGE_ROW_H
#define EV_CHANGE_ROW_H

#include "capture/change_plan.h"

/* One change; a row that there is not is NULL, and both are deformed. */
typedef struct EvChangeRow
{
	const TupleTableSlot *old_row;
	const TupleTableSlot *new_row;
	const bool *chosen; /* columns of the plan's row; NULL: all */
} EvChangeRow;

/* {"key": ..., "new": ..., "old": ...} */
extern void ev_change_row_write(EvJsonbWriter *writer, EvJsonbFrame *parent,
								const EvChangePlan *plan, const EvChangeRow *row);

/* The key as text; NULL where it has none.  palloc'd. */
extern text *ev_change_row_subject(const EvChangePlan *plan, const EvChangeRow *row);

#endif /* EV_CHANGE_ROW_H */
