/* SPDX-License-Identifier: PostgreSQL
 *
 * event_set.c: a set of patterns, and the walk over an event.
 *
 * The walk goes down the tree of nodes and the event together.  An object with
 * few nodes to look for is asked for each of them; else its members, which are
 * sorted, are merged with the nodes, which are sorted the same way.  Objects
 * below which nothing is indexed are put aside, and looked into when a candidate
 * asks for what is in them.
 *
 * Scalars are kept for the conditions of candidates, up to a number; an event
 * with more has its candidates asked as single patterns are.  Where it is nested more
 * deeply than the stack reaches, all patterns are.
 */
#include "base/compat.h"

#include "match/event_set_parts.h"
#include "miscadmin.h"
#include "utils/memutils.h"

/* Scalars and objects kept of one event. */
#define MAX_POOL 65536
/* With so few nodes an object is asked for each. */
#define FEW_CHILDREN 4

void
ev_event_set_append(EvSetList *list, void *item)
{
	if (list->count == list->capacity)
	{
		list->capacity = Max(4, list->capacity * 2);
		if (list->items == NULL)
			list->items = palloc(list->capacity * sizeof(void *));
		else
			list->items = repalloc_huge(list->items, list->capacity * sizeof(void *));
	}
	list->items[list->count++] = item;
}

