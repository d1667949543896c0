/* SPDX-License-Identifier: PostgreSQL
 *
 * row_json.c: columns of a row as a jsonb object.
 *
 * The object is just what to_jsonb() makes of the row.  But that looks up the
 * type of each column anew for each row, builds a tree and sorts the keys, while
 * here all this is found once: a shape holds the columns in the order of jsonb's
 * keys, a way to convert each, and the first part of the object (header,
 * entries and bytes of the keys), which is the same for all rows.
 *
 * The conversions follow json_categorize_type(): numbers, booleans, date and
 * time and jsonb have forms of their own; arrays, composites and types of users
 * (for which there may be a cast to json) go to to_jsonb() itself; of all the
 * other built-in types JSON gets the text.
 */
#include "base/compat.h"

#include "access/detoast.h"
#include "access/transam.h"
#include "capture/redact.h"
#include "capture/row_json.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "pgtime.h"
#include "utils/datetime.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

/* ---- finding the conversions */

static EvConversion
conversion_of(Oid base_type)
{
	switch (base_type)
	{
		case BOOLOID:
			return EV_FROM_BOOL;
		case INT2OID:
			return EV_FROM_INT2;
		case INT4OID:
			return EV_FROM_INT4;
		case INT8OID:
			return EV_FROM_INT8;
		case FLOAT4OID:
		case FLOAT8OID:
			return EV_FROM_FLOAT;
		case NUMERICOID:
			return EV_FROM_NUMERIC;
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
			return EV_FROM_TEXT;
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return EV_FROM_DATETIME;
		case JSONBOID:
			return EV_FROM_JSONB;
		case JSONOID:
			return EV_FROM_ANY;
		default:
			break;
	}
	if (base_type >= FirstNormalObjectId || OidIsValid(get_element_type(base_type)) ||
		get_typtype(base_type) != TYPTYPE_BASE)
		return EV_FROM_ANY;
	return EV_FROM_OUTPUT;
}

static void
find_function(EvRowColumn *column, Form_pg_attribute attribute)
{
	Oid output;
	bool is_varlena;

	if (column->conversion == EV_FROM_OUTPUT || column->conversion == EV_FROM_FLOAT)
	{
		getTypeOutputInfo(column->base_type, &output, &is_varlena);
		fmgr_info(output, &column->function);
	}
	else if (column->conversion == EV_FROM_ANY)
	{
		Const *value = makeNullConst(attribute->atttypid, attribute->atttypmod,
									 attribute->attcollation);

		fmgr_info(F_TO_JSONB, &column->function);
		fmgr_info_set_expr((Node *) makeFuncExpr(F_TO_JSONB, JSONBOID, list_make1(value),
												 InvalidOid, attribute->attcollation,
												 COERCE_EXPLICIT_CALL),
						   &column->function);
	}
}

static void
find_column(EvRowColumn *column, TupleDesc descriptor, int number, bool hashed)
{
	Form_pg_attribute attribute = TupleDescAttr(descriptor, number);

	column->index = number;
	column->name = pstrdup(NameStr(attribute->attname));
	column->name_length = strlen(column->name);
	column->base_type = getBaseType(attribute->atttypid);
	column->by_value = attribute->attbyval;
	column->length = attribute->attlen;
	column->hashed = hashed;
	column->conversion = conversion_of(column->base_type);
	if (column->conversion == EV_FROM_DATETIME)
		column->last_text = palloc0(MAXDATELEN + 1);
	find_function(column, attribute);
}

static int
compare_columns(const void *a, const void *b)
{
	const EvRowColumn *x = a;
	const EvRowColumn *y = b;

	return ev_view_compare_keys(x->name, x->name_length, y->name, y->name_length);
}

/* What all objects of all columns begin with. */
static void
make_header(EvRowShape *shape)
{
	EvJsonbWriter writer;
	EvJsonbFrame frame;

	ev_jsonb_writer_init(&writer);
	ev_jsonb_writer_clear(&writer);
	ev_jsonb_open_object(&writer, &frame, shape->ncolumns);
	for (int i = 0; i < shape->ncolumns; i++)
		ev_jsonb_put_key(&writer, &frame, shape->columns[i].name, shape->columns[i].name_length);
	shape->header = writer.data;
	shape->header_length = writer.length;
}

