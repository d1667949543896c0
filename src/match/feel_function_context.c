/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_function_context.c: the functions of contexts (DMN 1.5, 10.3.4.6).
 *
 * Contexts never change: context put and context merge make new ones out of the entries
 * of the old.  An entry whose name is there already keeps its place, so that get entries()
 * tells the entries in the order in which they came; a new one goes to the end.
 *
 * context put with a list of keys goes down from context to context.  Where the way
 * ends, because there is no such entry or it is no context, it is made.
 *
 * context() refuses a key that comes twice, as DMN says, and so it looks for each one
 * in a growing hash of those before; context merge() takes the last one.
 */
#include "base/compat.h"

#include "common/hashfn.h"
#include "match/feel_function.h"
#include "match/feel_list.h"
#include "port/pg_bitutils.h"

#define LIST EV_FEEL_BIT(EV_FEEL_LIST)
#define CONTEXT EV_FEEL_BIT(EV_FEEL_CONTEXT)
#define STRING EV_FEEL_BIT(EV_FEEL_STRING)

/* ---- a context that grows ---- */

typedef struct Builder
{
	EvFeelRun *run;
	EvFeelEntry *entries;
	int count;
	int *slots; /* numbers of entries by the hash of their names, or -1; linear probing */
	uint32 mask;
} Builder;

/* The slots of so many entries are still counted by an int. */
#define MAX_CAPACITY (PG_INT32_MAX / 4)

/* Room for so many entries in all; false past a limit. */
static bool
begin(Builder *builder, EvFeelRun *run, int64 capacity)
{
	uint32 size;

	*builder = (Builder) {.run = run};
	if (run->exceeded == EV_FEEL_WITHIN_LIMITS && capacity > MAX_CAPACITY)
		run->exceeded = EV_FEEL_TOO_LARGE;
	if (!ev_feel_step(run, capacity))
		return false;
	builder->entries = ev_feel_alloc_entries(run, capacity);
	if (builder->entries == NULL)
		return false;
	size = pg_nextpower2_32((uint32) Max(capacity, 4) * 2);
	builder->mask = size - 1;
	builder->slots = ev_feel_alloc(run, size * (int64) sizeof(int));
	if (builder->slots == NULL)
		return false;
	memset(builder->slots, 0xFF, size * sizeof(int));
	return true;
}

/* The entry of the name; a new one (*is_new) is at the end, and its value is null. */
static EvFeelEntry *
enter(Builder *builder, const char *name, int length, bool *is_new)
{
	uint32 slot = hash_bytes((const unsigned char *) name, length) & builder->mask;
	EvFeelEntry *entry;

	for (; builder->slots[slot] >= 0; slot = (slot + 1) & builder->mask)
	{
		entry = &builder->entries[builder->slots[slot]];
		if (entry->name_length == length && memcmp(entry->name, name, length) == 0)
		{
			*is_new = false;
			return entry;
		}
	}
	builder->slots[slot] = builder->count;
	entry = &builder->entries[builder->count++];
	*entry = (EvFeelEntry) {.name = name, .name_length = length, .value = ev_feel_null()};
	*is_new = true;
	return entry;
}

static bool
enter_all(Builder *builder, EvFeelValue context)
{
	const EvFeelEntry *entries = ev_feel_entries(builder->run, context);
	bool is_new;

	for (int i = 0; entries != NULL && i < context.context->count; i++)
		enter(builder, entries[i].name, entries[i].name_length, &is_new)->value = entries[i].value;
	return builder->run->exceeded == EV_FEEL_WITHIN_LIMITS;
}

static EvFeelValue
end(Builder *builder)
{
	return ev_feel_make_context(builder->run, builder->entries, builder->count);
}

/* ---- get value, get entries ---- */

