/* SPDX-License-Identifier: PostgreSQL
 *
 * infer.c: what is seen at each place of the samples, and merging it.
 *
 * A place counts values by kind, keeps the formats that no string there has
 * broken, a few distinct strings with their counts, and places for elements and
 * members.  Members of a place are sorted as the members of a jsonb object are,
 * so a sample is merged into it side by side.
 *
 * Memory is bounded whatever the samples are: distinct strings and property
 * names of a place, the number of places, their depth, and the bytes of all
 * names.  Whoever makes a place asks for room first.  What passes a bound
 * becomes wider, never wrong: too many strings are no enumeration, too many
 * names are a map (its members share one place from then on), and what has no
 * room at all may be anything.  Every step only widens, so the schema accepts
 * all samples, and merging two states (parallel aggregation) is the same step
 * as adding a sample.
 */
#include "postgres.h"

#include "schema/infer.h"

#include "base/number.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"

const EvFormat ev_infer_formats[] = {EV_FORMAT_DATE_TIME, EV_FORMAT_DATE, EV_FORMAT_TIME,
									 EV_FORMAT_UUID,	  EV_FORMAT_IPV4, EV_FORMAT_IPV6,
									 EV_FORMAT_EMAIL,	  EV_FORMAT_URI,  EV_FORMAT_NONE};

EvInfer *
ev_infer_make(MemoryContext context)
{
	EvInfer *infer = MemoryContextAllocZero(context, sizeof(EvInfer));

	infer->context = context;
	infer->root = ev_infer_make_place(infer, 0);
	return infer;
}

static void *
make_zero(EvInfer *infer, Size size)
{
	return MemoryContextAllocZero(infer->context, size);
}

EvPlace *
ev_infer_make_place(EvInfer *infer, int depth)
{
	EvPlace *place = make_zero(infer, sizeof(EvPlace));

	infer->places++;
	place->anything = depth > EV_INFER_MAX_DEPTH;
	return place;
}

/* For one place more, and its name. */
static bool
has_room(EvInfer *infer, int name_length)
{
	if (infer->places < EV_INFER_MAX_PLACES &&
		infer->name_bytes + name_length <= EV_INFER_MAX_NAME_BYTES)
		return true;
	infer->full = true;
	return false;
}

static void
free_name(EvInfer *infer, EvPlaceMember *member)
{
	infer->name_bytes -= member->length;
	pfree(member->name);
}

/* What is known about the values, but for how many there were. */
static void
forget_values(EvInfer *infer, EvPlace *place)
{
	if (place->strings != NULL)
	{
		for (int i = 0; i < place->strings->nvalues; i++)
			pfree(place->strings->values[i].bytes);
		pfree(place->strings);
	}
	if (place->arrays != NULL)
	{
		ev_infer_free_place(infer, place->arrays->items);
		pfree(place->arrays);
	}
	if (place->objects != NULL)
	{
		for (int i = 0; i < place->objects->nmembers; i++)
		{
			ev_infer_free_place(infer, place->objects->members[i].place);
			free_name(infer, &place->objects->members[i]);
		}
		if (place->objects->members != NULL)
			pfree(place->objects->members);
		ev_infer_free_place(infer, place->objects->any_member);
		pfree(place->objects);
	}
	place->strings = NULL;
	place->arrays = NULL;
	place->objects = NULL;
}

void
ev_infer_free_place(EvInfer *infer, EvPlace *place)
{
	if (place == NULL)
		return;
	forget_values(infer, place);
	pfree(place);
	infer->places--;
}

/* No room for what is below it. */
static void
give_up_place(EvInfer *infer, EvPlace *place)
{
	forget_values(infer, place);
	place->anything = true;
}

/* ---- strings */

/* Telling signs that a format's grammar alone does not ask for: "octocat:main" is a URI, too. */
static bool
looks_like(EvFormat format, const char *s, int length)
{
	if (format == EV_FORMAT_URI)
	{
		const char *colon = memchr(s, ':', length);

		return colon != NULL && ((s + length - colon > 3 && memcmp(colon, "://", 3) == 0) ||
								 (colon - s == 3 && memcmp(s, "urn", 3) == 0));
	}
	return true;
}

static uint32
formats_of(uint32 candidates, const char *s, int length)
{
	uint32 formats = 0;

	for (const EvFormat *format = ev_infer_formats; *format != EV_FORMAT_NONE; format++)
	{
		if ((candidates & (1u << *format)) != 0 && looks_like(*format, s, length) &&
			ev_format_matches(*format, s, length, EV_DRAFT_2020_12))
			formats |= 1u << *format;
	}
	return formats;
}

static void
forget_strings(EvPlaceStrings *strings)
{
	for (int i = 0; i < strings->nvalues; i++)
		pfree(strings->values[i].bytes);
	strings->nvalues = -1;
}

