/* SPDX-License-Identifier: PostgreSQL
 *
 * jsonb_writer.c: writing a jsonb datum from front to back.
 *
 * The layout is that of data on disk (utils/jsonb.h): a container is a header
 * with its count, a JEntry for each element, or for each key and then for each
 * value, and their bytes in the same order; numbers and containers begin at a
 * multiple of 4, and the padding counts as theirs.  Every 32nd JEntry holds
 * the offset of its end in the place of its length.
 */
#include "base/compat.h"

#include "base/jsonb_writer.h"
#include "base/number.h"
#include "miscadmin.h"

#define FIRST_SIZE 1024

/* Lengths and offsets in a JEntry have 28 bits. */
#define GREATEST_SIZE JENTRY_OFFLENMASK

void
ev_jsonb_writer_init(EvJsonbWriter *writer)
{
	memset(writer, 0, sizeof(EvJsonbWriter));
	writer->context = CurrentMemoryContext;
	writer->allocated = FIRST_SIZE;
	writer->data = palloc(FIRST_SIZE);
	ev_jsonb_writer_reset(writer);
}

void
ev_jsonb_writer_clear(EvJsonbWriter *writer)
{
	writer->length = 0;
	writer->digits = 0;
}

void
ev_jsonb_writer_reset(EvJsonbWriter *writer)
{
	ev_jsonb_writer_clear(writer);
	writer->length = VARHDRSZ;
}

Jsonb *
ev_jsonb_writer_finish(EvJsonbWriter *writer)
{
	SET_VARSIZE(writer->data, writer->length);
	return (Jsonb *) writer->data;
}

void
ev_jsonb_reserve_more(EvJsonbWriter *writer, Size bytes)
{
	Size needed = writer->length + bytes;
	Size size = writer->allocated;

	if (needed > GREATEST_SIZE)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("value is too large for jsonb"),
				 errdetail("It takes more than %d bytes.", GREATEST_SIZE)));
	while (size < needed)
		size *= 2;
	writer->data = repalloc(writer->data, size);
	writer->allocated = size;
}

static void
open_container(EvJsonbWriter *writer, EvJsonbFrame *frame, uint32 header, int entries)
{
	Size room = sizeof(uint32) + sizeof(JEntry) * (Size) entries;

	frame->start = writer->length;
	ev_jsonb_align(writer);
	ev_jsonb_reserve(writer, room);
	*(uint32 *) (writer->data + writer->length) = header;
	frame->children = writer->length + sizeof(uint32);
	writer->length += room;
	frame->base = writer->length;
	frame->next = 0;
}

void
ev_jsonb_open_object(EvJsonbWriter *writer, EvJsonbFrame *frame, int count)
{
	open_container(writer, frame, JB_FOBJECT | (uint32) count, 2 * count);
}

void
ev_jsonb_open_array(EvJsonbWriter *writer, EvJsonbFrame *frame, int count)
{
	open_container(writer, frame, JB_FARRAY | (uint32) count, count);
}

void
ev_jsonb_open_copy(EvJsonbWriter *writer, EvJsonbFrame *frame, const char *bytes, int n, int count)
{
	frame->start = writer->length;
	ev_jsonb_align(writer);
	frame->children = writer->length + sizeof(uint32);
	frame->base = frame->children + 2 * count * sizeof(JEntry);
	frame->next = count;
	ev_jsonb_append(writer, bytes, n);
}

void
ev_jsonb_close(EvJsonbWriter *writer, EvJsonbFrame *frame, EvJsonbFrame *parent)
{
	if (parent != NULL)
		ev_jsonb_entry(writer, parent, JENTRY_ISCONTAINER, frame->start);
}

/*
 * An integer as numeric.c would store it, in the short form: its digits to the
 * base 10000 without zeros at the end.
 */
