/* SPDX-License-Identifier: PostgreSQL
 *
 * publisher.c: the process that commits events for others.
 *
 * One request (publish/now_request.c) is one transaction.  Its rows go through
 * the pending list and the gate as those of any transaction do.  When they are
 * written, and every lock is taken that can be waited for, the publisher asks
 * the request whether it is still wanted, and commits.
 *
 * It runs as the superuser of the cluster, and of what it is given it runs no
 * code: rows of events.event are complete and were checked by the caller.
 *
 * A request may wait for a lock no longer than its caller does, nor longer than
 * the server's events.publish_now_timeout, so that a few who wait cannot hold up
 * all others for long.  A caller who gives up sends SIGINT.  The publisher waits
 * until that has been sent before it goes on to another request, which it might
 * hit otherwise, and there cut short the wait for a synchronous standby.
 *
 * An error of a request is the caller's, and is not logged here.  A publisher
 * that is ended (pg_terminate_backend, shutdown, DROP DATABASE) rolls back, and
 * leaves an error in the request on its way out.
 */
#include "base/compat.h"

#include <limits.h>

#include "access/xact.h"
#include "base/catalog.h"
#include "base/settings.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "publish/duplicate.h"
#include "publish/now_publisher.h"
#include "publish/now_request.h"
#include "publish/pending.h"
#include "publish/transaction.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "worker/publisher.h"
#include "worker/session.h"

/* A standing publisher that had nothing to do for so long ends. */
#define IDLE_MS 60000

/* The caller gives up first; this is for one that died with its signal unsent. */
#define LOCK_GRACE_MS 1000

/* Tenths of a millisecond; a caller that was stopped in between is not waited for. */
#define SIGNAL_TRIES 10000

/* What one request allocates. */
static MemoryContext request_context = NULL;

static void
set_local(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0,
							 false);
}

static void
set_local_int(const char *name, int64 n)
{
	char value[32];

	snprintf(value, sizeof(value), INT64_FORMAT, n);
	set_local(name, value);
}

/* Where the caller's limit comes first, the caller says whom it was waited for. */
static void
limit_lock_waits(const EvNowRequest *request)
{
	int64 ms = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), request->deadline);
	int64 limit = ev_publish_now_timeout;

	set_local_int("lock_timeout", ms <= limit ? Min(ms + LOCK_GRACE_MS, INT_MAX) : limit);
}

/* Is it, by the id that it was given, there already? */
static bool
is_duplicate(EvDuplicates **duplicates, const Datum *values)
{
	if (*duplicates == NULL)
		*duplicates = ev_duplicate_open();
	return !ev_duplicate_claim_among(*duplicates, DatumGetTextPP(values[EV_SOURCE]),
									 DatumGetTextPP(values[EV_ID]));
}

static void
add_rows(EvNowRequest *request)
{
	EvDuplicates *duplicates = NULL;
	MinimalTuple row = ev_now_request_first(request);
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];

	for (int i = 0; i < request->nrows; i++)
	{
		HeapTupleData tuple = {.t_len = row->t_len + MINIMAL_TUPLE_OFFSET};

		CHECK_FOR_INTERRUPTS();
		tuple.t_data = (HeapTupleHeader) ((char *) row - MINIMAL_TUPLE_OFFSET);
		heap_deform_tuple(&tuple, ev_columns_descriptor(), values, nulls);
		request->flags[i] &= ~EV_NOW_DUPLICATE;
		if ((request->flags[i] & EV_NOW_HAS_OWN_ID) != 0 && ev_dedup_window > 0 &&
			is_duplicate(&duplicates, values))
			request->flags[i] |= EV_NOW_DUPLICATE;
		else
			ev_pending_add(values, nulls);
		row = ev_now_request_next(row);
	}
	if (duplicates != NULL)
		ev_duplicate_close(duplicates);
}

static void
publish(EvNowRequest *request)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	set_local("synchronous_commit", request->synchronous_commit);
	if (request->dedup_window != ev_dedup_window)
		set_local_int("events.dedup_window", request->dedup_window);
	limit_lock_waits(request);
	PushActiveSnapshot(GetTransactionSnapshot());
	add_rows(request);
	ev_transaction_write();
	PopActiveSnapshot();
	if (!ev_now_request_move(request, EV_NOW_TAKEN, EV_NOW_COMMITTING))
		ereport(ERROR, (errcode(ERRCODE_QUERY_CANCELED), errmsg("the request was withdrawn")));
	CommitTransactionCommand();

	/* Nothing between the commit and this can be interrupted. */
	(void) ev_now_request_move(request, EV_NOW_COMMITTING, EV_NOW_DONE);
}

/*
 * NULL if it was committed; else it was rolled back, and why.  Only here can a
 * query be cancelled.
 */
