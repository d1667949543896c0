/* SPDX-License-Identifier: PostgreSQL
 *
 * compile_dynamic.c: what references in the dynamic scope may find.
 *
 * Only the evaluation knows which anchor a $dynamicRef means, or which root a
 * $recursiveRef: the one in the outermost resource that it came through.  So
 * all of the dynamic anchors of a resource are compiled as soon as anything in
 * it is, and so is the root of one with $recursiveAnchor.  Compiling them may
 * reach further resources; compile.c goes on until nothing is left.
 */
#include "base/compat.h"

#include "schema/keyword.h"

void
ev_compile_dynamic_reach(EvCompiler *compiler)
{
	ListCell *cell;

	compiler->keyword = NULL;
	foreach (cell, compiler->dynamics)
	{
		EvDynamic *entry = lfirst(cell);

		if (entry->resource->reached && entry->node == NULL)
			entry->node = ev_compile_target(compiler, entry->resource, &entry->schema, NULL);
	}
	foreach (cell, compiler->resources)
	{
		EvResource *resource = lfirst(cell);

		if (resource->reached && resource->recursive_anchor && resource->root == NULL)
			ev_compile_root(compiler, resource);
	}
}

void
ev_compile_dynamic_collect(EvCompiler *compiler)
{
	ListCell *cell;

	foreach (cell, compiler->dynamics)
	{
		EvDynamic *entry = lfirst(cell);

		if (entry->node != NULL)
			entry->resource->ndynamic++;
	}
	foreach (cell, compiler->dynamics)
	{
		EvDynamic *entry = lfirst(cell);
		EvResource *resource = entry->resource;

		if (entry->node == NULL)
			continue;
		if (resource->dynamic_names == NULL)
		{
			resource->dynamic_names = ev_compile_alloc(compiler, const char *, resource->ndynamic);
			resource->dynamic_nodes = ev_compile_alloc(compiler, EvNode *, resource->ndynamic);
			resource->ndynamic = 0;
		}
		resource->dynamic_names[resource->ndynamic] = entry->name;
		resource->dynamic_nodes[resource->ndynamic++] = entry->node;
	}
}
