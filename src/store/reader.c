/* SPDX-License-Identifier: PostgreSQL
 *
 * reader.c: cursors and the horizon; see reader.h.
 */
#include "base/compat.h"

#include "access/table.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "base/catalog.h"
#include "base/wake.h"
#include "store/partition.h"
#include "store/position.h"
#include "store/reader.h"
#include "store/staging.h"
#include "utils/inval.h"

static bool sweep_requested = false;

void
ev_reader_request_sweep_if_staged(void)
{
	if (!XactReadOnly && ev_staging_is_pending())
		sweep_requested = true;
}

bool
ev_reader_take_sweep_request(void)
{
	bool requested = sweep_requested;

	sweep_requested = false;
	return requested;
}

void
ev_reader_refuse_standby(const char *function)
{
	if (RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("%s cannot be used on a hot standby", function),
				 errdetail("A standby knows nothing of the commits in flight on its primary."),
				 errhint("Read events from the primary.")));
}

void
ev_reader_refuse_old_snapshots(const char *function)
{
	ev_reader_refuse_standby(function);
	if (IsInParallelMode())
		ereport(ERROR, (errcode(ERRCODE_INVALID_TRANSACTION_STATE),
						errmsg("%s cannot be used during a parallel operation", function)));
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("%s cannot be used in a %s transaction", function,
						IsolationIsSerializable() ? "SERIALIZABLE" : "REPEATABLE READ"),
				 errdetail("It must see what was committed after the transaction's snapshot."),
				 errhint("Use READ COMMITTED.")));
}

int64
ev_reader_horizon(void)
{
	int64 horizon;

	ev_reader_request_sweep_if_staged();
	ev_wake_request_worker();
	horizon = ev_position_horizon(ev_catalog_relid("position"));

	/*
	 * Who reads up to the horizon must know of the partitions that were
	 * attached for it, also where he holds a lock on events.event from
	 * before, so that taking it again would not look for news.
	 */
	AcceptInvalidationMessages();
	return horizon;
}

int64
ev_reader_oldest(void)
{
	Relation event = table_open(ev_catalog_relid("event"), AccessShareLock);
	int64 oldest = ev_partition_oldest(event);

	table_close(event, AccessShareLock);
	return oldest;
}

void
ev_reader_check_cursor(int64 after)
{
	int64 last = ev_position_last(ev_catalog_relid("position"));

	if (after < 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("position must not be negative: " INT64_FORMAT, after)));
	if (after > last)
		ereport(ERROR,
				(errcode(MAKE_SQLSTATE('E', 'V', '0', '0', '2')),
				 errmsg("position " INT64_FORMAT " is in the future", after),
				 errdetail("The last position is " INT64_FORMAT ".", last),
				 errhint("The position is of another database, or this one was restored to an "
						 "earlier point: SELECT events.new_epoch().")));
}

int64
ev_reader_from_argument(FunctionCallInfo fcinfo, int arg)
{
	int64 after = PG_ARGISNULL(arg) ? ev_reader_oldest() - 1 : PG_GETARG_INT64(arg);

	ev_reader_check_cursor(after);
	return after;
}

int
ev_reader_max_count(FunctionCallInfo fcinfo, int arg)
{
	int n = PG_ARGISNULL(arg) ? PG_INT32_MAX : PG_GETARG_INT32(arg);

	if (n < 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("max_count must be at least 1: %d", n)));
	return n;
}
