/* SPDX-License-Identifier: PostgreSQL
 *
 * indexer.c: the process that files events for search.
 *
 * To file an event takes several times as long as to publish it, and somebody who waits
 * for a NOTIFY must not wait for that.  So the worker of a database has it done by a
 * process of its own: it files piece after piece, each a transaction,
 * until it has caught up with the horizon, and what events.reindex_search() asks for;
 * waits a while for more, and ends with code 0.
 *
 * Events that come one by one are not filed one by one: a piece begins when a second has
 * passed since the last one, or a good number wait.  Searches look at the rest themselves.
 *
 * It works at low priority, beside publishers who need the processors.  But where they need
 * all of them all the time that would be never, and searches would have ever more events
 * to look at themselves.  So when many wait it works at the priority of everybody else.
 * A process may lower its priority and not raise it again: it begins with the normal one, lowers
 * it when all is filed, and when it has fallen far behind it ends and is started anew.
 *
 * The process stands in the worker's slot (EvWorkerSlot): its pid, and up to which
 * horizon all is filed, by which the worker knows when to start or wake it.  An error
 * ends it; it is started again, ever more rarely while errors go on.  Where there is no
 * slot for a process, events.maintain() files a piece with each round.
 *
 * While maintenance deletes events one by one, which takes the lock under which they are
 * filed, it rests after each piece until there has been a round.  Who waits in line for
 * the lock would not do: maintenance does so for a moment only, a piece takes longer.
 *
 * Before each piece it goes by what the settings are by then: who calls
 * events.reindex_search() has just changed them.  For what ALTER DATABASE and ALTER ROLE set
 * that takes another process: this one ends, and the worker starts it.
 *
 * It takes the lock that keeps the extension for as long as a piece lasts, gives way to
 * others' locks after 200 ms, and is ended for DROP DATABASE and DROP EXTENSION
 * (worker/utility.c).
 */
#include "base/compat.h"

#include <unistd.h>

#include "access/xact.h"
#include "base/catalog.h"
#include "base/settings.h"
#include "base/shared.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "publish/transaction.h"
#include "search/index.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "store/position.h"
#include "tcop/tcopprot.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "worker/indexer.h"
#include "worker/session.h"
#include "worker/worker.h"

PGDLLEXPORT pg_noreturn void ev_indexer_main(Datum arg);
PG_FUNCTION_INFO_V1(ev_wake_indexer);

/* Events that are filed in one transaction. */
#define PIECE 10000

/* Fewer than this wait until so long after the last piece. */
#define MANY_EVENTS 1000
#define PACE_MS 1000

/* A round of maintenance is waited for so long. */
#define GIVE_WAY_MS 2000

#define LINGER_MS 5000
#define BUSY_POLL_MS 100
#define NO_SLOT_RETRY_MS 10000
#define START_POLL_MS 250
#define LOOK_AGAIN_MS 60000
#define END_WAIT_MS 5000
#define MAX_FAILURES 6

/* How much nicer it is when it keeps up, and how far behind it is not any more. */
#define NICER 10
#define FAR_BEHIND 5000

static EvWorkerSlot *
slot_of(Oid database)
{
	EvShared *shared = ev_shared();

	for (int i = 0; shared != NULL && i < EV_MAX_WORKERS; i++)
	{
		if (shared->workers[i].database == database)
			return &shared->workers[i];
	}
	return NULL;
}

/* ---- the process */

static EvWorkerSlot *my_slot = NULL;
static bool has_worked = false;
static bool is_waited_for = false; /* by a round of maintenance, as the last piece has found */
static bool is_nice = false;	   /* works at low priority */

typedef struct Piece
{
	EvHold hold;
	int64 horizon; /* up to where all was to be filed */
	int64 behind;  /* so many positions are not filed */
	int64 filed;   /* events */
} Piece;

static void
leave(int code, Datum arg)
{
	EvShared *shared = ev_shared();
	TimestampTz now = GetCurrentTimestamp();

	SpinLockAcquire(&shared->mutex);
	if (my_slot->indexer_pid == MyProcPid)
	{
		my_slot->indexer_pid = 0;
		my_slot->indexer_failures = code == 0 || has_worked
										? 0
										: Min(my_slot->indexer_failures + 1, MAX_FAILURES);
		my_slot->indexer_not_before = TimestampTzPlusMilliseconds(
			now, code == 0 ? 0 : 1000 << my_slot->indexer_failures);
	}
	SpinLockRelease(&shared->mutex);
}

/* Become the database's indexer; false if there is one, or none is to begin. */
static bool
enter(Oid database)
{
	EvShared *shared = ev_shared();
	EvWorkerSlot *slot = slot_of(database);

	if (slot == NULL)
		return false;
	SpinLockAcquire(&shared->mutex);
	if (slot->database == database && slot->indexer_pid == 0 &&
		slot->handlers_not_before <= GetCurrentTimestamp())
	{
		slot->indexer_proc_number = EV_MY_PROC_NUMBER;
		pg_write_barrier();
		slot->indexer_pid = MyProcPid;
		my_slot = slot;
	}
	SpinLockRelease(&shared->mutex);
	if (my_slot != NULL)
		before_shmem_exit(leave, (Datum) 0);
	return my_slot != NULL;
}

