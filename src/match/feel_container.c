/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_container.c: strings, lists, contexts and ranges of FEEL: making and looking into them.
 *
 * A list or a context is made in one of two ways.  Either somebody puts its
 * elements together, and then they are an array of values from the start.  Or it
 * lies in a jsonb datum: it is a view then, and the array is made when somebody
 * asks for all of it, once, and remembered.  The elements of an element stay views
 * until they are asked for in turn, so that a filter that looks at one member of an
 * event does not pay for the others.
 *
 * One entry of a context that is a view is found in the jsonb, whose keys are sorted.
 * A context that was put together is searched from its start when it is small;
 * the first search in a large one sorts the numbers of its entries by name.
 *
 * All memory is counted, and so is the work of filling an array.  Past a limit
 * these functions return NULL, false or null, and run->exceeded says why.
 */
#include "base/compat.h"

#include "base/view.h"
#include "match/feel_run.h"
#include "utils/memutils.h"

/* Contexts with more entries are searched by halves. */
#define FEW_ENTRIES 16

/* ---- strings ---- */

EvFeelValue
ev_feel_make_string(EvFeelRun *run, const char *string, int length)
{
	char *copy = ev_feel_alloc(run, Max(length, 1));

	if (copy == NULL)
		return ev_feel_null();
	if (length > 0)
		memcpy(copy, string, length);
	return ev_feel_string(copy, length);
}

char *
ev_feel_alloc_string(EvFeelRun *run, int64 length)
{
	if (AllocSizeIsValid(length))
		return ev_feel_alloc(run, length);
	if (run->exceeded == EV_FEEL_WITHIN_LIMITS)
		run->exceeded = EV_FEEL_TOO_LARGE;
	return NULL;
}

/* Buffers begin with a kilobyte and double: short texts do not keep theirs. */
EvFeelValue
ev_feel_string_of_buffer(EvFeelRun *run, StringInfo buffer)
{
	EvFeelValue string;

	if (buffer->len >= buffer->maxlen / 2)
		return ev_feel_string(buffer->data, buffer->len);
	string = ev_feel_make_string(run, buffer->data, buffer->len);
	pfree(buffer->data);
	return string;
}

bool
ev_feel_string_is(EvFeelValue value, const char *literal)
{
	return value.type == EV_FEEL_STRING && value.length == strlen(literal) &&
		   memcmp(value.string, literal, value.length) == 0;
}

/* ---- lists ---- */

EvFeelValue
ev_feel_make_list(EvFeelRun *run, EvFeelValue *items, int count)
{
	EvFeelList *list = ev_feel_alloc(run, sizeof(EvFeelList));

	if (list == NULL)
		return ev_feel_null();
	*list = (EvFeelList) {.count = count, .items = items};
	return (EvFeelValue) {.type = EV_FEEL_LIST, .list = list};
}

EvFeelValue *
ev_feel_alloc_items(EvFeelRun *run, int64 count)
{
	return ev_feel_alloc(run, Max(count, 1) * (int64) sizeof(EvFeelValue));
}

const EvFeelValue *
ev_feel_items(EvFeelRun *run, EvFeelValue value)
{
	EvFeelList *list = value.list;
	EvFeelValue *items;
	EvCursor cursor;
	EvView element;
	int n = 0;

	if (list->count == 0 || list->items != NULL)
		return list->items;
	if (!ev_feel_step(run, list->count))
		return NULL;
	items = ev_feel_alloc_items(run, list->count);
	if (items == NULL)
		return NULL;
	ev_view_begin(&cursor, &list->view);
	while (n < list->count && ev_view_next_element(&cursor, &element))
	{
		items[n++] = ev_feel_from_view(run, &element);
		if (run->exceeded != EV_FEEL_WITHIN_LIMITS)
			return NULL;
	}
	list->items = items;
	return items;
}

void
ev_feel_items_begin(EvFeelItems *items, EvFeelRun *run)
{
	*items = (EvFeelItems) {.run = run};
}

bool
ev_feel_items_add(EvFeelItems *items, EvFeelValue value)
{
	if (items->count == items->capacity)
	{
		int64 capacity = Min(Max((int64) items->capacity * 2, 8), PG_INT32_MAX);
		EvFeelValue *larger;

		if (items->count == capacity)
			items->run->exceeded = EV_FEEL_TOO_LARGE;
		larger = ev_feel_alloc_items(items->run, capacity);
		if (larger == NULL)
			return false;
		if (items->count > 0)
			memcpy(larger, items->items, items->count * sizeof(EvFeelValue));
		items->items = larger;
		items->capacity = (int) capacity;
	}
	items->items[items->count++] = value;
	return true;
}

