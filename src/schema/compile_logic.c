/* SPDX-License-Identifier: PostgreSQL
 *
 * compile_logic.c: keywords that apply schemas in place (combinations,
 * conditions, references), and those that only name things.
 *
 * `$id`, `$anchor` and the like did their work when the document became known
 * (resource.c); here they are only checked.
 */
#include "base/compat.h"

#include "schema/keyword.h"

/* ---- combinations */

static void
combine(EvCompiler *compiler, EvNode *node, const EvView *value, EvNodeList *list)
{
	ev_compile_list(compiler, node, value, list);
	if (list->count == 0)
		ev_compile_malformed(compiler, "must not be empty");
}

void
ev_compile_all_of(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	combine(compiler, node, value, &node->all_of);
}

void
ev_compile_any_of(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	combine(compiler, node, value, &node->any_of);
}

void
ev_compile_one_of(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	combine(compiler, node, value, &node->one_of);
}

void
ev_compile_not(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	node->not_node = ev_compile_child(compiler, node, value);
}

/* ---- conditions: `then` and `else` mean nothing without `if`, which comes first */

void
ev_compile_if(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	node->if_node = ev_compile_child(compiler, node, value);
}

void
ev_compile_then(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	if (node->if_node != NULL)
		node->then_node = ev_compile_child(compiler, node, value);
}

void
ev_compile_else(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	if (node->if_node != NULL)
		node->else_node = ev_compile_child(compiler, node, value);
}

/* ---- references */

void
ev_compile_ref(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	const char *anchor;

	node->ref = ev_compile_reference(compiler, node, value, &anchor);
	node->ref_kind = EV_REF_STATIC;
	node->ref_keyword = "$ref";
}

/* The one beside a $ref, if there is one: $ref was compiled before. */
static void
set_dynamic(EvNode *node, EvRefKind kind, EvNode *target, const char *keyword)
{
	if (node->ref != NULL)
	{
		node->second_ref = target;
		node->second_kind = kind;
		return;
	}
	node->ref = target;
	node->ref_kind = kind;
	node->ref_keyword = keyword;
}

void
ev_compile_dynamic_ref(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	const char *anchor;
	EvNode *target = ev_compile_reference(compiler, node, value, &anchor);

	node->dynamic_anchor = anchor;
	set_dynamic(node, anchor != NULL ? EV_REF_DYNAMIC : EV_REF_STATIC, target, "$dynamicRef");
}

void
ev_compile_recursive_ref(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	const char *anchor;
	EvNode *target = ev_compile_reference(compiler, node, value, &anchor);
	bool recursive = target == target->resource->root && target->resource->recursive_anchor;

	set_dynamic(node, recursive ? EV_REF_RECURSIVE : EV_REF_STATIC, target, "$recursiveRef");
}

/* ---- names and flags */

void
ev_compile_identifier(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	if (value->type != EV_JSON_STRING)
		ev_compile_malformed(compiler, "must be a string");
}

void
ev_compile_flag(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	if (value->type != EV_JSON_BOOLEAN)
		ev_compile_malformed(compiler, "must be a boolean");
}