int
ev_event_set_find(const EvSetNode *node, const char *name, int length, int *first)
{
	int low = 0, high = node->children.count;
	int n = 0;

	while (low < high)
	{
		int middle = (low + high) / 2;
		const EvSetNode *child = node->children.items[middle];

		if (ev_view_compare_keys(child->name, child->length, name, length) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*first = low;
	while (low + n < node->children.count)
	{
		const EvSetNode *child = node->children.items[low + n];

		if (child->length != length || memcmp(child->name, name, length) != 0)
			break;
		n++;
	}
	return n;
}

void
ev_event_set_fire(EvEventSet *set, EvSetCondition *condition)
{
	if (condition->candidates_of == set->event)
		return;
	condition->candidates_of = set->event;
	for (int i = 0; i < condition->units.count; i++)
	{
		EvSetUnit *unit = condition->units.items[i];

		if (unit->candidate_of == set->event)
			continue;
		unit->candidate_of = set->event;
		ev_event_set_append(&set->candidates, unit);
	}
}

void
ev_event_set_pass(EvEventSet *set, EvSetCondition *condition)
{
	condition->answered_for = set->event;
	condition->answer = true;
	ev_event_set_fire(set, condition);
}

/* ---- the walk ---- */

static void push_value(EvEventSet *set, EvSetNode *node, const EvView *value, bool below_element);

static void
begin_node(EvEventSet *set, EvSetNode *node)
{
	if (node->event == set->event)
		return;
	node->event = set->event;
	node->first = -1;
	node->pending = -1;
	node->opened = false;
	node->below_elements = false;
}

/* Puts a value into a list of the node. */
static void
keep_value(EvEventSet *set, int *list, const EvView *value, bool below_element)
{
	if (set->npool == MAX_POOL)
	{
		set->overflow = true;
		return;
	}
	if (set->npool == set->pool_capacity)
	{
		set->pool_capacity = Max(64, set->pool_capacity * 2);
		if (set->pool == NULL)
			set->pool = MemoryContextAlloc(set->context, set->pool_capacity * sizeof(EvSetValue));
		else
			set->pool = repalloc(set->pool, set->pool_capacity * sizeof(EvSetValue));
	}
	set->pool[set->npool] = (EvSetValue) {*value, *list, below_element};
	*list = set->npool++;
}

/* A member whose name has dots goes to where they lead: as deep as a path of a pattern, at most. */
static void
push_dotted(EvEventSet *set, EvSetNode *node, const char *name, int length, const EvView *value,
			bool below_element)
{
	const char *dot = memchr(name, '.', length);
	int first;
	int n = ev_event_set_find(node, name, dot != NULL ? dot - name : length, &first);

	for (int i = first; i < first + n; i++)
	{
		EvSetNode *child = node->children.items[i];

		if (dot == NULL)
			push_value(set, child, value, below_element);
		else
			push_dotted(set, child, dot + 1, name + length - dot - 1, value, below_element);
	}
}

static void
look_for_children(EvEventSet *set, EvSetNode *node, const EvView *object, bool below_element)
{
	for (int i = 0; i < node->children.count; i++)
	{
		EvSetNode *child = node->children.items[i];
		EvView value;

		if (ev_view_member(object, child->name, child->length, &value))
			push_value(set, child, &value, below_element);
	}
}

static void
merge_members(EvEventSet *set, EvSetNode *node, const EvView *object, bool below_element)
{
	EvSetNode **child = (EvSetNode **) node->children.items;
	EvSetNode **end = child + node->children.count;
	EvCursor cursor;
	EvView value;
	const char *name;
	int length;

	ev_view_begin(&cursor, object);
	while (child < end && ev_view_next_member(&cursor, &name, &length, &value))
	{
		while (child < end &&
			   ev_view_compare_keys((*child)->name, (*child)->length, name, length) < 0)
			child++;
		for (;
			 child < end && (*child)->length == length && memcmp((*child)->name, name, length) == 0;
			 child++)
			push_value(set, *child, &value, below_element);
	}
}

static void
push_members(EvEventSet *set, EvSetNode *node, const EvView *object, bool below_element)
{
	EvCursor cursor;
	EvView value;
	const char *name;
	int length;

	ev_view_begin(&cursor, object);
	while (ev_view_next_member(&cursor, &name, &length, &value))
	{
		CHECK_FOR_INTERRUPTS();
		push_dotted(set, node, name, length, &value, below_element);
	}
}

static void
look_into(EvEventSet *set, EvSetNode *node, const EvView *object, bool below_element)
{
	int nchildren = node->children.count;
	int nmembers = ev_view_count(object);

	if (nchildren == 0 || nmembers == 0)
		return;
	if ((node->has_grandchildren && ev_event_pattern_has_dots(object)) || nchildren > nmembers * 8)
		push_members(set, node, object, below_element);
	else if (nchildren <= FEW_CHILDREN)
		look_for_children(set, node, object, below_element);
	else
		merge_members(set, node, object, below_element);
}

static void
push_elements(EvEventSet *set, EvSetNode *node, const EvView *array, bool below_element)
{
	EvCursor cursor;
	EvView element;

	ev_view_begin(&cursor, array);
	while (ev_view_next_element(&cursor, &element))
	{
		CHECK_FOR_INTERRUPTS();
		push_value(set, node, &element, below_element || element.type >= EV_JSON_ARRAY);
	}
}

static void
push_scalar(EvEventSet *set, EvSetNode *node, const EvView *scalar, bool below_element)
{
	if (!node->has_conditions)
		return;
	node->below_elements |= below_element;
	keep_value(set, &node->first, scalar, below_element);
	for (int i = 0; i < node->presence.count; i++)
		ev_event_set_fire(set, node->presence.items[i]);
	if (node->index != NULL)
		ev_event_set_index_look_up(set, node, scalar);
}

static void
push_value(EvEventSet *set, EvSetNode *node, const EvView *value, bool below_element)
{
	if (stack_is_too_deep())
	{
		set->overflow = set->too_deep = true;
		return;
	}
	begin_node(set, node);
	if (value->type == EV_JSON_ARRAY)
		push_elements(set, node, value, below_element);
	else if (value->type != EV_JSON_OBJECT)
		push_scalar(set, node, value, below_element);
	else if (node->has_access || node->opened)
		look_into(set, node, value, below_element);
	else if (node->children.count > 0)
		keep_value(set, &node->pending, value, below_element);
}

void
ev_event_set_open(EvEventSet *set, EvSetNode *node)
{
	EvSetNode *parent = node->parent;

	if (parent == NULL)
		return;
	if (parent->has_access || (parent->event == set->event && parent->opened))
		return;
	check_stack_depth();
	ev_event_set_open(set, parent);
	begin_node(set, parent);
	parent->opened = true;
	for (int i = parent->pending; i >= 0; i = set->pool[i].next)
	{
		EvView object = set->pool[i].view;

		look_into(set, parent, &object, set->pool[i].below_element);
	}
}

/* Where the event has no member of the name, what it is an alias for. */
static void
walk_aliases(EvEventSet *set, EvSubject *subject)
{
	for (int i = 0; i < set->aliased.count; i++)
	{
		EvSetNode *node = set->aliased.items[i];
		EvView value;

		if (!ev_subject_get(subject, node->name, node->length, &value) &&
			ev_subject_get(subject, node->alias, strlen(node->alias), &value))
			push_value(set, node, &value, false);
	}
}

/* Attributes of a row are looked up one by one; a JSON event is an object like others. */
static void
walk_event(EvEventSet *set, EvSubject *subject)
{
	EvSetNode *root = set->root;

	begin_node(set, root);
	root->opened = true;
	if (subject->get == NULL)
		look_into(set, root, &subject->view, false);
	for (int i = 0; subject->get != NULL && i < root->children.count; i++)
	{
		EvSetNode *child = root->children.items[i];
		EvView value;

		if (ev_subject_get(subject, child->name, child->length, &value))
			push_value(set, child, &value, false);
	}
	walk_aliases(set, subject);
}

/* ---- answers ---- */

static void
add_match(EvEventSet *set, int pattern)
{
	set->matched[pattern] = set->event;
	set->indexes[set->nindexes++] = pattern;
	if (set->walk.exceeded)
	{
		set->unknown[pattern] = set->event;
		set->exceeded = set->walk.exceeded;
	}
}

static void
verify_units(EvEventSet *set, const EvSetList *units)
{
	for (int i = 0; i < units->count; i++)
	{
		const EvSetUnit *unit = units->items[i];

		CHECK_FOR_INTERRUPTS();
		if (set->matched[unit->pattern] == set->event)
			continue;
		ev_event_pattern_begin_walk(&set->walk);
		if (ev_event_set_verify(set, unit->branch) || set->walk.exceeded)
			add_match(set, unit->pattern);
	}
}

static int
compare_ints(const void *a, const void *b)
{
	return *(const int *) a - *(const int *) b;
}

/* Many are put in order by walking over all patterns, few by sorting. */
static void
sort_matches(EvEventSet *set)
{
	int n = set->nindexes;

	if (n < set->npatterns / 16)
	{
		qsort(set->indexes, n, sizeof(int), compare_ints);
		return;
	}
	n = 0;
	for (int i = 0; i < set->npatterns; i++)
	{
		if (set->matched[i] == set->event)
			set->indexes[n++] = i;
	}
}

int
ev_event_set_match(EvEventSet *set, EvSubject *subject, const int **indexes)
{
	*indexes = set->indexes;
	set->nindexes = 0;
	set->exceeded = EV_PATTERN_WITHIN_LIMITS;
	set->event++;
	if (subject->get == NULL && subject->view.type != EV_JSON_OBJECT)
		return 0;
	set->subject = subject;
	set->npool = 0;
	set->overflow = set->too_deep = false;
	set->candidates.count = 0;
	walk_event(set, subject);
	if (set->too_deep)
		verify_units(set, &set->units);
	else
	{
		verify_units(set, &set->candidates);
		verify_units(set, &set->always);
	}
	sort_matches(set);
	set->subject = NULL;
	return set->nindexes;
}

bool
ev_event_set_knows(const EvEventSet *set, int pattern)
{
	return set->unknown[pattern] != set->event;
}

void
ev_event_set_require_all(const EvEventSet *set)
{
	if (set->exceeded != EV_PATTERN_WITHIN_LIMITS)
		ev_event_pattern_raise_exceeded(set->exceeded);
}

EvEventSet *
ev_event_set_compile(EvEventPattern *const *patterns, int n)
{
	EvEventSet *set = palloc0(sizeof(EvEventSet));

	set->context = CurrentMemoryContext;
	set->npatterns = n;
	set->matched = MemoryContextAllocExtended(CurrentMemoryContext, Max(n, 1) * sizeof(uint64),
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	set->unknown = MemoryContextAllocExtended(CurrentMemoryContext, Max(n, 1) * sizeof(uint64),
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	set->indexes = MemoryContextAllocHuge(CurrentMemoryContext, Max(n, 1) * sizeof(int));
	/* so that it grows where the set is, whoever matches */
	set->candidates.capacity = 16;
	set->candidates.items = palloc(set->candidates.capacity * sizeof(void *));
	ev_event_set_file(set, patterns);
	return set;
}
