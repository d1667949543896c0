/* SPDX-License-Identifier: PostgreSQL
 *
 * event_set_compile.c: filing the units of all patterns under their access conditions.
 *
 * First all paths and conditions are put into one tree, equal ones once, and
 * the values that conditions can be looked up by are counted.  From that each
 * condition gets a cost: what a unit filed under it adds to the time for one
 * event, in nanoseconds.  A unit is verified as often as its condition is
 * passed, and events are taken to be spread like the units: of those that ask for
 * one value of 10,000 an event comes once in 10,000 times, also where few units ask
 * for the place at all, since then few events have it.  And a unit bears its share of
 * looking up the values of the node, which goes with the kind of test; that makes
 * places good that many units ask about.  Then each unit is filed under its least expensive
 * condition; with alternatives (any), under the least expensive one of each.
 */
#include "base/compat.h"

#include "common/hashfn.h"
#include "match/event_set_parts.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#define COST_VERIFY 40.0
#define COST_LOOK_UP 15.0
/* Conditions that any scalar passes, and those that are never looked up. */
#define COST_PRESENCE 1e8
#define COST_ALWAYS 1e16

typedef struct NodeSlot
{
	EvSetNode *node; /* the key: parent, name, whether it has an alias */
	char status;
} NodeSlot;

static uint32
hash_node(const EvSetNode *node)
{
	return hash_combine(hash_bytes((const unsigned char *) node->name, node->length),
						(uint32) ((uintptr_t) node->parent >> 4));
}

static bool
same_node(const EvSetNode *a, const EvSetNode *b)
{
	return a->parent == b->parent && a->length == b->length &&
		   (a->alias == NULL) == (b->alias == NULL) && memcmp(a->name, b->name, a->length) == 0;
}

#define SH_PREFIX nodes
#define SH_ELEMENT_TYPE NodeSlot
#define SH_KEY_TYPE EvSetNode *
#define SH_KEY node
#define SH_HASH_KEY(table, key) hash_node(key)
#define SH_EQUAL(table, a, b) same_node(a, b)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct ConditionSlot
{
	EvSetCondition *condition; /* the key: node, tests */
	char status;
} ConditionSlot;

static uint32
hash_condition(const EvSetCondition *condition)
{
	return hash_combine(ev_view_hash(&condition->condition->source),
						(uint32) ((uintptr_t) condition->node >> 4));
}

/* What conditions are made of says what they are; a filter's string also needs its operator. */
static bool
same_condition(const EvSetCondition *a, const EvSetCondition *b)
{
	const EvTests *x = &a->condition->tests;
	const EvTests *y = &b->condition->tests;

	return a->node == b->node && x->count == y->count &&
		   (x->count == 0 || x->tests[0].kind == y->tests[0].kind) &&
		   ev_view_equal(&a->condition->source, &b->condition->source);
}

#define SH_PREFIX conditions
#define SH_ELEMENT_TYPE ConditionSlot
#define SH_KEY_TYPE EvSetCondition *
#define SH_KEY condition
#define SH_HASH_KEY(table, key) hash_condition(key)
#define SH_EQUAL(table, a, b) same_condition(a, b)
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* How many uses of conditions have a key of the index. */
typedef struct CountSlot
{
	uint64 key;
	int count;
	char status;
} CountSlot;

#define SH_PREFIX counts
#define SH_ELEMENT_TYPE CountSlot
#define SH_KEY_TYPE uint64
#define SH_KEY key
#define SH_HASH_KEY(table, key) ((uint32) (key))
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct Filing
{
	EvEventSet *set;
	nodes_hash *nodes;
	conditions_hash *conditions;
	counts_hash *counts;
} Filing;

/* ---- the tree ---- */

static EvSetNode *
find_node(Filing *filing, const EvPath *path)
{
	EvSetNode key = {.name = path->name, .length = path->length, .alias = path->alias};
	NodeSlot *slot;
	bool found;

	if (path->parent == NULL)
		return filing->set->root;
	check_stack_depth();
	key.parent = find_node(filing, path->parent);
	slot = nodes_insert(filing->nodes, &key, &found);
	if (!found)
	{
		slot->node = palloc(sizeof(EvSetNode));
		*slot->node = key;
		ev_event_set_append(&key.parent->children, slot->node);
		if (key.parent->parent != NULL)
			key.parent->parent->has_grandchildren = true;
		if (key.alias != NULL)
			ev_event_set_append(&filing->set->aliased, slot->node);
	}
	return slot->node;
}

static EvSetCondition *
find_condition(Filing *filing, const EvField *field)
{
	EvSetCondition key = {.condition = field->condition};
	ConditionSlot *slot;
	bool found;

	key.node = find_node(filing, field->path);
	slot = conditions_insert(filing->conditions, &key, &found);
	if (!found)
	{
		slot->condition = palloc(sizeof(EvSetCondition));
		*slot->condition = key;
		key.node->has_conditions = true;
	}
	slot->condition->uses++;
	return slot->condition;
}

