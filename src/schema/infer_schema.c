/* SPDX-License-Identifier: PostgreSQL
 *
 * infer_schema.c: the places of an inference as a JSON Schema (2020-12).
 *
 * Every keyword that is written holds for all values that were seen, so all
 * samples are valid, with formats asserted or not.  What is a guess about values
 * not seen yet has a threshold:
 *
 * - A property is required when all objects of its place had it.
 * - `format`: all strings of the place are of that format.  One value is enough
 *   where a format hardly occurs by chance (a date-time, a UUID); a version
 *   number looks like an IPv4 address, so those ask for some more.
 * - `enum`: in at least 20 samples a few short strings, each at least 5 times on
 *   average and none of them just once: the share of values seen once estimates
 *   how likely the next one is a new one (Good and Turing).
 * - A map (`additionalProperties` in place of `properties`): values of one shape
 *   under names that are data (numbers, UUIDs, dates), or under many names most
 *   of which each object lacks, or too many names to list.
 *
 * Bounds of numbers and lengths are left out: the next value would break them.
 * `format` comes with a generous `maxLength`, and a map with a bound for its
 * names, since a schema without them is refused as unsafe.
 */
#include "postgres.h"

#include "schema/infer.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#define ENUM_MIN_SAMPLES 20
#define ENUM_MIN_REPEATS 5
#define MAP_MIN_DATA_NAMES 3
#define MAP_MIN_NAMES 16
#define MAP_MIN_OBJECTS 4
#define NAME_MIN_BOUND 64

/* How many values it takes to believe a format, and what its strings are bounded to. */
typedef struct FormatRule
{
	EvFormat format;
	int min_values;
	int max_length;
} FormatRule;

static const FormatRule format_rules[] = {{EV_FORMAT_DATE_TIME, 1, 64}, {EV_FORMAT_DATE, 1, 10},
										  {EV_FORMAT_TIME, 3, 32},		{EV_FORMAT_UUID, 1, 36},
										  {EV_FORMAT_IPV4, 3, 15},		{EV_FORMAT_IPV6, 3, 45},
										  {EV_FORMAT_EMAIL, 1, 320},	{EV_FORMAT_URI, 1, 2048}};

typedef struct Out
{
	JsonbParseState *state; /* keeps pointers to names and strings of places */
	int places;				/* made for maps, in all; as in EvInfer */
	int64 name_bytes;
} Out;

static void write_place(Out *out, const EvPlace *place);

/* ---- writing */

static void
begin(Out *out, JsonbIteratorToken token)
{
	pushJsonbValue(&out->state, token, NULL);
}

static JsonbValue *
end(Out *out, JsonbIteratorToken token)
{
	return pushJsonbValue(&out->state, token, NULL);
}

static void
write_text(Out *out, JsonbIteratorToken token, const char *s, int length)
{
	JsonbValue value = {.type = jbvString, .val.string = {.len = length, .val = (char *) s}};

	pushJsonbValue(&out->state, token, &value);
}

#define write_key(out, name) write_text(out, WJB_KEY, name, strlen(name))
#define write_string(out, s) write_text(out, WJB_VALUE, s, strlen(s))
#define write_element(out, s) write_text(out, WJB_ELEM, s, strlen(s))

static void
write_number(Out *out, int64 n)
{
	JsonbValue value = {.type = jbvNumeric};

	value.val.numeric = DatumGetNumeric(DirectFunctionCall1(int8_numeric, Int64GetDatum(n)));
	pushJsonbValue(&out->state, WJB_VALUE, &value);
}

/* Twice what was seen, as a power of 2. */
static int
generous(int at_least, int longest)
{
	int bound = at_least;

	while (bound < longest)
		bound *= 2;
	return bound;
}

/* ---- types */

static void
write_types(Out *out, const char *const *names, int n)
{
	write_key(out, "type");
	if (n == 1)
		write_string(out, names[0]);
	else
	{
		begin(out, WJB_BEGIN_ARRAY);
		for (int i = 0; i < n; i++)
			write_element(out, names[i]);
		end(out, WJB_END_ARRAY);
	}
}

static int
scalar_types(const EvPlace *place, const char **names)
{
	int n = 0;

	if (place->strings != NULL)
		names[n++] = "string";
	if (place->fractions > 0)
		names[n++] = "number";
	else if (place->integers > 0)
		names[n++] = "integer";
	if (place->booleans > 0)
		names[n++] = "boolean";
	if (place->nulls > 0)
		names[n++] = "null";
	return n;
}

/* ---- strings */

static const FormatRule *
format_of(const EvPlaceStrings *strings)
{
	for (int i = 0; i < lengthof(format_rules); i++)
	{
		if ((strings->formats & (1u << format_rules[i].format)) != 0 &&
			strings->count >= format_rules[i].min_values)
			return &format_rules[i];
	}
	return NULL;
}

