/* SPDX-License-Identifier: PostgreSQL
 *
 * now_publisher.c: the processes that commit events for others.
 *
 * With events in shared_preload_libraries a database has standing publishers.
 * The first is started by the first request, another one when a request has
 * waited while all were busy (one of them may wait for a lock), up to
 * events.max_publishers.  Each has an entry in shared memory from the moment it
 * is asked for (while it comes, no other is started, for a second), and ends when
 * it has had nothing to do for a while.  Without the preload each request gets a
 * process of its own: nothing would end a standing one for DROP DATABASE.
 *
 * The queue is the array of announcements, one for each backend of the server,
 * since a session has one request at a time.  So it is never full, what a
 * session has announced goes away with it, and what is left is to find the
 * oldest of one's database.
 *
 * No wake-up is lost.  A publisher says that it is idle, and then looks for
 * announcements once more before it waits; a caller announces, and then looks
 * for a publisher that is idle.  Several callers may wake the same one, or one
 * that is just ending, so callers look again while they wait.
 */
#include "base/compat.h"

#include <signal.h>

#include "base/settings.h"
#include "commands/dbcommands.h"
#include "miscadmin.h"
#include "publish/now_deadlock.h"
#include "publish/now_publisher.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/timestamp.h"

/* A publisher that is not there by then is not waited for. */
#define START_TIMEOUT_MS 10000
#define START_PATIENCE_MS 1000
#define END_TIMEOUT_MS 5000

/* In a publisher: its entry. */
static EvPublisher *my_entry = NULL;

bool
ev_publisher_is_standing(void)
{
	return ev_shared_preloaded() != NULL;
}

/* ---- announcements */

void
ev_publisher_announce(dsm_handle segment)
{
	EvShared *shared = ev_shared();
	EvAnnouncement *mine = &ev_shared_announcements(shared)[EV_MY_PROC_NUMBER];

	mine->pid = MyProcPid;
	mine->database = MyDatabaseId;
	mine->segment = segment;
	pg_write_barrier();
	pg_atomic_write_u64(&mine->ordinal, pg_atomic_add_fetch_u64(&shared->requests, 1));
	pg_memory_barrier();
}

void
ev_publisher_retract(void)
{
	pg_atomic_write_u64(&ev_shared_announcements(ev_shared())[EV_MY_PROC_NUMBER].ordinal, 0);
}

bool
ev_publisher_find(uint64 after, uint64 *ordinal, dsm_handle *segment)
{
	EvShared *shared = ev_shared();
	EvAnnouncement *all = ev_shared_announcements(shared);
	uint64 found = 0;

	pg_memory_barrier();
	for (int i = 0; i < shared->nslots; i++)
	{
		uint64 n = pg_atomic_read_u64(&all[i].ordinal);
		Oid database;
		dsm_handle handle;

		if (n <= after || (found != 0 && n > found))
			continue;
		pg_read_barrier();
		database = all[i].database;
		handle = all[i].segment;
		pg_read_barrier();
		/* The rest belongs to this ordinal if that has not changed. */
		if (database != MyDatabaseId || pg_atomic_read_u64(&all[i].ordinal) != n)
			continue;
		found = n;
		*segment = handle;
	}
	*ordinal = found;
	return found != 0;
}

void
ev_publisher_clear(uint64 ordinal)
{
	EvShared *shared = ev_shared();
	EvAnnouncement *all = ev_shared_announcements(shared);

	for (int i = 0; i < shared->nslots; i++)
	{
		uint64 expected = ordinal;

		if (pg_atomic_compare_exchange_u64(&all[i].ordinal, &expected, 0))
			return;
	}
}

/* ---- starting one */

static bool
register_worker(const char *function, Datum arg, const EvPublisherStart *start,
				BackgroundWorkerHandle **handle)
{
	BackgroundWorker worker = {0};

	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_main_arg = arg;
	worker.bgw_notify_pid = MyProcPid;
	memcpy(worker.bgw_extra, start, sizeof(*start));
	strlcpy(worker.bgw_library_name, "events", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, function, sizeof(worker.bgw_function_name));
	snprintf(worker.bgw_name, sizeof(worker.bgw_name), "events publisher for database \"%s\"",
			 get_database_name(start->database));
	strlcpy(worker.bgw_type, "events publisher", sizeof(worker.bgw_type));
	return RegisterDynamicBackgroundWorker(&worker, handle);
}

