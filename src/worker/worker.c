/* SPDX-License-Identifier: PostgreSQL
 *
 * worker.c: the background worker of one database.
 *
 * It does two things.  When a writer has committed events and set its latch,
 * it computes the horizon and sends one NOTIFY with it, for all commits since
 * the last one; a writer that did this itself would hold a lock of the whole
 * cluster over its commit.  And every events.maintenance_interval it runs
 * events.maintain().  Besides, it has processes started for handlers that have
 * something to do (worker/handler_starter.c); it runs none itself.
 *
 * No wake-up is lost: a writer clears its gate slot before it sets the latch,
 * and the worker resets the latch before it computes the horizon.  A worker
 * that starts always notifies once, for what its predecessor may have left.
 *
 * Under load it rests after a NOTIFY, the longer the more it told of, so that
 * it leaves the processors to the writers, and a round serves many commits.
 * Meanwhile its latch is set, or it is not waiting for it, and a writer that
 * sets it needs no system call.  Up to a thousand commits a second, at even
 * pace, nobody waits for that.
 *
 * The schema is looked up anew each round.  Each of its transactions keeps the
 * extension from being dropped meanwhile, or, if somebody is about to, leaves it
 * alone (ev_catalog_hold).  When the extension is gone, the worker withdraws its
 * wish to run and ends with code 0; the next use of the extension asks for a new
 * one.  On errors it reports, and ends with code 1: the launcher starts another
 * after a second.  Errors of maintenance alone are reported and do not end it.
 */
#include "base/compat.h"

#include <limits.h>

#include "access/xact.h"
#include "base/catalog.h"
#include "base/handler_slot.h"
#include "base/settings.h"
#include "base/shared.h"
#include "commands/async.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "store/position.h"
#include "store/reader.h"
#include "store/staging.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "worker/handler_starter.h"
#include "worker/indexer.h"
#include "worker/session.h"
#include "worker/worker.h"

PGDLLEXPORT pg_noreturn void ev_worker_main(Datum arg);

#define RESTART_DELAY_MS 1000

/* Between two rounds of maintenance of which the first has left something to do. */
#define MORE_WORK_MS 1000

/* Until it looks again whether the extension was dropped. */
#define BUSY_POLL_MS 100

/* A rest after a NOTIFY: for each position that it told of, and at most. */
#define REST_US INT64CONST(500)
#define MAX_REST_US INT64CONST(2000)

static EvWorkerSlot *my_slot = NULL;

/* The horizon that was told last, of the installation that has this sequence. */
static Oid notified_sequence = InvalidOid;
static int64 notified = -1;

/* The next round does not begin before. */
static TimestampTz rest_until = 0;

bool
ev_worker_start(Oid database, const char *name)
{
	BackgroundWorker worker = {0};

	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_main_arg = ObjectIdGetDatum(database);
	worker.bgw_notify_pid = MyProcPid;
	strlcpy(worker.bgw_library_name, "events", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "ev_worker_main", sizeof(worker.bgw_function_name));
	snprintf(worker.bgw_name, sizeof(worker.bgw_name), "events worker for database \"%s\"", name);
	strlcpy(worker.bgw_type, "events worker", sizeof(worker.bgw_type));
	if (RegisterDynamicBackgroundWorker(&worker, NULL))
		return true;
	ereport(LOG, (errmsg("no free background worker slot for events in database \"%s\"", name),
				  errdetail("Writers send their own notifications until there is one."),
				  errhint("Increase max_worker_processes, or name fewer databases in "
						  "events.databases.")));
	return false;
}

/* Leave the slot; the wish to run stays, unless ev_worker_main withdrew it. */
static void
leave(int code, Datum arg)
{
	EvShared *shared = ev_shared();
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz again = TimestampTzPlusMilliseconds(now, RESTART_DELAY_MS);
	int launcher;

	SpinLockAcquire(&shared->mutex);
	my_slot->pid = 0;

	/* A suspension sets a time further off than a start takes. */
	if (my_slot->not_before < again)
		my_slot->not_before = again;
	launcher = shared->launcher_proc;
	SpinLockRelease(&shared->mutex);
	ev_handler_slot_end_waiting(my_slot->database);
	if (launcher >= 0)
		SetLatch(&ProcGlobal->allProcs[launcher].procLatch);
}

/* Make this process the one that writers of this database wake; false if there is one. */
static bool
enter(Oid database)
{
	EvShared *shared = ev_shared();
	bool entered = false;

	SpinLockAcquire(&shared->mutex);
	for (int i = 0; i < EV_MAX_WORKERS && !entered; i++)
	{
		EvWorkerSlot *slot = &shared->workers[i];

		if (slot->database == database && slot->pid == 0)
		{
			slot->proc_number = EV_MY_PROC_NUMBER;
			slot->not_before = 0;
			pg_write_barrier();
			slot->pid = MyProcPid;
			my_slot = slot;
			entered = true;
		}
	}
	SpinLockRelease(&shared->mutex);
	if (entered)
		before_shmem_exit(leave, (Datum) 0);
	return entered;
}