static bool
is_enumeration(const EvPlace *place)
{
	const EvPlaceStrings *strings = place->strings;

	if (strings->nvalues <= 0 || place->samples < ENUM_MIN_SAMPLES ||
		strings->count < (int64) strings->nvalues * ENUM_MIN_REPEATS)
		return false;
	for (int i = 0; i < strings->nvalues; i++)
	{
		if (strings->values[i].count < 2)
			return false;
	}
	return true;
}

static void
write_enumeration(Out *out, const EvPlace *place)
{
	JsonbValue null = {.type = jbvNull};

	write_key(out, "enum");
	begin(out, WJB_BEGIN_ARRAY);
	for (int i = 0; i < place->strings->nvalues; i++)
		write_text(out, WJB_ELEM, place->strings->values[i].bytes,
				   place->strings->values[i].length);
	if (place->nulls > 0)
		pushJsonbValue(&out->state, WJB_ELEM, &null);
	end(out, WJB_END_ARRAY);
}

/* `alone`: strings (and null) are all that there is; enum speaks of every type. */
static void
write_string_rules(Out *out, const EvPlace *place, bool alone)
{
	const FormatRule *rule = format_of(place->strings);

	if (rule != NULL)
	{
		write_key(out, "format");
		write_string(out, ev_format_name(rule->format));
		write_key(out, "maxLength");
		write_number(out, generous(rule->max_length, place->strings->longest));
	}
	else if (alone && is_enumeration(place))
		write_enumeration(out, place);
}

static void
write_scalar_rules(Out *out, const EvPlace *place)
{
	const char *names[5];
	int n = scalar_types(place, names);

	write_types(out, names, n);
	if (place->strings != NULL)
		write_string_rules(out, place, n == (place->nulls > 0 ? 2 : 1));
}

/* ---- objects */

static bool
is_hexadecimal(const char *s, int length)
{
	bool digit = false;

	for (int i = 0; i < length; i++)
	{
		if (!isxdigit((unsigned char) s[i]))
			return false;
		digit |= isdigit((unsigned char) s[i]) != 0;
	}
	return digit && length >= 8;
}

/* Does a name look like data, and not like the name of something? */
static bool
is_data_name(const EvPlaceMember *member)
{
	bool digits = member->length > 0;

	for (int i = 0; i < member->length && digits; i++)
		digits = isdigit((unsigned char) member->name[i]) != 0;
	if (digits || is_hexadecimal(member->name, member->length))
		return true;
	for (const EvFormat *format = ev_infer_formats; *format != EV_FORMAT_NONE; format++)
	{
		if (ev_format_matches(*format, member->name, member->length, EV_DRAFT_2020_12))
			return true;
	}
	return false;
}

static bool
has_many_names(const EvPlaceObjects *objects)
{
	int64 present = 0;
	bool data = objects->nmembers >= MAP_MIN_DATA_NAMES;

	for (int i = 0; i < objects->nmembers; i++)
	{
		present += objects->members[i].place->values;
		data = data && is_data_name(&objects->members[i]);
	}
	return data || (objects->nmembers >= MAP_MIN_NAMES && objects->count >= MAP_MIN_OBJECTS &&
					present * 4 <= objects->count * objects->nmembers);
}

/* Which one kind of value stands there, besides null; 0 if there are several or none. */
static int
kind_of(const EvPlace *place)
{
	int kinds = (place->booleans > 0 ? 1 : 0) | (place->integers + place->fractions > 0 ? 2 : 0) |
				(place->strings != NULL ? 4 : 0) | (place->arrays != NULL ? 8 : 0) |
				(place->objects != NULL ? 16 : 0);

	return place->anything || (kinds & (kinds - 1)) != 0 ? 0 : kinds;
}

/* Into one place; true if they have a shape in common. */
static bool
merge_into(EvInfer *scratch, EvPlace *all, const EvPlaceObjects *objects)
{
	int kind = 0;
	int64 names = 0;

	for (int i = 0; i < objects->nmembers; i++)
	{
		const EvPlace *place = objects->members[i].place;

		if (kind_of(place) == 0 && (place->anything || place->nulls < place->values))
			return false;
		if (kind != 0 && kind_of(place) != 0 && kind_of(place) != kind)
			return false;
		kind |= kind_of(place);
		if (place->objects != NULL)
			names += place->objects->nmembers;
		ev_infer_merge_place(scratch, all, place, 0);
	}
	/* objects that share less than half of their names are not of one shape */
	if (all->objects != NULL && all->objects->any_member == NULL &&
		(int64) all->objects->nmembers * objects->nmembers > 2 * names)
		return false;
	return kind != 0;
}

/*
 * All members as one place, if they have a shape in common; else NULL.  Below a
 * map there may be the next one: all that are made share the room of one state,
 * and where that ends names are listed.
 */
