/* SPDX-License-Identifier: PostgreSQL
 *
 * shared.c: making and finding the extension's shared memory.
 *
 * With events in shared_preload_libraries it is a fixed piece, requested by
 * the usual hooks.  Without, PostgreSQL 17 and later can make a named segment
 * on first use; it goes away with the server, and with a backend crash, just
 * like the fixed one.  Older servers have none then.
 *
 * Entries of installations are found by a linear search under a spinlock, once
 * per backend and installation, and remembered.  They are never moved; when
 * the table is full, those of dropped databases and dropped installations are
 * taken over.
 */
#include "base/compat.h"

#include "base/shared.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/syscache.h"
#ifdef EV_HAVE_DSM_REGISTRY
#include "storage/dsm_registry.h"
#endif

static EvShared *shared = NULL;
static shmem_request_hook_type prev_shmem_request_hook = NULL;
static shmem_startup_hook_type prev_shmem_startup_hook = NULL;

static Size
shared_size(void)
{
	return add_size(offsetof(EvShared, slots),
					mul_size(MaxBackends, sizeof(EvGateSlot) + sizeof(EvAnnouncement)));
}

EvAnnouncement *
ev_shared_announcements(EvShared *s)
{
	return (EvAnnouncement *) &s->slots[s->nslots];
}

static void
shared_init(void *memory)
{
	EvShared *s = memory;

	memset(s, 0, shared_size());
	SpinLockInit(&s->mutex);
	s->launcher_proc = -1;
	s->nslots = MaxBackends;
	for (int i = 0; i < EV_MAX_INSTALLATIONS; i++)
	{
		pg_atomic_init_u32(&s->installations[i].jumped, 0);
		pg_atomic_init_u64(&s->installations[i].horizon, 0);
		ConditionVariableInit(&s->installations[i].readers);
	}
	for (int i = 0; i < s->nslots; i++)
		pg_atomic_init_u64(&s->slots[i].floor, 0);
	pg_atomic_init_u64(&s->requests, 0);
	for (int i = 0; i < s->nslots; i++)
		pg_atomic_init_u64(&ev_shared_announcements(s)[i].ordinal, 0);
}

static void
request_hook(void)
{
	if (prev_shmem_request_hook)
		prev_shmem_request_hook();
	RequestAddinShmemSpace(shared_size());
}

static void
startup_hook(void)
{
	bool found;

	if (prev_shmem_startup_hook)
		prev_shmem_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	shared = ShmemInitStruct("events", shared_size(), &found);
	if (!found)
	{
		shared_init(shared);
		shared->preloaded = true;
	}
	LWLockRelease(AddinShmemInitLock);
}

void
ev_shared_request(void)
{
	prev_shmem_request_hook = shmem_request_hook;
	shmem_request_hook = request_hook;
	prev_shmem_startup_hook = shmem_startup_hook;
	shmem_startup_hook = startup_hook;
}

EvShared *
ev_shared(void)
{
#ifdef EV_HAVE_DSM_REGISTRY
	if (shared == NULL && IsUnderPostmaster)
	{
		bool found;

		shared = GetNamedDSMSegment("events", shared_size(), shared_init, &found);
	}
#endif
	return shared;
}

EvShared *
ev_shared_preloaded(void)
{
	return shared != NULL && shared->preloaded ? shared : NULL;
}

EvGateSlot *
ev_shared_my_slot(void)
{
	Assert(EV_MY_PROC_NUMBER >= 0 && EV_MY_PROC_NUMBER < shared->nslots);
	return &shared->slots[EV_MY_PROC_NUMBER];
}

/*
 * Is this entry's installation gone?  For other databases only the database
 * can be asked for.
 */
static bool
installation_is_gone(Oid database, Oid sequence)
{
	if (database == MyDatabaseId)
		return !SearchSysCacheExists1(RELOID, ObjectIdGetDatum(sequence));
	return !SearchSysCacheExists1(DATABASEOID, ObjectIdGetDatum(database));
}

/* Take over the entry of an installation that is gone; -1 if there is none. */
static int
reclaim_installation(void)
{
	for (int i = 0; i < EV_MAX_INSTALLATIONS; i++)
	{
		EvInstallation *e = &shared->installations[i];
		Oid database, sequence;
		bool same;

		SpinLockAcquire(&shared->mutex);
		database = e->database;
		sequence = e->sequence;
		SpinLockRelease(&shared->mutex);
		if (!installation_is_gone(database, sequence))
			continue;
		SpinLockAcquire(&shared->mutex);
		same = e->database == database && e->sequence == sequence;
		if (same)
		{
			e->database = InvalidOid;
			e->sequence = InvalidOid;
		}
		SpinLockRelease(&shared->mutex);
		if (same)
			return i;
	}
	return -1;
}

/* The entry's index, found or made; -1 if the table is full. */
static int
find_installation(Oid sequence)
{
	int found = -1;
	int unused = -1;

	SpinLockAcquire(&shared->mutex);
	for (int i = 0; i < EV_MAX_INSTALLATIONS && found < 0; i++)
	{
		EvInstallation *e = &shared->installations[i];

		if (e->database == MyDatabaseId && e->sequence == sequence)
			found = i;
		else if (e->database == InvalidOid && unused < 0)
			unused = i;
	}
	if (found < 0 && unused >= 0)
	{
		EvInstallation *e = &shared->installations[unused];

		e->database = MyDatabaseId;
		e->sequence = sequence;
		pg_atomic_write_u32(&e->jumped, 0);
		pg_atomic_write_u64(&e->horizon, 0);
		found = unused;
	}
	SpinLockRelease(&shared->mutex);
	return found;
}

EvInstallation *
ev_shared_installation(Oid sequence)
{
	static int last = -1;
	int i;

	/*
	 * The entry of a living installation is never taken over, so a remembered
	 * one whose key still fits is right without the lock.
	 */
	if (last >= 0 && shared->installations[last].database == MyDatabaseId &&
		shared->installations[last].sequence == sequence)
		return &shared->installations[last];

	i = find_installation(sequence);
	if (i < 0 && reclaim_installation() >= 0)
		i = find_installation(sequence);
	if (i < 0)
		ereport(ERROR, (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
						errmsg("too many databases of this server use events"),
						errdetail("At most %d databases can.", EV_MAX_INSTALLATIONS)));
	last = i;
	return &shared->installations[i];
}
