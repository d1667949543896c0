/* SPDX-License-Identifier: PostgreSQL
 *
 * node_class.c: which nodes of two schemas mean the same?
 *
 * Nodes are the same if their own rules are equal and the nodes below them are,
 * through references too.  The class of a node is a hash of its own rules and of
 * the classes below it, which come first.  Nodes that reach each other (a cycle
 * of references) are done together, in rounds: each mixes in what the others had
 * in the round before, until a round tells no more of them apart.  By then each
 * class says how all of them go on in this cycle; that they go on alike in
 * another cycle is known only if that has the very same classes, so the classes
 * of all become part of each.  Titles and other annotations do not count, nor
 * does the order of the branches of allOf, anyOf and oneOf, nor which reference
 * leads somewhere.
 *
 * A class is a hash of 64 bits: nodes that differ could collide, with a chance
 * that does not matter for finding out what a change breaks.
 *
 * Where references are resolved during evaluation, the resources that a node
 * stands in and may lead to are part of what it means.
 */
#include "base/compat.h"

#include "base/number.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "schema/conjunction.h"

typedef struct Classifier
{
	const EvGraphs *graphs;
	const uint64 *classes;
	uint64 hash;  /* of the node being looked at */
	List **below; /* the numbers of the nodes below it are collected, unless NULL */
} Classifier;

static void
mix(Classifier *c, uint64 value)
{
	c->hash = hash_combine64(c->hash * UINT64CONST(0x9E3779B97F4A7C15), value);
}

static uint64
hash_string(const char *s, int length)
{
	return hash_bytes_extended((const unsigned char *) s, length, 0);
}

static void
mix_string(Classifier *c, const char *s)
{
	mix(c, s != NULL ? hash_string(s, strlen(s)) : 1);
}

static void
mix_numeric(Classifier *c, Numeric numeric)
{
	if (numeric == NULL)
		mix(c, 1);
	else
	{
		EvNumber number = ev_number_read(numeric);

		mix(c, ((uint64) number.ndigits << 40) + ((uint64) number.weight << 33) + number.negative);
		mix(c, hash_string((const char *) number.digits, number.ndigits * sizeof(int16)));
	}
}

/* A value: its own hash has 32 bits, its text has as many as there are. */
static uint64
hash_value(const EvView *value)
{
	return ev_view_hash(value) * UINT64CONST(0xff51afd7ed558ccd) + value->type;
}

static uint64
class_of(Classifier *c, const EvNode *node)
{
	int number = ev_graphs_number(c->graphs, node);

	if (c->below != NULL)
		*c->below = lappend_int(*c->below, number);
	return c->classes[number];
}

static void
mix_node(Classifier *c, const EvNode *node)
{
	mix(c, node != NULL ? class_of(c, node) : 1);
}

/* Whatever the order. */
static void
mix_list(Classifier *c, const EvNodeList *list)
{
	uint64 sum = 0;

	for (int i = 0; i < list->count; i++)
	{
		uint64 class = class_of(c, list->nodes[i]);

		sum += class * (class | 1);
	}
	mix(c, list->count);
	mix(c, sum);
}

static void
mix_values(Classifier *c, const EvNode *node)
{
	uint64 sum = 0;

	mix(c, node->constant != NULL ? hash_value(node->constant) : 1);
	if (node->enumeration == NULL)
		return;
	for (int i = 0; i < node->enumeration->count; i++)
	{
		uint64 hash = hash_value(&node->enumeration->values[i]);

		sum += hash * (hash | 1);
	}
	mix(c, sum);
	mix(c, node->enumeration->count);
}

static void
mix_number(Classifier *c, const EvNumberRules *rules)
{
	mix_numeric(c, rules->minimum);
	mix_numeric(c, rules->maximum);
	mix_numeric(c, rules->exclusive_minimum);
	mix_numeric(c, rules->exclusive_maximum);
	mix_numeric(c, rules->multiple_of);
}