static EvPlace *
merge_members(Out *out, const EvPlaceObjects *objects)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "events map",
												  ALLOCSET_SMALL_SIZES);
	EvInfer *scratch = ev_infer_make(context);
	EvPlace *all = ev_infer_make_place(scratch, 0);

	scratch->places += out->places;
	scratch->name_bytes = out->name_bytes;
	if (!merge_into(scratch, all, objects) || scratch->full)
	{
		MemoryContextDelete(context);
		return NULL;
	}
	out->places = scratch->places;
	out->name_bytes = scratch->name_bytes;
	return all;
}

static void
write_map(Out *out, const EvPlaceObjects *objects, const EvPlace *any_member)
{
	write_key(out, "propertyNames");
	begin(out, WJB_BEGIN_OBJECT);
	write_key(out, "maxLength");
	write_number(out, generous(NAME_MIN_BOUND, objects->longest_name));
	end(out, WJB_END_OBJECT);
	write_key(out, "additionalProperties");
	write_place(out, any_member);
}

static int
compare_names(const void *a, const void *b)
{
	const EvPlaceMember *x = *(const EvPlaceMember *const *) a;
	const EvPlaceMember *y = *(const EvPlaceMember *const *) b;
	int order = memcmp(x->name, y->name, Min(x->length, y->length));

	return order != 0 ? order : x->length - y->length;
}

static void
write_required(Out *out, const EvPlaceObjects *objects)
{
	EvPlaceMember **required = palloc(sizeof(EvPlaceMember *) * objects->nmembers);
	int n = 0;

	for (int i = 0; i < objects->nmembers; i++)
	{
		if (objects->members[i].place->values == objects->count)
			required[n++] = &objects->members[i];
	}
	if (n == 0)
		return;
	qsort(required, n, sizeof(EvPlaceMember *), compare_names);
	write_key(out, "required");
	begin(out, WJB_BEGIN_ARRAY);
	for (int i = 0; i < n; i++)
		write_text(out, WJB_ELEM, required[i]->name, required[i]->length);
	end(out, WJB_END_ARRAY);
}

static void
write_object_rules(Out *out, const EvPlaceObjects *objects)
{
	const EvPlace *any_member = objects->any_member;

	if (any_member == NULL && has_many_names(objects))
		any_member = merge_members(out, objects);
	if (any_member != NULL)
		write_map(out, objects, any_member);
	else if (objects->nmembers > 0)
	{
		write_key(out, "properties");
		begin(out, WJB_BEGIN_OBJECT);
		for (int i = 0; i < objects->nmembers; i++)
		{
			write_text(out, WJB_KEY, objects->members[i].name, objects->members[i].length);
			write_place(out, objects->members[i].place);
		}
		end(out, WJB_END_OBJECT);
		write_required(out, objects);
	}
}

/* ---- a place */

static void
write_container_rules(Out *out, const EvPlace *place, bool array)
{
	const char *names[2] = {array ? "array" : "object", "null"};
	bool alone = place->arrays == NULL || place->objects == NULL;

	write_types(out, names, alone && kind_of(place) != 0 && place->nulls > 0 ? 2 : 1);
	if (!array)
		write_object_rules(out, place->objects);
	else if (place->arrays->items != NULL)
	{
		write_key(out, "items");
		write_place(out, place->arrays->items);
	}
}

/* Objects, arrays and scalars in one place: a branch for each. */
static void
write_branches(Out *out, const EvPlace *place)
{
	const char *names[5];

	write_key(out, "anyOf");
	begin(out, WJB_BEGIN_ARRAY);
	for (int i = 0; i < 3; i++)
	{
		if ((i == 0 && place->objects == NULL) || (i == 1 && place->arrays == NULL) ||
			(i == 2 && scalar_types(place, names) == 0))
			continue;
		begin(out, WJB_BEGIN_OBJECT);
		if (i == 2)
			write_scalar_rules(out, place);
		else
			write_container_rules(out, place, i == 1);
		end(out, WJB_END_OBJECT);
	}
	end(out, WJB_END_ARRAY);
}

static void
write_rules(Out *out, const EvPlace *place)
{
	if (place->anything || place->values == 0)
		return;
	if (place->arrays == NULL && place->objects == NULL)
		write_scalar_rules(out, place);
	else if (kind_of(place) == 0)
		write_branches(out, place);
	else
		write_container_rules(out, place, place->arrays != NULL);
}

static void
write_place(Out *out, const EvPlace *place)
{
	check_stack_depth();
	begin(out, WJB_BEGIN_OBJECT);
	write_rules(out, place);
	end(out, WJB_END_OBJECT);
}

Jsonb *
ev_infer_schema_of(const EvInfer *infer)
{
	Out out = {NULL};

	begin(&out, WJB_BEGIN_OBJECT);
	write_key(&out, "$schema");
	write_string(&out, ev_draft_uri(EV_DRAFT_2020_12));
	write_rules(&out, infer->root);
	return JsonbValueToJsonb(end(&out, WJB_END_OBJECT));
}