bool
ev_publisher_start_for(dsm_handle segment, EvPublisherProcess *process)
{
	EvPublisherStart start = {MyDatabaseId, 0};

	process->start = 0;
	return register_worker("ev_publisher_once_main", UInt32GetDatum(segment), &start,
						   &process->handle);
}

static void
free_entry(EvPublisher *entry)
{
	memset(entry, 0, sizeof(EvPublisher));
}

/* Keep an entry for a new one.  The mutex is held. */
static EvPublisher *
reserve(EvShared *shared, TimestampTz now)
{
	for (int i = 0; i < EV_MAX_PUBLISHERS; i++)
	{
		EvPublisher *entry = &shared->publishers[i];

		if (entry->database != InvalidOid)
			continue;
		entry->database = MyDatabaseId;
		entry->start = ++shared->starts;
		if (entry->start == 0)
			entry->start = ++shared->starts;
		entry->asked_at = now;
		return entry;
	}
	return NULL;
}

/* Give an entry back whose process has not come and will not. */
static void
give_back(uint32 start)
{
	EvShared *shared = ev_shared();

	SpinLockAcquire(&shared->mutex);
	for (int i = 0; i < EV_MAX_PUBLISHERS; i++)
	{
		EvPublisher *entry = &shared->publishers[i];

		if (entry->start == start && entry->pid == 0)
			free_entry(entry);
	}
	SpinLockRelease(&shared->mutex);
}

bool
ev_publisher_has_ended(EvPublisherProcess *process)
{
	pid_t pid;

	if (process->handle == NULL || GetBackgroundWorkerPid(process->handle, &pid) != BGWH_STOPPED)
		return false;
	if (process->start != 0)
		give_back(process->start);
	pfree(process->handle);
	process->handle = NULL;
	return true;
}

EvPublisherHelp
ev_publisher_call(bool impatient, EvPublisherProcess *process)
{
	EvShared *shared = ev_shared();
	TimestampTz now = GetCurrentTimestamp();
	EvPublisher *entry = NULL;
	EvPublisherStart start = {MyDatabaseId, 0};
	bool starting = false;
	int idle = -1;
	int n = 0;

	SpinLockAcquire(&shared->mutex);
	for (int i = 0; i < EV_MAX_PUBLISHERS && idle < 0; i++)
	{
		EvPublisher *p = &shared->publishers[i];

		if (p->database != MyDatabaseId)
			continue;
		if (p->pid == 0 && TimestampDifferenceExceeds(p->asked_at, now, START_TIMEOUT_MS))
		{
			free_entry(p);
			continue;
		}
		n++;
		/* It is not there, or still connecting. */
		if (!p->idle && p->caller == 0)
			starting = starting || !TimestampDifferenceExceeds(p->asked_at, now, START_PATIENCE_MS);
		if (p->pid != 0 && p->idle)
			idle = p->proc_number;
	}
	if (idle < 0 && (n == 0 || (impatient && !starting && n < ev_max_publishers)))
	{
		entry = reserve(shared, now);
		start.start = entry != NULL ? entry->start : 0;
	}
	SpinLockRelease(&shared->mutex);

	if (idle >= 0)
	{
		SetLatch(&ProcGlobal->allProcs[idle].procLatch);
		return EV_PUBLISHER_WOKEN;
	}
	if (entry != NULL && register_worker("ev_publisher_main", (Datum) 0, &start, &process->handle))
	{
		process->start = start.start;
		return EV_PUBLISHER_STARTED;
	}
	if (entry != NULL)
		give_back(start.start);
	return n > 0 ? EV_PUBLISHER_BUSY : EV_PUBLISHER_NO_SLOT;
}

bool
ev_publisher_are_blocked(void)
{
	EvShared *shared = ev_shared();
	bool blocked = true;

	SpinLockAcquire(&shared->mutex);
	for (int i = 0; i < EV_MAX_PUBLISHERS && blocked; i++)
	{
		EvPublisher *p = &shared->publishers[i];

		if (p->database == MyDatabaseId)
			blocked = p->pid != 0 && ev_now_waits_for_lock(p->proc_number);
	}
	SpinLockRelease(&shared->mutex);
	return blocked;
}

