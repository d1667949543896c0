/* SPDX-License-Identifier: PostgreSQL
 *
 * transaction.c: what happens to published events when a transaction ends.
 *
 *   PRE_COMMIT   staged events of committed prepared transactions, then the
 *                pending ones, get positions and are written (store/append.c).
 *                All user code of the transaction has run: deferred triggers
 *                come before this callback.  Errors here abort the transaction
 *                as any error would.
 *   PRE_PREPARE  pending events go to the staging table, without the gate.
 *   COMMIT, ABORT, PREPARE
 *                forget the pending list.
 *   release      the resources of the transaction, locks last: leave the gate,
 *                then wake the worker (after an abort too, since readers were
 *                held back by the gate), and who waits in fetch().  Not
 *                earlier, at COMMIT: the rows are visible then, but cache
 *                invalidations have not been sent, and a reader whose horizon
 *                covers a position must know of the partition that this very
 *                transaction may have attached for it.  Nothing here may fail.
 *
 * A callback of another extension that publishes after our PRE_COMMIT or
 * PRE_PREPARE finds that stage passed, and its event is written or staged at
 * once.
 *
 * Where no worker runs, the writer itself sends the NOTIFY, one for the
 * transaction, with the last position.
 */
#include "base/compat.h"

#include "access/twophase.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "base/wake.h"
#include "commands/async.h"
#include "publish/pending.h"
#include "publish/transaction.h"
#include "store/append.h"
#include "store/position.h"
#include "store/read.h"
#include "store/reader.h"
#include "store/staging.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/* How far the end of the transaction has come, and what an event does then. */
static enum
{
	PENDING,
	WRITTEN,
	STAGED
} stage = PENDING;
static bool has_written = false;
static bool wakes_worker = false;

static void
append_pending(EvAppender *appender)
{
	HeapTuple row;
	bool stays;

	ev_pending_rewind();
	while ((row = ev_pending_next_row(&stays)) != NULL)
		ev_append_formed_row(appender, row, stays);
}

/*
 * Staged events come first, and are recorded now.  Pending ones that keep an earlier time would
 * break the order of times: their import looked before these events were committed.
 */
static void
refuse_earlier_than_staged(void)
{
	if (ev_pending_oldest_kept() < GetCurrentTimestamp() - EV_CLOCK_DISORDER)
		ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
						errmsg("events of a prepared transaction were committed during an import"),
						errdetail("They are newer than the imported ones, and come before them."),
						errhint("Roll the transaction back and repeat the import.")));
}

int64
ev_transaction_flush(bool sweep)
{
	bool read_only = XactReadOnly;
	int64 staged;
	int64 count;
	int64 last = 0;

	/* The application may have said READ ONLY after it published. */
	XactReadOnly = false;
	PushActiveSnapshot(GetTransactionSnapshot());
	/* Where none can be prepared, readers and the worker find what is left from before. */
	staged = sweep || max_prepared_xacts > 0 ? ev_staging_claim() : 0;
	if (staged > 0)
		refuse_earlier_than_staged();
	count = staged + ev_pending_count();
	if (count > 0)
	{
		EvAppender *appender = ev_append_open(count);

		has_written = true;
		if (staged > 0)
			ev_staging_move(appender);
		append_pending(appender);
		last = ev_append_close(appender);
		if (!ev_wake_has_worker())
		{
			char payload[32];

			snprintf(payload, sizeof(payload), INT64_FORMAT, last);
			Async_Notify("events", payload);
		}
	}
	PopActiveSnapshot();
	XactReadOnly = read_only;
	return last;
}

void
ev_transaction_write(void)
{
	bool sweep = ev_reader_take_sweep_request();

	stage = WRITTEN;
	ev_pending_check();
	if (ev_pending_count() > 0 || sweep)
		(void) ev_transaction_flush(sweep);
	ev_pending_reset(true);
}

static void
stage_pending(void)
{
	stage = STAGED;
	ev_pending_check();
	if (!TIMESTAMP_IS_NOEND(ev_pending_oldest_kept()))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot prepare a transaction that has imported events"),
				 errdetail("They keep the times at which they were recorded, and those that are "
						   "written before its COMMIT PREPARED would have later ones."),
				 errhint("Import in transactions that are committed at once.")));
	if (ev_pending_count() > 0)
	{
		EvStagingWriter *writer = ev_staging_open();
		Datum values[EV_NCOLUMNS];
		bool nulls[EV_NCOLUMNS];

		ev_pending_rewind();
		while (ev_pending_next(values, nulls))
			ev_staging_write(writer, values, nulls);
		ev_staging_close(writer);
	}
	ev_pending_reset(true);
}

void
ev_transaction_refuse(const char *function)
{
	if (RecoveryInProgress())
		ereport(ERROR, (errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
						errmsg("%s cannot be used on a hot standby", function),
						errdetail("The server is in recovery and cannot write."),
						errhint("Publish on the primary.")));
	if (IsInParallelMode())
		ereport(ERROR, (errcode(ERRCODE_INVALID_TRANSACTION_STATE),
						errmsg("%s cannot be used during a parallel operation", function)));
}

void
ev_transaction_refuse_read_only(const char *function)
{
	ev_transaction_refuse(function);
	if (XactReadOnly)
		ereport(ERROR, (errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
						errmsg("%s cannot be used in a read-only transaction", function),
						errdetail("A published event is written to the database at commit."),
						errhint("Use a READ WRITE transaction.")));
}

void
ev_transaction_published(void)
{
	if (stage == WRITTEN)
		ev_transaction_write();
	else if (stage == STAGED)
		stage_pending();
}

/* The transaction is over, one way or the other.  Raises nothing. */
static void
forget(void)
{
	(void) ev_reader_take_sweep_request();
	ev_pending_reset(false);
	stage = PENDING;
}

/* Its resources are being released; this comes once for each owner of some. */
static void
release_callback(ResourceReleasePhase phase, bool is_commit, bool is_top_level, void *arg)
{
	if (phase != RESOURCE_RELEASE_AFTER_LOCKS || !is_top_level)
		return;
	if (ev_position_leave_gate() || has_written || wakes_worker)
		ev_wake_worker();
	ev_wake_readers();
	has_written = false;
	wakes_worker = false;
}

void
ev_transaction_wake_worker(void)
{
	wakes_worker = true;
}

static void
xact_callback(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
			ev_transaction_write();
			break;
		case XACT_EVENT_PRE_PREPARE:
			stage_pending();
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			forget();
			break;
		case XACT_EVENT_PARALLEL_COMMIT:
		case XACT_EVENT_PARALLEL_ABORT:
		case XACT_EVENT_PARALLEL_PRE_COMMIT:
			break; /* a parallel worker cannot publish */
	}
}

static void
subxact_callback(SubXactEvent event, SubTransactionId subid, SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_COMMIT_SUB)
		ev_pending_subxact_commit(GetCurrentTransactionNestLevel());
	else if (event == SUBXACT_EVENT_ABORT_SUB)
	{
		ev_pending_subxact_abort(GetCurrentTransactionNestLevel());
		ev_position_abort_subxact(GetCurrentTransactionNestLevel());
	}
}

void
ev_transaction_init(void)
{
	RegisterXactCallback(xact_callback, NULL);
	RegisterSubXactCallback(subxact_callback, NULL);
	RegisterResourceReleaseCallback(release_callback, NULL);
}