/* One more distinct string, or some more of one that is there. */
static void
count_string(EvInfer *infer, EvPlaceStrings *strings, const char *s, int length, int64 count)
{
	int i = 0;
	int order = 1;

	if (strings->nvalues < 0)
		return;
	while (i < strings->nvalues &&
		   (order = ev_view_compare_keys(strings->values[i].bytes, strings->values[i].length, s,
										 length)) < 0)
		i++;
	if (i < strings->nvalues && order == 0)
	{
		strings->values[i].count += count;
		return;
	}
	if (strings->nvalues == EV_INFER_MAX_VALUES || length > EV_INFER_MAX_VALUE_LENGTH)
	{
		forget_strings(strings);
		return;
	}
	memmove(&strings->values[i + 1], &strings->values[i],
			sizeof(EvPlaceString) * (strings->nvalues - i));
	strings->values[i].bytes = memcpy(MemoryContextAlloc(infer->context, length + 1), s, length);
	strings->values[i].length = length;
	strings->values[i].count = count;
	strings->nvalues++;
}

static EvPlaceStrings *
strings_at(EvInfer *infer, EvPlace *place)
{
	if (place->strings == NULL)
	{
		place->strings = make_zero(infer, sizeof(EvPlaceStrings));
		place->strings->formats = ~0u;
	}
	return place->strings;
}

static void
add_string(EvInfer *infer, EvPlace *place, const EvView *value)
{
	EvPlaceStrings *strings = strings_at(infer, place);

	strings->count++;
	if (strings->formats != 0)
		strings->formats = formats_of(strings->formats, value->data, value->length);
	strings->longest = Max(strings->longest, pg_mbstrlen_with_len(value->data, value->length));
	count_string(infer, strings, value->data, value->length, 1);
}

static void
merge_strings(EvInfer *infer, EvPlace *place, const EvPlaceStrings *from)
{
	EvPlaceStrings *strings = strings_at(infer, place);

	strings->count += from->count;
	strings->formats &= from->formats;
	strings->longest = Max(strings->longest, from->longest);
	if (from->nvalues < 0)
		forget_strings(strings);
	for (int i = 0; i < from->nvalues; i++)
		count_string(infer, strings, from->values[i].bytes, from->values[i].length,
					 from->values[i].count);
}

/* ---- objects */

static EvPlaceObjects *
objects_at(EvInfer *infer, EvPlace *place)
{
	if (place->objects == NULL)
		place->objects = make_zero(infer, sizeof(EvPlaceObjects));
	return place->objects;
}

/* Its members share a place from now on; false: no room for it. */
static bool
make_map(EvInfer *infer, EvPlaceObjects *objects, int depth)
{
	if (objects->nmembers > 0)
		objects->any_member = objects->members[0].place;
	else if (has_room(infer, 0))
		objects->any_member = ev_infer_make_place(infer, depth + 1);
	else
		return false;
	for (int i = 0; i < objects->nmembers; i++)
	{
		if (i > 0)
		{
			ev_infer_merge_place(infer, objects->any_member, objects->members[i].place, depth + 1);
			ev_infer_free_place(infer, objects->members[i].place);
		}
		free_name(infer, &objects->members[i]);
	}
	if (objects->members != NULL)
		pfree(objects->members);
	objects->members = NULL;
	objects->nmembers = objects->room = 0;
	return true;
}

/* Members come in order: the place of one that is at `*at` or after it; NULL: no room. */
static EvPlace *
member_place(EvInfer *infer, EvPlaceObjects *objects, int *at, const char *name, int length,
			 int depth)
{
	int order = 1;

	if (objects->any_member == NULL)
	{
		while (*at < objects->nmembers &&
			   (order = ev_view_compare_keys(objects->members[*at].name,
											 objects->members[*at].length, name, length)) < 0)
			(*at)++;
		if (*at < objects->nmembers && order == 0)
			return objects->members[*at].place;
		if (objects->nmembers == EV_INFER_MAX_MEMBERS && !make_map(infer, objects, depth))
			return NULL;
	}
	objects->longest_name = Max(objects->longest_name, pg_mbstrlen_with_len(name, length));
	if (objects->any_member != NULL)
		return objects->any_member;
	if (!has_room(infer, length))
		return NULL;
	if (objects->nmembers == objects->room)
	{
		MemoryContext caller = MemoryContextSwitchTo(infer->context);

		objects->room = Max(8, objects->room * 2);
		objects->members = objects->members == NULL
							   ? palloc(sizeof(EvPlaceMember) * objects->room)
							   : repalloc(objects->members, sizeof(EvPlaceMember) * objects->room);
		MemoryContextSwitchTo(caller);
	}
	memmove(&objects->members[*at + 1], &objects->members[*at],
			sizeof(EvPlaceMember) * (objects->nmembers - *at));
	objects->members[*at].name = memcpy(MemoryContextAlloc(infer->context, length + 1), name,
										length);
	objects->members[*at].length = length;
	infer->name_bytes += length;
	objects->nmembers++;
	return objects->members[*at].place = ev_infer_make_place(infer, depth + 1);
}

static void add_value(EvInfer *infer, EvPlace *place, const EvView *value, int depth);

