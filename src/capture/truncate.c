/* SPDX-License-Identifier: PostgreSQL
 *
 * truncate.c: one TRUNCATE, one event, however many partitions it reaches.
 *
 * INSERT, UPDATE and DELETE fire the statement triggers of the table that they
 * name; TRUNCATE fires those of all tables that it reaches, that table's
 * first.  So a trigger that was put on a partition for its parent's sake stays
 * silent if a table above it has told in the same command.
 *
 * Which command it is tells a number that the hook of utility commands gives
 * to each TRUNCATE.  The library may be loaded by the very command, after its
 * hook would have been called: that one has the number 0.  The transaction
 * counts too, since a replication worker truncates without any command.
 */
#include "base/compat.h"

#include "access/xact.h"
#include "capture/truncate.h"
#include "catalog/pg_inherits.h"
#include "nodes/pg_list.h"
#include "utils/memutils.h"

static uint64 last_command = 0;
static uint64 this_command = 0;

/* Who was told of, in TopTransactionContext; good for one command of one transaction. */
static List *told = NIL;
static uint64 told_command = 0;
static TransactionId told_xid = InvalidTransactionId;

uint64
ev_truncate_begin(void)
{
	uint64 outer = this_command;

	this_command = ++last_command;
	return outer;
}

void
ev_truncate_end(uint64 outer)
{
	this_command = outer;
}

static bool
is_current(void)
{
	return told_command == this_command && TransactionIdIsValid(told_xid) &&
		   told_xid == GetTopTransactionIdIfAny();
}

bool
ev_truncate_is_told(Oid relid)
{
	return is_current() && list_member_oid(told, relid);
}

void
ev_truncate_tell(Oid relid)
{
	MemoryContext old;
	List *below = find_all_inheritors(relid, NoLock, NULL);

	if (!is_current())
		told = NIL; /* its memory is gone, or goes with the transaction */
	old = MemoryContextSwitchTo(TopTransactionContext);
	told = list_concat_unique_oid(told, below);
	MemoryContextSwitchTo(old);
	told_command = this_command;
	told_xid = GetTopTransactionId();
}
