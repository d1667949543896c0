/* SPDX-License-Identifier: PostgreSQL
 *
 * handler_runner.c: the process that runs one handler for a while.
 *
 * The database's worker starts it (worker/handler_starter.c) when its handler
 * has something to do.  It makes one round after the other, each a transaction
 * of its own, until nothing is left, then waits for a few seconds in case more
 * comes, and ends with code 0.  When other handlers wait for their turn it ends
 * after a time slice, or as soon as it has nothing to do.
 *
 * It is connected as the handler's owner, so that the function has just the
 * rights that it would have in a session of its owner, also in triggers that
 * fire at commit.  Before PostgreSQL 17 that needs an owner who may log in; for
 * others the process has no user of its own, and consume/handler_function.c
 * switches the user for each call.
 *
 * A round whose commit fails is blamed on its event (consume/handler.h), unless
 * it failed for want of a resource or because somebody ended it: then this
 * process ends, and the next one tries again.  Processes that end before they
 * have done anything are started ever more rarely.
 */
#include "base/compat.h"

#include "access/xact.h"
#include "base/attempt.h"
#include "base/catalog.h"
#include "base/handler_slot.h"
#include "consume/handler.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "publish/transaction.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "worker/handler_runner.h"
#include "worker/session.h"

PGDLLEXPORT pg_noreturn void ev_handler_runner_main(Datum arg);

#define LINGER_MS 3000
#define TIME_SLICE_MS 1000
#define SUSPEND_MS 10000
#define SUSPEND_WAIT_MS 5000
#define MAX_FAILURES 6

/* What a process is told, in bgw_extra. */
typedef struct Order
{
	Oid database;
	Oid owner;
	uint64 key;
	char name[EV_HANDLER_NAME_BYTES];
} Order;

StaticAssertDecl(sizeof(Order) <= BGW_EXTRALEN, "an order must fit into bgw_extra");

static Order order;
static EvHandlerSlot *my_slot = NULL;
static bool has_worked = false;

BackgroundWorkerHandle *
ev_handler_runner_start(const char *name, uint64 key, Oid owner)
{
	BackgroundWorker worker = {0};
	BackgroundWorkerHandle *handle;
	Order o = {MyDatabaseId, owner, key};

	strlcpy(o.name, name, sizeof(o.name));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_notify_pid = MyProcPid;
	strlcpy(worker.bgw_library_name, "events", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "ev_handler_runner_main", sizeof(worker.bgw_function_name));
	snprintf(worker.bgw_name, sizeof(worker.bgw_name), "events handler \"%s\"", name);
	strlcpy(worker.bgw_type, "events handler", sizeof(worker.bgw_type));
	memcpy(worker.bgw_extra, &o, sizeof(o));
	return RegisterDynamicBackgroundWorker(&worker, &handle) ? handle : NULL;
}

/* ---- the slot */

static EvWorkerSlot *
worker_slot(Oid database)
{
	EvShared *shared = ev_shared();

	for (int i = 0; shared != NULL && i < EV_MAX_WORKERS; i++)
	{
		if (shared->workers[i].database == database)
			return &shared->workers[i];
	}
	return NULL;
}

static void
wake_worker(Oid database)
{
	EvWorkerSlot *worker = worker_slot(database);

	if (worker != NULL && worker->pid != 0)
		SetLatch(&ProcGlobal->allProcs[worker->proc_number].procLatch);
}

static void
leave(int code, Datum arg)
{
	EvShared *shared = ev_shared();
	TimestampTz now = GetCurrentTimestamp();

	SpinLockAcquire(&shared->mutex);
	my_slot->pid = 0;
	my_slot->failures = code == 0 || has_worked ? 0 : Min(my_slot->failures + 1, MAX_FAILURES);
	if (code != 0)
		my_slot->not_before = TimestampTzPlusMilliseconds(now, 1000 << my_slot->failures);
	SpinLockRelease(&shared->mutex);
	wake_worker(order.database);
}

/* Become the process of the handler; false if there is one, or none is to begin. */
static bool
enter(void)
{
	EvShared *shared = ev_shared();
	EvWorkerSlot *worker = worker_slot(order.database);
	TimestampTz now = GetCurrentTimestamp();

	SpinLockAcquire(&shared->mutex);
	for (int i = 0; i < EV_MAX_HANDLERS && my_slot == NULL; i++)
	{
		EvHandlerSlot *slot = &shared->handlers[i];

		if (slot->database != order.database || slot->key != order.key)
			continue;
		slot->starting = false;
		if (slot->pid != 0 || worker == NULL || worker->handlers_not_before > now)
			break;
		slot->proc_number = EV_MY_PROC_NUMBER;
		pg_write_barrier();
		slot->pid = MyProcPid;
		slot->waiting = false;
		slot->started_at = now;
		my_slot = slot;
	}
	SpinLockRelease(&shared->mutex);
	if (my_slot != NULL)
		before_shmem_exit(leave, (Datum) 0);
	return my_slot != NULL;
}

/* ---- rounds */

static EvHandlerRound
make_round(void)
{
	EvHandlerRound round = {EV_HANDLER_GONE, 0, 0};

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (ev_catalog_is_installed())
	{
		round = ev_handler_run(order.name);
		if (round.result == EV_HANDLER_GONE)
			ev_handler_changed();
	}
	PopActiveSnapshot();
	CommitTransactionCommand();
	return round;
}

