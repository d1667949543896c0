/* SPDX-License-Identifier: PostgreSQL
 *
 * now_wait.c: having events committed by another process, and waiting for it.
 *
 * The caller makes a request (now_request.c), lets a publisher find it
 * (now_publisher.c), and waits for its latch.  Each time it has waited for a
 * while it looks: if nobody has taken the request, it gets help; if the publisher
 * waits for a lock, or all of them do, it asks whether that is its own
 * (now_deadlock.c).  It waits no longer than events.publish_now_timeout.
 *
 * Whatever ends the waiting, an error in an application or a session that is
 * killed, the resource owner lets go of the segment, and by that the request is
 * withdrawn and its announcement taken back.  Where that comes too late, since
 * the commit is under way, it is said: by the error 08007 or, if another error
 * is raised already, by a warning.
 *
 * Nothing of this touches the caller's transaction: no row is written, no lock
 * taken, no snapshot.
 */
#include "base/compat.h"

#include "base/settings.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "publish/now_deadlock.h"
#include "publish/now_publisher.h"
#include "publish/now_wait.h"
#include "storage/latch.h"
#include "utils/timestamp.h"

/* When the caller looks: soon at first, then each tenth of a second. */
#define FIRST_LOOK_MS 20
#define LOOK_MS 100

/* Locks of maintenance have a lock_timeout of 200 ms at most: longer than that. */
#define DEADLOCK_LOOKS 4

/* Processes that end before they have taken the request. */
#define MAX_FAILED_STARTS 2

typedef struct Wait
{
	const char *function;
	EvNowRequest *request;
	dsm_handle segment;
	EvPublisherProcess process; /* that was started last */
	EvPublisherHelp help;		/* what the last call for it got */
	int failed_starts;
	int looks;
	int deadlocks; /* looks in succession at which there was one */
} Wait;

/* ---- giving up */

static pg_noreturn void
raise_unknown(Wait *w)
{
	ereport(ERROR,
			(errcode(ERRCODE_TRANSACTION_RESOLUTION_UNKNOWN),
			 errmsg("it is not known whether the events of %s were committed", w->function),
			 errdetail("Their commit was under way and had not ended after "
					   "events.publish_now_timeout = %d ms.",
					   ev_publish_now_timeout),
			 errhint("Publish them again with the same id and source: an event that is there "
					 "already is not published twice inside events.dedup_window.")));
}

/* Its publisher waits for a lock, or is slow. */
static pg_noreturn void
raise_slow(Wait *w, int publisher, const char *blockers)
{
	if (blockers != NULL)
		ereport(ERROR, (errcode(ERRCODE_LOCK_NOT_AVAILABLE),
						errmsg("%s could not get a lock in time", w->function),
						errdetail("The process that publishes for this session (%d) waited for a "
								  "lock of %s. Nothing was published.",
								  publisher, blockers),
						errhint("Try again when that transaction has ended.")));
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_RESOURCES), errmsg("%s took too long", w->function),
			 errdetail("The events were not written in events.publish_now_timeout = %d ms. "
					   "Nothing was published.",
					   ev_publish_now_timeout),
			 errhint("Publish fewer events at once, or increase "
					 "events.publish_now_timeout.")));
}

/* Nobody has taken it. */
static pg_noreturn void
raise_no_publisher(Wait *w)
{
	if (w->help == EV_PUBLISHER_NO_SLOT)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("no process is free for %s", w->function),
				 errdetail("A background process of the server commits the events, and all slots "
						   "for such processes were taken. Nothing was published."),
				 errhint("Increase max_worker_processes (now %d).", max_worker_processes)));
	if (w->failed_starts >= MAX_FAILED_STARTS)
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_RESOURCES),
						errmsg("the process that publishes for %s could not start", w->function),
						errdetail("It ended before it took the request. Nothing was published."),
						errhint("The server log says why.")));
	if (w->help == EV_PUBLISHER_STARTED)
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_RESOURCES),
						errmsg("%s was not served in time", w->function),
						errdetail("The process that publishes was not ready in "
								  "events.publish_now_timeout = %d ms. Nothing was published.",
								  ev_publish_now_timeout),
						errhint("Increase events.publish_now_timeout.")));
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
			 errmsg("%s was not served in time", w->function),
			 errdetail("All processes that publish for this database were busy with earlier "
					   "requests for events.publish_now_timeout = %d ms. Nothing was published.",
					   ev_publish_now_timeout),
			 errhint("Publish several events by one events.publish_batch_now(), or increase "
					 "events.max_publishers (now %d).",
					 ev_max_publishers)));
}