/* Positions up to the horizon that are not filed, as far as the current command sees. */
static int64
count_behind(int64 horizon)
{
	int64 end = horizon;

	PushActiveSnapshot(GetLatestSnapshot());
	(void) ev_search_index_end(GetActiveSnapshot(), &end);
	PopActiveSnapshot();
	return Max(horizon - end, 0);
}

/* End, and undo what this transaction has done, if another process would have other settings. */
static void
end_if_outdated(void)
{
	SPI_connect();
	if (ev_session_has_new_settings())
	{
		my_slot->indexer_has_tasks = true; /* so that the worker starts another at once */
		proc_exit(0);
	}
	SPI_finish();
}

static void
file_piece(Piece *piece)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	end_if_outdated();
	piece->hold = ev_catalog_hold();
	if (piece->hold == EV_HOLD_KEPT)
	{
		piece->horizon = ev_position_horizon(ev_catalog_relid("position"));
		piece->filed = ev_search_index_extend(piece->horizon, PIECE);
		piece->behind = count_behind(piece->horizon);
		SPI_connect();
		is_waited_for = ev_worker_maintenance_has_more();
		SPI_finish();
		/* They may have come in the meantime, and after them the request that was found. */
		end_if_outdated();
	}
	PopActiveSnapshot();
	CommitTransactionCommand();
}

static void
try_to_file(MemoryContext memory, Piece *piece)
{
	MemoryContextReset(memory);
	MemoryContextSwitchTo(memory);
	pgstat_report_activity(STATE_RUNNING, "filing events for search");
	PG_TRY();
	{
		file_piece(piece);
	}
	PG_CATCH();
	{
		HOLD_INTERRUPTS();
		EmitErrorReport();
		AbortCurrentTransaction();
		FlushErrorState();
		RESUME_INTERRUPTS();
		proc_exit(1);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(memory);
	has_worked |= piece->filed > 0;
	pgstat_report_activity(STATE_IDLE, NULL);
	pgstat_report_stat(false);
}

/* Lower our priority when that will do; false when a process with the normal one is needed. */
static bool
suit_priority(int64 behind)
{
	if (is_nice)
		return behind < FAR_BEHIND;
	if (behind == 0)
	{
		if (nice(NICER) < 0)
			ereport(DEBUG1, (errmsg("could not lower the priority of the indexer: %m")));
		is_nice = true;
	}
	return true;
}

static void
take_settings(void)
{
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
}

static void
wait_for(long ms)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, ms,
					 PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	take_settings();
}

static void
give_way(void)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz end = TimestampTzPlusMilliseconds(now, GIVE_WAY_MS);

	my_slot->indexer_gives_way = true;
	pg_write_barrier();
	if (my_slot->pid != 0)
		SetLatch(&ProcGlobal->allProcs[my_slot->proc_number].procLatch);
	while (my_slot->indexer_gives_way && now < end)
	{
		wait_for(TimestampDifferenceMilliseconds(now, end) + 1);
		now = GetCurrentTimestamp();
	}
	my_slot->indexer_gives_way = false;
}

/* All is filed up to `filed`.  Wait until more is worth it; false if nothing comes. */
static bool
wait_for_more(int64 filed)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz pace = TimestampTzPlusMilliseconds(now, PACE_MS);
	TimestampTz end = TimestampTzPlusMilliseconds(now, LINGER_MS);

	my_slot->indexed = filed;
	while (now < end)
	{
		int64 told = my_slot->indexer_told;

		if (my_slot->indexer_has_tasks)
		{
			my_slot->indexer_has_tasks = false;
			return true;
		}
		if (told - filed >= MANY_EVENTS || (told != filed && now >= pace))
			return true;
		wait_for(TimestampDifferenceMilliseconds(now, told != filed ? pace : end) + 1);
		now = GetCurrentTimestamp();
	}
	return false;
}

static void
serve(void)
{
	MemoryContext memory = AllocSetContextCreate(TopMemoryContext, "events indexer",
												 ALLOCSET_DEFAULT_SIZES);

	my_slot->indexer_has_tasks = false; /* it looks for them before it rests */
	my_slot->indexer_gives_way = false; /* a predecessor may have been killed */
	for (;;)
	{
		Piece piece = {.hold = EV_HOLD_BUSY};

		CHECK_FOR_INTERRUPTS();
		take_settings();
		try_to_file(memory, &piece);
		if (piece.hold == EV_HOLD_GONE || !ev_search_index)
			return;
		/* Nothing filed and something left: another session is at it, and may not end it. */
		if (piece.hold == EV_HOLD_BUSY || (piece.filed == 0 && piece.behind > 0))
			wait_for(BUSY_POLL_MS);
		else if (!suit_priority(piece.behind) ||
				 (piece.filed == 0 && !wait_for_more(piece.horizon)))
			return;
		else if (piece.filed > 0 && is_waited_for)
			give_way();
	}
}