static EvSetBranch *
make_branch(Filing *filing, const EvBranch *from)
{
	EvSetBranch *branch = palloc0(sizeof(EvSetBranch));

	check_stack_depth();
	branch->kind = from->kind;
	if (from->kind == EV_BRANCH_CONJUNCT)
	{
		branch->conjunct = &from->conjunct;
		branch->count = from->conjunct.nfields;
		branch->conditions = palloc(branch->count * sizeof(EvSetCondition *));
		for (int i = 0; i < branch->count; i++)
		{
			CHECK_FOR_INTERRUPTS();
			branch->conditions[i] = find_condition(filing, &from->conjunct.fields[i]);
		}
		return branch;
	}
	branch->count = from->count;
	branch->parts = palloc(Max(from->count, 1) * sizeof(EvSetBranch *));
	for (int i = 0; i < from->count; i++)
		branch->parts[i] = make_branch(filing, from->parts[i]);
	return branch;
}

/* ---- costs ---- */

static uint64
count_key(const EvSetNode *node, const EvTest *test)
{
	return ev_event_set_index_key(test) ^
		   ((uint64) (uintptr_t) node * UINT64CONST(0x9E3779B97F4A7C15));
}

static void
count_tests(Filing *filing, const EvSetCondition *condition)
{
	const EvTests *tests = &condition->condition->tests;

	if (!ev_event_set_index_takes(condition->condition))
		return;
	condition->node->nuses += condition->uses;
	for (int i = 0; i < tests->count; i++)
	{
		bool found;
		CountSlot *slot;

		CHECK_FOR_INTERRUPTS();
		if (tests->tests[i].kind == EV_TEST_RANGE)
		{
			condition->node->nranges += condition->uses;
			continue;
		}
		slot = counts_insert(filing->counts, count_key(condition->node, &tests->tests[i]), &found);
		slot->count = (found ? slot->count : 0) + condition->uses;
	}
}

/* How many values pass such a test, next to one that wants equality. */
static double
breadth(const EvTest *test)
{
	int length = 0;

	switch (test->kind)
	{
		case EV_TEST_VALUE:
		case EV_TEST_FOLDED:
			return 1;
		case EV_TEST_ADDRESS:
			return test->network->bits == test->network->address.length * 8 ? 1 : 8;
		case EV_TEST_WILDCARD:
			for (int i = 0; i < test->wildcard->npieces; i++)
				length = Max(length, test->wildcard->pieces[i].length);
			break;
		default:
			length = test->value.length;
			break;
	}
	return length >= 4 ? 2 : length >= 2 ? 8 : 40;
}

/* What it takes to look for such tests, next to equality. */
static double
effort(const EvTest *test)
{
	switch (test->kind)
	{
		case EV_TEST_VALUE:
			return 1;
		case EV_TEST_RANGE:
			return 2;
		case EV_TEST_WILDCARD:
			return 12;
		default:
			return 4;
	}
}

/* How many of the conditions of its node are passed along with a test. */
static double
company(Filing *filing, const EvSetCondition *condition, const EvTest *test)
{
	if (test->kind == EV_TEST_RANGE)
		return 1 + condition->node->nranges *
					   (test->range->has_low && test->range->has_high ? 0.1 : 0.5);
	return counts_lookup(filing->counts, count_key(condition->node, test))->count * breadth(test);
}

static void
set_cost(Filing *filing, EvSetCondition *condition)
{
	const EvTests *tests = &condition->condition->tests;
	double passed = 0, most = 0;

	if (condition->condition->absent)
		condition->cost = COST_ALWAYS;
	else if (!ev_event_set_index_takes(condition->condition))
		condition->cost = COST_PRESENCE + condition->uses;
	condition->company = condition->cost;
	if (condition->cost > 0)
		return;
	for (int i = 0; i < tests->count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		passed += company(filing, condition, &tests->tests[i]);
		most = Max(most, effort(&tests->tests[i]));
	}
	condition->company = passed;
	condition->cost = COST_VERIFY * passed / filing->set->units.count +
					  COST_LOOK_UP * most / condition->node->nuses;
}

/* ---- filing ---- */

static int
compare_company(const void *a, const void *b)
{
	double x = (*(EvSetCondition *const *) a)->company;
	double y = (*(EvSetCondition *const *) b)->company;

	return x < y ? -1 : x > y;
}

static double choose(const EvSetBranch *branch, EvSetList *chosen);

/* The part of `all` that is least expensive. */
static double
choose_part(const EvSetBranch *branch, EvSetList *chosen)
{
	double least = COST_ALWAYS;
	int before = chosen->count;

	for (int i = 0; i < branch->count; i++)
	{
		EvSetList own = {0};
		double cost = choose(branch->parts[i], &own);

		if (cost < least)
		{
			least = cost;
			chosen->count = before;
			for (int j = 0; j < own.count; j++)
				ev_event_set_append(chosen, own.items[j]);
		}
		if (own.items != NULL)
			pfree(own.items);
	}
	return least;
}