/* The time is up.  Returns only if the request has come to its end just now. */
static void
give_up(Wait *w)
{
	bool was_taken = ev_now_request_state(w->request) != EV_NOW_WAITING;
	int publisher = (int) pg_atomic_read_u32(&w->request->publisher_pid);
	char *blockers = NULL;

	/* Whom it waits for can be seen only while it waits. */
	if (publisher != 0 && ev_now_waits_for_lock(w->request->publisher_proc_number))
		blockers = ev_now_blockers(publisher);
	if (ev_now_request_withdraw(w->request))
	{
		if (was_taken)
			raise_slow(w, publisher, blockers);
		raise_no_publisher(w);
	}
	if (ev_now_request_state(w->request) == EV_NOW_COMMITTING)
		raise_unknown(w);
}

/*
 * Has there been a deadlock for a while?  Maintenance, which wants partitions for
 * itself, waits for readers, and all publishers for it; but it gives way soon.
 */
static bool
lasts(Wait *w, bool is_deadlock)
{
	w->deadlocks = is_deadlock ? w->deadlocks + 1 : 0;
	return w->deadlocks >= DEADLOCK_LOOKS;
}

/* It has been taken: does its publisher wait for this session? */
static void
look_at_publisher(Wait *w)
{
	int publisher = (int) pg_atomic_read_u32(&w->request->publisher_pid);

	if (!lasts(w, publisher != 0 &&
					  ev_now_waits_for_lock(w->request->publisher_proc_number) &&
					  ev_now_is_deadlock(publisher)) ||
		!ev_now_request_withdraw(w->request))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_T_R_DEADLOCK_DETECTED), errmsg("deadlock detected"),
			 errdetail("The process that publishes for this session (%d) waits for a lock of this "
					   "session, which waits for it in %s. Nothing was published.",
					   publisher, w->function),
			 errhint("Call it before the transaction takes that lock, or use events.publish().")));
}

/* All publishers are busy: with waiting for this session? */
static void
look_at_all_publishers(Wait *w)
{
	if (!lasts(w, ev_publisher_are_blocked() && ev_now_is_deadlock(0)) ||
		!ev_now_request_withdraw(w->request))
		return;
	ereport(ERROR, (errcode(ERRCODE_T_R_DEADLOCK_DETECTED), errmsg("deadlock detected"),
					errdetail("All processes that publish for this database wait for locks of this "
							  "session, which waits for one of them in %s. Nothing was published.",
							  w->function),
					errhint("Call it before the transaction takes such locks, or use "
							"events.publish().")));
}

/* ---- getting help */

static void
call_for_help(Wait *w, bool impatient)
{
	/* In this order: it may have taken the request before it ended. */
	if (ev_publisher_has_ended(&w->process) && ev_now_request_state(w->request) == EV_NOW_WAITING)
		w->failed_starts++;
	if (w->failed_starts >= MAX_FAILED_STARTS && ev_now_request_withdraw(w->request))
		raise_no_publisher(w);
	if (ev_publisher_is_standing())
		w->help = ev_publisher_call(impatient, &w->process);
	else if (w->process.handle == NULL)
		w->help = ev_publisher_start_for(w->segment, &w->process) ? EV_PUBLISHER_STARTED
																  : EV_PUBLISHER_NO_SLOT;
}