EvFeelValue
ev_feel_items_end(EvFeelItems *items)
{
	return ev_feel_make_list(items->run, items->items, items->count);
}

/* ---- contexts ---- */

EvFeelValue
ev_feel_make_context(EvFeelRun *run, EvFeelEntry *entries, int count)
{
	EvFeelContext *context = ev_feel_alloc(run, sizeof(EvFeelContext));

	if (context == NULL)
		return ev_feel_null();
	*context = (EvFeelContext) {.count = count, .entries = entries};
	return (EvFeelValue) {.type = EV_FEEL_CONTEXT, .context = context};
}

EvFeelEntry *
ev_feel_alloc_entries(EvFeelRun *run, int64 count)
{
	return ev_feel_alloc(run, Max(count, 1) * (int64) sizeof(EvFeelEntry));
}

const EvFeelEntry *
ev_feel_entries(EvFeelRun *run, EvFeelValue value)
{
	EvFeelContext *context = value.context;
	EvFeelEntry *entries;
	EvCursor cursor;
	EvView member;
	const char *name;
	int length;
	int n = 0;

	if (context->count == 0 || context->entries != NULL)
		return context->entries;
	if (!ev_feel_step(run, context->count))
		return NULL;
	entries = ev_feel_alloc_entries(run, context->count);
	if (entries == NULL)
		return NULL;
	ev_view_begin(&cursor, &context->view);
	while (n < context->count && ev_view_next_member(&cursor, &name, &length, &member))
	{
		entries[n].name = name;
		entries[n].name_length = length;
		entries[n++].value = ev_feel_from_view(run, &member);
		if (run->exceeded != EV_FEEL_WITHIN_LIMITS)
			return NULL;
	}
	context->entries = entries;
	return entries;
}

static int
compare_entry_names(const void *a, const void *b, void *entries)
{
	const EvFeelEntry *x = (const EvFeelEntry *) entries + *(const int *) a;
	const EvFeelEntry *y = (const EvFeelEntry *) entries + *(const int *) b;

	return ev_view_compare_keys(x->name, x->name_length, y->name, y->name_length);
}

/* The numbers of the entries, sorted by name. */
static const int *
sorted_entries(EvFeelRun *run, EvFeelContext *context)
{
	int *order;

	if (context->order != NULL || !ev_feel_step(run, (int64) context->count * 8))
		return context->order;
	order = ev_feel_alloc(run, context->count * (int64) sizeof(int));
	if (order == NULL)
		return NULL;
	for (int i = 0; i < context->count; i++)
		order[i] = i;
	qsort_arg(order, context->count, sizeof(int), compare_entry_names, context->entries);
	context->order = order;
	return order;
}

static const EvFeelEntry *
find_among_many(EvFeelRun *run, EvFeelContext *context, const char *name, int length)
{
	const int *order = sorted_entries(run, context);
	int low = 0, high = context->count;

	if (order == NULL)
		return NULL;
	while (low < high)
	{
		int middle = low + (high - low) / 2;
		const EvFeelEntry *entry = &context->entries[order[middle]];
		int comparison = ev_view_compare_keys(entry->name, entry->name_length, name, length);

		if (comparison == 0)
			return entry;
		if (comparison < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static const EvFeelEntry *
find_among_few(const EvFeelContext *context, const char *name, int length)
{
	for (int i = 0; i < context->count; i++)
	{
		const EvFeelEntry *entry = &context->entries[i];

		if (entry->name_length == length && memcmp(entry->name, name, length) == 0)
			return entry;
	}
	return NULL;
}

bool
ev_feel_context_get(EvFeelRun *run, EvFeelValue value, const char *name, int length,
					EvFeelValue *found)
{
	EvFeelContext *context = value.context;
	const EvFeelEntry *entry;
	EvView member;

	if (context->count == 0 || !ev_feel_step(run, 1))
		return false;
	if (context->entries == NULL)
	{
		if (!ev_view_member(&context->view, name, length, &member))
			return false;
		*found = ev_feel_from_view(run, &member);
		return true;
	}
	entry = context->count > FEW_ENTRIES ? find_among_many(run, context, name, length)
										 : find_among_few(context, name, length);
	if (entry == NULL)
		return false;
	*found = entry->value;
	return true;
}

/* ---- ranges ---- */

EvFeelValue
ev_feel_make_range(EvFeelRun *run, EvFeelRange range)
{
	EvFeelRange *made = ev_feel_alloc(run, sizeof(EvFeelRange));

	if (made == NULL)
		return ev_feel_null();
	*made = range;
	return (EvFeelValue) {.type = EV_FEEL_RANGE, .range = made};
}