EvRowShape *
ev_row_json_shape(TupleDesc descriptor, const int *numbers, const bool *hashed, int n)
{
	EvRowShape *shape = palloc(sizeof(EvRowShape));

	shape->ncolumns = n;
	shape->columns = palloc0(sizeof(EvRowColumn) * Max(n, 1));
	for (int i = 0; i < n; i++)
		find_column(&shape->columns[i], descriptor, numbers[i], hashed[i]);
	qsort(shape->columns, n, sizeof(EvRowColumn), compare_columns);
	make_header(shape);
	return shape;
}

/* ---- values */

static void
put_text(EvJsonbWriter *writer, EvJsonbFrame *frame, Datum value)
{
	struct varlena *text = (struct varlena *) DatumGetPointer(value);

	if (VARATT_IS_EXTERNAL(text) || VARATT_IS_COMPRESSED(text))
		text = detoast_attr(text);
	ev_jsonb_put_string(writer, frame, VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text));
}

/* In jsonb, what is no number is a string. */
static void
put_special(EvJsonbWriter *writer, EvJsonbFrame *frame, const char *text)
{
	ev_jsonb_put_string(writer, frame, text, strlen(text));
}

static void
put_numeric(EvJsonbWriter *writer, EvJsonbFrame *frame, Datum value)
{
	struct varlena *v = (struct varlena *) DatumGetPointer(value);
	Numeric number;
	uint16 header;

	if (VARATT_IS_EXTERNAL(v) || VARATT_IS_COMPRESSED(v))
		v = detoast_attr(v);
	number = (Numeric) v;
	memcpy(&header, VARDATA_ANY(v), sizeof(header)); /* perhaps not aligned */
	/* the two highest bits mark what is no number */
	if ((header & 0xC000) == 0xC000)
		put_special(writer, frame,
					DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(number))));
	else
		ev_jsonb_put_numeric(writer, frame, number);
}

static void
put_float(EvJsonbWriter *writer, EvJsonbFrame *frame, char *text)
{
	if (strpbrk(text, "Nn") != NULL)
		put_special(writer, frame, text);
	else
		ev_jsonb_put_numeric(writer, frame,
							 DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(text),
																 ObjectIdGetDatum(InvalidOid),
																 Int32GetDatum(-1))));
}

/* Rows of one statement often have the same date or time. */
static void
put_datetime(EvJsonbWriter *writer, EvJsonbFrame *frame, EvRowColumn *column, Datum value)
{
	if (column->last_text[0] == '\0' || column->last != value ||
		column->last_zone != session_timezone)
	{
		JsonEncodeDateTime(column->last_text, value, column->base_type, NULL);
		column->last = value;
		column->last_zone = session_timezone;
	}
	put_special(writer, frame, column->last_text);
}

static void
put_value(EvJsonbWriter *writer, EvJsonbFrame *frame, EvRowColumn *column, Datum value)
{
	FmgrInfo *function = &column->function;

	switch (column->conversion)
	{
		case EV_FROM_BOOL:
			ev_jsonb_put_bool(writer, frame, DatumGetBool(value));
			break;
		case EV_FROM_INT2:
			ev_jsonb_put_int(writer, frame, DatumGetInt16(value));
			break;
		case EV_FROM_INT4:
			ev_jsonb_put_int(writer, frame, DatumGetInt32(value));
			break;
		case EV_FROM_INT8:
			ev_jsonb_put_int(writer, frame, DatumGetInt64(value));
			break;
		case EV_FROM_NUMERIC:
			put_numeric(writer, frame, value);
			break;
		case EV_FROM_FLOAT:
			put_float(writer, frame, OutputFunctionCall(function, value));
			break;
		case EV_FROM_TEXT:
			put_text(writer, frame, value);
			break;
		case EV_FROM_DATETIME:
			put_datetime(writer, frame, column, value);
			break;
		case EV_FROM_JSONB:
			ev_jsonb_put_jsonb(writer, frame, DatumGetJsonbP(value));
			break;
		case EV_FROM_OUTPUT:
			put_special(writer, frame, OutputFunctionCall(function, value));
			break;
		case EV_FROM_ANY:
			ev_jsonb_put_jsonb(writer, frame, DatumGetJsonbP(FunctionCall1(function, value)));
			break;
	}
}

