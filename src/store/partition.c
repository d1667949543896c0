/* SPDX-License-Identifier: PostgreSQL
 *
 * partition.c: the partitions of events.event by position.
 *
 * Maintenance keeps partitions made up to the last position + 2 × 2^20, twice
 * what one transaction may publish or a server start may skip.  When half of
 * that is used up, a committing transaction makes the next one itself, under a
 * try-lock and before it enters the gate, so that a database with neither
 * worker nor sidecar never fails a commit for want of a partition.  Only when
 * hardly any room is left does it wait for another who is at it.  This is done
 * at commit and not in publish(): there the lock would be held for as long as
 * the application's transaction lasts (for days, if it is prepared), and a
 * query that reads events.event would forbid the ATTACH.
 *
 * A partition is made by CREATE TABLE ... LIKE and ATTACH, never PARTITION OF:
 * ATTACH takes SHARE UPDATE EXCLUSIVE on events.event and so stops no writer
 * and no reader.  It has a primary key of its own; the parent has none (see
 * sql/parts).  It is deliberately no member of the extension: a dump then
 * carries it like any table, and DROP EXTENSION takes it along with its
 * parent.  There is no DEFAULT partition: it would forbid DETACH CONCURRENTLY
 * and make ATTACH wait for readers.
 *
 * The first partition of a fresh installation is made by the install script;
 * while a dump is restored it comes from the dump (see sql/parts).
 */
#include "base/compat.h"

#include "access/relation.h"
#include "access/table.h"
#include "base/attempt.h"
#include "base/catalog.h"
#include "base/settings.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "store/partition.h"
#include "store/position.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "utils/inval.h"

/* Fourth field of our advisory tag (see position.c for the others). */
#define PARTITION_TAG 0xE3

/* Positions that others may draw between our look at the sequence and our draws. */
#define ROOM_FOR_OTHERS (INT64CONST(1) << 17)

PG_FUNCTION_INFO_V1(ev_ensure_partitions);
PG_FUNCTION_INFO_V1(ev_partitions);
PG_FUNCTION_INFO_V1(ev_search_partitions);

static int64
bound_value(PartitionBoundInfo bounds, int i)
{
	switch (bounds->kind[i][0])
	{
		case PARTITION_RANGE_DATUM_MINVALUE:
			return PG_INT64_MIN;
		case PARTITION_RANGE_DATUM_MAXVALUE:
			return PG_INT64_MAX;
		default:
			return DatumGetInt64(bounds->datums[i][0]);
	}
}

EvPartition *
ev_partition_list(Relation event, int *count)
{
	PartitionDesc desc = RelationGetPartitionDesc(event, true);
	PartitionBoundInfo bounds = desc->boundinfo;
	EvPartition *list = palloc(sizeof(EvPartition) * Max(desc->nparts, 1));
	int n = 0;

	/* indexes[i] is the partition between the bounds i - 1 and i, or -1. */
	for (int i = 1; desc->nparts > 0 && i < bounds->ndatums; i++)
	{
		if (bounds->indexes[i] < 0)
			continue;
		list[n].relid = desc->oids[bounds->indexes[i]];
		list[n].lower = bound_value(bounds, i - 1);
		list[n].upper = bound_value(bounds, i);
		/* Positions begin at 1; what begins lower begins at 0, as what installation makes. */
		if (list[n].upper > 0)
			list[n].lower = Max(list[n].lower, 0);
		n++;
	}
	*count = n;
	return list;
}

int64
ev_partition_end(Relation event)
{
	PartitionBoundInfo bounds = RelationGetPartitionDesc(event, true)->boundinfo;

	return bounds == NULL || bounds->ndatums == 0 ? 0 : bound_value(bounds, bounds->ndatums - 1);
}

int64
ev_partition_oldest(Relation event)
{
	int n;
	EvPartition *list = ev_partition_list(event, &n);
	int64 oldest = n == 0 ? 1 : Max(list[0].lower, 1);

	pfree(list);
	return oldest;
}

void
ev_partition_check(Relation partition)
{
	if (partition->rd_rel->relkind == RELKIND_RELATION &&
		OidIsValid(ev_primary_key_index(partition)))
		return;
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					errmsg("partition \"%s\" of events.event cannot hold events",
						   RelationGetRelationName(partition)),
					errdetail("It is not an ordinary table with a primary key on position."),
					errhint("Detach it, or give it a primary key.")));
}

static int64
end_of(Oid event)
{
	Relation rel = table_open(event, AccessShareLock);
	int64 end = ev_partition_end(rel);

	table_close(rel, AccessShareLock);
	return end;
}

void
ev_partition_execute(const char *command)
{
	int result = SPI_execute(command, false, 0);

	if (result < 0)
		elog(ERROR, "SPI_execute failed: %s: %s", SPI_result_code_string(result), command);
}