/* Errors that say nothing about an event. */
static bool
is_innocent(const ErrorData *error)
{
	int category = ERRCODE_TO_CATEGORY(error->sqlerrcode);

	return category == ERRCODE_INSUFFICIENT_RESOURCES || category == ERRCODE_SYSTEM_ERROR ||
		   ev_attempt_was_interrupted(error);
}

static void
blame(const ErrorData *error)
{
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (ev_catalog_is_installed())
		ev_handler_blame(order.name, error);
	PopActiveSnapshot();
	CommitTransactionCommand();
}

/* A round, whatever becomes of it. */
static EvHandlerRound
try_round(MemoryContext memory)
{
	EvHandlerRound round = {EV_HANDLER_WORKED, 0, 0};
	ErrorData *volatile error = NULL;

	MemoryContextReset(memory);
	MemoryContextSwitchTo(memory);
	pgstat_report_activity(STATE_RUNNING, psprintf("events handler \"%s\"", order.name));
	PG_TRY();
	{
		round = make_round();
		has_worked = true;
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(memory);
		error = CopyErrorData();
		HOLD_INTERRUPTS();
		EmitErrorReport();
		AbortCurrentTransaction();
		FlushErrorState();
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(memory);
	if (error != NULL && is_innocent(error))
		proc_exit(1);
	if (error != NULL)
		blame(error);
	pgstat_report_activity(STATE_IDLE, NULL);
	return round;
}

/* There is nothing to do; wait for more.  false: it is time to go. */
static bool
wait_for_more(const EvHandlerRound *round, TimestampTz idle_since)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz until = TimestampTzPlusMilliseconds(idle_since, LINGER_MS);

	my_slot->retry_at = round->retry_at;
	my_slot->done = round->horizon;
	pgstat_report_stat(true);
	if (now >= until || ev_handler_slot_others_wait())
		return false;
	if (round->retry_at != 0)
		until = Min(until, round->retry_at);
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 TimestampDifferenceMilliseconds(now, until) + 1, PG_WAIT_EXTENSION);
	return true;
}

static void
serve(void)
{
	MemoryContext memory = AllocSetContextCreate(TopMemoryContext, "events handler round",
												 ALLOCSET_DEFAULT_SIZES);
	TimestampTz begin = GetCurrentTimestamp();
	TimestampTz idle_since = 0;

	for (;;)
	{
		EvHandlerRound round;

		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		round = try_round(memory);
		if (round.result == EV_HANDLER_GONE)
			return;
		if (round.result == EV_HANDLER_WORKED)
		{
			idle_since = 0;
			pgstat_report_stat(false);
			if (TimestampDifferenceExceeds(begin, GetCurrentTimestamp(), TIME_SLICE_MS) &&
				ev_handler_slot_others_wait())
				return;
			continue;
		}
		if (idle_since == 0)
			idle_since = GetCurrentTimestamp();
		if (!wait_for_more(&round, idle_since))
			return;
	}
}

void
ev_handler_runner_main(Datum arg)
{
	memcpy(&order, MyBgworkerEntry->bgw_extra, sizeof(order));
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	if (!enter())
		proc_exit(0);
	BackgroundWorkerInitializeConnectionByOid(order.database, order.owner, EV_BYPASS_LOGIN_CHECK);
	ev_session_fix_settings();
	ev_session_fix("lock_timeout", "0");
	serve();
	proc_exit(0);
}

/* ---- making room */

/* Tell the database's processes to end; is there still one? */
static bool
end_runners(EvShared *shared, Oid database, bool tell)
{
	bool any = false;

	for (int i = 0; i < EV_MAX_HANDLERS; i++)
	{
		EvHandlerSlot *slot = &shared->handlers[i];
		int pid;

		SpinLockAcquire(&shared->mutex);
		pid = slot->database == database ? slot->pid : 0;
		SpinLockRelease(&shared->mutex);
		if (pid == 0)
			continue;
		any = true;
		if (tell)
			(void) kill(pid, SIGTERM);
	}
	return any;
}

static void
set_not_before(Oid database, TimestampTz not_before)
{
	EvShared *shared = ev_shared();
	EvWorkerSlot *worker = worker_slot(database);

	if (worker == NULL)
		return;
	SpinLockAcquire(&shared->mutex);
	worker->handlers_not_before = not_before;
	SpinLockRelease(&shared->mutex);
}

void
ev_handler_runner_suspend(Oid database)
{
	EvShared *shared = ev_shared();
	TimestampTz now = GetCurrentTimestamp();
	bool any;

	if (shared == NULL)
		return;
	set_not_before(database, TimestampTzPlusMilliseconds(now, SUSPEND_MS));
	any = end_runners(shared, database, true);
	while (any && !TimestampDifferenceExceeds(now, GetCurrentTimestamp(), SUSPEND_WAIT_MS))
	{
		CHECK_FOR_INTERRUPTS();
		pg_usleep(5000);
		any = end_runners(shared, database, false);
	}
}

void
ev_handler_runner_resume(Oid database)
{
	set_not_before(database, 0);

	/* Not while this transaction keeps the worker from what it looks at. */
	if (database == MyDatabaseId)
		ev_transaction_wake_worker();
	else
		wake_worker(database);
}
