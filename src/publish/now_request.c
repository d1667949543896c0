/* SPDX-License-Identifier: PostgreSQL
 *
 * now_request.c: a request to commit events at once.
 *
 * It lies in a segment of dynamic shared memory of its own, which the caller
 * makes and the publisher attaches to, and which goes away when neither holds
 * it any more, however they end.
 *
 *   WAITING     nobody has it yet
 *   TAKEN       a publisher writes its rows; it may wait for locks
 *   COMMITTING  all is written, nothing but the commit is left
 *   DONE        committed
 *   FAILED      rolled back; the error is in the request
 *   WITHDRAWN   the caller does not want it any more
 *
 *   caller      WAITING or TAKEN -> WITHDRAWN
 *   publisher   WAITING -> TAKEN -> COMMITTING -> DONE
 *               TAKEN or COMMITTING -> FAILED
 *
 * Each step is one compare-and-set, so that a caller who gives up (time-out,
 * cancelled query, deadlock) and succeeds with WITHDRAWN knows for certain that
 * nothing is committed: the publisher asks for COMMITTING when all rows are
 * written and all locks taken, and rolls back if it does not get it.  Only a
 * caller who gives up during the commit itself does not know.
 *
 * A publisher that is ended in between leaves FAILED behind (its transaction
 * has been rolled back then), for it says DONE before it can be interrupted
 * again after a commit.  A publisher that crashes takes the whole server with
 * it, the caller too.
 */
#include "base/compat.h"

#include <signal.h>

#include "base/settings.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "publish/now_request.h"
#include "utils/guc.h"
#include "utils/memutils.h"

/* Differs where the layout does, since a library may be replaced under a running session. */
#define MAGIC (0x6e6f7700 + EV_NCOLUMNS + ((uint32) sizeof(EvNowRequest) << 8))

void
ev_now_rows_init(EvNowRows *rows)
{
	memset(rows, 0, sizeof(EvNowRows));
	rows->context = CurrentMemoryContext;
	rows->maxflags = 8;
	rows->flags = palloc(rows->maxflags);
}

void
ev_now_rows_add(EvNowRows *rows, const EvEvent *event)
{
	MemoryContext old = MemoryContextSwitchTo(rows->context);
	int n = list_length(rows->tuples);
	MinimalTuple tuple;

	if (n >= ev_max_pending_events)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("too many events at once"),
				 errdetail("The limit is events.max_pending_events = %d.", ev_max_pending_events),
				 errhint("Publish them in several batches.")));
	if (n == rows->maxflags)
	{
		rows->maxflags *= 2;
		rows->flags = repalloc(rows->flags, rows->maxflags);
	}
	rows->flags[n] = event->has_own_id ? EV_NOW_HAS_OWN_ID : 0;
	tuple = ev_form_minimal_tuple(ev_columns_descriptor(), event->values, event->nulls);
	rows->tuples = lappend(rows->tuples, tuple);
	rows->size = add_size(rows->size, MAXALIGN(tuple->t_len));
	MemoryContextSwitchTo(old);
}

static void
copy_rows(EvNowRequest *request, const EvNowRows *rows)
{
	char *to = (char *) request + request->rows_offset;
	ListCell *cell;

	memcpy(request->flags, rows->flags, request->nrows);
	foreach (cell, rows->tuples)
	{
		MinimalTuple tuple = lfirst(cell);

		memcpy(to, tuple, tuple->t_len);
		to += MAXALIGN(tuple->t_len);
	}
}

dsm_segment *
ev_now_request_create(const EvNowRows *rows)
{
	int n = list_length(rows->tuples);
	Size offset = MAXALIGN(offsetof(EvNowRequest, flags) + n);
	dsm_segment *segment = dsm_create(add_size(offset, rows->size), 0);
	EvNowRequest *request = dsm_segment_address(segment);

	memset(request, 0, offset);
	request->magic = MAGIC;
	request->database = MyDatabaseId;
	pg_atomic_init_u32(&request->state, EV_NOW_WAITING);
	pg_atomic_init_u32(&request->publisher_pid, 0);
	pg_atomic_init_u32(&request->signalled, 0);
	request->caller_pid = MyProcPid;
	request->caller_proc_number = EV_MY_PROC_NUMBER;
	request->deadline = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), ev_publish_now_timeout);
	request->dedup_window = ev_dedup_window;
	strlcpy(request->synchronous_commit, GetConfigOption("synchronous_commit", false, false),
			sizeof(request->synchronous_commit));
	request->nrows = n;
	request->rows_offset = offset;
	copy_rows(request, rows);
	return segment;
}

EvNowRequest *
ev_now_request_of(dsm_segment *segment)
{
	EvNowRequest *request = dsm_segment_address(segment);

	if (dsm_segment_map_length(segment) < sizeof(EvNowRequest) || request->magic != MAGIC ||
		request->database != MyDatabaseId)
		return NULL;
	return request;
}

EvNowState
ev_now_request_state(EvNowRequest *request)
{
	EvNowState state = pg_atomic_read_u32(&request->state);

	pg_read_barrier();
	return state;
}

bool
ev_now_request_move(EvNowRequest *request, EvNowState from, EvNowState to)
{
	uint32 expected = from;

	return pg_atomic_compare_exchange_u32(&request->state, &expected, to);
}

/*
 * A publisher that waits for a lock does not see that the request is withdrawn,
 * so it is told by SIGINT.  It begins no other request before it has been told,
 * for that one must not be hit (worker/publisher.c).
 */
bool
ev_now_request_withdraw(EvNowRequest *request)
{
	int pid;

	if (!ev_now_request_move(request, EV_NOW_WAITING, EV_NOW_WITHDRAWN) &&
		!ev_now_request_move(request, EV_NOW_TAKEN, EV_NOW_WITHDRAWN))
		return ev_now_request_state(request) == EV_NOW_WITHDRAWN;
	pid = (int) pg_atomic_read_u32(&request->publisher_pid);
	if (pid != 0)
		(void) kill(pid, SIGINT);
	pg_memory_barrier();
	pg_atomic_write_u32(&request->signalled, 1);
	return true;
}

MinimalTuple
ev_now_request_first(EvNowRequest *request)
{
	return (MinimalTuple) ((char *) request + request->rows_offset);
}

MinimalTuple
ev_now_request_next(MinimalTuple row)
{
	return (MinimalTuple) ((char *) row + MAXALIGN(row->t_len));
}

static void
copy_text(char *to, Size size, const char *text)
{
	int n = text != NULL ? strlen(text) : 0;

	n = pg_mbcliplen(text != NULL ? text : "", n, size - 1);
	memcpy(to, text, n);
	to[n] = '\0';
}

void
ev_now_request_fail(EvNowRequest *request, const ErrorData *error)
{
	request->sqlstate = error->sqlerrcode;
	copy_text(request->message, sizeof(request->message), error->message);
	copy_text(request->detail, sizeof(request->detail), error->detail);
	copy_text(request->hint, sizeof(request->hint), error->hint);
	pg_write_barrier();
	if (!ev_now_request_move(request, EV_NOW_TAKEN, EV_NOW_FAILED))
		(void) ev_now_request_move(request, EV_NOW_COMMITTING, EV_NOW_FAILED);
}
