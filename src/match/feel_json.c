/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_json.c: jsonb as values of FEEL, and back.
 *
 * Into FEEL nothing is copied: strings, lists and contexts point into the datum, and so
 * do numbers of up to 32 digits.  Longer numbers are rounded, as all numbers of
 * FEEL are; what is out of range becomes null.
 *
 * Out of FEEL a value becomes JSON from its leaves upwards: a view for every value,
 * and a new container around the views of its elements (view_make.c).  A list or
 * a context that still lies in a datum is copied as a whole.  A container is
 * copied once more for each one around it, and given back then.
 *
 * JSON has no dates, times and durations: they are strings as string() gives them.
 * A range is an object of its four properties, a function is null, and so is a
 * string that holds U+0000, which jsonb cannot hold.
 *
 * Values may be nested deeper than the stack reaches (a loop can put each list
 * into the next).  That is a limit like the others.
 */
#include "base/compat.h"

#include "base/number.h"
#include "base/view.h"
#include "match/feel_number.h"
#include "match/feel_run.h"
#include "match/feel_temporal.h"
#include "miscadmin.h"

/* Numbers of so many digits to the base 10000 have at most 32 decimal ones. */
#define DIGITS_IN_PLACE 8
/* ... and of such weights they are far from the ends of the range of exponents. */
#define WEIGHT_IN_PLACE 1000

/* ---- into FEEL ---- */

static EvFeelValue
number_from_view(EvFeelRun *run, Numeric numeric)
{
	EvNumber number = ev_number_read(numeric);

	if (number.ndigits <= DIGITS_IN_PLACE && abs(number.weight) <= WEIGHT_IN_PLACE)
		return ev_feel_number(numeric);
	return ev_feel_number_from_numeric(run, numeric);
}

static EvFeelValue
list_from_view(EvFeelRun *run, const EvView *view)
{
	EvFeelList *list = ev_feel_alloc(run, sizeof(EvFeelList));

	if (list == NULL)
		return ev_feel_null();
	*list = (EvFeelList) {.count = ev_view_count(view), .view = *view};
	return (EvFeelValue) {.type = EV_FEEL_LIST, .list = list};
}

static EvFeelValue
context_from_view(EvFeelRun *run, const EvView *view)
{
	EvFeelContext *context = ev_feel_alloc(run, sizeof(EvFeelContext));

	if (context == NULL)
		return ev_feel_null();
	*context = (EvFeelContext) {.count = ev_view_count(view), .view = *view};
	return (EvFeelValue) {.type = EV_FEEL_CONTEXT, .context = context};
}

EvFeelValue
ev_feel_from_view(EvFeelRun *run, const EvView *view)
{
	switch (view->type)
	{
		case EV_JSON_NULL:
			break;
		case EV_JSON_BOOLEAN:
			return ev_feel_boolean(view->boolean);
		case EV_JSON_NUMBER:
			return number_from_view(run, ev_view_numeric(view));
		case EV_JSON_STRING:
			return ev_feel_string(view->data, view->length);
		case EV_JSON_ARRAY:
			return list_from_view(run, view);
		case EV_JSON_OBJECT:
			return context_from_view(run, view);
	}
	return ev_feel_null();
}

/* ---- out of FEEL ---- */

static bool value_to_view(EvFeelRun *run, EvFeelValue value, EvView *view);

/* Room for a container whose elements take so many bytes. */
static bool
take_container(EvFeelRun *run, int64 entries, int64 data)
{
	int64 size = sizeof(JsonbContainer) + entries * (int64) sizeof(JEntry) + data;

	if (entries > JB_CMASK || data > JENTRY_OFFLENMASK)
	{
		run->exceeded = EV_FEEL_TOO_LARGE;
		return false;
	}
	return ev_feel_take(run, size);
}

static void
give_back(EvFeelRun *run, void *memory, int64 bytes)
{
	pfree(memory);
	run->bytes_left += bytes;
}

/* A container that was made here is marked by its boolean, which says nothing otherwise. */
static void
mark_as_made(EvView *view)
{
	view->boolean = true;
}

/* It has been copied into another one. */
static void
give_back_container(EvFeelRun *run, const EvView *view)
{
	if ((view->type == EV_JSON_ARRAY || view->type == EV_JSON_OBJECT) && view->boolean)
		give_back(run, unconstify(char *, view->data), view->length);
}

/* At most so many bytes, with what aligns it. */
#define room_for(length) ((int64) (length) + 2 * ALIGNOF_INT)

static bool
list_to_view(EvFeelRun *run, EvFeelValue value, EvView *view)
{
	int count = value.list->count;
	const EvFeelValue *items;
	EvView *elements;
	int64 data = 0;

	if (count > 0 && value.list->items == NULL)
	{
		*view = value.list->view;
		return true;
	}
	items = value.list->items;
	elements = ev_feel_alloc(run, Max(count, 1) * (int64) sizeof(EvView));
	if (elements == NULL || !ev_feel_step(run, count))
		return false;
	for (int i = 0; i < count; i++)
	{
		if (!value_to_view(run, items[i], &elements[i]))
			return false;
		data += room_for(elements[i].length);
	}
	if (!take_container(run, count, data))
		return false;
	*view = ev_view_make_array(elements, count);
	mark_as_made(view);
	for (int i = 0; i < count; i++)
		give_back_container(run, &elements[i]);
	give_back(run, elements, count * (int64) sizeof(EvView));
	return true;
}

