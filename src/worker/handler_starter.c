/* SPDX-License-Identifier: PostgreSQL
 *
 * handler_starter.c: what the worker of a database does for its handlers.
 *
 * It never runs one: it starts a process for each that has something to do
 * (worker/handler_runner.c), at most events.max_handler_workers in the whole
 * server, and wakes those that wait for more.  When there is no room, the ones
 * that have not run for the longest time come first; they are marked as
 * waiting, and processes that see that end after their time slice.
 *
 * The worker knows the handlers of its database by name: the list is read
 * again when an invalidation of events.consumer comes, which the table's
 * trigger sends.  Whether one has something to do is in its slot: up to which
 * horizon it has done everything, and when an event is to be tried again.  So
 * a round of the worker looks at memory only.  What no horizon and no time tell
 * (a session that held the consumer while the process looked, events.seek()) is
 * found by a query with each round of maintenance, and the list is read again
 * then, for a restored one sends no invalidation.
 */
#include "base/compat.h"

#include <limits.h>

#include "access/xact.h"
#include "base/catalog.h"
#include "base/handler_slot.h"
#include "base/settings.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "worker/handler_runner.h"
#include "worker/handler_starter.h"

#define START_TIMEOUT_MS 10000
#define NO_SLOT_DELAY_MS 1000
#define NO_SLOT_LOG_MS 60000
#define STARTING_POLL_MS 250
#define WAITING_POLL_MS 1000

typedef struct Handler
{
	char *name;
	uint64 key;
	Oid owner; /* as whom to connect; InvalidOid: nobody */
	EvHandlerSlot *slot;
	BackgroundWorkerHandle *handle; /* of the process that was asked for last */
} Handler;

static MemoryContext memory = NULL;
static Handler *handlers = NULL;
static int handler_count = 0;
static Oid watched = InvalidOid; /* events.consumer */
static bool is_stale = true;
static bool are_changed = true; /* and may have something to do because of that */

/* ---- the list */

static void
forget_list(Datum arg, Oid relid)
{
	if (relid == InvalidOid || relid == watched || watched == InvalidOid)
		is_stale = are_changed = true;
}

void
ev_handler_starter_init(void)
{
	memory = AllocSetContextCreate(TopMemoryContext, "events handler list", ALLOCSET_SMALL_SIZES);
	CacheRegisterRelcacheCallback(forget_list, (Datum) 0);
}

/* Before 17 a process cannot connect as a role that may not log in. */
#ifdef EV_HAVE_LOGIN_BYPASS
#define OWNER_TO_CONNECT "a.oid"
#else
#define OWNER_TO_CONNECT "CASE WHEN a.rolcanlogin THEN a.oid ELSE 0::pg_catalog.oid END"
#endif

/* The handlers of the database, in `memory`. */
static void
list_handlers(bool changed)
{
	SPI_connect();
	(void) SPI_execute("SELECT c.name, coalesce(" OWNER_TO_CONNECT ", 0)"
					   " FROM events.consumer AS c"
					   " LEFT JOIN pg_catalog.pg_authid AS a ON a.oid = c.owner"
					   " WHERE c.function IS NOT NULL",
					   true, 0);
	handlers = MemoryContextAllocZero(memory, sizeof(Handler) * Max(SPI_processed, 1));
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		TupleDesc descriptor = SPI_tuptable->tupdesc;
		bool isnull;

		handlers[i].name = MemoryContextStrdup(memory, SPI_getvalue(row, descriptor, 1));
		handlers[i].owner = DatumGetObjectId(SPI_getbinval(row, descriptor, 2, &isnull));
		handlers[i].key = ev_handler_slot_key(handlers[i].name);
		handlers[i].slot = ev_handler_slot(handlers[i].key);

		if (handlers[i].slot != NULL && changed)
			handlers[i].slot->done = -1;
	}
	handler_count = (int) SPI_processed;
	SPI_finish();
}