/* Conditions one of which an event passes if it matches; COST_ALWAYS if there are none such. */
static double
choose(const EvSetBranch *branch, EvSetList *chosen)
{
	EvSetCondition *least;
	double cost = 0;

	check_stack_depth();
	switch (branch->kind)
	{
		case EV_BRANCH_CONJUNCT:
			least = branch->conditions[0];
			for (int i = 1; i < branch->count; i++)
			{
				if (branch->conditions[i]->cost < least->cost)
					least = branch->conditions[i];
			}
			ev_event_set_append(chosen, least);
			return least->cost;
		case EV_BRANCH_ANY:
			for (int i = 0; i < branch->count; i++)
				cost += choose(branch->parts[i], chosen);
			return cost;
		case EV_BRANCH_ALL:
			return choose_part(branch, chosen);
		case EV_BRANCH_NOT:
			break;
	}
	return COST_ALWAYS;
}

/* A candidate is asked first for what few others want, which it most likely fails. */
static void
sort_conditions(const EvSetBranch *branch)
{
	check_stack_depth();
	if (branch->kind == EV_BRANCH_CONJUNCT)
		qsort(branch->conditions, branch->count, sizeof(EvSetCondition *), compare_company);
	else
	{
		for (int i = 0; i < branch->count; i++)
			sort_conditions(branch->parts[i]);
	}
}

static void
make_access(EvSetCondition *condition)
{
	if (ev_event_set_index_takes(condition->condition))
		ev_event_set_index_add(condition->node, condition);
	else
		ev_event_set_append(&condition->node->presence, condition);
	for (EvSetNode *node = condition->node; node != NULL; node = node->parent)
		node->has_access = true;
}

static void
file_unit(EvEventSet *set, EvSetUnit *unit)
{
	EvSetList chosen = {0};

	if (choose(unit->branch, &chosen) >= COST_ALWAYS)
		ev_event_set_append(&set->always, unit);
	else
	{
		for (int i = 0; i < chosen.count; i++)
		{
			EvSetCondition *condition = chosen.items[i];

			if (condition->units.count == 0)
				make_access(condition);
			ev_event_set_append(&condition->units, unit);
		}
	}
	sort_conditions(unit->branch);
	if (chosen.items != NULL)
		pfree(chosen.items);
}

static void
add_unit(Filing *filing, EvSetList *units, int pattern, const EvBranch *branch)
{
	EvSetUnit *unit = palloc0(sizeof(EvSetUnit));

	unit->pattern = pattern;
	unit->branch = make_branch(filing, branch);
	ev_event_set_append(units, unit);
}

static int
compare_nodes(const void *a, const void *b)
{
	const EvSetNode *x = *(EvSetNode *const *) a;
	const EvSetNode *y = *(EvSetNode *const *) b;

	return ev_view_compare_keys(x->name, x->length, y->name, y->length);
}

static void
finish_node(EvSetNode *node)
{
	check_stack_depth();
	if (node->index != NULL)
		ev_event_set_index_finish(node);
	if (node->children.count > 0)
		qsort(node->children.items, node->children.count, sizeof(void *), compare_nodes);
	for (int i = 0; i < node->children.count; i++)
		finish_node(node->children.items[i]);
}

void
ev_event_set_file(EvEventSet *set, EvEventPattern *const *patterns)
{
	MemoryContext tables = AllocSetContextCreate(CurrentMemoryContext, "events set tables",
												 ALLOCSET_DEFAULT_SIZES);
	Filing filing = {.set = set};
	conditions_iterator iterator;
	ConditionSlot *slot;

	set->root = palloc0(sizeof(EvSetNode));
	set->root->name = "";
	filing.nodes = nodes_create(tables, 256, NULL);
	filing.conditions = conditions_create(tables, 256, NULL);
	filing.counts = counts_create(tables, 256, NULL);
	for (int i = 0; i < set->npatterns; i++)
	{
		const EvBranch *root = patterns[i] != NULL ? patterns[i]->root : NULL;

		if (root != NULL && root->kind == EV_BRANCH_ANY)
		{
			for (int j = 0; j < root->count; j++)
				add_unit(&filing, &set->units, i, root->parts[j]);
		}
		else if (root != NULL)
			add_unit(&filing, &set->units, i, root);
	}
	conditions_start_iterate(filing.conditions, &iterator);
	while ((slot = conditions_iterate(filing.conditions, &iterator)) != NULL)
		count_tests(&filing, slot->condition);
	conditions_start_iterate(filing.conditions, &iterator);
	while ((slot = conditions_iterate(filing.conditions, &iterator)) != NULL)
		set_cost(&filing, slot->condition);
	for (int i = 0; i < set->units.count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		file_unit(set, set->units.items[i]);
	}
	finish_node(set->root);
	MemoryContextDelete(tables);
}
