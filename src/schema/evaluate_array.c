/* SPDX-License-Identifier: PostgreSQL
 *
 * evaluate_array.c: keywords for arrays.
 *
 * uniqueItems compares a few elements with each other, and puts the hashes of
 * many into a table.
 */
#include "schema/evaluation.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

/* So many elements are compared each with each. */
#define FEW_ELEMENTS 8

static bool
check_items(EvEvaluation *e, const EvNode *node, const EvView *value, EvSeen *seen)
{
	const EvArrayRules *rules = node->array;
	EvCursor cursor;
	EvView element;

	ev_view_begin(&cursor, value);
	for (int i = 0; ev_view_next_element(&cursor, &element); i++)
	{
		bool valid;

		if (i < rules->prefix.count)
			valid = ev_apply(e, rules->prefix.nodes[i], &element, NULL,
							 .keyword = rules->prefix_keyword, .branch = i + 1, .element = i + 1);
		else if (rules->items != NULL)
			valid = ev_apply(e, rules->items, &element, NULL, .keyword = rules->items_keyword,
							 .element = i + 1);
		else
			break;
		if (!valid && ev_stops(e))
			return false;
		ev_seen_mark(seen, i);
	}
	return true;
}

static bool
check_contains(EvEvaluation *e, const EvNode *node, const EvView *value, EvSeen *seen)
{
	const EvArrayRules *rules = node->array;
	EvSeen *matched = rules->contains_evaluates ? seen : NULL;
	EvCursor cursor;
	EvView element;
	int64 n = 0;

	ev_view_begin(&cursor, value);
	for (int i = 0; ev_view_next_element(&cursor, &element); i++)
	{
		if (!ev_evaluate_quietly(e, rules->contains, &element, NULL))
			continue;
		n++;
		ev_seen_mark(matched, i);
		if (rules->max_contains == EV_NO_LIMIT && n >= rules->min_contains && matched == NULL)
			return true;
	}
	if (n < rules->min_contains && rules->min_contains == 1)
		return !ev_broken(e, node, "contains", "must contain a matching item");
	if (n < rules->min_contains &&
		ev_broken(e, node, "minContains",
				  "must contain at least " INT64_FORMAT " matching items, contains " INT64_FORMAT,
				  rules->min_contains, n))
		return false;
	return rules->max_contains == EV_NO_LIMIT || n <= rules->max_contains ||
		   !ev_broken(e, node, "maxContains",
					  "must contain at most " INT64_FORMAT " matching %s, contains " INT64_FORMAT,
					  rules->max_contains, rules->max_contains == 1 ? "item" : "items", n);
}

/* Two equal ones among few; false if there are none. */
static bool
find_equal_among_few(const EvView *array, int *first, int *second)
{
	EvView elements[FEW_ELEMENTS];
	EvCursor cursor;

	ev_view_begin(&cursor, array);
	for (int i = 0; ev_view_next_element(&cursor, &elements[i]); i++)
	{
		for (int j = 0; j < i; j++)
		{
			if (ev_view_equal(&elements[i], &elements[j]))
			{
				*first = j;
				*second = i;
				return true;
			}
		}
	}
	return false;
}

typedef struct UniqueSlot
{
	uint32 hash;
	int index; /* counted from 1; 0 = free */
} UniqueSlot;

static bool
find_equal_by_hash(const EvView *array, int n, int *first, int *second)
{
	uint32 mask = pg_nextpower2_32(2 * (uint32) n) - 1;
	UniqueSlot *slots = MemoryContextAllocHuge(CurrentMemoryContext,
											   mask * sizeof(UniqueSlot) + sizeof(UniqueSlot));
	EvCursor cursor;
	EvView element, other;
	bool found = false;

	memset(slots, 0, (mask + (Size) 1) * sizeof(UniqueSlot));
	ev_view_begin(&cursor, array);
	for (int i = 0; !found && ev_view_next_element(&cursor, &element); i++)
	{
		uint32 hash = ev_view_hash(&element);
		uint32 slot = hash & mask;

		CHECK_FOR_INTERRUPTS();
		for (; slots[slot].index != 0 && !found; slot = (slot + 1) & mask)
		{
			found = slots[slot].hash == hash &&
					ev_view_element(array, slots[slot].index - 1, &other) &&
					ev_view_equal(&element, &other);
			if (found)
			{
				*first = slots[slot].index - 1;
				*second = i;
			}
		}
		slots[slot].hash = hash;
		slots[slot].index = i + 1;
	}
	pfree(slots);
	return found;
}

/* Not inlined: the stack of its caller is that of every level of nested arrays. */
static pg_noinline bool
check_unique(EvEvaluation *e, const EvNode *node, const EvView *value)
{
	int n = ev_view_count(value);
	int first, second;

	if (n < 2 || !(n <= FEW_ELEMENTS ? find_equal_among_few(value, &first, &second)
									 : find_equal_by_hash(value, n, &first, &second)))
		return true;
	return !ev_broken(e, node, "uniqueItems", "must have unique items, items %d and %d are equal",
					  first, second);
}

bool
ev_evaluate_array(EvEvaluation *e, const EvNode *node, const EvView *value, EvSeen *seen)
{
	static const EvCountRule items = {"minItems", "maxItems", "item", "items"};
	const EvArrayRules *rules = node->array;
	bool counted;

	check_stack_depth();
	counted = ev_check_count(e, node, &items, rules->min_items, rules->max_items,
							 ev_view_count(value));
	if (!counted && ev_stops(e))
		return false;
	if ((rules->prefix.count > 0 || rules->items != NULL) && !check_items(e, node, value, seen))
		return false;
	if (rules->contains != NULL && !check_contains(e, node, value, seen))
		return false;
	/* maxItems is there to bound the work of uniqueItems */
	return !rules->unique || !counted || check_unique(e, node, value);
}

bool
ev_evaluate_unevaluated_items(EvEvaluation *e, const EvNode *node, const EvView *value,
							  EvSeen *seen)
{
	EvCursor cursor;
	EvView element;

	if (seen->all)
		return true;
	ev_view_begin(&cursor, value);
	for (int i = 0; ev_view_next_element(&cursor, &element); i++)
	{
		if (!ev_seen_has(seen, i) &&
			!ev_apply(e, node->array->unevaluated, &element, NULL, .keyword = "unevaluatedItems",
					  .element = i + 1) &&
			ev_stops(e))
			return false;
	}
	ev_seen_mark_all(seen);
	return true;
}
