/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_distinct.c: distinct values, union and duplicate values.
 *
 * The elements that were kept so far stand in a table, in chains by a hash
 * of their values, so that a list of n elements takes about n comparisons.  Equal
 * values have equal hashes: numbers by value (1 = 1.0), dates and times by their
 * moment whatever the zone, contexts whatever the order of their entries.  All ranges
 * have one hash, and so have functions; comparisons are counted as steps like
 * everywhere, and a list of many different ones ends at the limit.
 *
 * Values that cannot be compared are different; null equals null.  The first of
 * equal elements is the one that stays, and the order is that of the list.
 */
#include "base/compat.h"

#include "base/number.h"
#include "common/hashfn.h"
#include "match/feel_compare.h"
#include "match/feel_list.h"
#include "match/feel_temporal_moment.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"

typedef struct Kept
{
	EvFeelValue value;
	uint32 hash;
	int next;	/* the next one in the same slot, or -1 */
	bool twice; /* seen again */
} Kept;

typedef struct Distinct
{
	EvFeelRun *run;
	Kept *kept;
	int *slots; /* the first one of each, or -1 */
	uint32 mask;
	int count;
} Distinct;

static uint32 hash_value(EvFeelRun *run, EvFeelValue value);

static uint32
hash_int64(int64 n)
{
	return hash_combine(murmurhash32((uint32) n), murmurhash32((uint32) (n >> 32)));
}

static uint32
hash_list(EvFeelRun *run, EvFeelValue value)
{
	const EvFeelValue *items;
	uint32 hash = EV_FEEL_LIST;
	int count;

	if (!ev_feel_list_read(run, value, &items, &count))
		return 0;
	for (int i = 0; i < count; i++)
		hash = hash_combine(hash, hash_value(run, items[i]));
	return hash;
}

/* A sum, since the order of entries does not count. */
static uint32
hash_context(EvFeelRun *run, EvFeelValue value)
{
	const EvFeelEntry *entries = ev_feel_entries(run, value);
	uint32 hash = EV_FEEL_CONTEXT;

	if (entries == NULL)
		return hash;
	for (int i = 0; i < value.context->count; i++)
	{
		uint32 name = hash_bytes((const unsigned char *) entries[i].name, entries[i].name_length);

		hash += hash_combine(name, hash_value(run, entries[i].value));
	}
	return hash;
}

static uint32
hash_value(EvFeelRun *run, EvFeelValue value)
{
	EvNumber number;

	if (run->exceeded == EV_FEEL_WITHIN_LIMITS && stack_is_too_deep())
		run->exceeded = EV_FEEL_TOO_DEEP;
	if (run->exceeded != EV_FEEL_WITHIN_LIMITS || !ev_feel_step(run, 1))
		return 0;
	switch (value.type)
	{
		case EV_FEEL_BOOLEAN:
			return murmurhash32(EV_FEEL_NTYPES + value.boolean);
		case EV_FEEL_NUMBER:
			number = ev_number_read(value.number);
			return ev_number_hash(&number);
		case EV_FEEL_STRING:
			return hash_bytes((const unsigned char *) value.string, value.length);
		case EV_FEEL_DATE:
		case EV_FEEL_TIME:
		case EV_FEEL_DATE_TIME:
			return hash_int64(ev_feel_temporal_moment(value));
		case EV_FEEL_YEARS_MONTHS:
			return hash_int64(value.months);
		case EV_FEEL_DAYS_TIME:
			return hash_combine(hash_bytes((const unsigned char *) &value.duration->seconds,
										   sizeof(int64)),
								murmurhash32(value.duration->nanoseconds));
		case EV_FEEL_LIST:
			return hash_list(run, value);
		case EV_FEEL_CONTEXT:
			return hash_context(run, value);
		default:
			return murmurhash32(value.type);
	}
}

/* For at most so many elements. */
static bool
begin(Distinct *distinct, EvFeelRun *run, int count)
{
	uint32 size = pg_nextpower2_32(Max(count, 4));

	*distinct = (Distinct) {.run = run, .mask = size - 1};
	distinct->kept = ev_feel_alloc(run, Max(count, 1) * (int64) sizeof(Kept));
	distinct->slots = ev_feel_alloc(run, size * (int64) sizeof(int));
	if (distinct->kept == NULL || distinct->slots == NULL)
		return false;
	memset(distinct->slots, 0xFF, size * sizeof(int));
	return true;
}

/* Keep it, or mark the equal one that was kept before; false past a limit. */
static bool
add(Distinct *distinct, EvFeelValue value)
{
	uint32 hash = hash_value(distinct->run, value);
	int *slot = &distinct->slots[hash & distinct->mask];
	Kept *kept = distinct->kept;

	for (int i = *slot; i >= 0; i = kept[i].next)
	{
		if (kept[i].hash == hash && ev_feel_is_equal(distinct->run, kept[i].value, value))
		{
			kept[i].twice = true;
			return true;
		}
		if (distinct->run->exceeded != EV_FEEL_WITHIN_LIMITS)
			return false;
	}
	kept[distinct->count] = (Kept) {.value = value, .hash = hash, .next = *slot};
	*slot = distinct->count++;
	return distinct->run->exceeded == EV_FEEL_WITHIN_LIMITS;
}

static bool
add_list(Distinct *distinct, EvFeelValue list)
{
	const EvFeelValue *items;
	int count;

	if (!ev_feel_list_read(distinct->run, list, &items, &count))
		return false;
	for (int i = 0; i < count; i++)
	{
		if (!add(distinct, items[i]))
			return false;
	}
	return true;
}

static EvFeelValue
end(Distinct *distinct, bool only_twice)
{
	EvFeelValue *items = ev_feel_alloc_items(distinct->run, distinct->count);
	int n = 0;

	if (items == NULL)
		return ev_feel_null();
	for (int i = 0; i < distinct->count; i++)
	{
		if (distinct->kept[i].twice || !only_twice)
			items[n++] = distinct->kept[i].value;
	}
	return ev_feel_make_list(distinct->run, items, n);
}

EvFeelValue
ev_feel_distinct_values(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	Distinct distinct;

	if (!begin(&distinct, run, args[0].list->count) || !add_list(&distinct, args[0]))
		return ev_feel_null();
	return end(&distinct, false);
}

EvFeelValue
ev_feel_distinct_duplicates(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	Distinct distinct;

	if (!begin(&distinct, run, args[0].list->count) || !add_list(&distinct, args[0]))
		return ev_feel_null();
	return end(&distinct, true);
}

EvFeelValue
ev_feel_distinct_union(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	EvFeelValue all = ev_feel_list_concatenate(run, args, nargs);

	return ev_feel_is_null(all) ? all : ev_feel_distinct_values(run, &all, 1);
}