/* What can be done for the request while it is on its way. */
static void
look(Wait *w)
{
	EvNowState state = ev_now_request_state(w->request);

	if (state == EV_NOW_WAITING)
	{
		call_for_help(w, w->looks > 0);
		if (w->help == EV_PUBLISHER_BUSY && w->looks > 1)
			look_at_all_publishers(w);
	}
	else if (state == EV_NOW_TAKEN && w->looks > 0)
		look_at_publisher(w);
	w->looks++;
}

/* ---- waiting */

static bool
has_ended(Wait *w)
{
	EvNowState state = ev_now_request_state(w->request);

	return state == EV_NOW_DONE || state == EV_NOW_FAILED;
}

static void
wait_for_end(Wait *w)
{
	TimestampTz next_look = 0;

	while (!has_ended(w))
	{
		TimestampTz now = GetCurrentTimestamp();
		TimestampTz until;

		if (now >= w->request->deadline)
		{
			give_up(w);
			continue;
		}
		/* A clock that is set back must not put it off. */
		if (now >= next_look || next_look - now > LOOK_MS * INT64CONST(1000))
		{
			look(w);
			next_look = TimestampTzPlusMilliseconds(now, w->looks > 1 ? LOOK_MS : FIRST_LOOK_MS);
		}
		until = Min(next_look, w->request->deadline);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 TimestampDifferenceMilliseconds(now, until), PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

static pg_noreturn void
raise_failure(EvNowRequest *request)
{
	ereport(ERROR, (errcode(request->sqlstate), errmsg_internal("%s", request->message),
					request->detail[0] != '\0' ? errdetail_internal("%s", request->detail) : 0,
					request->hint[0] != '\0' ? errhint("%s", request->hint) : 0));
}

/* The segment goes away, with an error or without. */
static void
let_go(dsm_segment *segment, Datum arg)
{
	(void) ev_now_request_withdraw(dsm_segment_address(segment));
	if (ev_publisher_is_standing())
		ev_publisher_retract();
}

/* Another error is on its way: was it too late to withdraw the request? */
static void
warn_if_too_late(Wait *w)
{
	EvNowState state;

	if (ev_now_request_withdraw(w->request))
		return;
	state = ev_now_request_state(w->request);
	if (state == EV_NOW_COMMITTING && geterrcode() != ERRCODE_TRANSACTION_RESOLUTION_UNKNOWN)
		ereport(WARNING,
				(errcode(ERRCODE_TRANSACTION_RESOLUTION_UNKNOWN),
				 errmsg("it is not known whether the events of %s were committed", w->function),
				 errdetail("Their commit was under way when the wait for it was ended.")));
	else if (state == EV_NOW_DONE)
		ereport(WARNING,
				(errcode(ERRCODE_WARNING), errmsg("the events of %s were committed", w->function),
				 errdetail("The error that follows came when that was done.")));
}

void
ev_now_commit(const EvNowRows *rows, uint8 *flags, const char *function)
{
	dsm_segment *segment;
	Wait w = {function};

	if (!IsUnderPostmaster)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("%s cannot be used in single-user mode", function),
						errdetail("A background process commits the events."),
						errhint("Use events.publish().")));
	segment = ev_now_request_create(rows);
	w.request = dsm_segment_address(segment);
	w.segment = dsm_segment_handle(segment);
	on_dsm_detach(segment, let_go, (Datum) 0);
	if (ev_publisher_is_standing())
		ev_publisher_announce(w.segment);
	PG_TRY();
	{
		wait_for_end(&w);
	}
	PG_CATCH();
	{
		warn_if_too_late(&w);
		PG_RE_THROW();
	}
	PG_END_TRY();
	if (ev_now_request_state(w.request) == EV_NOW_FAILED)
		raise_failure(w.request);
	memcpy(flags, w.request->flags, w.request->nrows);
	dsm_detach(segment);
}
