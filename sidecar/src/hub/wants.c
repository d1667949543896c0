/*
 * wants.c - see wants.h.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "hub/wants.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ---- matching and covering ---- */

static bool
is_wildcard(Str element)
{
	return element.len == 1 && element.data[0] == '*';
}

static bool
topic_covers(StrList path, StrList other)
{
	if (path.count > other.count)
		return false;
	for (int i = 0; i < path.count; i++)
	{
		if (!is_wildcard(path.items[i]) && !str_equal(path.items[i], other.items[i]))
			return false;
	}
	return true;
}

static bool
is_prefix(Str pattern)
{
	return pattern.len > 0 && pattern.data[pattern.len - 1] == '*';
}

static bool
starts_with(Str text, Str prefix)
{
	return text.len >= prefix.len &&
		   (prefix.len == 0 || memcmp(text.data, prefix.data, prefix.len) == 0);
}

static bool
type_matches(Str pattern, Str type)
{
	if (!is_prefix(pattern))
		return str_equal(pattern, type);
	return starts_with(type, (Str) {pattern.data, pattern.len - 1});
}

static bool
type_covers(Str pattern, Str other)
{
	if (is_prefix(pattern) && is_prefix(other))
		return type_matches(pattern, (Str) {other.data, other.len - 1});
	return type_matches(pattern, other);
}

bool
clause_matches(const Clause *clause, Str type, StrList topic)
{
	bool found = clause->topic_count == 0;

	for (int i = 0; i < clause->topic_count && !found; i++)
		found = topic_covers(clause->topics[i], topic);
	if (!found || clause->types.count == 0)
		return found;
	for (int i = 0; i < clause->types.count; i++)
	{
		if (type_matches(clause->types.items[i], type))
			return true;
	}
	return false;
}

/* ---- order ---- */