static void
mix_string_rules(Classifier *c, const EvStringRules *rules)
{
	mix(c, rules->min_length);
	mix(c, rules->max_length);
	mix_string(c, rules->pattern != NULL ? ev_pattern_source(rules->pattern) : NULL);
	mix(c, rules->assert_format ? rules->format : EV_FORMAT_NONE);
}

static void
mix_array(Classifier *c, const EvArrayRules *rules)
{
	mix(c, rules->prefix.count);
	for (int i = 0; i < rules->prefix.count; i++)
		mix_node(c, rules->prefix.nodes[i]);
	mix_node(c, rules->items);
	mix_node(c, rules->contains);
	mix(c, rules->min_contains);
	mix(c, rules->max_contains);
	mix(c, rules->contains_evaluates);
	mix(c, rules->min_items);
	mix(c, rules->max_items);
	mix(c, rules->unique);
	mix_node(c, rules->unevaluated);
}

static void
mix_properties(Classifier *c, const EvProperty *properties, int count)
{
	mix(c, count);
	for (int i = 0; i < count; i++)
	{
		mix(c, hash_string(properties[i].name, properties[i].length));
		mix_node(c, properties[i].node);
		mix(c, properties[i].required);
	}
}

static void
mix_object(Classifier *c, const EvObjectRules *rules)
{
	mix_properties(c, rules->properties, rules->nproperties);
	mix(c, rules->npatterns);
	for (int i = 0; i < rules->npatterns; i++)
	{
		mix_string(c, ev_pattern_source(rules->patterns[i].pattern));
		mix_node(c, rules->patterns[i].node);
	}
	mix_node(c, rules->additional);
	mix_node(c, rules->names);
	mix(c, rules->min_properties);
	mix(c, rules->max_properties);
	mix(c, rules->ndependencies);
	for (int i = 0; i < rules->ndependencies; i++)
	{
		const EvDependency *dependency = &rules->dependencies[i];

		mix(c, hash_string(dependency->name, dependency->length));
		mix_properties(c, dependency->required, dependency->nrequired);
		mix_node(c, dependency->node);
	}
	mix_node(c, rules->unevaluated);
}

static void
mix_references(Classifier *c, const EvNode *node)
{
	const EvResource *resource = node->resource;

	mix(c, node->ref_kind);
	mix_node(c, node->ref);
	mix(c, node->second_kind);
	mix_node(c, node->second_ref);
	if (!c->graphs->dynamic || resource == NULL)
		return;
	mix_string(c, node->dynamic_anchor);
	mix_string(c, resource->uri);
	mix(c, resource->recursive_anchor);
	for (int i = 0; i < resource->ndynamic; i++)
	{
		mix_string(c, resource->dynamic_names[i]);
		mix_node(c, resource->dynamic_nodes[i]);
	}
}

/* The hash of a node's own rules and of the classes below it. */
static uint64
hash_node(const EvGraphs *graphs, const uint64 *classes, const EvNode *node, List **below)
{
	Classifier c = {.graphs = graphs, .classes = classes, .hash = node->kind, .below = below};

	if (node->kind == EV_NODE_FALSE || ev_graphs_is_true(node))
		return node->kind == EV_NODE_FALSE ? 2 : 3;
	mix(&c, node->types);
	mix(&c, node->strict_integer && (node->types & EV_TYPES_NUMBER) == EV_TYPE_INTEGER);
	mix_values(&c, node);
	mix(&c, (node->number != NULL) | (node->string != NULL) << 1 | (node->array != NULL) << 2 |
				(node->object != NULL) << 3);
	if (node->number != NULL)
		mix_number(&c, node->number);
	if (node->string != NULL)
		mix_string_rules(&c, node->string);
	if (node->array != NULL)
		mix_array(&c, node->array);
	if (node->object != NULL)
		mix_object(&c, node->object);
	mix_references(&c, node);
	mix_list(&c, &node->all_of);
	mix_list(&c, &node->any_of);
	mix_list(&c, &node->one_of);
	mix_node(&c, node->not_node);
	mix_node(&c, node->if_node);
	mix_node(&c, node->then_node);
	mix_node(&c, node->else_node);
	return c.hash;
}