static void
add_object(EvInfer *infer, EvPlace *place, const EvView *value, int depth)
{
	EvPlaceObjects *objects = objects_at(infer, place);
	EvCursor cursor;
	EvView member;
	const char *name;
	int length, at = 0;

	objects->count++;
	ev_view_begin(&cursor, value);
	while (ev_view_next_member(&cursor, &name, &length, &member))
	{
		EvPlace *its = member_place(infer, objects, &at, name, length, depth);

		if (its == NULL)
		{
			give_up_place(infer, place);
			return;
		}
		add_value(infer, its, &member, depth + 1);
	}
}

static void
merge_objects(EvInfer *infer, EvPlace *place, const EvPlaceObjects *from, int depth)
{
	EvPlaceObjects *objects = objects_at(infer, place);
	int at = 0;

	objects->count += from->count;
	objects->longest_name = Max(objects->longest_name, from->longest_name);
	if (from->any_member != NULL)
	{
		if (objects->any_member == NULL && !make_map(infer, objects, depth))
			give_up_place(infer, place);
		else
			ev_infer_merge_place(infer, objects->any_member, from->any_member, depth + 1);
		return;
	}
	for (int i = 0; i < from->nmembers; i++)
	{
		EvPlace *its = member_place(infer, objects, &at, from->members[i].name,
									from->members[i].length, depth);

		if (its == NULL)
		{
			give_up_place(infer, place);
			return;
		}
		ev_infer_merge_place(infer, its, from->members[i].place, depth + 1);
	}
}

/* ---- arrays */

static EvPlaceArrays *
arrays_at(EvInfer *infer, EvPlace *place)
{
	if (place->arrays == NULL)
		place->arrays = make_zero(infer, sizeof(EvPlaceArrays));
	return place->arrays;
}

/* The place of all elements; NULL: no room. */
static EvPlace *
items_place(EvInfer *infer, EvPlaceArrays *arrays, int depth)
{
	if (arrays->items == NULL && has_room(infer, 0))
		arrays->items = ev_infer_make_place(infer, depth + 1);
	return arrays->items;
}

static void
add_array(EvInfer *infer, EvPlace *place, const EvView *value, int depth)
{
	EvPlaceArrays *arrays = arrays_at(infer, place);
	EvCursor cursor;
	EvView element;

	arrays->count++;
	ev_view_begin(&cursor, value);
	while (ev_view_next_element(&cursor, &element))
	{
		EvPlace *items = items_place(infer, arrays, depth);

		if (items == NULL)
		{
			give_up_place(infer, place);
			return;
		}
		add_value(infer, items, &element, depth + 1);
	}
}

static void
merge_arrays(EvInfer *infer, EvPlace *place, const EvPlaceArrays *from, int depth)
{
	EvPlaceArrays *arrays = arrays_at(infer, place);
	EvPlace *items;

	arrays->count += from->count;
	if (from->items == NULL)
		return;
	items = items_place(infer, arrays, depth);
	if (items == NULL)
		give_up_place(infer, place);
	else
		ev_infer_merge_place(infer, items, from->items, depth + 1);
}

/* ---- any value */

static void
add_value(EvInfer *infer, EvPlace *place, const EvView *value, int depth)
{
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	place->values++;
	if (place->last_sample != infer->samples)
		place->samples++;
	place->last_sample = infer->samples;
	if (place->anything)
		return;
	switch (value->type)
	{
		case EV_JSON_NULL:
			place->nulls++;
			break;
		case EV_JSON_BOOLEAN:
			place->booleans++;
			break;
		case EV_JSON_NUMBER:
		{
			EvNumber number = ev_number_read(ev_view_numeric(value));

			if (ev_number_is_integer(&number))
				place->integers++;
			else
				place->fractions++;
			break;
		}
		case EV_JSON_STRING:
			add_string(infer, place, value);
			break;
		case EV_JSON_ARRAY:
			add_array(infer, place, value, depth);
			break;
		case EV_JSON_OBJECT:
			add_object(infer, place, value, depth);
			break;
	}
}

void
ev_infer_add(EvInfer *infer, const EvView *sample)
{
	infer->samples++;
	add_value(infer, infer->root, sample, 0);
}

void
ev_infer_merge_place(EvInfer *infer, EvPlace *to, const EvPlace *from, int depth)
{
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	to->values += from->values;
	to->samples += from->samples;
	if (from->anything && !to->anything)
		give_up_place(infer, to);
	if (to->anything)
		return;
	to->nulls += from->nulls;
	to->booleans += from->booleans;
	to->integers += from->integers;
	to->fractions += from->fractions;
	if (from->strings != NULL)
		merge_strings(infer, to, from->strings);
	if (from->arrays != NULL)
		merge_arrays(infer, to, from->arrays, depth);
	if (from->objects != NULL && !to->anything)
		merge_objects(infer, to, from->objects, depth);
}

void
ev_infer_merge(EvInfer *infer, const EvInfer *from)
{
	infer->samples += from->samples;
	ev_infer_merge_place(infer, infer->root, from->root, 0);
}
