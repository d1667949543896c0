/* SPDX-License-Identifier: PostgreSQL
 *
 * infer_state.c: the state of an inference as bytes, for parallel aggregation.
 *
 * A place is written before the places below it; what a place has is told by
 * one byte of flags.  Only our own processes read these bytes (an aggregate's
 * deserialisation function takes internal arguments), but reading still stops at
 * the end of the message and goes no deeper than the stack allows.
 */
#include "postgres.h"

#include "schema/infer.h"

#include "libpq/pqformat.h"
#include "miscadmin.h"

#define HAS_STRINGS 0x01
#define HAS_ARRAYS 0x02
#define HAS_OBJECTS 0x04
#define IS_ANYTHING 0x08
#define HAS_PLACE 0x10

static void write_place(StringInfo out, const EvPlace *place);
static EvPlace *read_place(EvInfer *infer, StringInfo in);

static void
write_bytes(StringInfo out, const char *bytes, int length)
{
	pq_sendint32(out, length);
	pq_sendbytes(out, bytes, length);
}

static char *
read_bytes(EvInfer *infer, StringInfo in, int *length)
{
	char *bytes;

	*length = pq_getmsgint(in, 4);
	bytes = MemoryContextAlloc(infer->context, *length + 1);
	pq_copymsgbytes(in, bytes, *length);
	return bytes;
}

static void
write_strings(StringInfo out, const EvPlaceStrings *strings)
{
	pq_sendint64(out, strings->count);
	pq_sendint32(out, strings->formats);
	pq_sendint32(out, strings->longest);
	pq_sendint32(out, strings->nvalues);
	for (int i = 0; i < strings->nvalues; i++)
	{
		pq_sendint64(out, strings->values[i].count);
		write_bytes(out, strings->values[i].bytes, strings->values[i].length);
	}
}

static EvPlaceStrings *
read_strings(EvInfer *infer, StringInfo in)
{
	EvPlaceStrings *strings = MemoryContextAllocZero(infer->context, sizeof(EvPlaceStrings));

	strings->count = pq_getmsgint64(in);
	strings->formats = pq_getmsgint(in, 4);
	strings->longest = pq_getmsgint(in, 4);
	strings->nvalues = (int) pq_getmsgint(in, 4);
	if (strings->nvalues > EV_INFER_MAX_VALUES)
		elog(ERROR, "too many strings at a place");
	for (int i = 0; i < strings->nvalues; i++)
	{
		EvPlaceString *value = &strings->values[i];

		value->count = pq_getmsgint64(in);
		value->bytes = read_bytes(infer, in, &value->length);
	}
	return strings;
}

static void
write_objects(StringInfo out, const EvPlaceObjects *objects)
{
	pq_sendint64(out, objects->count);
	pq_sendint32(out, objects->longest_name);
	pq_sendbyte(out, objects->any_member != NULL ? HAS_PLACE : 0);
	if (objects->any_member != NULL)
		write_place(out, objects->any_member);
	pq_sendint32(out, objects->nmembers);
	for (int i = 0; i < objects->nmembers; i++)
	{
		write_bytes(out, objects->members[i].name, objects->members[i].length);
		write_place(out, objects->members[i].place);
	}
}

static EvPlaceObjects *
read_objects(EvInfer *infer, StringInfo in)
{
	EvPlaceObjects *objects = MemoryContextAllocZero(infer->context, sizeof(EvPlaceObjects));

	objects->count = pq_getmsgint64(in);
	objects->longest_name = pq_getmsgint(in, 4);
	if (pq_getmsgbyte(in) == HAS_PLACE)
		objects->any_member = read_place(infer, in);
	objects->nmembers = objects->room = (int) pq_getmsgint(in, 4);
	if (objects->room > 0)
		objects->members = MemoryContextAlloc(infer->context,
											  sizeof(EvPlaceMember) * objects->room);
	for (int i = 0; i < objects->nmembers; i++)
	{
		EvPlaceMember *member = &objects->members[i];

		member->name = read_bytes(infer, in, &member->length);
		infer->name_bytes += member->length;
		member->place = read_place(infer, in);
	}
	return objects;
}

static void
write_place(StringInfo out, const EvPlace *place)
{
	check_stack_depth();
	pq_sendbyte(out, (place->strings != NULL ? HAS_STRINGS : 0) |
						 (place->arrays != NULL ? HAS_ARRAYS : 0) |
						 (place->objects != NULL ? HAS_OBJECTS : 0) |
						 (place->anything ? IS_ANYTHING : 0));
	pq_sendint64(out, place->values);
	pq_sendint64(out, place->samples);
	pq_sendint64(out, place->nulls);
	pq_sendint64(out, place->booleans);
	pq_sendint64(out, place->integers);
	pq_sendint64(out, place->fractions);
	if (place->strings != NULL)
		write_strings(out, place->strings);
	if (place->arrays != NULL)
	{
		pq_sendint64(out, place->arrays->count);
		pq_sendbyte(out, place->arrays->items != NULL ? HAS_PLACE : 0);
		if (place->arrays->items != NULL)
			write_place(out, place->arrays->items);
	}
	if (place->objects != NULL)
		write_objects(out, place->objects);
}

static EvPlace *
read_place(EvInfer *infer, StringInfo in)
{
	EvPlace *place = ev_infer_make_place(infer, 0);
	int flags = pq_getmsgbyte(in);

	check_stack_depth();
	place->anything = (flags & IS_ANYTHING) != 0;
	place->values = pq_getmsgint64(in);
	place->samples = pq_getmsgint64(in);
	place->nulls = pq_getmsgint64(in);
	place->booleans = pq_getmsgint64(in);
	place->integers = pq_getmsgint64(in);
	place->fractions = pq_getmsgint64(in);
	if ((flags & HAS_STRINGS) != 0)
		place->strings = read_strings(infer, in);
	if ((flags & HAS_ARRAYS) != 0)
	{
		place->arrays = MemoryContextAllocZero(infer->context, sizeof(EvPlaceArrays));
		place->arrays->count = pq_getmsgint64(in);
		if (pq_getmsgbyte(in) == HAS_PLACE)
			place->arrays->items = read_place(infer, in);
	}
	if ((flags & HAS_OBJECTS) != 0)
		place->objects = read_objects(infer, in);
	return place;
}

bytea *
ev_infer_serialize(const EvInfer *infer)
{
	StringInfoData out;

	pq_begintypsend(&out);
	pq_sendint64(&out, infer->samples);
	write_place(&out, infer->root);
	return pq_endtypsend(&out);
}

EvInfer *
ev_infer_deserialize(MemoryContext context, bytea *bytes)
{
	EvInfer *infer = MemoryContextAllocZero(context, sizeof(EvInfer));
	StringInfoData in = {.data = VARDATA_ANY(bytes), .len = VARSIZE_ANY_EXHDR(bytes)};

	infer->context = context;
	infer->samples = pq_getmsgint64(&in);
	infer->root = read_place(infer, &in);
	pq_getmsgend(&in);
	return infer;
}
