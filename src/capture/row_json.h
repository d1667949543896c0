/* SPDX-License-Identifier: PostgreSQL
 *
 * row_json.h: columns of a row as a jsonb object.
 */
#ifndef EV_ROW_JSON_H
#define EV_ROW_JSON_H

#include "access/tupdesc.h"
#include "base/jsonb_writer.h"
#include "executor/tuptable.h"

/* How a value becomes JSON. */
typedef enum EvConversion
{
	EV_FROM_BOOL,
	EV_FROM_INT2,
	EV_FROM_INT4,
	EV_FROM_INT8,
	EV_FROM_NUMERIC,
	EV_FROM_FLOAT,	  /* its text, as a number if it is one */
	EV_FROM_TEXT,	  /* a varlena whose bytes are its text */
	EV_FROM_DATETIME, /* date, timestamp, timestamptz */
	EV_FROM_JSONB,
	EV_FROM_OUTPUT, /* its text as a string */
	EV_FROM_ANY		/* whatever to_jsonb() makes of it */
} EvConversion;

typedef struct EvRowColumn
{
	int index; /* in the row, from 0 */
	const char *name;
	int name_length;
	EvConversion conversion;
	Oid base_type; /* of a domain */
	bool by_value;
	int16 length;
	bool hashed;
	FmgrInfo function; /* output function or to_jsonb() */
	char *last_text;   /* of the date or time written last, empty before the first */
	Datum last;
	const void *last_zone; /* the session's time zone then */
} EvRowColumn;

/* Some columns of a table, in the order of keys in jsonb. */
typedef struct EvRowShape
{
	int ncolumns;
	EvRowColumn *columns;
	char *header; /* of an object of all of them: entries and keys */
	int header_length;
} EvRowShape;

/*
 * Columns given by their numbers in the row, from 0; `hashed` is parallel to
 * them.  All memory is the current context's.
 */
extern EvRowShape *ev_row_json_shape(TupleDesc descriptor, const int *numbers, const bool *hashed,
									 int n);

/*
 * An object of the columns, or of those of them (by their place in the shape)
 * whose `chosen` is set; the slot is deformed.
 */
extern void ev_row_json_write(EvJsonbWriter *writer, EvJsonbFrame *parent, const EvRowShape *shape,
							  const TupleTableSlot *slot, const bool *chosen);

/* The value of one column, as the next entry of an object or array. */
extern void ev_row_json_put(EvJsonbWriter *writer, EvJsonbFrame *frame, EvRowColumn *column,
							const TupleTableSlot *slot);

/* A JSON value as text: a string's characters, all else as JSON.  Not terminated. */
extern char *ev_row_json_text(const EvView *value, int *length);

/* Which columns differ?  Returns how many. */
extern int ev_row_json_compare(const EvRowShape *shape, const TupleTableSlot *a,
							   const TupleTableSlot *b, bool *differs);

#endif /* EV_ROW_JSON_H */