void
ev_jsonb_put_int(EvJsonbWriter *writer, EvJsonbFrame *frame, int64 value)
{
	int start = writer->length;
	uint64 rest = value < 0 ? 0 - (uint64) value : (uint64) value;
	int16 digits[5];
	int n = 0;
	int zeros = 0;
	uint16 header = 0x8000 | (value < 0 ? 0x2000 : 0);
	char *out;

	for (; rest > 0; rest /= EV_NUMBER_BASE)
		digits[n++] = rest % EV_NUMBER_BASE;
	while (zeros < n && digits[zeros] == 0)
		zeros++;
	if (n > 0)
		header |= n - 1;
	ev_jsonb_align(writer);
	ev_jsonb_reserve(writer, VARHDRSZ + sizeof(header) + sizeof(digits));
	out = writer->data + writer->length;
	SET_VARSIZE(out, VARHDRSZ + sizeof(header) + (n - zeros) * sizeof(int16));
	writer->length += VARSIZE(out);
	out += VARHDRSZ;
	memcpy(out, &header, sizeof(header));
	out += sizeof(header);
	for (int i = n - 1; i >= zeros; i--, out += sizeof(int16))
		memcpy(out, &digits[i], sizeof(int16));
	writer->digits += n * 4 + 1;
	ev_jsonb_entry(writer, frame, JENTRY_ISNUMERIC, start);
}

/* At most so many characters, and a few more: 1e131071 lies in ten bytes. */
static Size
digits_of(const struct NumericData *numeric)
{
	EvNumber number = ev_number_read(numeric);

	return (Size) Max(number.weight + 1, 1) * 4 + number.scale + 2;
}

static Size
digits_within(const EvView *container)
{
	EvCursor cursor;
	EvView value;
	const char *key;
	int length;
	Size digits = 0;

	check_stack_depth();
	ev_view_begin(&cursor, container);
	while (container->type == EV_JSON_OBJECT ? ev_view_next_member(&cursor, &key, &length, &value)
											 : ev_view_next_element(&cursor, &value))
	{
		if (value.type == EV_JSON_NUMBER)
			digits += digits_of(ev_view_numeric(&value));
		else if (value.type == EV_JSON_ARRAY || value.type == EV_JSON_OBJECT)
			digits += digits_within(&value);
	}
	return digits;
}

void
ev_jsonb_put_numeric(EvJsonbWriter *writer, EvJsonbFrame *frame, const struct NumericData *value)
{
	int start = writer->length;
	int size = VARSIZE_ANY_EXHDR(value) + VARHDRSZ;

	ev_jsonb_align(writer);
	ev_jsonb_reserve(writer, size);
	SET_VARSIZE(writer->data + writer->length, size);
	memcpy(writer->data + writer->length + VARHDRSZ, VARDATA_ANY(value), size - VARHDRSZ);
	writer->digits += digits_of((struct NumericData *) (writer->data + writer->length));
	writer->length += size;
	ev_jsonb_entry(writer, frame, JENTRY_ISNUMERIC, start);
}

void
ev_jsonb_put_container(EvJsonbWriter *writer, EvJsonbFrame *frame, const char *bytes, int n)
{
	int start = writer->length;

	ev_jsonb_align(writer);
	ev_jsonb_append(writer, bytes, n);
	ev_jsonb_entry(writer, frame, JENTRY_ISCONTAINER, start);
}

void
ev_jsonb_put_jsonb(EvJsonbWriter *writer, EvJsonbFrame *frame, const Jsonb *value)
{
	EvView view = ev_view_of(value);

	switch (view.type)
	{
		case EV_JSON_NULL:
			ev_jsonb_put_null(writer, frame);
			break;
		case EV_JSON_BOOLEAN:
			ev_jsonb_put_bool(writer, frame, view.boolean);
			break;
		case EV_JSON_STRING:
			ev_jsonb_put_string(writer, frame, view.data, view.length);
			break;
		case EV_JSON_NUMBER:
			ev_jsonb_put_numeric(writer, frame, ev_view_numeric(&view));
			break;
		case EV_JSON_ARRAY:
		case EV_JSON_OBJECT:
			writer->digits += digits_within(&view);
			ev_jsonb_put_container(writer, frame, view.data, view.length);
			break;
	}
}