static int
compare_classes(const void *a, const void *b)
{
	uint64 x = *(const uint64 *) a, y = *(const uint64 *) b;

	return x < y ? -1 : x > y;
}

static int
count_classes(const uint64 *classes, int n)
{
	uint64 *sorted = palloc(sizeof(uint64) * (n + 1));
	int distinct = n > 0;

	memcpy(sorted, classes, sizeof(uint64) * n);
	qsort(sorted, n, sizeof(uint64), compare_classes);
	for (int i = 1; i < n; i++)
		distinct += sorted[i] != sorted[i - 1];
	pfree(sorted);
	return distinct;
}

/*
 * Tarjan's strongly connected components, children first.  A component's nodes
 * lie on top of `open` when its first node is done.
 */
typedef struct Components
{
	const EvGraphs *graphs;
	uint64 *classes; /* by number */
	int *order;		 /* by number: when it was come to, 0 = not yet */
	int *lowest;	 /* by number: the earliest open node that can be reached */
	bool *is_open;
	int *open;
	int nopen;
	int reached;
} Components;

static const EvNode *
node_of(const EvGraphs *graphs, int number)
{
	int first = graphs->schemas[0]->nnodes;

	return number < first ? graphs->schemas[0]->nodes[number]
						  : graphs->schemas[1]->nodes[number - first];
}

static void
classify_component(Components *s, const int *members, int count)
{
	uint64 *found = palloc(sizeof(uint64) * count);
	int distinct = 1, before;

	do
	{
		before = distinct;
		for (int i = 0; i < count; i++)
		{
			if (i % 1024 == 0)
				CHECK_FOR_INTERRUPTS();
			found[i] = hash_node(s->graphs, s->classes, node_of(s->graphs, members[i]), NULL);
		}
		for (int i = 0; i < count; i++)
			s->classes[members[i]] = found[i];
		distinct = count_classes(found, count);
	} while (distinct > before);
	if (count > 1)
	{
		uint64 all = 0;

		qsort(found, count, sizeof(uint64), compare_classes);
		for (int i = 0; i < count; i++)
		{
			if (i == 0 || found[i] != found[i - 1])
				all = hash_combine64(all, found[i]);
		}
		for (int i = 0; i < count; i++)
			s->classes[members[i]] = hash_combine64(s->classes[members[i]], all);
	}
	pfree(found);
}

static void
visit(Components *s, int number)
{
	List *below = NIL;
	ListCell *lc;
	int first;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	s->order[number] = s->lowest[number] = ++s->reached;
	s->is_open[number] = true;
	s->open[s->nopen++] = number;
	(void) hash_node(s->graphs, s->classes, node_of(s->graphs, number), &below);
	foreach (lc, below)
	{
		int other = lfirst_int(lc);

		if (s->order[other] == 0)
			visit(s, other);
		if (s->is_open[other])
			s->lowest[number] = Min(s->lowest[number], s->lowest[other]);
	}
	list_free(below);
	if (s->lowest[number] != s->order[number])
		return;
	for (first = s->nopen - 1; s->open[first] != number; first--)
		;
	for (int i = first; i < s->nopen; i++)
		s->is_open[s->open[i]] = false;
	classify_component(s, s->open + first, s->nopen - first);
	s->nopen = first;
}

uint64 *
ev_graphs_classify(const EvGraphs *graphs)
{
	int n = graphs->schemas[0]->nnodes + graphs->schemas[1]->nnodes;
	Components s = {.graphs = graphs};

	s.classes = palloc0(sizeof(uint64) * (n + EV_NTYPES));
	s.order = palloc0(sizeof(int) * (n + 1));
	s.lowest = palloc0(sizeof(int) * (n + 1));
	s.is_open = palloc0(sizeof(bool) * (n + 1));
	s.open = palloc(sizeof(int) * (n + 1));
	for (int i = 0; i < n; i++)
	{
		if (s.order[i] == 0)
			visit(&s, i);
	}
	for (int i = 0; i < EV_NTYPES; i++)
		s.classes[n + i] = hash_node(graphs, s.classes, &graphs->types[i], NULL);
	return s.classes;
}