static EvFeelValue
get(EvFeelRun *run, EvFeelValue context, EvFeelValue key)
{
	EvFeelValue value;

	if (key.type != EV_FEEL_STRING)
		return ev_feel_problem(run, "a key is %s, not a string", ev_feel_type_name(key.type));
	if (context.type != EV_FEEL_CONTEXT)
		return ev_feel_problem(run, "there is no context that could have the entry \"%.*s\"",
							   key.length, key.string);
	if (!ev_feel_context_get(run, context, key.string, key.length, &value))
		return ev_feel_problem(run, "the context has no entry \"%.*s\"", key.length, key.string);
	return value;
}

static EvFeelValue
get_value(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return get(run, args[0], args[1]);
}

/* A list of keys: from context to context. */
static EvFeelValue
get_value_by_path(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	const EvFeelValue *keys;
	EvFeelValue value = args[0];
	int count;

	if (!ev_feel_list_read(run, args[1], &keys, &count))
		return ev_feel_null();
	if (count == 0)
		return ev_feel_problem(run, "get value: the list of keys is empty");
	for (int i = 0; i < count; i++)
	{
		value = get(run, value, keys[i]);
		if (ev_feel_is_null(value))
			return value;
	}
	return value;
}

static EvFeelValue
make_entry(EvFeelRun *run, const EvFeelEntry *entry)
{
	EvFeelEntry *pair = ev_feel_alloc_entries(run, 2);

	if (pair == NULL)
		return ev_feel_null();
	pair[0] = (EvFeelEntry) {.name = "key",
							 .name_length = 3,
							 .value = ev_feel_string(entry->name, entry->name_length)};
	pair[1] = (EvFeelEntry) {.name = "value", .name_length = 5, .value = entry->value};
	return ev_feel_make_context(run, pair, 2);
}

static EvFeelValue
get_entries(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	int count = args[0].context->count;
	const EvFeelEntry *entries = ev_feel_entries(run, args[0]);
	EvFeelValue *items = ev_feel_alloc_items(run, count);

	if (items == NULL || (entries == NULL && count > 0) || !ev_feel_step(run, count))
		return ev_feel_null();
	for (int i = 0; i < count; i++)
		items[i] = make_entry(run, &entries[i]);
	return ev_feel_make_list(run, items, count);
}

/* ---- context ---- */

/* One {key, value}; false, and a reason, if it is none. */
static bool
enter_pair(Builder *builder, EvFeelValue pair)
{
	EvFeelRun *run = builder->run;
	EvFeelValue key, value;
	bool is_new = false;

	if (pair.type != EV_FEEL_CONTEXT || !ev_feel_context_get(run, pair, "key", 3, &key) ||
		key.type != EV_FEEL_STRING || !ev_feel_context_get(run, pair, "value", 5, &value))
	{
		ev_feel_problem(run, "context: an entry must be a context with a string \"key\" and a "
							 "\"value\"");
		return false;
	}
	enter(builder, key.string, key.length, &is_new)->value = value;
	if (!is_new)
		ev_feel_problem(run, "context: the key \"%.*s\" comes twice", key.length, key.string);
	return is_new;
}

static EvFeelValue
context(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	const EvFeelValue *pairs;
	Builder builder;
	int count;

	if (!ev_feel_list_read(run, args[0], &pairs, &count) || !begin(&builder, run, count))
		return ev_feel_null();
	for (int i = 0; i < count; i++)
	{
		if (!enter_pair(&builder, pairs[i]))
			return ev_feel_null();
	}
	return end(&builder);
}

/* ---- context put, context merge ---- */

static EvFeelValue
put(EvFeelRun *run, EvFeelValue context, EvFeelValue key, EvFeelValue value)
{
	Builder builder;
	bool is_new;

	if (!begin(&builder, run, (int64) context.context->count + 1) || !enter_all(&builder, context))
		return ev_feel_null();
	enter(&builder, key.string, key.length, &is_new)->value = value;
	return end(&builder);
}

