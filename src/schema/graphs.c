/* SPDX-License-Identifier: PostgreSQL
 *
 * graphs.c: two compiled schemas side by side, to be compared.
 *
 * Their nodes are numbered through, so that tables can be kept beside both.
 * Single nodes can be asked for a verdict on a value: that is exact as long as
 * no reference depends on how evaluation came to it.
 */
#include "base/compat.h"

#include "schema/conjunction.h"
#include "schema/evaluate.h"

static const uint8 type_bits[EV_NTYPES] = {
	EV_TYPE_NULL, EV_TYPE_BOOLEAN, EV_TYPES_NUMBER, EV_TYPE_STRING, EV_TYPE_ARRAY, EV_TYPE_OBJECT,
};

static bool
is_dynamic(const EvSchema *schema)
{
	for (int i = 0; i < schema->nnodes; i++)
	{
		if (schema->nodes[i]->ref_kind > EV_REF_STATIC ||
			schema->nodes[i]->second_kind > EV_REF_STATIC)
			return true;
	}
	return false;
}

EvGraphs *
ev_graphs_make(const EvSchema *first, const EvSchema *second)
{
	EvGraphs *graphs = palloc0(sizeof(EvGraphs));
	HASHCTL control = {.keysize = sizeof(uint32),
					   .entrysize = sizeof(uint32) + MAXIMUM_ALIGNOF + sizeof(void *)};

	graphs->context = CurrentMemoryContext;
	control.hcxt = graphs->context;
	graphs->schemas[0] = first;
	graphs->schemas[1] = second;
	graphs->dynamic = is_dynamic(first) || is_dynamic(second);
	for (int i = 0; i < EV_NTYPES; i++)
	{
		graphs->types[i].kind = EV_NODE_RULES;
		graphs->types[i].types = type_bits[i];
		graphs->types[i].index = i;
	}
	graphs->conjunctions = hash_create("events conjunctions", 256, &control,
									   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	graphs->classes = ev_graphs_classify(graphs);
	return graphs;
}

static bool
is_of(const EvSchema *schema, const EvNode *node)
{
	return node->index < schema->nnodes && schema->nodes[node->index] == node;
}

int
ev_graphs_number(const EvGraphs *graphs, const EvNode *node)
{
	int first = graphs->schemas[0]->nnodes;

	if (is_of(graphs->schemas[0], node))
		return node->index;
	if (is_of(graphs->schemas[1], node))
		return first + node->index;
	return first + graphs->schemas[1]->nnodes + node->index;
}

bool
ev_graphs_same(const EvGraphs *graphs, const EvNode *a, const EvNode *b)
{
	return a == b || graphs->classes[ev_graphs_number(graphs, a)] ==
						 graphs->classes[ev_graphs_number(graphs, b)];
}

bool
ev_graphs_is_true(const EvNode *node)
{
	if (node->kind != EV_NODE_RULES)
		return node->kind == EV_NODE_TRUE;
	return (node->types & EV_TYPE_ANY) == EV_TYPE_ANY && node->constant == NULL &&
		   node->enumeration == NULL && node->number == NULL && node->string == NULL &&
		   node->array == NULL && node->object == NULL && node->ref_kind == EV_REF_NONE &&
		   node->second_kind == EV_REF_NONE && node->all_of.count == 0 && node->any_of.count == 0 &&
		   node->one_of.count == 0 && node->not_node == NULL && node->if_node == NULL;
}

char *
ev_graphs_location(const EvGraphs *graphs, const EvNode *node)
{
	const EvSchema *schema = graphs->schemas[is_of(graphs->schemas[0], node) ? 0 : 1];
	char *pointer = ev_node_pointer(node);

	if (node->resource == schema->root->resource || node->resource->uri[0] == '\0')
		return pointer;
	return psprintf("%s#%s", node->resource->uri, pointer);
}

static bool
type_accepts(const EvNode *node, const EvView *value)
{
	return (node->types & type_bits[value->type]) != 0;
}

bool
ev_graphs_accepts(const EvGraphs *graphs, const EvNode *node, const EvView *value, bool doubt)
{
	EvSchema part;

	if (node >= graphs->types && node < graphs->types + EV_NTYPES)
		return type_accepts(node, value);
	if (graphs->dynamic)
		return doubt;
	part = *graphs->schemas[is_of(graphs->schemas[0], node) ? 0 : 1];
	part.root = unconstify(EvNode *, node);
	return ev_schema_is_valid(&part, value);
}