/* The database in which a process has announced a request; InvalidOid if it has none. */
static Oid
database_of_request(EvShared *shared, int caller)
{
	EvAnnouncement *all = ev_shared_announcements(shared);

	for (int i = 0; i < shared->nslots; i++)
	{
		if (pg_atomic_read_u64(&all[i].ordinal) != 0 && all[i].pid == caller)
			return all[i].database;
	}
	return InvalidOid;
}

int
ev_publisher_waited_for(int caller, int *pids, int max, bool *any)
{
	EvShared *shared = ev_shared();
	Oid database;
	bool starting = false;
	int n = 0;

	if (!ev_publisher_is_standing())
		return 0;
	database = database_of_request(shared, caller);
	*any = true;
	SpinLockAcquire(&shared->mutex);
	for (int i = 0; i < EV_MAX_PUBLISHERS && *any; i++)
	{
		EvPublisher *p = &shared->publishers[i];

		if (p->pid != 0 && p->caller == caller)
		{
			pids[0] = p->pid;
			n = 1;
			*any = false;
		}
		else if (OidIsValid(database) && p->database == database)
		{
			starting = starting || p->pid == 0;
			if (p->pid != 0 && n < max)
				pids[n++] = p->pid;
		}
	}
	SpinLockRelease(&shared->mutex);
	return *any && starting ? 0 : n;
}

/* ---- being one */

static void
leave(int code, Datum arg)
{
	EvShared *shared = ev_shared();

	SpinLockAcquire(&shared->mutex);
	free_entry(my_entry);
	SpinLockRelease(&shared->mutex);
	my_entry = NULL;
}

bool
ev_publisher_enter(const EvPublisherStart *start)
{
	EvShared *shared = ev_shared();

	SpinLockAcquire(&shared->mutex);
	for (int i = 0; i < EV_MAX_PUBLISHERS && my_entry == NULL; i++)
	{
		EvPublisher *entry = &shared->publishers[i];

		if (entry->start == start->start && entry->database == start->database && entry->pid == 0)
		{
			entry->proc_number = EV_MY_PROC_NUMBER;
			entry->pid = MyProcPid;
			my_entry = entry;
		}
	}
	SpinLockRelease(&shared->mutex);
	if (my_entry == NULL)
		return false;
	before_shmem_exit(leave, (Datum) 0);
	return true;
}

static void
set_mine(bool idle, int caller)
{
	EvShared *shared = ev_shared();

	if (my_entry == NULL)
		return;
	SpinLockAcquire(&shared->mutex);
	my_entry->idle = idle;
	my_entry->caller = caller;
	SpinLockRelease(&shared->mutex);
	pg_memory_barrier();
}

void
ev_publisher_set_idle(void)
{
	set_mine(true, 0);
}

void
ev_publisher_set_busy(int caller)
{
	set_mine(false, caller);
}

/* ---- ending them */

/* Tell them to end; how many are still there. */
static int
tell_to_end(EvShared *shared, Oid database)
{
	int pids[EV_MAX_PUBLISHERS];
	int n = 0;

	SpinLockAcquire(&shared->mutex);
	for (int i = 0; i < EV_MAX_PUBLISHERS; i++)
	{
		EvPublisher *entry = &shared->publishers[i];

		if (entry->database != database)
			continue;
		/* One that is only just being started will find that its entry is gone. */
		if (entry->pid == 0)
			free_entry(entry);
		else
			pids[n++] = entry->pid;
	}
	SpinLockRelease(&shared->mutex);
	for (int i = 0; i < n; i++)
		(void) kill(pids[i], SIGTERM);
	return n;
}

void
ev_publisher_end_all(Oid database)
{
	EvShared *shared = ev_shared();
	TimestampTz begin = GetCurrentTimestamp();

	if (!ev_publisher_is_standing())
		return;
	while (tell_to_end(shared, database) > 0 &&
		   !TimestampDifferenceExceeds(begin, GetCurrentTimestamp(), END_TIMEOUT_MS))
	{
		CHECK_FOR_INTERRUPTS();
		pg_usleep(5000);
	}
}