static EvFeelValue
context_put(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return put(run, args[0], args[1], args[2]);
}

/* From the last key upwards, in the contexts that were seen on the way down. */
static EvFeelValue
put_by_path(EvFeelRun *run, EvFeelValue context, const EvFeelValue *keys, int count,
			EvFeelValue value)
{
	EvFeelValue *way = ev_feel_alloc_items(run, count);

	if (way == NULL)
		return ev_feel_null();
	for (int i = 0; i < count; i++)
	{
		way[i] = context.type == EV_FEEL_CONTEXT ? context : ev_feel_make_context(run, NULL, 0);
		if (ev_feel_is_null(way[i]) ||
			!ev_feel_context_get(run, way[i], keys[i].string, keys[i].length, &context))
			context = ev_feel_null();
	}
	for (int i = count - 1; i >= 0 && run->exceeded == EV_FEEL_WITHIN_LIMITS; i--)
		value = put(run, way[i], keys[i], value);
	return run->exceeded == EV_FEEL_WITHIN_LIMITS ? value : ev_feel_null();
}

static EvFeelValue
context_put_by_path(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	const EvFeelValue *keys;
	int count;

	if (!ev_feel_list_read(run, args[1], &keys, &count) || !ev_feel_step(run, count))
		return ev_feel_null();
	if (count == 0)
		return ev_feel_problem(run, "context put: the list of keys is empty");
	for (int i = 0; i < count; i++)
	{
		if (keys[i].type != EV_FEEL_STRING)
			return ev_feel_problem(run, "context put: key %d is %s, not a string", i + 1,
								   ev_feel_type_name(keys[i].type));
	}
	return put_by_path(run, args[0], keys, count, args[2]);
}

static EvFeelValue
context_merge(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	const EvFeelValue *contexts;
	Builder builder;
	int64 capacity = 0;
	int count;

	if (!ev_feel_list_read(run, args[0], &contexts, &count) || !ev_feel_step(run, count))
		return ev_feel_null();
	for (int i = 0; i < count; i++)
	{
		if (contexts[i].type != EV_FEEL_CONTEXT)
			return ev_feel_problem(run, "context merge: element %d is %s, not a context", i + 1,
								   ev_feel_type_name(contexts[i].type));
		capacity += contexts[i].context->count;
	}
	if (!begin(&builder, run, capacity))
		return ev_feel_null();
	for (int i = 0; i < count; i++)
	{
		if (!enter_all(&builder, contexts[i]))
			return ev_feel_null();
	}
	return end(&builder);
}

const EvFeelBuiltin ev_feel_context_functions[] = {
	{"get value", get_value, {{"m", CONTEXT}, {"key", STRING}}},
	{"get value", get_value_by_path, {{"m", CONTEXT}, {"key", LIST}}},
	{"get value", get_value, {{"context", CONTEXT}, {"key", STRING}}},
	{"get value", get_value_by_path, {{"context", CONTEXT}, {"keys", LIST}}},
	{"get entries", get_entries, {{"m", CONTEXT}}},
	{"get entries", get_entries, {{"context", CONTEXT}}},
	{"context", context, {{"entries", LIST}}},
	{"context put", context_put, {{"context", CONTEXT}, {"key", STRING}, {"value", EV_FEEL_ANY}}},
	{"context put",
	 context_put_by_path,
	 {{"context", CONTEXT}, {"keys", LIST}, {"value", EV_FEEL_ANY}}},
	{"put", context_put, {{"context", CONTEXT}, {"key", STRING}, {"value", EV_FEEL_ANY}}},
	{"put", context_put_by_path, {{"context", CONTEXT}, {"keys", LIST}, {"value", EV_FEEL_ANY}}},
	{"context merge", context_merge, {{"contexts", EV_FEEL_ANY}}, .variadic = true},
	{"put all", context_merge, {{"contexts", EV_FEEL_ANY}}, .variadic = true},
	{NULL},
};
