/* SPDX-License-Identifier: PostgreSQL
 *
 * handler_slot.c: what is kept of handlers outside of tables.
 *
 * Slots are found by a linear search under the spinlock, as the other parts of
 * the shared memory are.  `careful` and `void_trial` are written by the session
 * that runs the handler, which is one at a time, and `done`, `retry_at` by its
 * process, so they are read and written without the lock.
 */
#include "base/compat.h"

#include "base/catalog.h"
#include "base/handler_slot.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "utils/timestamp.h"

/* An event whose process is told to end more often than that has to do with it. */
#define MAX_VOIDS 3

/* Where there is no shared memory: the handlers that this session has run. */
#define MAX_KNOWN 64

typedef struct Known
{
	uint64 key;
	int careful;
} Known;

static Known known[MAX_KNOWN];
static int known_count = 0;

/* What this session tries right now. */
static uint64 trial_key = 0;
static int64 trial_position = 0;

/* The extension may be made anew, with a handler of the same name. */
uint64
ev_handler_slot_key(const char *name)
{
	uint64 key = hash_bytes_extended((const unsigned char *) name, strlen(name), 0);

	return hash_combine64(key, ev_catalog_relid_if_exists("event"));
}

static void
slot_init(EvHandlerSlot *slot, uint64 key)
{
	memset(slot, 0, sizeof(EvHandlerSlot));
	slot->database = MyDatabaseId;
	slot->key = key;
	slot->careful = EV_CAREFUL_EVENTS;
	slot->done = -1;
}

/* Is this one to be taken over rather than that one? */
static bool
is_older(const EvHandlerSlot *slot, const EvHandlerSlot *than)
{
	if (slot->pid != 0 || slot->starting)
		return false;
	return than == NULL || slot->database == InvalidOid || slot->started_at < than->started_at;
}

EvHandlerSlot *
ev_handler_slot(uint64 key)
{
	EvShared *shared = ev_shared();
	EvHandlerSlot *found = NULL;
	EvHandlerSlot *oldest = NULL;

	if (shared == NULL)
		return NULL;
	SpinLockAcquire(&shared->mutex);
	for (int i = 0; i < EV_MAX_HANDLERS && found == NULL; i++)
	{
		EvHandlerSlot *slot = &shared->handlers[i];

		if (slot->database == MyDatabaseId && slot->key == key)
			found = slot;
		else if ((oldest == NULL || oldest->database != InvalidOid) && is_older(slot, oldest))
			oldest = slot;
	}
	if (found == NULL && oldest != NULL)
	{
		slot_init(oldest, key);
		found = oldest;
	}
	SpinLockRelease(&shared->mutex);
	return found;
}

/* The session's own note; the oldest gives way when there are too many. */
static Known *
known_for(uint64 key)
{
	static int next = 0;
	Known *k;

	for (int i = 0; i < known_count; i++)
	{
		if (known[i].key == key)
			return &known[i];
	}
	k = &known[next];
	next = (next + 1) % MAX_KNOWN;
	known_count = Min(known_count + 1, MAX_KNOWN);
	k->key = key;
	k->careful = EV_CAREFUL_EVENTS;
	return k;
}

int
ev_handler_slot_careful(uint64 key)
{
	EvHandlerSlot *slot = ev_handler_slot(key);

	return slot != NULL ? slot->careful : known_for(key)->careful;
}

void
ev_handler_slot_set_careful(uint64 key, int events)
{
	EvHandlerSlot *slot = ev_handler_slot(key);

	if (slot != NULL)
		slot->careful = events;
	else
		known_for(key)->careful = events;
}

/*
 * The session ends in good order, but in the midst of its work.  It was told
 * to, probably by somebody who knows nothing of the event; but a function may
 * also end its own process.
 */
static void
note_end(int code, Datum arg)
{
	EvHandlerSlot *slot = trial_position != 0 ? ev_handler_slot(trial_key) : NULL;

	if (slot == NULL)
		return;
	slot->careful = Max(slot->careful, EV_CAREFUL_EVENTS);
	if (trial_position <= 0)
		return;
	slot->voids = slot->void_trial == trial_position ? slot->voids + 1 : 1;
	slot->void_trial = trial_position;
}

void
ev_handler_slot_trying(uint64 key, int64 position)
{
	static bool registered = false;

	if (!registered)
		before_shmem_exit(note_end, (Datum) 0);
	registered = true;
	trial_key = key;
	trial_position = position;
}

bool
ev_handler_slot_is_void(uint64 key, int64 position)
{
	EvHandlerSlot *slot = ev_handler_slot(key);

	return slot != NULL && slot->void_trial == position && slot->voids <= MAX_VOIDS;
}

bool
ev_handler_slot_others_wait(void)
{
	EvShared *shared = ev_shared();

	for (int i = 0; shared != NULL && i < EV_MAX_HANDLERS; i++)
	{
		if (shared->handlers[i].waiting)
			return true;
	}
	return false;
}

void
ev_handler_slot_end_waiting(Oid database)
{
	EvShared *shared = ev_shared();

	for (int i = 0; shared != NULL && i < EV_MAX_HANDLERS; i++)
	{
		EvHandlerSlot *slot = &shared->handlers[i];

		SpinLockAcquire(&shared->mutex);
		if (slot->database == database)
			slot->waiting = false;
		SpinLockRelease(&shared->mutex);
	}
}
