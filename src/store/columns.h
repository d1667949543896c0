/* SPDX-License-Identifier: PostgreSQL
 *
 * columns.h: the columns of events.event, in their order.
 *
 * The same order, with the same types, is used by pending lists and, behind
 * its key, by the staging table events.prepared_event.  New columns are added
 * at the end, so that attribute numbers of old partitions stay as they are.
 */
#ifndef EV_COLUMNS_H
#define EV_COLUMNS_H

#include "access/htup_details.h"
#include "access/tupdesc.h"

typedef enum EvColumn
{
	EV_POSITION,
	EV_ID,
	EV_SOURCE,
	EV_TYPE,
	EV_SUBJECT,
	EV_TIME,
	EV_RECORDED_AT,
	EV_TOPIC,
	EV_DATASCHEMA,
	EV_DATACONTENTTYPE,
	EV_DATA,
	EV_ATTRIBUTES,
	EV_NCOLUMNS
} EvColumn;

extern const char *const ev_column_names[EV_NCOLUMNS];

/* The descriptor of just these columns, for pending lists; lives as long as the session. */
extern TupleDesc ev_columns_descriptor(void);

/*
 * Where the columns are in a relation: numbers[column] is a zero-based index
 * into its values.  Raises 55000 if one is missing.
 */
extern void ev_columns_locate(TupleDesc descriptor, int numbers[EV_NCOLUMNS]);

#endif /* EV_COLUMNS_H */
