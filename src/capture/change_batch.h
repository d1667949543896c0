/* SPDX-License-Identifier: PostgreSQL
 *
 * change_batch.h: the changes of a statement as one event.
 */
#ifndef EV_CHANGE_BATCH_H
#define EV_CHANGE_BATCH_H

#include "capture/change_event.h"
#include "capture/change_row.h"

typedef struct EvChangeBatch
{
	EvChangeEvents *events;
	EvJsonbWriter rows; /* one after the other, each aligned */
	int *ends;			/* of rows */
	int count;
	int room; /* of ends */
	EvJsonbWriter data;
} EvChangeBatch;

/* Memory is the current context's. */
extern void ev_change_batch_init(EvChangeBatch *batch, EvChangeEvents *events);

/* Add a row; publishes those before it if it does not fit into one event with them. */
extern void ev_change_batch_add(EvChangeBatch *batch, const EvChangePlan *plan,
								const EvChangeRow *row);

/* Publish what is there, if anything. */
extern void ev_change_batch_flush(EvChangeBatch *batch);

#endif /* EV_CHANGE_BATCH_H */