/* "sha256:..." of the text of what would have been written. */
static void
put_hash(EvJsonbWriter *writer, EvJsonbFrame *frame, EvRowColumn *column, Datum value)
{
	EvJsonbWriter single;
	EvJsonbFrame array;
	EvView view;
	int length;
	char *text;

	ev_jsonb_writer_init(&single);
	ev_jsonb_open_array(&single, &array, 1);
	put_value(&single, &array, column, value);
	view = ev_view_of(ev_jsonb_writer_finish(&single));
	ev_view_element(&view, 0, &view);
	text = ev_row_json_text(&view, &length);
	put_special(writer, frame, ev_redact_hash(text, length));
}

void
ev_row_json_put(EvJsonbWriter *writer, EvJsonbFrame *frame, EvRowColumn *column,
				const TupleTableSlot *slot)
{
	if (slot->tts_isnull[column->index])
		ev_jsonb_put_null(writer, frame);
	else if (column->hashed)
		put_hash(writer, frame, column, slot->tts_values[column->index]);
	else
		put_value(writer, frame, column, slot->tts_values[column->index]);
}

/* ---- rows */

static void
write_chosen(EvJsonbWriter *writer, EvJsonbFrame *parent, const EvRowShape *shape,
			 const TupleTableSlot *slot, const bool *chosen)
{
	EvJsonbFrame frame;
	int n = 0;

	for (int i = 0; i < shape->ncolumns; i++)
		n += chosen[i];
	ev_jsonb_open_object(writer, &frame, n);
	for (int i = 0; i < shape->ncolumns; i++)
	{
		if (chosen[i])
			ev_jsonb_put_key(writer, &frame, shape->columns[i].name, shape->columns[i].name_length);
	}
	for (int i = 0; i < shape->ncolumns; i++)
	{
		if (chosen[i])
			ev_row_json_put(writer, &frame, &shape->columns[i], slot);
	}
	ev_jsonb_close(writer, &frame, parent);
}

void
ev_row_json_write(EvJsonbWriter *writer, EvJsonbFrame *parent, const EvRowShape *shape,
				  const TupleTableSlot *slot, const bool *chosen)
{
	EvJsonbFrame frame;

	if (chosen != NULL)
	{
		write_chosen(writer, parent, shape, slot, chosen);
		return;
	}
	ev_jsonb_open_copy(writer, &frame, shape->header, shape->header_length, shape->ncolumns);
	for (int i = 0; i < shape->ncolumns; i++)
		ev_row_json_put(writer, &frame, &shape->columns[i], slot);
	ev_jsonb_close(writer, &frame, parent);
}

int
ev_row_json_compare(const EvRowShape *shape, const TupleTableSlot *a, const TupleTableSlot *b,
					bool *differs)
{
	int n = 0;

	for (int i = 0; i < shape->ncolumns; i++)
	{
		const EvRowColumn *column = &shape->columns[i];
		bool null = a->tts_isnull[column->index];

		if (null || b->tts_isnull[column->index])
			differs[i] = null != b->tts_isnull[column->index];
		else
			differs[i] = !datum_image_eq(a->tts_values[column->index], b->tts_values[column->index],
										 column->by_value, column->length);
		n += differs[i];
	}
	return n;
}

char *
ev_row_json_text(const EvView *value, int *length)
{
	char *text;

	if (value->type == EV_JSON_STRING)
	{
		*length = value->length;
		return unconstify(char *, value->data);
	}
	text = ev_view_to_cstring(value);
	*length = strlen(text);
	return text;
}
