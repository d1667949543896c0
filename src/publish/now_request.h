/* SPDX-License-Identifier: PostgreSQL
 *
 * now_request.h: a request to commit events at once, as a session (the caller)
 * hands it to another process (the publisher).
 */
#ifndef EV_NOW_REQUEST_H
#define EV_NOW_REQUEST_H

#include "access/htup_details.h"
#include "datatype/timestamp.h"
#include "port/atomics.h"
#include "publish/event.h"
#include "storage/dsm.h"

/* now_request.c says who moves it from where to where. */
typedef enum EvNowState
{
	EV_NOW_WAITING,
	EV_NOW_TAKEN,
	EV_NOW_COMMITTING,
	EV_NOW_DONE,	 /* committed */
	EV_NOW_FAILED,	 /* rolled back, with an error */
	EV_NOW_WITHDRAWN /* by the caller: will not be committed */
} EvNowState;

/* What is said of each row: by the caller ... */
#define EV_NOW_HAS_OWN_ID 0x01
/* ... and by the publisher. */
#define EV_NOW_DUPLICATE 0x02

typedef struct EvNowRequest
{
	uint32 magic;
	Oid database;
	pg_atomic_uint32 state; /* EvNowState */
	int caller_pid;
	int caller_proc_number;
	int publisher_proc_number;		/* valid while publisher_pid is set */
	pg_atomic_uint32 publisher_pid; /* that works for it; 0: none */
	pg_atomic_uint32 signalled;		/* it was withdrawn, and the publisher has been told */
	TimestampTz deadline;
	int dedup_window;			 /* the caller's, as is ... */
	char synchronous_commit[16]; /* ... this */

	/* of EV_NOW_FAILED; texts are empty if there is none */
	int sqlstate;
	char message[1024];
	char detail[2048];
	char hint[1024];

	int nrows;
	Size rows_offset; /* of the first row; then one behind the other, MAXALIGNed */
	uint8 flags[FLEXIBLE_ARRAY_MEMBER];
} EvNowRequest;

/* Rows on their way into a request, in the memory of the caller. */
typedef struct EvNowRows
{
	MemoryContext context;
	List *tuples; /* of MinimalTuple */
	uint8 *flags;
	int maxflags;
	Size size;
} EvNowRows;

extern void ev_now_rows_init(EvNowRows *rows);

/* Adds a complete event; raises 54000 past events.max_pending_events. */
extern void ev_now_rows_add(EvNowRows *rows, const EvEvent *event);

/* A request in a new segment, which belongs to the current resource owner. */
extern dsm_segment *ev_now_request_create(const EvNowRows *rows);

/* The request in a segment; NULL if it is of another version of this library. */
extern EvNowRequest *ev_now_request_of(dsm_segment *segment);

extern EvNowState ev_now_request_state(EvNowRequest *request);

/* Go from one state to another; false if it is in a third one. */
extern bool ev_now_request_move(EvNowRequest *request, EvNowState from, EvNowState to);

/*
 * For the caller: sees to it that the request is not committed any more.  false
 * if it is being committed, or was.
 */
extern bool ev_now_request_withdraw(EvNowRequest *request);

/* For the publisher: the first row, the next one. */
extern MinimalTuple ev_now_request_first(EvNowRequest *request);
extern MinimalTuple ev_now_request_next(MinimalTuple row);

/* For the publisher: it failed with this error, unless the caller has withdrawn it. */
extern void ev_now_request_fail(EvNowRequest *request, const ErrorData *error);

#endif /* EV_NOW_REQUEST_H */
