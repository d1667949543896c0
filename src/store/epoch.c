/* SPDX-License-Identifier: PostgreSQL
 *
 * epoch.c: the epoch, and cursors.
 *
 * Positions are comparable only inside one history.  After a restore to an
 * earlier point the same positions are given to other events, so the operator
 * calls events.new_epoch(), and cursors of the old epoch are answered with a
 * reset.  The current epoch is the row of events.epoch that has not ended; if
 * there are several, the earliest: restoring a dump into a fresh installation
 * adds the dumped epochs to the one that CREATE EXTENSION has just made, and
 * the dumped, older one must go on.
 */
#include "base/compat.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "base/catalog.h"
#include "common/int.h"
#include "datatype/timestamp.h"
#include "store/epoch.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/* Columns of events.epoch. */
enum
{
	EPOCH_NAME = 1,
	EPOCH_STARTED_AT,
	EPOCH_ENDED_AT
};

void
ev_epoch_current(char name[EV_EPOCH_LENGTH + 1])
{
	Relation rel = table_open(ev_catalog_relid("epoch"), AccessShareLock);
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, snapshot, 0, NULL);
	TimestampTz earliest = 0;
	HeapTuple tuple;
	bool isnull;

	name[0] = '\0';
	while ((tuple = systable_getnext(scan)) != NULL)
	{
		TimestampTz started;

		(void) heap_getattr(tuple, EPOCH_ENDED_AT, RelationGetDescr(rel), &isnull);
		if (!isnull)
			continue;
		started = DatumGetTimestampTz(
			heap_getattr(tuple, EPOCH_STARTED_AT, RelationGetDescr(rel), &isnull));
		if (name[0] == '\0' || started < earliest)
		{
			earliest = started;
			strlcpy(name,
					TextDatumGetCString(
						heap_getattr(tuple, EPOCH_NAME, RelationGetDescr(rel), &isnull)),
					EV_EPOCH_LENGTH + 1);
		}
	}
	systable_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, NoLock);
	if (name[0] == '\0')
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("events.epoch has no current epoch"),
						errhint("SELECT events.new_epoch() starts one; readers begin anew.")));
}

bool
ev_epoch_is_ours(const char *name)
{
	Relation rel = table_open(ev_catalog_relid("epoch"), AccessShareLock);
	Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, snapshot, 0, NULL);
	bool found = false;
	HeapTuple tuple;

	while (!found && (tuple = systable_getnext(scan)) != NULL)
	{
		bool isnull;
		Datum value = heap_getattr(tuple, EPOCH_NAME, RelationGetDescr(rel), &isnull);

		found = strcmp(TextDatumGetCString(value), name) == 0;
	}
	systable_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, NoLock);
	return found;
}

bool
ev_epoch_parse_cursor(const char *text, int length, char epoch[EV_EPOCH_LENGTH + 1],
					  int64 *position)
{
	if (length != EV_CURSOR_LENGTH || text[EV_EPOCH_LENGTH] != '-')
		return false;
	for (int i = 0; i < EV_EPOCH_LENGTH; i++)
	{
		if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'z')))
			return false;
	}
	*position = 0;
	for (int i = EV_EPOCH_LENGTH + 1; i < EV_CURSOR_LENGTH; i++)
	{
		if (text[i] < '0' || text[i] > '9' || pg_mul_s64_overflow(*position, 10, position) ||
			pg_add_s64_overflow(*position, text[i] - '0', position))
			return false;
	}
	memcpy(epoch, text, EV_EPOCH_LENGTH);
	epoch[EV_EPOCH_LENGTH] = '\0';
	return true;
}

void
ev_epoch_format_cursor(const char *epoch, int64 position, char cursor[EV_CURSOR_LENGTH + 1])
{
	memcpy(cursor, epoch, EV_EPOCH_LENGTH);
	cursor[EV_EPOCH_LENGTH] = '-';
	for (int i = EV_CURSOR_LENGTH - 1; i > EV_EPOCH_LENGTH; i--)
	{
		cursor[i] = '0' + position % 10;
		position /= 10;
	}
	cursor[EV_CURSOR_LENGTH] = '\0';
}
