/* SPDX-License-Identifier: PostgreSQL
 *
 * view_make.c: arrays and objects out of values that exist already.
 *
 * pushJsonbValue takes every container apart and puts it together again, down
 * to its last scalar.  Here a value is copied as it lies, which its format
 * allows: offsets count from the container that they stand in, and a container
 * is aligned to 4 bytes wherever it is.
 */
#include "base/view.h"

typedef struct Writer
{
	JsonbContainer *container;
	char *data; /* where offsets count from */
	uint32 used;
	int nentries;
} Writer;

static void
check_size(Size entries, Size data)
{
	if (entries > JB_CMASK || data > JENTRY_OFFLENMASK)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("jsonb array or object would be too large"),
						errdetail("It would have %zu entries and %zu bytes.", entries, data)));
}

static void
begin(Writer *writer, uint32 header, Size entries, Size data)
{
	check_size(entries, data);
	writer->container = palloc0(sizeof(uint32) + entries * sizeof(JEntry) + data);
	writer->container->header = header;
	writer->data = (char *) (writer->container->children + entries);
	writer->used = 0;
	writer->nentries = 0;
}

static void
append(Writer *writer, JEntry type, const char *data, int length)
{
	uint32 start = writer->used;
	uint32 field;

	if (type == JENTRY_ISNUMERIC || type == JENTRY_ISCONTAINER)
		writer->used = INTALIGN(writer->used);
	memcpy(writer->data + writer->used, data, length);
	writer->used += length;
	if (writer->nentries % JB_OFFSET_STRIDE == 0)
		field = writer->used | JENTRY_HAS_OFF;
	else
		field = writer->used - start;
	writer->container->children[writer->nentries++] = type | field;
}

static void
append_value(Writer *writer, const EvView *value)
{
	switch (value->type)
	{
		case EV_JSON_NULL:
			append(writer, JENTRY_ISNULL, value->data, 0);
			break;
		case EV_JSON_BOOLEAN:
			append(writer, value->boolean ? JENTRY_ISBOOL_TRUE : JENTRY_ISBOOL_FALSE, value->data,
				   0);
			break;
		case EV_JSON_NUMBER:
			append(writer, JENTRY_ISNUMERIC, value->data, value->length);
			break;
		case EV_JSON_STRING:
			append(writer, JENTRY_ISSTRING, value->data, value->length);
			break;
		case EV_JSON_ARRAY:
		case EV_JSON_OBJECT:
			append(writer, JENTRY_ISCONTAINER, value->data, value->length);
			break;
	}
}

static EvView
end(const Writer *writer)
{
	return ev_view_of_container(writer->container,
								writer->data + writer->used - (char *) writer->container);
}

/* At most so many bytes, with padding. */
#define room_for(length) ((Size) INTALIGN(length) + ALIGNOF_INT)

EvView
ev_view_make_array(const EvView *elements, int n)
{
	Writer writer;
	Size size = 0;

	for (int i = 0; i < n; i++)
		size += room_for(elements[i].length);
	begin(&writer, JB_FARRAY | n, n, size);
	for (int i = 0; i < n; i++)
		append_value(&writer, &elements[i]);
	return end(&writer);
}

EvView
ev_view_make_object(const EvMember *members, int n)
{
	Writer writer;
	Size size = 0;

	for (int i = 0; i < n; i++)
		size += members[i].key_length + room_for(members[i].value.length);
	begin(&writer, JB_FOBJECT | n, (Size) n * 2, size);
	for (int i = 0; i < n; i++)
		append(&writer, JENTRY_ISSTRING, members[i].key, members[i].key_length);
	for (int i = 0; i < n; i++)
		append_value(&writer, &members[i].value);
	return end(&writer);
}
