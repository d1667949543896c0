/* SPDX-License-Identifier: PostgreSQL
 *
 * launcher.c: the process that starts a worker for each database that uses
 * events.
 *
 * The launcher is a background worker that is connected to no database.  When
 * it starts, it tries a worker in every database that events.databases names
 * ('*': in every one that takes connections); a worker that does not find the
 * extension ends with code 0 and withdraws its wish.  Later, a database asks
 * for its worker when it first uses events (base/wake.c).  A worker that dies
 * with its wish standing is started again after a second.
 *
 * All it knows is in the worker slots of shared memory, so a launcher that was
 * itself restarted goes on where its predecessor stopped.  It holds no lock
 * and no snapshot while it waits.
 */
#include "base/compat.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "base/settings.h"
#include "base/shared.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"
#include "worker/launcher.h"
#include "worker/worker.h"

#define RESTART_DELAY_MS 1000
#define START_TIMEOUT_MS 5000
#define SUSPEND_MS 10000
#define IDLE_MS 60000

PGDLLEXPORT pg_noreturn void ev_launcher_main(Datum arg);

typedef struct Database
{
	Oid oid;
	char *name;
} Database;

void
ev_launcher_register(void)
{
	BackgroundWorker worker = {0};

	/* pg_upgrade wants to be alone, and assigns the object identifiers itself. */
	if (IsBinaryUpgrade)
		return;
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = 1;
	strlcpy(worker.bgw_library_name, "events", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "ev_launcher_main", sizeof(worker.bgw_function_name));
	strlcpy(worker.bgw_name, "events launcher", sizeof(worker.bgw_name));
	strlcpy(worker.bgw_type, "events launcher", sizeof(worker.bgw_type));
	RegisterBackgroundWorker(&worker);
}

/* The databases that take connections, in the caller's memory. */
static List *
list_databases(void)
{
	MemoryContext caller = CurrentMemoryContext;
	List *databases = NIL;
	Relation rel;
	TableScanDesc scan;
	HeapTuple tuple;

	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	rel = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(rel, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_database form = (Form_pg_database) GETSTRUCT(tuple);
		MemoryContext old;
		Database *database;

		if (!form->datallowconn || form->datistemplate || database_is_invalid_form(form))
			continue;
		old = MemoryContextSwitchTo(caller);
		database = palloc(sizeof(Database));
		database->oid = form->oid;
		database->name = pstrdup(NameStr(form->datname));
		databases = lappend(databases, database);
		MemoryContextSwitchTo(old);
	}
	table_endscan(scan);
	table_close(rel, AccessShareLock);
	CommitTransactionCommand();
	MemoryContextSwitchTo(caller);
	return databases;
}

static bool
is_allowed(const char *database)
{
	char *copy = pstrdup(ev_databases);
	List *names = NIL;
	ListCell *cell;
	bool allowed = false;

	(void) SplitGUCList(copy, ',', &names);
	foreach (cell, names)
		allowed = allowed || strcmp(lfirst(cell), "*") == 0 || strcmp(lfirst(cell), database) == 0;
	return allowed;
}

/* The slot of a database; an unused one if it has none; NULL if there is none left. */
static EvWorkerSlot *
slot_for(EvShared *shared, Oid database)
{
	EvWorkerSlot *unused = NULL;

	for (int i = 0; i < EV_MAX_WORKERS; i++)
	{
		EvWorkerSlot *slot = &shared->workers[i];

		if (slot->database == database)
			return slot;
		if (unused == NULL && slot->database == InvalidOid)
			unused = slot;
	}
	return unused;
}

/* Give every allowed database a slot with a wish; the others lose theirs, and their worker. */
static void
wish_for_all(EvShared *shared, List *databases)
{
	ListCell *cell;

	foreach (cell, databases)
	{
		Database *database = lfirst(cell);
		bool allowed = is_allowed(database->name);
		EvWorkerSlot *slot;
		int pid = 0;

		SpinLockAcquire(&shared->mutex);
		slot = slot_for(shared, database->oid);
		if (slot != NULL && (allowed || slot->database == database->oid))
		{
			slot->database = database->oid;
			slot->wanted = allowed;
			slot->not_before = 0;
			pid = allowed ? 0 : slot->pid;
		}
		SpinLockRelease(&shared->mutex);
		if (pid != 0)
			(void) kill(pid, SIGTERM);
	}
}

static Database *
find_database(List *databases, Oid oid)
{
	ListCell *cell;

	foreach (cell, databases)
	{
		if (((Database *) lfirst(cell))->oid == oid)
			return lfirst(cell);
	}
	return NULL;
}

