/* SPDX-License-Identifier: PostgreSQL
 *
 * compile_track.c: which nodes must tell what they evaluate.
 *
 * `unevaluatedItems` and `unevaluatedProperties` ask what the schemas beside
 * them, applied to the same value, have evaluated.  Only the nodes that such a
 * question can reach, along applications in place, need to keep account; most
 * schemas ask nothing and pay nothing.  `not` is no such way: what it holds
 * tells nothing to the outside.
 *
 * Where a reference goes is not known here if it is a dynamic one: all that it
 * may mean are marked.
 */
#include "base/compat.h"

#include "miscadmin.h"
#include "schema/keyword.h"

typedef struct Marking
{
	EvCompiler *compiler;
	EvNode **stack;
	int count;
} Marking;

/* A node is pushed at most once, so the stack has room. */
static void
mark(Marking *marking, EvNode *node)
{
	if (node == NULL || node->tracks_evaluated)
		return;
	node->tracks_evaluated = true;
	marking->stack[marking->count++] = node;
}

static void
mark_list(Marking *marking, const EvNodeList *list)
{
	for (int i = 0; i < list->count; i++)
		mark(marking, list->nodes[i]);
}

/* Roots and anchors that a reference of this kind may find in the dynamic scope. */
static void
mark_dynamic(Marking *marking, EvRefKind kind, const char *anchor)
{
	ListCell *cell;

	if (kind != EV_REF_RECURSIVE && kind != EV_REF_DYNAMIC)
		return;
	foreach (cell, marking->compiler->resources)
	{
		EvResource *resource = lfirst(cell);

		if (kind == EV_REF_RECURSIVE && resource->recursive_anchor)
			mark(marking, resource->root);
		for (int j = 0; kind == EV_REF_DYNAMIC && j < resource->ndynamic; j++)
			if (strcmp(resource->dynamic_names[j], anchor) == 0)
				mark(marking, resource->dynamic_nodes[j]);
	}
}

static void
mark_in_place(Marking *marking, EvNode *node)
{
	mark_list(marking, &node->all_of);
	mark_list(marking, &node->any_of);
	mark_list(marking, &node->one_of);
	mark(marking, node->if_node);
	mark(marking, node->then_node);
	mark(marking, node->else_node);
	mark(marking, node->ref);
	mark(marking, node->second_ref);
	mark_dynamic(marking, node->ref_kind, node->dynamic_anchor);
	mark_dynamic(marking, node->second_kind, node->dynamic_anchor);
	for (int i = 0; node->object != NULL && i < node->object->ndependencies; i++)
		mark(marking, node->object->dependencies[i].node);
}

void
ev_compile_track(EvCompiler *compiler)
{
	EvSchema *schema = compiler->schema;
	Marking marking = {compiler, NULL, 0};

	for (int i = 0; i < schema->nnodes; i++)
	{
		EvNode *node = schema->nodes[i];

		if ((node->array == NULL || node->array->unevaluated == NULL) &&
			(node->object == NULL || node->object->unevaluated == NULL))
			continue;
		if (marking.stack == NULL)
			marking.stack = palloc(mul_size(sizeof(EvNode *), schema->nnodes));
		schema->tracks_evaluated = true;
		mark(&marking, node);
		while (marking.count > 0)
		{
			CHECK_FOR_INTERRUPTS();
			mark_in_place(&marking, marking.stack[--marking.count]);
		}
	}
}