static int
compare_str(const void *a, const void *b)
{
	const Str *x = a;
	const Str *y = b;
	size_t len = x->len < y->len ? x->len : y->len;
	int order = len > 0 ? memcmp(x->data, y->data, len) : 0;

	return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

static int
compare_list(const void *a, const void *b)
{
	const StrList *x = a;
	const StrList *y = b;

	for (int i = 0; i < x->count && i < y->count; i++)
	{
		int order = compare_str(&x->items[i], &y->items[i]);

		if (order != 0)
			return order;
	}
	return x->count - y->count;
}

static int
compare_topics(const Clause *x, const Clause *y)
{
	for (int i = 0; i < x->topic_count && i < y->topic_count; i++)
	{
		int order = compare_list(&x->topics[i], &y->topics[i]);

		if (order != 0)
			return order;
	}
	return x->topic_count - y->topic_count;
}

static int
compare_clause(const void *a, const void *b)
{
	const Clause *x = a;
	const Clause *y = b;
	int order = compare_topics(x, y);

	if (order == 0)
		order = compare_list(&x->types, &y->types);
	return order != 0 ? order : compare_str(&x->filter, &y->filter);
}

/* ---- groups ---- */

static bool
covered_by_another_topic(const Clause *clause, int index)
{
	for (int i = 0; i < clause->topic_count; i++)
	{
		if (i == index || !topic_covers(clause->topics[i], clause->topics[index]))
			continue;
		/* of two that cover each other (equal ones) the first stays */
		if (i < index || !topic_covers(clause->topics[index], clause->topics[i]))
			return true;
	}
	return false;
}

static bool
covered_by_another_type(StrList types, int index)
{
	for (int i = 0; i < types.count; i++)
	{
		if (i == index || !type_covers(types.items[i], types.items[index]))
			continue;
		if (i < index || !type_covers(types.items[index], types.items[i]))
			return true;
	}
	return false;
}

static void
reduce_topics(Clause *clause)
{
	StrList *kept = mem_array((size_t) clause->topic_count + 1, sizeof(StrList));
	int count = 0;

	for (int i = 0; i < clause->topic_count; i++)
	{
		if (!covered_by_another_topic(clause, i))
			kept[count++] = clause->topics[i];
	}
	if (count == 1 && kept[0].count == 0)
		count = 0; /* the empty path: everything */
	qsort(kept, (size_t) count, sizeof(StrList), compare_list);
	mem_free(clause->topics);
	clause->topics = kept;
	clause->topic_count = count;
}

static void
reduce_types(Clause *clause)
{
	Str *kept = mem_array((size_t) clause->types.count + 1, sizeof(Str));
	int count = 0;

	for (int i = 0; i < clause->types.count; i++)
	{
		if (!covered_by_another_type(clause->types, i))
			kept[count++] = clause->types.items[i];
	}
	if (count == 1 && is_wildcard(kept[0]))
		count = 0;
	qsort(kept, (size_t) count, sizeof(Str), compare_str);
	mem_free((Str *) clause->types.items);
	clause->types = (StrList) {kept, count};
}

/* ---- clauses ---- */

static bool
group_covers_topics(const Clause *a, const Clause *b)
{
	if (a->topic_count == 0)
		return true;
	for (int j = 0; j < b->topic_count; j++)
	{
		bool covered = false;

		for (int i = 0; i < a->topic_count && !covered; i++)
			covered = topic_covers(a->topics[i], b->topics[j]);
		if (!covered)
			return false;
	}
	return b->topic_count > 0;
}

static bool
group_covers_types(const Clause *a, const Clause *b)
{
	if (a->types.count == 0)
		return true;
	for (int j = 0; j < b->types.count; j++)
	{
		bool covered = false;

		for (int i = 0; i < a->types.count && !covered; i++)
			covered = type_covers(a->types.items[i], b->types.items[j]);
		if (!covered)
			return false;
	}
	return b->types.count > 0;
}

static void
clause_clear(Clause *clause)
{
	mem_free(clause->topics);
	mem_free((Str *) clause->types.items);
}

static void
remove_clause(Draft *draft, int index)
{
	clause_clear(&draft->clauses[index]);
	draft->count--;
	memmove(&draft->clauses[index], &draft->clauses[index + 1],
			(size_t) (draft->count - index) * sizeof(Clause));
}

static void
take_topics(Clause *clause, const Clause *other)
{
	size_t count = (size_t) (clause->topic_count + other->topic_count);

	clause->topics = mem_realloc(clause->topics, (count + 1) * sizeof(StrList));
	memcpy(clause->topics + clause->topic_count, other->topics,
		   (size_t) other->topic_count * sizeof(StrList));
	clause->topic_count = (int) count;
	reduce_topics(clause);
}

static void
take_types(Clause *clause, const Clause *other)
{
	size_t count = (size_t) (clause->types.count + other->types.count);
	Str *types = mem_realloc((Str *) clause->types.items, (count + 1) * sizeof(Str));

	memcpy(types + clause->types.count, other->types.items,
		   (size_t) other->types.count * sizeof(Str));
	clause->types = (StrList) {types, (int) count};
	reduce_types(clause);
}

/* makes a do for b as well, when one clause can */
static bool
absorb(Clause *a, const Clause *b)
{
	bool same_filter = str_equal(a->filter, b->filter);

	if ((same_filter || a->filter.len == 0) && group_covers_topics(a, b) &&
		group_covers_types(a, b))
		return true;
	if (!same_filter)
		return false;
	/* groups that mean everything are covered, or cover, and need no union */
	if (compare_list(&a->types, &b->types) == 0 && a->topic_count > 0 && b->topic_count > 0)
	{
		take_topics(a, b);
		return true;
	}
	if (compare_topics(a, b) == 0 && a->types.count > 0 && b->types.count > 0)
	{
		take_types(a, b);
		return true;
	}
	return false;
}

/* merge until no two clauses can be one */
static void
merge_clauses(Draft *draft)
{
	bool again = true;

	while (again)
	{
		again = false;
		for (int i = 0; i < draft->count; i++)
		{
			for (int j = draft->count - 1; j >= 0; j--)
			{
				if (i == j || !absorb(&draft->clauses[i], &draft->clauses[j]))
					continue;
				remove_clause(draft, j);
				if (j < i)
					i--;
				again = true;
			}
		}
	}
}

/* ---- drafts ---- */

void
draft_init(Draft *draft, int capacity)
{
	draft->clauses = mem_array((size_t) capacity + 1, sizeof(Clause));
	draft->count = 0;
	draft->capacity = capacity;
}

void
draft_add(Draft *draft, const Clause *clause)
{
	Clause *copy = &draft->clauses[draft->count++];
	size_t topic_count = (size_t) clause->topic_count;
	size_t type_count = (size_t) clause->types.count;
	Str *types = mem_array(type_count + 1, sizeof(Str));

	*copy = *clause;
	copy->topics = mem_array(topic_count + 1, sizeof(StrList));
	if (topic_count > 0)
		memcpy(copy->topics, clause->topics, topic_count * sizeof(StrList));
	if (type_count > 0)
		memcpy(types, clause->types.items, type_count * sizeof(Str));
	copy->types.items = types;
}

void
draft_canonicalize(Draft *draft)
{
	for (int i = 0; i < draft->count; i++)
	{
		reduce_topics(&draft->clauses[i]);
		reduce_types(&draft->clauses[i]);
	}
	/* in a fixed order, so that merging comes to the same whatever the order was */
	qsort(draft->clauses, (size_t) draft->count, sizeof(Clause), compare_clause);
	merge_clauses(draft);
	qsort(draft->clauses, (size_t) draft->count, sizeof(Clause), compare_clause);
}

void
draft_clear(Draft *draft)
{
	for (int i = 0; i < draft->count; i++)
		clause_clear(&draft->clauses[i]);
	mem_free(draft->clauses);
}