/* Is it time for this slot's worker?  Marks it as being started. */
static bool
take_turn(EvShared *shared, EvWorkerSlot *slot, TimestampTz now, Oid *database)
{
	bool turn;

	SpinLockAcquire(&shared->mutex);
	turn = slot->database != InvalidOid && slot->wanted && slot->pid == 0 &&
		   slot->not_before <= now;
	if (turn)
	{
		*database = slot->database;
		slot->not_before = TimestampTzPlusMilliseconds(now, START_TIMEOUT_MS);
	}
	SpinLockRelease(&shared->mutex);
	return turn;
}

static void
withdraw(EvShared *shared, EvWorkerSlot *slot, Oid database, bool forget)
{
	SpinLockAcquire(&shared->mutex);
	if (slot->database == database && slot->pid == 0)
	{
		slot->wanted = false;

		/* A database that events.databases leaves out does not ask each time. */
		slot->not_before = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), IDLE_MS);
		if (forget)
			slot->database = InvalidOid;
	}
	SpinLockRelease(&shared->mutex);
}

static void
postpone(EvShared *shared, EvWorkerSlot *slot, int milliseconds)
{
	SpinLockAcquire(&shared->mutex);
	slot->not_before = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), milliseconds);
	SpinLockRelease(&shared->mutex);
}

/*
 * Start what is wanted and not running.  Returns how long to sleep: short
 * while something is wanted that could not be started.
 */
static long
start_workers(EvShared *shared)
{
	TimestampTz now = GetCurrentTimestamp();
	List *databases = NIL;
	bool waiting = false;

	for (int i = 0; i < EV_MAX_WORKERS; i++)
	{
		EvWorkerSlot *slot = &shared->workers[i];
		Oid oid = InvalidOid;
		Database *database;

		waiting = waiting || (slot->wanted && slot->pid == 0);
		if (!take_turn(shared, slot, now, &oid))
			continue;
		if (databases == NIL)
			databases = list_databases();
		database = find_database(databases, oid);
		if (database == NULL || !is_allowed(database->name))
			withdraw(shared, slot, oid, database == NULL);
		else if (!ev_worker_start(oid, database->name))
			postpone(shared, slot, IDLE_MS);
	}
	return waiting ? RESTART_DELAY_MS / 4 : IDLE_MS;
}

static void
leave(int code, Datum arg)
{
	EvShared *shared = ev_shared();

	SpinLockAcquire(&shared->mutex);
	shared->launcher_proc = -1;
	SpinLockRelease(&shared->mutex);
}

void
ev_launcher_main(Datum arg)
{
	EvShared *shared = ev_shared();
	MemoryContext context;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	context = AllocSetContextCreate(TopMemoryContext, "events launcher", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(context);

	before_shmem_exit(leave, (Datum) 0);
	SpinLockAcquire(&shared->mutex);
	shared->launcher_proc = EV_MY_PROC_NUMBER;
	SpinLockRelease(&shared->mutex);
	wish_for_all(shared, list_databases());

	for (;;)
	{
		long timeout;

		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
			wish_for_all(shared, list_databases());
		}
		timeout = start_workers(shared);
		MemoryContextReset(context);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, timeout,
						 PG_WAIT_EXTENSION);
	}
}

static EvWorkerSlot *
find_slot(EvShared *shared, Oid database)
{
	for (int i = 0; i < EV_MAX_WORKERS; i++)
	{
		if (shared->workers[i].database == database)
			return &shared->workers[i];
	}
	return NULL;
}

void
ev_launcher_suspend(Oid database)
{
	EvShared *shared = ev_shared();
	EvWorkerSlot *slot = shared != NULL ? find_slot(shared, database) : NULL;
	TimestampTz now = GetCurrentTimestamp();
	int pid;

	if (slot == NULL)
		return;
	SpinLockAcquire(&shared->mutex);
	slot->not_before = TimestampTzPlusMilliseconds(now, SUSPEND_MS);
	pid = slot->pid;
	SpinLockRelease(&shared->mutex);
	if (pid != 0)
		(void) kill(pid, SIGTERM);
	while (slot->pid != 0 && slot->pid == pid &&
		   !TimestampDifferenceExceeds(now, GetCurrentTimestamp(), 5000))
	{
		CHECK_FOR_INTERRUPTS();
		pg_usleep(5000);
	}
}

void
ev_launcher_resume(Oid database)
{
	EvShared *shared = ev_shared();
	EvWorkerSlot *slot = shared != NULL ? find_slot(shared, database) : NULL;

	if (slot == NULL)
		return;
	SpinLockAcquire(&shared->mutex);
	slot->not_before = 0;
	SpinLockRelease(&shared->mutex);
}
