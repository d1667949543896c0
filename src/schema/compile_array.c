/* SPDX-License-Identifier: PostgreSQL
 *
 * compile_array.c: keywords about arrays.
 *
 * `items` as an array (up to 2019-09) and `prefixItems` (from 2020-12) are the
 * same thing, and so are `additionalItems` behind the former and `items` behind
 * the latter.
 */
#include "base/compat.h"

#include "schema/keyword.h"

EvArrayRules *
ev_compile_array_rules(EvCompiler *compiler, EvNode *node)
{
	EvArrayRules *rules = node->array;

	if (rules != NULL)
		return rules;
	node->array = rules = ev_compile_alloc(compiler, EvArrayRules, 1);
	rules->min_items = rules->max_items = rules->max_contains = EV_NO_LIMIT;
	rules->min_contains = 1;
	return rules;
}

void
ev_compile_prefix_items(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	EvArrayRules *rules = ev_compile_array_rules(compiler, node);

	ev_compile_list(compiler, node, value, &rules->prefix);
	rules->prefix_keyword = "prefixItems";
}

void
ev_compile_items(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	EvArrayRules *rules = ev_compile_array_rules(compiler, node);

	rules->items = ev_compile_child(compiler, node, value);
	rules->items_keyword = "items";
}

void
ev_compile_items_or_prefix(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	EvArrayRules *rules;

	if (value->type != EV_JSON_ARRAY)
	{
		ev_compile_items(compiler, node, value);
		return;
	}
	rules = ev_compile_array_rules(compiler, node);
	ev_compile_list(compiler, node, value, &rules->prefix);
	rules->prefix_keyword = "items";
}

/* Means something only behind `items` as an array, which was compiled before. */
void
ev_compile_additional_items(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	if (node->array == NULL || node->array->prefix.nodes == NULL)
		return;
	node->array->items = ev_compile_child(compiler, node, value);
	node->array->items_keyword = "additionalItems";
}

void
ev_compile_contains(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	EvArrayRules *rules = ev_compile_array_rules(compiler, node);

	rules->contains = ev_compile_child(compiler, node, value);
	rules->contains_evaluates = node->resource->draft >= EV_DRAFT_2020_12;
}

void
ev_compile_min_contains(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	ev_compile_array_rules(compiler, node)->min_contains = ev_compile_count(compiler, value);
}

void
ev_compile_max_contains(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	ev_compile_array_rules(compiler, node)->max_contains = ev_compile_count(compiler, value);
}

void
ev_compile_min_items(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	ev_compile_array_rules(compiler, node)->min_items = ev_compile_count(compiler, value);
}

void
ev_compile_max_items(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	ev_compile_array_rules(compiler, node)->max_items = ev_compile_count(compiler, value);
}

void
ev_compile_unique_items(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	ev_compile_flag(compiler, node, value);
	if (value->boolean)
		ev_compile_array_rules(compiler, node)->unique = true;
}

void
ev_compile_unevaluated_items(EvCompiler *compiler, EvNode *node, const EvView *value)
{
	EvArrayRules *rules = ev_compile_array_rules(compiler, node);

	rules->unevaluated = ev_compile_child(compiler, node, value);
}