void
ev_indexer_main(Datum arg)
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
	ev_session_fix("lock_timeout", "200ms");
	pgstat_report_activity(STATE_IDLE, NULL);
	serve();
	proc_exit(0);
}

/* ---- the worker's side */

static BackgroundWorkerHandle *handle = NULL; /* of the process that was asked for last */
static TimestampTz next_start = 0;
static Oid watched = InvalidOid; /* events.search_reindex */
static bool was_asked = false;	 /* somebody has written there */

static void
note_request(Datum arg, Oid relid)
{
	if (OidIsValid(relid) && relid == watched)
		was_asked = true;
}

void
ev_indexer_init(void)
{
	CacheRegisterRelcacheCallback(note_request, (Datum) 0);
}

/* events._wake_indexer(): when this transaction commits, it looks at events.search_reindex */
Datum
ev_wake_indexer(PG_FUNCTION_ARGS)
{
	CacheInvalidateRelcacheByRelid(ev_catalog_relid("search_reindex"));
	ev_transaction_wake_worker();
	PG_RETURN_VOID();
}

static bool
start(void)
{
	BackgroundWorker worker = {0};
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
	bool started;

	if (handle != NULL)
		pfree(handle);
	handle = NULL;
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_main_arg = ObjectIdGetDatum(MyDatabaseId);
	worker.bgw_notify_pid = MyProcPid;
	strlcpy(worker.bgw_library_name, "events", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "ev_indexer_main", sizeof(worker.bgw_function_name));
	strlcpy(worker.bgw_name, "events indexer", sizeof(worker.bgw_name));
	strlcpy(worker.bgw_type, "events indexer", sizeof(worker.bgw_type));
	started = RegisterDynamicBackgroundWorker(&worker, &handle);
	MemoryContextSwitchTo(old);
	return started;
}

/* Has a process been asked for that is not there yet? */
static bool
is_starting(void)
{
	pid_t pid;

	return handle != NULL && GetBackgroundWorkerPid(handle, &pid) == BGWH_NOT_YET_STARTED;
}

long
ev_indexer_serve(int64 horizon)
{
	EvWorkerSlot *slot = slot_of(MyDatabaseId);
	TimestampTz now;
	TimestampTz not_before;

	if (slot != NULL && was_asked)
		slot->indexer_has_tasks = true;
	was_asked = false;
	if (slot == NULL || !ev_search_index || (horizon == slot->indexed && !slot->indexer_has_tasks))
		return LOOK_AGAIN_MS;
	now = GetCurrentTimestamp();
	slot->indexer_told = horizon;
	if (slot->indexer_pid != 0)
	{
		SetLatch(&ProcGlobal->allProcs[slot->indexer_proc_number].procLatch);
		return LOOK_AGAIN_MS;
	}
	if (is_starting())
		return START_POLL_MS;
	not_before = Max(Max(slot->handlers_not_before, slot->indexer_not_before), next_start);
	if (not_before > now)
		return TimestampDifferenceMilliseconds(now, not_before) + 1;
	ev_search_index_elsewhere = start();
	next_start = TimestampTzPlusMilliseconds(now, ev_search_index_elsewhere ? PACE_MS
																			: NO_SLOT_RETRY_MS);
	return START_POLL_MS;
}

void
ev_indexer_check(void)
{
	EvWorkerSlot *slot = slot_of(MyDatabaseId);

	watched = ev_catalog_relid("search_reindex");
	(void) SPI_execute("SELECT FROM events.search_reindex"
					   " UNION ALL SELECT FROM events.search_missing"
					   " UNION ALL SELECT FROM events.search_stale_chunk",
					   true, 1);
	if (slot != NULL)
		slot->indexer_has_tasks = SPI_processed > 0;
}

bool
ev_indexer_gives_way(void)
{
	EvWorkerSlot *slot = slot_of(MyDatabaseId);

	return slot != NULL && slot->indexer_gives_way;
}

void
ev_indexer_go_on(void)
{
	EvWorkerSlot *slot = slot_of(MyDatabaseId);

	if (slot == NULL || !slot->indexer_gives_way)
		return;
	slot->indexer_gives_way = false;
	pg_write_barrier();
	if (slot->indexer_pid != 0)
		SetLatch(&ProcGlobal->allProcs[slot->indexer_proc_number].procLatch);
}

/* ---- making room */

static int
pid_of(Oid database)
{
	EvWorkerSlot *slot = slot_of(database);
	int pid = 0;

	if (slot != NULL)
	{
		SpinLockAcquire(&ev_shared()->mutex);
		pid = slot->database == database ? slot->indexer_pid : 0;
		SpinLockRelease(&ev_shared()->mutex);
	}
	return pid;
}

void
ev_indexer_end(Oid database)
{
	TimestampTz now = GetCurrentTimestamp();
	int pid = pid_of(database);

	if (pid != 0)
		(void) kill(pid, SIGTERM);
	while (pid != 0 && pid_of(database) == pid &&
		   !TimestampDifferenceExceeds(now, GetCurrentTimestamp(), END_WAIT_MS))
	{
		CHECK_FOR_INTERRUPTS();
		pg_usleep(5000);
	}
}