static void
withdraw(void)
{
	EvShared *shared = ev_shared();

	SpinLockAcquire(&shared->mutex);
	my_slot->wanted = false;
	SpinLockRelease(&shared->mutex);
}

/* After so many positions; a new installation begins with fewer than the last one had. */
static void
plan_rest(int64 told)
{
	told = Max(Min(told, MAX_REST_US / REST_US), 0);
	rest_until = GetCurrentTimestamp() + told * REST_US;
}

/*
 * One NOTIFY if the horizon has moved.  The commit that ends this transaction
 * also moves staged events of prepared transactions.
 */
static EvHold
notify_readers(void)
{
	EvHold hold;

	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	hold = ev_catalog_hold();
	if (hold == EV_HOLD_KEPT)
	{
		Oid sequence = ev_catalog_relid("position");
		int64 horizon = ev_position_horizon(sequence);

		ev_reader_request_sweep_if_staged();
		if (sequence != notified_sequence || horizon > notified)
		{
			char payload[32];

			snprintf(payload, sizeof(payload), INT64_FORMAT, horizon);
			Async_Notify("events", payload);
			plan_rest(horizon - notified);
			notified_sequence = sequence;
			notified = horizon;
		}
	}
	PopActiveSnapshot();
	CommitTransactionCommand();
	return hold;
}

bool
ev_worker_maintenance_has_more(void)
{
	bool isnull;

	(void) SPI_execute("SELECT events._is_thinning()", false, 1);
	return DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}

/*
 * Run events.maintain(); its errors are reported and end nothing.  Not with old
 * settings: then the worker ends, and the launcher starts another.  True if there is more to
 * do already.
 *
 * Its locks may cross those of other commands (DROP OWNED, say).  It gives way
 * well before deadlock_timeout lets the other one look for a deadlock and fail: a
 * round can be made later.
 */
static bool
maintain(void)
{
	MemoryContext context = CurrentMemoryContext;
	volatile bool more = false;

	pgstat_report_activity(STATE_RUNNING, "SELECT events.maintain()");
	StartTransactionCommand();
	PG_TRY();
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		if (ev_catalog_hold() == EV_HOLD_KEPT)
		{
			SPI_connect();
			if (ev_session_has_new_settings())
				proc_exit(0);
			(void) SPI_execute("SET LOCAL lock_timeout = '200ms'", false, 0);
			(void) SPI_execute("SELECT events.maintain()", false, 0);
			more = ev_worker_maintenance_has_more();
			ev_indexer_check();
			SPI_finish();
			ev_handler_starter_check();
		}
		PopActiveSnapshot();
		CommitTransactionCommand();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		HOLD_INTERRUPTS();
		EmitErrorReport();
		AbortCurrentTransaction();
		FlushErrorState();
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	pgstat_report_activity(STATE_IDLE, NULL);
	return more;
}

static void
rest(void)
{
	int64 us = rest_until - GetCurrentTimestamp();

	/* Not longer if the clock is set back. */
	if (us > 0)
		pg_usleep(Min(us, MAX_REST_US));
}

static void
serve(void)
{
	TimestampTz next_maintenance = GetCurrentTimestamp();

	for (;;)
	{
		EvHold hold;
		long timeout;
		long others = LONG_MAX;

		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		hold = notify_readers();
		if (hold == EV_HOLD_GONE)
		{
			withdraw();
			proc_exit(0);
		}
		if (hold == EV_HOLD_KEPT)
			others = ev_indexer_serve(notified);
		if (hold == EV_HOLD_KEPT &&
			(GetCurrentTimestamp() >= next_maintenance || ev_indexer_gives_way()))
		{
			long pause = maintain() ? MORE_WORK_MS : ev_maintenance_interval * 1000L;

			ev_indexer_go_on();
			next_maintenance = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), pause);
		}
		others = Min(others, ev_handler_starter_serve(notified));
		pgstat_report_stat(false);
		timeout = hold == EV_HOLD_BUSY
					  ? BUSY_POLL_MS
					  : TimestampDifferenceMilliseconds(GetCurrentTimestamp(), next_maintenance);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 Min(timeout + 1, others), PG_WAIT_EXTENSION);
		rest();
	}
}

void
ev_worker_main(Datum arg)
{
	Oid database = DatumGetObjectId(arg);

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	if (!enter(database))
		proc_exit(0);
	BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
	ev_session_fix_settings();
	ev_session_fix("synchronous_commit", "off");
	ev_session_fix("lock_timeout", "1s");
	ev_handler_starter_init();
	ev_indexer_init();
	pgstat_report_activity(STATE_IDLE, NULL);
	serve();
	pg_unreachable();
}
