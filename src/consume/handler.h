/* SPDX-License-Identifier: PostgreSQL
 *
 * handler.h: handlers: consumers whose events are given to a function in SQL.
 */
#ifndef EV_HANDLER_H
#define EV_HANDLER_H

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

/* Names travel in the 128 bytes that a background worker can be given. */
#define EV_HANDLER_NAME_BYTES 64

/* What the function takes. */
typedef enum EvHandlerForm
{
	EV_HANDLER_EVENT,
	EV_HANDLER_JSONB,
	EV_HANDLER_EVENT_ARRAY,
	EV_HANDLER_JSONB_ARRAY
} EvHandlerForm;

typedef struct EvHandler
{
	const char *name;
	uint64 key;				   /* of its slot */
	Oid owner;				   /* as whom the function runs */
	const char *function_name; /* as it was when the handler was made */
	Oid function;
	EvHandlerForm form;
	int timeout; /* ms, of one call */
	int batch_size;
	int failures;		  /* rounds that could not be made since the last one that could */
	TimestampTz retry_at; /* none before; 0 if there is no such time */
} EvHandler;

typedef enum EvHandlerResult
{
	EV_HANDLER_WORKED, /* something was done, there may be more */
	EV_HANDLER_IDLE,   /* there is nothing to do, or somebody else does it */
	EV_HANDLER_GONE	   /* there is no such handler */
} EvHandlerResult;

typedef struct EvHandlerRound
{
	EvHandlerResult result;
	int64 horizon;		  /* what was looked at goes at least so far */
	TimestampTz retry_at; /* when idle: then there will be something to do; 0: unknown */
} EvHandlerRound;

/*
 * One round, as part of the current transaction, which must be committed soon:
 * takes the next events, gives them to the function, and acknowledges or nacks
 * them.  What may end it: a cancel by somebody else, shutdown, lack of memory.
 */
extern EvHandlerRound ev_handler_run(const char *name);

/*
 * The transaction of a round has failed: `error`.  To be called in a
 * transaction of its own: blames the event, if it was a single one, else has the
 * following rounds try one at a time.
 */
extern void ev_handler_blame(const char *name, const ErrorData *error);

/* Handlers came or went, or have something to do again: the worker looks when this commits. */
extern void ev_handler_changed(void);

#endif /* EV_HANDLER_H */
