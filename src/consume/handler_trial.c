/* SPDX-License-Identifier: PostgreSQL
 *
 * handler_trial.c: trying one event with care.
 *
 * An event may take the server down, or fail only at commit, by a deferred
 * trigger; then the transaction that would count the attempt is lost with it.
 * So after a start, or after such a failure, events are tried one at a time, in
 * two transactions: the first notes which one in events.handler_state, the
 * second calls the function and removes the note.  A note whose writer is gone
 * means that he did not survive the event, and it is nacked.
 *
 * Whoever has written a note for a handler, or calls its function with care,
 * holds a lock of his session in share mode, the trial lock of the handler, an
 * advisory lock of a private tag; so the writer of a note may be alive if anybody
 * else has it.  It is only tried, never waited for.  It is held until the last
 * trial is committed, or until there is nothing to do.  The two transactions may
 * be those of two sessions, and a session may be at trials of several handlers
 * by turns; that but one of them calls the function at a time is the
 * consumer's own lock's business.
 *
 * A session that is told to end in the midst of a trial says so in the handler's
 * slot (base/handler_slot.h), so that the event is not blamed.
 */
#include "base/compat.h"

#include "base/handler_slot.h"
#include "consume/handler_state.h"
#include "consume/handler_trial.h"
#include "miscadmin.h"
#include "storage/lock.h"

#define TRIAL_TAG 0xED

/* At so many trials at the same time; what comes then has to wait. */
#define MAX_TRIALS 64

/* Of a handler whose trial lock this session holds. */
typedef struct Trial
{
	uint64 key;		/* 0: unused */
	int64 position; /* the event that was noted last; 0: none */
	bool has_begun; /* the function was called, in a transaction that may have failed */
} Trial;

static Trial trials[MAX_TRIALS];

static void
set_tag(LOCKTAG *tag, uint64 key)
{
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, (uint32) (key >> 32), (uint32) key, TRIAL_TAG);
}

static Trial *
find_trial(uint64 key)
{
	for (int i = 0; i < MAX_TRIALS; i++)
	{
		if (trials[i].key == key)
			return &trials[i];
	}
	return NULL;
}

/*
 * Hold the trial lock, once.  A session that has it may have lost it: the function
 * may have called pg_advisory_unlock_all().
 */
static bool
hold(const LOCKTAG *tag)
{
	LockAcquireResult result = LockAcquire(tag, ShareLock, true, true);

	if (result == LOCKACQUIRE_ALREADY_HELD)
		(void) LockRelease(tag, ShareLock, true);
	return result != LOCKACQUIRE_NOT_AVAIL;
}

bool
ev_handler_trial_open(uint64 key)
{
	Trial *trial = find_trial(key);
	LOCKTAG tag;

	set_tag(&tag, key);
	if (trial != NULL)
		return hold(&tag);
	trial = find_trial(0);
	if (trial == NULL || !hold(&tag))
		return false;
	*trial = (Trial) {.key = key};
	return true;
}

static void
close_trial(Trial *trial)
{
	LOCKTAG tag;

	set_tag(&tag, trial->key);
	if (hold(&tag))
		(void) LockRelease(&tag, ShareLock, true);
	trial->key = 0;
}

/* Does another session hold the trial lock? */
static bool
is_other_alive(const Trial *trial)
{
	LOCKTAG tag;

	set_tag(&tag, trial->key);
	if (LockAcquire(&tag, ExclusiveLock, true, true) == LOCKACQUIRE_NOT_AVAIL)
		return true;
	(void) LockRelease(&tag, ExclusiveLock, true);
	return false;
}

/* The error of an event whose trial has left nothing but the note. */
static ErrorData *
lost_error(bool own)
{
	ErrorData *error = palloc0(sizeof(ErrorData));

	error->sqlerrcode = own ? ERRCODE_TRANSACTION_ROLLBACK : ERRCODE_CRASH_SHUTDOWN;
	error->message = own ? "the transaction in which the function ran was rolled back"
						 : "the process ended while the function ran";
	return error;
}

static void
give_up(const EvHandler *handler, Trial *trial, int64 position, const ErrorData *error)
{
	(void) ev_handler_state_nack(handler, position, error);
	ev_handler_state_clear(handler);
	trial->position = 0;
}

/* The note of this event is there: is it to be tried, or was it, to no good end? */
static bool
is_fresh(const EvHandler *handler, const Trial *trial, int64 position, bool own)
{
	if (own)
		return !trial->has_begun;
	return is_other_alive(trial) || ev_handler_slot_is_void(handler->key, position);
}

bool
ev_handler_trial_begin(const EvHandler *handler, int64 position)
{
	Trial *trial = find_trial(handler->key);
	int64 noted = ev_handler_state_trying(handler);
	bool own = noted == trial->position;

	if (noted != position)
	{
		ev_handler_state_try(handler, position);
		trial->position = position;
		trial->has_begun = false;
		return false;
	}
	if (!is_fresh(handler, trial, position, own))
	{
		give_up(handler, trial, position, lost_error(own));
		return false;
	}
	trial->position = position;
	trial->has_begun = true;
	ev_handler_slot_trying(handler->key, position);
	return true;
}

void
ev_handler_trial_excuse(uint64 key)
{
	Trial *trial = find_trial(key);

	if (trial != NULL)
		trial->has_begun = false;
}

void
ev_handler_trial_end(const EvHandler *handler)
{
	ev_handler_slot_trying(handler->key, 0);
	ev_handler_state_clear(handler);
	ev_handler_slot_set_careful(handler->key, ev_handler_slot_careful(handler->key) - 1);
}

void
ev_handler_trial_leave(const EvHandler *handler)
{
	Trial *trial = find_trial(handler->key);

	if (trial == NULL)
		return;
	if (trial->position != 0 && !trial->has_begun)
	{
		ev_handler_state_clear(handler);
		trial->position = 0;
	}
	else
		close_trial(trial);
}

bool
ev_handler_trial_fail(const EvHandler *handler, const ErrorData *error)
{
	Trial *trial = find_trial(handler->key);
	int64 noted = trial != NULL ? ev_handler_state_trying(handler) : 0;

	if (noted == 0 || noted != trial->position)
		return false;
	give_up(handler, trial, noted, error);
	return true;
}
