/* SPDX-License-Identifier: PostgreSQL
 *
 * attempt.c: doing something that may fail without failing the transaction.
 *
 * A subtransaction is the only way to catch an error in the backend and go on:
 * it releases the locks, buffers and snapshots of what failed.  It may be
 * begun wherever we are called, also while the transaction commits.
 */
#include "base/compat.h"

#include "access/xact.h"
#include "base/attempt.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

ErrorData *
ev_attempt(void (*function)(void *), void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		function(arg);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return error;
}

bool
ev_attempt_was_interrupted(const ErrorData *error)
{
	return ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_OPERATOR_INTERVENTION;
}