static void
create_partition(int64 lower, int64 upper)
{
	EvOwnerContext owner;
	bool saved_creating = creating_extension;

	ev_catalog_become_owner(&owner);
	PG_TRY();
	{
		/* Not a member of whatever extension's script may be running. */
		creating_extension = false;
		SPI_connect();
		ev_partition_execute(psprintf("CREATE TABLE events.event_" INT64_FORMAT
									  " (LIKE events.event "
									  "INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE "
									  "INCLUDING COMPRESSION, PRIMARY KEY (position))",
									  lower));
		ev_partition_execute(
			psprintf("ALTER TABLE events.event ATTACH PARTITION events.event_" INT64_FORMAT
					 " FOR VALUES FROM (" INT64_FORMAT ") TO (" INT64_FORMAT ")",
					 lower, lower, upper));
		SPI_finish();
	}
	PG_FINALLY();
	{
		creating_extension = saved_creating;
	}
	PG_END_TRY();
	ev_catalog_restore_user(&owner);
}

void
ev_partition_ensure(Oid event, int64 upto, bool wait)
{
	LOCKTAG tag;
	int64 end;

	if (end_of(event) > upto)
		return;
	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, event, 0, PARTITION_TAG);
	if (LockAcquire(&tag, ExclusiveLock, false, !wait) == LOCKACQUIRE_NOT_AVAIL)
		return;

	/* ANALYZE, for one, holds what ATTACH takes. */
	if (!wait && !ConditionalLockRelationOid(event, ShareUpdateExclusiveLock))
		return;
	AcceptInvalidationMessages();
	for (end = end_of(event); end <= upto; end = end_of(event))
	{
		/*
		 * Where the sequence has leapt over a whole partition, none is made
		 * for positions that nobody can draw any more.
		 */
		int64 last = ev_position_last(ev_catalog_relid("position"));
		int64 lower = Max(end, (last + 1) / ev_partition_size * ev_partition_size);

		create_partition(lower, lower + ev_partition_size);
	}
}

typedef struct Wanted
{
	Oid event;
	int64 upto;
} Wanted;

static void
try_ensure(void *arg)
{
	Wanted *wanted = arg;

	ev_partition_ensure(wanted->event, wanted->upto, false);
}

bool
ev_partition_has_room(Relation event, int64 last, int64 count)
{
	int64 room = ev_partition_end(event) - last;

	return room > EV_PARTITION_AHEAD / 2 && room > count + ROOM_FOR_OTHERS;
}

void
ev_partition_make_room(Oid event, int64 last, int64 count)
{
	int64 end = end_of(event);

	if (end - last <= EV_PARTITION_AHEAD / 2)
	{
		Wanted wanted = {event, last + EV_PARTITION_AHEAD};
		ErrorData *error = ev_attempt(try_ensure, &wanted);

		if (error != NULL && ev_attempt_was_interrupted(error))
			ReThrowError(error);

		/* There is still room: this is no reason to fail a commit. */
		if (error != NULL)
			ereport(WARNING,
					(errcode(error->sqlerrcode),
					 errmsg("could not make a partition of events.event: %s", error->message),
					 errdetail("There is room for " INT64_FORMAT " more events.",
							   end_of(event) - last - 1),
					 errhint("SELECT events.maintain() makes partitions.")));
	}
	if (end <= last + count + ROOM_FOR_OTHERS)
		ev_partition_ensure(event, last + count + ROOM_FOR_OTHERS, true);
}

/*
 * events._ensure_partitions(initial boolean): make partitions ahead, as
 * maintenance does.  Where there is none at all, only initial => true makes
 * the first, because a dump that is being restored brings its own.
 */
Datum
ev_ensure_partitions(PG_FUNCTION_ARGS)
{
	Oid event = ev_catalog_relid("event");
	Oid sequence = ev_catalog_relid("position");
	int64 last;

	ev_position_make_ready(sequence);
	last = ev_position_last(sequence);

	if (PG_GETARG_BOOL(0) || end_of(event) > 0)
		ev_partition_ensure(event, last + EV_PARTITION_AHEAD, true);
	PG_RETURN_VOID();
}

static Datum
return_partitions(FunctionCallInfo fcinfo, const char *table)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Relation rel = table_open(ev_catalog_relid(table), AccessShareLock);
	int n;
	EvPartition *partitions = ev_partition_list(rel, &n);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < n; i++)
	{
		Datum values[3];
		bool nulls[3] = {false};

		values[0] = ObjectIdGetDatum(partitions[i].relid);
		values[1] = Int64GetDatum(partitions[i].lower);
		values[2] = Int64GetDatum(partitions[i].upper);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	table_close(rel, AccessShareLock);
	return (Datum) 0;
}

/* events._partitions() → setof (relid, lower, upper), in order of position. */
Datum
ev_partitions(PG_FUNCTION_ARGS)
{
	return return_partitions(fcinfo, "event");
}

/* events._search_partitions(): the same of events.search_document. */
Datum
ev_search_partitions(PG_FUNCTION_ARGS)
{
	return return_partitions(fcinfo, "search_document");
}
