/* SPDX-License-Identifier: PostgreSQL
 *
 * expected.c: is the newest event of a stream the one that the publisher knows?
 *
 * Optimistic concurrency: who has read a stream, decided, and publishes what
 * follows says which event he saw last (expected_position), and is told 40001 if
 * that is not the newest any more.
 *
 * All who say so of one stream take a lock on its hash, to the end of their
 * transaction.  So the check and the commit of one come before the check of the
 * next.  Locks are released when the rows are visible and before the gate is left:
 * the horizon may not cover the predecessor yet, and is not asked.  What a snapshot
 * taken now sees, up to the last position drawn, is what counts, in every isolation
 * level.  Events of a prepared transaction may be committed and have no position
 * yet; they are found where they wait.
 *
 * Who publishes to the stream without saying what he expects takes no lock.  What
 * he had committed when we looked is seen; what he commits between that and our
 * commit is not, and stands before our event.  Pending events of our own do not
 * count: they have no position.
 */
#include "base/compat.h"

#include "base/catalog.h"
#include "miscadmin.h"
#include "publish/expected.h"
#include "storage/lock.h"
#include "store/position.h"
#include "store/staging.h"
#include "store/stream.h"
#include "utils/builtins.h"
#include "utils/inval.h"

/* Fourth field of our advisory tag (see position.c for the others). */
#define STREAM_TAG 0xE8

static void
lock_stream(const EvStream *stream)
{
	bool no_wait = ev_position_is_in_gate();
	LOCKTAG tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, (uint32) ((uint64) stream->key >> 32),
						 (uint32) stream->key, STREAM_TAG);
	if (LockAcquire(&tag, ExclusiveLock, false, no_wait) == LOCKACQUIRE_NOT_AVAIL)
		ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
						errmsg("another transaction is publishing to the same source and subject"),
						errdetail("This transaction is committing and cannot wait for it."),
						errhint("Roll the transaction back and repeat it.")));

	/* The predecessor may have attached the partition that holds its events. */
	AcceptInvalidationMessages();
}

/* Raise 40001 with what there is in the place of the event that was expected. */
pg_noreturn static void
refuse(const EvStream *stream, int64 expected, const char *newest)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("the newest event of the stream is not at position " INT64_FORMAT, expected),
			 errdetail("Of source \"%s\" and subject \"%s\" %s.", text_to_cstring(stream->source),
					   text_to_cstring(stream->subject), newest),
			 errhint("Roll back, read the stream with events.read_subject(), decide again, and "
					 "expect its last event (0 if it has none).")));
}

void
ev_expected_check(const text *source, const text *subject, int64 expected)
{
	EvStream stream;
	int64 after = Max(expected - 1, 0);
	Oid sequence = ev_catalog_relid("position");
	int64 last, newest;

	ev_stream_init(&stream, source, subject);
	lock_stream(&stream);
	if (ev_staging_contains(source, subject))
		refuse(&stream, expected,
			   "it is one of a prepared transaction, which gets its position by the next commit of "
			   "whoever publishes or reads");
	ev_position_make_ready(sequence);
	ev_stream_prepare(after);
	last = ev_position_last(sequence);
	newest = ev_stream_newest(&stream, after, Max(last, after));
	if (newest == expected)
		return;
	if (newest == 0)
		newest = ev_stream_newest(&stream, 0, last);
	refuse(&stream, expected,
		   newest == 0 ? "there is none" : psprintf("it is at position " INT64_FORMAT, newest));
}
