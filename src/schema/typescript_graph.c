/* SPDX-License-Identifier: PostgreSQL
 *
 * typescript_graph.c: what has to be known about a schema before its types are
 * written.
 *
 * Three things.  Where references lead: a dynamic one is followed only if there
 * is a single place that it can end up at.  Which kinds of value can get to a
 * node: {"required": ["a"]} says nothing about strings, but below a schema of
 * `type: object` no string gets there.  And which references come back to where
 * they began without going into a member or an element: TypeScript refuses such
 * types ("circularly references itself"), and no value is valid by them, so
 * these lead nowhere.  They are the ones that stay inside a strongly connected
 * component of the graph of in-place edges (Tarjan's algorithm).
 */
#include "postgres.h"

#include "schema/typescript.h"

#include "miscadmin.h"

typedef void (*Visit)(EvTypescriptGraph *graph, EvNode *from, EvNode *to);

uint8
ev_typescript_kinds(const EvNode *node)
{
	if (node->kind == EV_NODE_FALSE)
		return 0;
	if (node->kind == EV_NODE_TRUE)
		return EV_TYPESCRIPT_ANY;
	return (node->types | ((node->types & EV_TYPE_INTEGER) ? EV_TYPE_NUMBER : 0)) &
		   EV_TYPESCRIPT_ANY;
}

static void
visit_list(EvTypescriptGraph *graph, EvNode *node, const EvNodeList *list, Visit visit)
{
	for (int i = 0; i < list->count; i++)
		visit(graph, node, list->nodes[i]);
}

/* Schemas that speak about the same value. */
static void
visit_in_place(EvTypescriptGraph *graph, EvNode *node, Visit visit)
{
	if (graph->targets[node->index] != NULL)
		visit(graph, node, graph->targets[node->index]);
	visit_list(graph, node, &node->all_of, visit);
	visit_list(graph, node, &node->any_of, visit);
	visit_list(graph, node, &node->one_of, visit);
	if (node->then_node != NULL)
		visit(graph, node, node->then_node);
	if (node->else_node != NULL)
		visit(graph, node, node->else_node);
}

/* Those about its members and elements. */
static void
visit_below(EvTypescriptGraph *graph, EvNode *node, Visit visit)
{
	if (node->array != NULL)
	{
		visit_list(graph, node, &node->array->prefix, visit);
		if (node->array->items != NULL)
			visit(graph, node, node->array->items);
	}
	if (node->object == NULL)
		return;
	for (int i = 0; i < node->object->nproperties; i++)
	{
		if (node->object->properties[i].node != NULL)
			visit(graph, node, node->object->properties[i].node);
	}
	for (int i = 0; i < node->object->npatterns; i++)
		visit(graph, node, node->object->patterns[i].node);
	if (node->object->additional != NULL)
		visit(graph, node, node->object->additional);
}

/* ---- where references lead */

/* How many resources a dynamic reference could end up in. */
static int
count_dynamic_targets(const EvTypescriptGraph *graph, const EvNode *node)
{
	ListCell *cell;
	int n = 0;

	foreach (cell, graph->resources)
	{
		const EvResource *resource = lfirst(cell);

		if (node->ref_kind == EV_REF_RECURSIVE)
			n += resource->recursive_anchor ? 1 : 0;
		else
		{
			for (int i = 0; i < resource->ndynamic; i++)
				n += strcmp(resource->dynamic_names[i], node->dynamic_anchor) == 0 ? 1 : 0;
		}
	}
	return n;
}

static EvNode *
find_target(const EvTypescriptGraph *graph, const EvNode *node)
{
	if (node->ref_kind == EV_REF_RECURSIVE || node->ref_kind == EV_REF_DYNAMIC)
		return count_dynamic_targets(graph, node) > 1 ? NULL : node->ref;
	return node->ref_kind == EV_REF_STATIC ? node->ref : NULL;
}

static void
find_resources(EvTypescriptGraph *graph)
{
	for (int i = 0; i < graph->schema->nnodes; i++)
		graph->resources = list_append_unique_ptr(graph->resources,
												  graph->schema->nodes[i]->resource);
}

/* ---- which kinds of value get to a node */

static void reach(EvTypescriptGraph *graph, EvNode *node, uint8 kinds);

static void
reach_in_place(EvTypescriptGraph *graph, EvNode *from, EvNode *to)
{
	reach(graph, to, graph->contexts[from->index] & ev_typescript_kinds(from));
}

static void
reach_below(EvTypescriptGraph *graph, EvNode *from, EvNode *to)
{
	reach(graph, to, EV_TYPESCRIPT_ANY);
}

static void
reach(EvTypescriptGraph *graph, EvNode *node, uint8 kinds)
{
	bool again = graph->reached[node->index];

	if (again && (graph->contexts[node->index] | kinds) == graph->contexts[node->index])
		return;
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	graph->reached[node->index] = true;
	graph->contexts[node->index] |= kinds;
	visit_in_place(graph, node, reach_in_place);
	if (!again)
		visit_below(graph, node, reach_below);
}

/* ---- references that come back */

static void find_component(EvTypescriptGraph *graph, EvNode *node);

/* `group`: the lowest order reachable while a node is on the stack, then -(its group). */
static void
join_component(EvTypescriptGraph *graph, EvNode *from, EvNode *to)
{
	if (graph->order[to->index] == 0)
		find_component(graph, to);
	if (graph->group[to->index] > 0)
		graph->group[from->index] = Min(graph->group[from->index], graph->group[to->index]);
}

static void
find_component(EvTypescriptGraph *graph, EvNode *node)
{
	check_stack_depth();
	graph->order[node->index] = graph->group[node->index] = ++graph->norder;
	graph->stack[graph->nstack++] = node->index;
	visit_in_place(graph, node, join_component);
	if (graph->group[node->index] == graph->order[node->index])
	{
		int top;

		graph->ngroup++;
		do
		{
			top = graph->stack[--graph->nstack];
			graph->group[top] = -graph->ngroup;
		} while (top != node->index);
	}
}

static void
cut_circles(EvTypescriptGraph *graph)
{
	int n = graph->schema->nnodes;

	for (int i = 0; i < n; i++)
	{
		if (graph->order[i] == 0)
			find_component(graph, graph->schema->nodes[i]);
	}
	for (int i = 0; i < n; i++)
	{
		EvNode *target = graph->targets[i];

		if (target != NULL && graph->group[i] == graph->group[target->index])
			graph->targets[i] = NULL;
	}
}

EvTypescriptGraph *
ev_typescript_graph_make(const EvSchema *schema)
{
	EvTypescriptGraph *graph = palloc0(sizeof(EvTypescriptGraph));
	int n = Max(schema->nnodes, 1);

	graph->schema = schema;
	graph->contexts = palloc0(n);
	graph->reached = palloc0(n * sizeof(bool));
	graph->targets = palloc0(n * sizeof(EvNode *));
	graph->order = palloc0(n * sizeof(int));
	graph->group = palloc0(n * sizeof(int));
	graph->stack = palloc0(n * sizeof(int));
	find_resources(graph);
	for (int i = 0; i < schema->nnodes; i++)
		graph->targets[i] = find_target(graph, schema->nodes[i]);
	cut_circles(graph);
	reach(graph, schema->root, EV_TYPESCRIPT_ANY);
	return graph;
}
