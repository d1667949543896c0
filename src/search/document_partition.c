/* SPDX-License-Identifier: PostgreSQL
 *
 * document_partition.c: the partitions of events.search_document.
 *
 * Each has the bounds of a partition of events.event and is made when the first
 * document goes there.  Other than those of events.event they are members of the
 * extension: a dump leaves them out, since all that they hold is made again from the
 * events; pg_upgrade takes them along; DROP EXTENSION drops them.  Who drops one
 * alone takes it out of the extension first (events._drop_search_partitions).
 *
 * The index is one GIN over keys and text, without a pending list: documents are
 * written many at a time (document_writer.c), and no search shall have to read such a
 * list.
 */
#include "base/compat.h"

#include "access/table.h"
#include "base/catalog.h"
#include "catalog/namespace.h"
#include "catalog/pg_extension.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "search/document_partition.h"
#include "utils/lsyscache.h"

/*
 * The partition of a table that holds a position; false if there is none.  The table is not
 * kept locked: pieces follow each other closely, and partitions are dropped meanwhile.
 */
static bool
find(const char *table, int64 position, EvPartition *found)
{
	Relation rel = table_open(ev_catalog_relid(table), AccessShareLock);
	int n;
	EvPartition *list = ev_partition_list(rel, &n);
	bool is_there = false;

	for (int i = 0; i < n && !is_there; i++)
	{
		if (position >= list[i].lower && position < list[i].upper)
		{
			*found = list[i];
			is_there = true;
		}
	}
	pfree(list);
	table_close(rel, AccessShareLock);
	return is_there;
}

static void
create(int64 lower, int64 upper)
{
	bool saved_creating = creating_extension;
	Oid saved_extension = CurrentExtensionObject;

	PG_TRY();
	{
		/* As if the extension's script made it. */
		creating_extension = true;
		CurrentExtensionObject = get_extension_oid("events", false);
		SPI_connect();
		/* Somebody has detached it: what is in it is made anew. */
		if (OidIsValid(get_relname_relid(psprintf("search_document_" INT64_FORMAT, lower),
										 get_namespace_oid("events", false))))
			ev_partition_execute(
				psprintf("DROP TABLE events.search_document_" INT64_FORMAT, lower));
		ev_partition_execute(
			psprintf("CREATE TABLE events.search_document_" INT64_FORMAT
					 " (LIKE events.search_document INCLUDING DEFAULTS INCLUDING CONSTRAINTS "
					 "INCLUDING STORAGE INCLUDING COMPRESSION, PRIMARY KEY (position)) "
					 "WITH (toast_tuple_target = 128)",
					 lower));
		ev_partition_execute(psprintf("CREATE INDEX search_document_" INT64_FORMAT
									  "_idx ON events.search_document_" INT64_FORMAT
									  " USING gin (keys, document) WITH (fastupdate = off)",
									  lower, lower));
		ev_partition_execute(psprintf("ALTER TABLE events.search_document ATTACH PARTITION "
									  "events.search_document_" INT64_FORMAT
									  " FOR VALUES FROM (" INT64_FORMAT ") TO (" INT64_FORMAT ")",
									  lower, lower, upper));
		SPI_finish();
	}
	PG_FINALLY();
	{
		creating_extension = saved_creating;
		CurrentExtensionObject = saved_extension;
	}
	PG_END_TRY();
}

EvPartition
ev_document_partition_of(int64 position)
{
	EvPartition partition;

	if (find("search_document", position, &partition))
		return partition;
	if (!find("event", position, &partition))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no partition of events.event holds position " INT64_FORMAT, position)));
	create(partition.lower, partition.upper);
	if (!find("search_document", position, &partition))
		elog(ERROR, "events.search_document has no partition for position " INT64_FORMAT, position);
	return partition;
}