static ErrorData *
try_to_publish(EvNowRequest *request)
{
	ErrorData *volatile error = NULL;

	RESUME_CANCEL_INTERRUPTS();
	PG_TRY();
	{
		publish(request);
	}
	PG_CATCH();
	{
		HOLD_INTERRUPTS();
		MemoryContextSwitchTo(request_context);
		error = CopyErrorData();
		AbortCurrentTransaction();
		FlushErrorState();
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
	HOLD_CANCEL_INTERRUPTS(); /* which an error has set back */
	MemoryContextSwitchTo(request_context);
	return error;
}

static void
wake_caller(const EvNowRequest *request)
{
	SetLatch(&ProcGlobal->allProcs[request->caller_proc_number].procLatch);
}

/* The segment goes away; if the request has not come to its end, neither will it. */
static void
let_go(dsm_segment *segment, Datum arg)
{
	EvNowRequest *request = dsm_segment_address(segment);
	ErrorData error = {
		.sqlerrcode = ERRCODE_TRANSACTION_ROLLBACK,
		.message = "the process that publishes was ended",
		.detail = "Its transaction was rolled back. Nothing was published.",
		.hint = "Publish again.",
	};

	EvNowState state = ev_now_request_state(request);

	pg_atomic_write_u32(&request->publisher_pid, 0);
	if (state == EV_NOW_TAKEN || state == EV_NOW_COMMITTING)
		ev_now_request_fail(request, &error);
	wake_caller(request);
}

/* The server's limit was shorter than the caller's. */
static void
explain_lock_timeout(ErrorData *error)
{
	if (error->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE || error->detail != NULL)
		return;
	error->detail = psprintf(
		"The process that publishes waits for a lock no longer than the "
		"server's own events.publish_now_timeout = %d ms. Nothing was published.",
		ev_publish_now_timeout);
	error->hint = "Try again when that lock is free.";
}

/* The caller is about to send its signal: take it, and forget it. */
static void
wait_for_signal(EvNowRequest *request)
{
	for (int i = 0; i < SIGNAL_TRIES && pg_atomic_read_u32(&request->signalled) == 0; i++)
		pg_usleep(100);
	pg_memory_barrier();
	QueryCancelPending = false;
}

static void
work_on(EvNowRequest *request)
{
	/* What came while there was nothing to cancel was meant for nobody. */
	QueryCancelPending = false;
	request->publisher_proc_number = EV_MY_PROC_NUMBER;
	pg_write_barrier();
	pg_atomic_write_u32(&request->publisher_pid, (uint32) MyProcPid);
	pg_memory_barrier();
	if (ev_now_request_state(request) == EV_NOW_TAKEN)
	{
		ErrorData *error = try_to_publish(request);

		if (error != NULL)
		{
			explain_lock_timeout(error);
			ev_now_request_fail(request, error);
		}
		wake_caller(request);
	}
	if (ev_now_request_state(request) == EV_NOW_WITHDRAWN)
		wait_for_signal(request);
}

/* Do what a segment asks for, if it has not been withdrawn or taken by another. */
static void
serve(dsm_handle handle, uint64 ordinal)
{
	dsm_segment *segment = dsm_attach(handle);
	EvNowRequest *request;

	if (segment == NULL)
		return;
	dsm_pin_mapping(segment);
	request = ev_now_request_of(segment);
	if (request != NULL && ev_now_request_move(request, EV_NOW_WAITING, EV_NOW_TAKEN))
	{
		on_dsm_detach(segment, let_go, (Datum) 0);
		if (ordinal != 0)
			ev_publisher_clear(ordinal);
		ev_publisher_set_busy(request->caller_pid);
		pgstat_report_activity(STATE_RUNNING, "events.publish_now()");
		work_on(request);
		pgstat_report_activity(STATE_IDLE, NULL);
		pgstat_report_stat(false);
	}
	dsm_detach(segment);
	MemoryContextReset(request_context);
}

static void
take_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
}

/* All requests that are there; false if there was none. */
static bool
serve_all(void)
{
	uint64 ordinal = 0;
	dsm_handle handle;
	bool any = false;

	while (ev_publisher_find(ordinal, &ordinal, &handle))
	{
		take_interrupts();
		serve(handle, ordinal);
		any = true;
	}
	return any;
}

/* Wait for the latch; false if nothing came for a long time. */
static bool
wait_for_requests(void)
{
	int events;

	/* What was announced before anybody could see that it is idle would get no help. */
	do
	{
		take_interrupts();
		ev_publisher_set_idle();
	} while (serve_all());
	events = WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, IDLE_MS,
					   PG_WAIT_EXTENSION);
	return (events & WL_LATCH_SET) != 0;
}

static void
set_up(Oid database)
{
	BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
	ev_session_fix_settings();
	ev_session_fix("events.max_pending_events", "1000000"); /* the caller's limit has counted */
	request_context = AllocSetContextCreate(TopMemoryContext, "events publisher",
											ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(request_context);
	HOLD_CANCEL_INTERRUPTS();
	pgstat_report_activity(STATE_IDLE, NULL);
}

static EvPublisherStart
read_start(void)
{
	EvPublisherStart start;

	memcpy(&start, MyBgworkerEntry->bgw_extra, sizeof(start));
	return start;
}

void
ev_publisher_main(Datum arg)
{
	EvPublisherStart start = read_start();

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	if (!ev_publisher_enter(&start))
		proc_exit(0);
	set_up(start.database);
	do
		ResetLatch(MyLatch);
	while (wait_for_requests());
	proc_exit(0);
}

void
ev_publisher_once_main(Datum arg)
{
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	set_up(read_start().database);
	serve(DatumGetUInt32(arg), 0);
	proc_exit(0);
}
