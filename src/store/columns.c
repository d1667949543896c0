/* SPDX-License-Identifier: PostgreSQL
 *
 * columns.c: the columns of events.event, in their order.
 *
 * Relations normally have the columns just where the enum says; one that was
 * attached by hand, or got a column in another way, may not.  So they are
 * looked for by name, the expected place first.
 */
#include "base/compat.h"

#include "catalog/pg_type.h"
#include "store/columns.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

const char *const ev_column_names[EV_NCOLUMNS] = {
	"position", "id",		  "source",			 "type", "subject",	  "time", "recorded_at",
	"topic",	"dataschema", "datacontenttype", "data", "attributes"};

static const Oid column_types[EV_NCOLUMNS] = {INT8OID, TEXTOID,		   TEXTOID,		   TEXTOID,
											  TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTARRAYOID,
											  TEXTOID, TEXTOID,		   JSONBOID,	   JSONBOID};

TupleDesc
ev_columns_descriptor(void)
{
	static TupleDesc descriptor = NULL;
	MemoryContext old;
	TupleDesc made;

	if (descriptor != NULL)
		return descriptor;
	old = MemoryContextSwitchTo(TopMemoryContext);
	made = CreateTemplateTupleDesc(EV_NCOLUMNS);
	for (int i = 0; i < EV_NCOLUMNS; i++)
		TupleDescInitEntry(made, i + 1, ev_column_names[i], column_types[i], -1, 0);
	MemoryContextSwitchTo(old);
	descriptor = made;
	return descriptor;
}

static bool
is_column(TupleDesc descriptor, int number, EvColumn column)
{
	Form_pg_attribute attribute = TupleDescAttr(descriptor, number);

	return !attribute->attisdropped && attribute->atttypid == column_types[column] &&
		   strcmp(NameStr(attribute->attname), ev_column_names[column]) == 0;
}

void
ev_columns_locate(TupleDesc descriptor, int numbers[EV_NCOLUMNS])
{
	for (int column = 0; column < EV_NCOLUMNS; column++)
	{
		int found = -1;

		if (column < descriptor->natts && is_column(descriptor, column, column))
			found = column;
		for (int i = 0; i < descriptor->natts && found < 0; i++)
		{
			if (is_column(descriptor, i, column))
				found = i;
		}
		if (found < 0)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("a partition of events.event has no column \"%s\" of type %s",
							ev_column_names[column], format_type_be(column_types[column])),
					 errhint("Detach the partition, or give it the columns of events.event.")));
		numbers[column] = found;
	}
}