static void
read_list(void)
{
	bool changed = are_changed;
	EvHold hold;

	/* An invalidation that comes meanwhile makes it stale again. */
	is_stale = are_changed = false;
	MemoryContextReset(memory);
	handlers = NULL;
	handler_count = 0;
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	hold = ev_catalog_hold();
	watched = hold == EV_HOLD_KEPT ? ev_catalog_relid_if_exists("consumer") : InvalidOid;
	if (OidIsValid(watched))
		list_handlers(changed);
	else if (hold == EV_HOLD_BUSY)
		is_stale = are_changed = true; /* the worker comes again soon */
	PopActiveSnapshot();
	CommitTransactionCommand();
}

/* ---- starting */

/* The slot may have been taken over by another handler meanwhile. */
static EvHandlerSlot *
slot_of(Handler *handler)
{
	EvHandlerSlot *slot = handler->slot;

	if (slot == NULL || slot->database != MyDatabaseId || slot->key != handler->key)
		handler->slot = ev_handler_slot(handler->key);
	return handler->slot;
}

static bool
is_due(const EvHandlerSlot *slot, int64 horizon, TimestampTz now)
{
	return slot->done < horizon || (slot->retry_at != 0 && slot->retry_at <= now);
}

/* A process that was asked for and will not come. */
static void
give_up_start(Handler *handler, TimestampTz now)
{
	EvHandlerSlot *slot = handler->slot;
	pid_t pid;
	bool is_lost = handler->handle != NULL &&
				   GetBackgroundWorkerPid(handler->handle, &pid) == BGWH_STOPPED;

	if (!is_lost && !TimestampDifferenceExceeds(slot->started_at, now, START_TIMEOUT_MS))
		return;
	SpinLockAcquire(&ev_shared()->mutex);
	if (slot->pid == 0 && slot->key == handler->key)
	{
		slot->starting = false;
		slot->not_before = TimestampTzPlusMilliseconds(now, NO_SLOT_DELAY_MS);
	}
	SpinLockRelease(&ev_shared()->mutex);
}

/* Take one of the server's places for handlers. */
static bool
take_place(EvHandlerSlot *slot, uint64 key, TimestampTz now)
{
	EvShared *shared = ev_shared();
	int running = 0;
	bool taken;

	SpinLockAcquire(&shared->mutex);
	for (int i = 0; i < EV_MAX_HANDLERS; i++)
	{
		if (shared->handlers[i].pid != 0 || shared->handlers[i].starting)
			running++;
	}
	taken = running < ev_max_handler_workers && slot->database == MyDatabaseId &&
			slot->key == key && slot->pid == 0 && !slot->starting;
	if (taken)
	{
		slot->starting = true;
		slot->waiting = false;
		slot->started_at = now;
	}
	SpinLockRelease(&shared->mutex);
	return taken;
}

static void
report_no_slot(const Handler *handler, TimestampTz now)
{
	static TimestampTz reported_at = 0;

	if (reported_at != 0 && !TimestampDifferenceExceeds(reported_at, now, NO_SLOT_LOG_MS))
		return;
	reported_at = now;
	ereport(LOG, (errmsg("no free background worker slot for handler \"%s\"", handler->name),
				  errdetail("It is tried again every second."),
				  errhint("Increase max_worker_processes, or decrease "
						  "events.max_handler_workers.")));
}

/* false: there is no room. */
static bool
start(Handler *handler, TimestampTz now)
{
	EvHandlerSlot *slot = handler->slot;
	MemoryContext old;

	if (!take_place(slot, handler->key, now))
		return false;
	if (handler->handle != NULL)
		pfree(handler->handle);
	old = MemoryContextSwitchTo(memory);
	handler->handle = ev_handler_runner_start(handler->name, handler->key, handler->owner);
	MemoryContextSwitchTo(old);
	if (handler->handle == NULL)
	{
		slot->starting = false;
		slot->not_before = TimestampTzPlusMilliseconds(now, NO_SLOT_DELAY_MS);
		report_no_slot(handler, now);
	}
	return true;
}

