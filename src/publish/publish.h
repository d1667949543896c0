/* SPDX-License-Identifier: PostgreSQL
 *
 * publish.h: from the arguments of a call to checked, complete and valid events,
 * for all functions that publish, with the transaction or at once.
 */
#ifndef EV_PUBLISH_H
#define EV_PUBLISH_H

#include "fmgr.h"
#include "nodes/execnodes.h"
#include "publish/event.h"

/* The event of a call with (type, data, topic, ...); raises what is wrong with it. */
extern void ev_publish_make(FunctionCallInfo fcinfo, EvEvent *event);

/* The event of a call with (event jsonb); raises what is wrong with it. */
extern void ev_publish_make_cloudevent(FunctionCallInfo fcinfo, EvEvent *event);

/* Checks the arguments (events, on_invalid): are invalid events skipped? */
extern bool ev_publish_skips_invalid(FunctionCallInfo fcinfo);

/* A row of what batches return: (ordinal, id, status, errors). */
typedef struct EvBatchResult
{
	int ordinal;
	Datum id;
	bool has_no_id;
	const char *status;
	Jsonb *errors; /* NULL if it is valid */
} EvBatchResult;

typedef struct EvBatch
{
	Jsonb *context; /* fills what events lack; or NULL */
	bool skip_invalid;
	MemoryContext event_context; /* holds one event */

	/* Is called with each event in `event_context`; it is valid if row->errors is NULL. */
	void (*take)(struct EvBatch *batch, EvEvent *event, EvBatchResult *row);
	ReturnSetInfo *result; /* the caller's */
	void *state;		   /* the caller's */
} EvBatch;

/* Makes and takes each event of a JSON array (or the one object). */
extern void ev_publish_make_batch(EvBatch *batch, Jsonb *events);

extern void ev_publish_put_result(ReturnSetInfo *result, const EvBatchResult *row);

#endif /* EV_PUBLISH_H */
