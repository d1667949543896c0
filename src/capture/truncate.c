/* SPDX-License-Identifier: PostgreSQL
 *
 * truncate.c: one TRUNCATE, one event, however many partitions it reaches.
 *
 * INSERT, UPDATE and DELETE fire the statement triggers of the table that they
 * name; TRUNCATE fires those of all tables that it reaches, that table's
 * first.  So a trigger that was put on a partition for its parent's sake stays
 * silent if a table above it has told in the same command.
 *
 * What was told is kept for each TRUNCATE by itself, between two calls of the
 * hook of utility commands: a trigger may run another one in its midst.  The
 * library may be loaded by the very command, after its hook would have been
 * called, and a replication worker truncates without any command: then it is
 * kept for the transaction.
 */
#include "base/compat.h"

#include "access/xact.h"
#include "capture/truncate.h"
#include "catalog/pg_inherits.h"
#include "utils/memutils.h"

static EvTruncate current = {NIL, InvalidTransactionId};

EvTruncate
ev_truncate_begin(void)
{
	EvTruncate outer = current;

	current = (EvTruncate) {NIL, InvalidTransactionId};
	return outer;
}

void
ev_truncate_end(EvTruncate outer)
{
	current = outer;
}

static bool
is_current(void)
{
	return TransactionIdIsValid(current.xid) && current.xid == GetTopTransactionIdIfAny();
}

bool
ev_truncate_is_told(Oid relid)
{
	return is_current() && list_member_oid(current.told, relid);
}

void
ev_truncate_tell(Oid relid)
{
	MemoryContext old;
	List *below = find_all_inheritors(relid, NoLock, NULL);

	if (!is_current())
		current.told = NIL; /* its memory is gone, or goes with the transaction */
	old = MemoryContextSwitchTo(TopTransactionContext);
	current.told = list_concat_unique_oid(current.told, below);
	MemoryContextSwitchTo(old);
	current.xid = GetTopTransactionId();
}
