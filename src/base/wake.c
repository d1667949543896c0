/* SPDX-License-Identifier: PostgreSQL
 *
 * wake.c: telling a database's worker that something was committed.
 *
 * A writer never sends a NOTIFY itself where a worker runs: it sets the
 * worker's latch, after its rows are visible and its gate slot is clear, and
 * the worker sends one NOTIFY for all commits since the last one.
 *
 * A database asks for its worker when it first uses events; the launcher
 * (src/worker) starts it if events.databases allows.  A latch that was set for
 * a process that has just ended wakes whoever got its PGPROC, once, for
 * nothing; a notification that is lost that way is made up for by the worker's
 * successor, which always begins with one.
 */
#include "base/compat.h"

#include "base/shared.h"
#include "base/wake.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "storage/proclist.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

/* How often a reader looks that nobody wakes. */
#define POLL_INTERVAL_MS 250

/* A worker that may be started so soon is asked for at once. */
#define SOON_MS 2000

/* This database's worker slot, or NULL; optionally made. */
static EvWorkerSlot *
my_worker_slot(bool create)
{
	static EvWorkerSlot *known = NULL;
	EvShared *shared = ev_shared_preloaded();
	EvWorkerSlot *unused = NULL;

	if (shared == NULL)
		return NULL;
	if (known != NULL && known->database == MyDatabaseId)
		return known;

	known = NULL;
	SpinLockAcquire(&shared->mutex);
	for (int i = 0; i < EV_MAX_WORKERS && known == NULL; i++)
	{
		EvWorkerSlot *slot = &shared->workers[i];

		if (slot->database == MyDatabaseId)
			known = slot;
		else if (unused == NULL && slot->pid == 0 &&
				 (slot->database == InvalidOid || !slot->wanted))
			unused = slot;
	}
	if (known == NULL && create && unused != NULL)
	{
		memset(unused, 0, sizeof(EvWorkerSlot));
		unused->database = MyDatabaseId;
		known = unused;
	}
	SpinLockRelease(&shared->mutex);
	return known;
}

int
ev_wake_worker_pid(void)
{
	EvWorkerSlot *slot = my_worker_slot(false);

	return slot != NULL ? slot->pid : 0;
}

bool
ev_wake_has_worker(void)
{
	return ev_wake_worker_pid() != 0;
}

static void
set_latch_of(int proc_number)
{
	if (proc_number >= 0)
		SetLatch(&ProcGlobal->allProcs[proc_number].procLatch);
}

void
ev_wake_request_worker(void)
{
	EvWorkerSlot *slot = my_worker_slot(true);
	EvShared *shared = ev_shared_preloaded();
	int launcher = -1;

	/* One that has just ended is back soon; long times are those of databases that get none. */
	if (slot == NULL || slot->pid != 0 || slot->wanted ||
		slot->not_before > TimestampTzPlusMilliseconds(GetCurrentTimestamp(), SOON_MS))
		return;
	SpinLockAcquire(&shared->mutex);
	if (slot->database == MyDatabaseId)
	{
		slot->wanted = true;
		launcher = shared->launcher_proc;
	}
	SpinLockRelease(&shared->mutex);
	set_latch_of(launcher);
}

void
ev_wake_worker(void)
{
	EvWorkerSlot *slot = my_worker_slot(false);

	if (slot != NULL && slot->pid != 0)
		set_latch_of(slot->proc_number);
	else
		ev_wake_request_worker();
}

/* ---- readers that wait ---- */

/* Whose readers the end of the transaction wakes; NULL: nobody's. */
static EvInstallation *to_wake = NULL;

void
ev_wake_readers_at_end(Oid sequence)
{
	if (to_wake == NULL && ev_shared() != NULL)
		to_wake = ev_shared_installation(sequence);
}

void
ev_wake_readers(void)
{
	EvInstallation *installation = to_wake;

	if (installation == NULL)
		return;
	to_wake = NULL;

	/*
	 * Who waits first puts himself into the list and then looks for events; so
	 * either he sees what this transaction has done, or he is seen here.
	 */
	pg_memory_barrier();
	if (!proclist_is_empty(&installation->readers.wakeup))
		ConditionVariableBroadcast(&installation->readers);
}

void
ev_wake_prepare(Oid sequence)
{
	if (ev_shared() != NULL)
		ConditionVariablePrepareToSleep(&ev_shared_installation(sequence)->readers);
}

void
ev_wake_sleep(Oid sequence, long ms)
{
	if (ev_shared() != NULL)
	{
		(void) ConditionVariableTimedSleep(&ev_shared_installation(sequence)->readers, ms,
										   PG_WAIT_EXTENSION);
		return;
	}
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 Min(ms, POLL_INTERVAL_MS), PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

void
ev_wake_cancel(void)
{
	if (ev_shared() != NULL)
		ConditionVariableCancelSleep();
}
