/* SPDX-License-Identifier: PostgreSQL
 *
 * event_row.c: rows of events.event that come as arguments of SQL functions.
 *
 * A row says of which type it is, and the type says where its columns are; a call site
 * looks that up once for each type that it meets, which is nearly always one.
 */
#include "base/compat.h"

#include "store/event_row.h"
#include "utils/typcache.h"

static void
learn_type(EvEventRow *site, HeapTupleHeader header, MemoryContext context)
{
	Oid type = HeapTupleHeaderGetTypeId(header);
	int32 typmod = HeapTupleHeaderGetTypMod(header);
	MemoryContext old;
	TupleDesc descriptor;

	if (site->descriptor != NULL && site->type == type && site->typmod == typmod)
		return;
	descriptor = lookup_rowtype_tupdesc(type, typmod);
	old = MemoryContextSwitchTo(context);
	ev_columns_locate(descriptor, site->numbers);
	site->row = palloc(sizeof(Datum) * descriptor->natts);
	site->isnull = palloc(sizeof(bool) * descriptor->natts);
	site->descriptor = CreateTupleDescCopy(descriptor);
	site->type = type;
	site->typmod = typmod;
	MemoryContextSwitchTo(old);
	ReleaseTupleDesc(descriptor);
}

void
ev_event_row_read(EvEventRow *site, HeapTupleHeader header, MemoryContext context,
				  Datum values[EV_NCOLUMNS], bool nulls[EV_NCOLUMNS])
{
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(header), .t_data = header};

	learn_type(site, header, context);
	heap_deform_tuple(&tuple, site->descriptor, site->row, site->isnull);
	for (int i = 0; i < EV_NCOLUMNS; i++)
	{
		values[i] = site->row[site->numbers[i]];
		nulls[i] = site->isnull[site->numbers[i]];
	}
}

void
ev_event_row_require(const bool nulls[EV_NCOLUMNS])
{
	static const EvColumn columns[] = {EV_POSITION, EV_ID,			EV_SOURCE, EV_TYPE,
									   EV_TIME,		EV_RECORDED_AT, EV_TOPIC};

	for (int i = 0; i < lengthof(columns); i++)
	{
		if (nulls[columns[i]])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("column \"%s\" of the event must not be NULL",
								   ev_column_names[columns[i]]),
							errhint("Give a whole row, as events.event or events.read() has it.")));
	}
}