/* Processes that have nothing to do, or have had their time slice, make room. */
static void
ask_for_room(void)
{
	EvShared *shared = ev_shared();

	for (int i = 0; i < EV_MAX_HANDLERS; i++)
	{
		EvHandlerSlot *slot = &shared->handlers[i];

		if (slot->pid != 0)
			SetLatch(&ProcGlobal->allProcs[slot->proc_number].procLatch);
	}
}

/* Until when no process begins, for somebody wants the database or the extension for himself. */
static TimestampTz
suspended_until(void)
{
	EvShared *shared = ev_shared();

	for (int i = 0; i < EV_MAX_WORKERS; i++)
	{
		if (shared->workers[i].database == MyDatabaseId)
			return shared->workers[i].handlers_not_before;
	}
	return 0;
}

static void
wait_until(long *wait, TimestampTz now, TimestampTz until)
{
	*wait = Min(*wait, TimestampDifferenceMilliseconds(now, until) + 1);
}

/* Should this one be started?  If not now, when to look again? */
static bool
wants_start(Handler *handler, int64 horizon, TimestampTz now, long *wait)
{
	EvHandlerSlot *slot = slot_of(handler);

	if (slot == NULL)
		return false;
	if (slot->pid != 0)
	{
		if (is_due(slot, horizon, now))
			SetLatch(&ProcGlobal->allProcs[slot->proc_number].procLatch);
		return false;
	}
	if (slot->starting)
	{
		give_up_start(handler, now);
		*wait = Min(*wait, STARTING_POLL_MS);
		return false;
	}
	if (!is_due(slot, horizon, now))
	{
		slot->waiting = false;
		if (slot->retry_at != 0)
			wait_until(wait, now, slot->retry_at);
		return false;
	}
	if (slot->not_before > now)
	{
		slot->waiting = false;
		wait_until(wait, now, slot->not_before);
		return false;
	}
	return true;
}

static int
compare_turns(const void *a, const void *b)
{
	const Handler *x = *(Handler *const *) a;
	const Handler *y = *(Handler *const *) b;

	return x->slot->started_at < y->slot->started_at   ? -1
		   : x->slot->started_at > y->slot->started_at ? 1
													   : 0;
}

long
ev_handler_starter_serve(int64 horizon)
{
	TimestampTz now;
	TimestampTz suspended;
	long wait = INT_MAX;
	Handler **due;
	int count = 0;
	bool is_full = false;

	if (is_stale)
		read_list();
	if (handler_count == 0 || ev_max_handler_workers == 0)
		return wait;
	now = GetCurrentTimestamp();
	suspended = suspended_until();
	if (suspended > now)
	{
		wait_until(&wait, now, suspended);
		return wait;
	}
	due = palloc_array(Handler *, handler_count);
	for (int i = 0; i < handler_count; i++)
	{
		if (wants_start(&handlers[i], horizon, now, &wait))
			due[count++] = &handlers[i];
	}
	qsort(due, count, sizeof(Handler *), compare_turns);
	for (int i = 0; i < count; i++)
	{
		is_full = is_full || !start(due[i], now);
		due[i]->slot->waiting = is_full;
	}
	pfree(due);
	if (is_full)
		ask_for_room();
	if (count > 0)
		wait = Min(wait, is_full ? WAITING_POLL_MS : STARTING_POLL_MS);
	return wait;
}

/* ---- what nothing tells */

static void
note_due(void)
{
	SPI_connect();
	(void) SPI_execute("SELECT name FROM events._due_handlers(true) AS name", false, 0);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		char *name = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);
		EvHandlerSlot *slot = ev_handler_slot(ev_handler_slot_key(name));

		if (slot != NULL && slot->pid == 0)
			slot->done = -1;
	}
	SPI_finish();
}

void
ev_handler_starter_check(void)
{
	is_stale = true;
	if (handler_count > 0 && ev_max_handler_workers > 0)
		note_due();
}