static int
compare_members(const void *a, const void *b)
{
	const EvMember *x = a;
	const EvMember *y = b;

	return ev_view_compare_keys(x->key, x->key_length, y->key, y->key_length);
}

/* Sorts, as jsonb wants it. */
static bool
members_to_view(EvFeelRun *run, EvMember *members, int count, EvView *view)
{
	int64 data = 0;

	for (int i = 0; i < count; i++)
		data += members[i].key_length + room_for(members[i].value.length);
	if (!take_container(run, (int64) count * 2, data))
		return false;
	qsort(members, count, sizeof(EvMember), compare_members);
	*view = ev_view_make_object(members, count);
	mark_as_made(view);
	for (int i = 0; i < count; i++)
		give_back_container(run, &members[i].value);
	return true;
}

static bool
context_to_view(EvFeelRun *run, EvFeelValue value, EvView *view)
{
	int count = value.context->count;
	const EvFeelEntry *entries = value.context->entries;
	EvMember *members;
	int n = 0;

	if (count > 0 && entries == NULL)
	{
		*view = value.context->view;
		return true;
	}
	members = ev_feel_alloc(run, Max(count, 1) * (int64) sizeof(EvMember));
	if (members == NULL || !ev_feel_step(run, count))
		return false;
	for (int i = 0; i < count; i++)
	{
		if (memchr(entries[i].name, '\0', entries[i].name_length) != NULL)
		{
			ev_feel_problem(run, "the name of an entry has U+0000, which JSON cannot hold here");
			continue;
		}
		members[n].key = entries[i].name;
		members[n].key_length = entries[i].name_length;
		if (!value_to_view(run, entries[i].value, &members[n].value))
			return false;
		n++;
	}
	if (!members_to_view(run, members, n, view))
		return false;
	give_back(run, members, count * (int64) sizeof(EvMember));
	return true;
}

static bool
range_to_view(EvFeelRun *run, const EvFeelRange *range, EvView *view)
{
	EvMember members[] = {
		{.key = "start", .key_length = 5},
		{.key = "end", .key_length = 3},
		{.key = "start included", .key_length = 14},
		{.key = "end included", .key_length = 12},
	};

	if (!value_to_view(run, range->start, &members[0].value) ||
		!value_to_view(run, range->end, &members[1].value))
		return false;
	members[2].value = (EvView) {.type = EV_JSON_BOOLEAN, .boolean = range->start_included};
	members[3].value = (EvView) {.type = EV_JSON_BOOLEAN, .boolean = range->end_included};
	return members_to_view(run, members, lengthof(members), view);
}

static void
string_to_view(EvFeelRun *run, EvFeelValue value, EvView *view)
{
	if (memchr(value.string, '\0', value.length) != NULL)
	{
		ev_feel_problem(run, "a string has U+0000, which JSON cannot hold here");
		return;
	}
	*view = (EvView) {.type = EV_JSON_STRING, .data = value.string, .length = value.length};
}

static bool
temporal_to_view(EvFeelRun *run, EvFeelValue value, EvView *view)
{
	StringInfoData text;

	initStringInfo(&text);
	ev_feel_temporal_append(&text, value);
	value = ev_feel_make_string(run, text.data, text.len);
	pfree(text.data);
	if (ev_feel_is_null(value))
		return false;
	*view = (EvView) {.type = EV_JSON_STRING, .data = value.string, .length = value.length};
	return true;
}

/* false past a limit */
static bool
value_to_view(EvFeelRun *run, EvFeelValue value, EvView *view)
{
	*view = (EvView) {.type = EV_JSON_NULL};
	if (run->exceeded == EV_FEEL_WITHIN_LIMITS && stack_is_too_deep())
		run->exceeded = EV_FEEL_TOO_DEEP;
	if (run->exceeded != EV_FEEL_WITHIN_LIMITS)
		return false;
	switch (value.type)
	{
		case EV_FEEL_NULL:
		case EV_FEEL_FUNCTION:
			break;
		case EV_FEEL_BOOLEAN:
			*view = (EvView) {.type = EV_JSON_BOOLEAN, .boolean = value.boolean};
			break;
		case EV_FEEL_NUMBER:
			*view = (EvView) {.type = EV_JSON_NUMBER,
							  .data = (const char *) value.number,
							  .length = VARSIZE_ANY(value.number)};
			break;
		case EV_FEEL_STRING:
			string_to_view(run, value, view);
			break;
		case EV_FEEL_LIST:
			return list_to_view(run, value, view);
		case EV_FEEL_CONTEXT:
			return context_to_view(run, value, view);
		case EV_FEEL_RANGE:
			return range_to_view(run, value.range, view);
		default:
			return temporal_to_view(run, value, view);
	}
	return true;
}

Jsonb *
ev_feel_to_jsonb(EvFeelRun *run, EvFeelValue value)
{
	EvView view;

	if (!value_to_view(run, value, &view) || !take_container(run, 1, room_for(view.length)))
		return NULL;
	return ev_view_to_jsonb(&view);
}
