/* SPDX-License-Identifier: PostgreSQL
 *
 * evaluate_applied.c: schemas applied to the very value that the node is
 * applied to: references, allOf, anyOf, oneOf, not, if.
 *
 * A dynamic reference was resolved statically by the compiler, to a node that
 * is known to be a dynamic anchor.  Here the resources entered on the way are
 * searched for the outermost one with an anchor of that name ($recursiveRef:
 * with $recursiveAnchor).
 *
 * References may lead in a circle without ever going down into the value.  A
 * chain of more references than there are nodes, all for the same value, must
 * have passed one of them twice, and would go on without end.
 */
#include "schema/evaluation.h"

#include "miscadmin.h"

static const EvNode *
find_dynamic_anchor(const EvResource *resource, EvRefKind kind, const char *name)
{
	if (kind == EV_REF_RECURSIVE)
		return resource->recursive_anchor ? resource->root : NULL;
	for (int i = 0; i < resource->ndynamic; i++)
	{
		if (strcmp(resource->dynamic_names[i], name) == 0)
			return resource->dynamic_nodes[i];
	}
	return NULL;
}

const EvNode *
ev_scope_resolve(const EvEvaluation *e, const EvNode *node, EvRefKind kind, const EvNode *target)
{
	if (likely(kind == EV_REF_STATIC))
		return target;
	for (const EvScope *scope = e->scope; scope != NULL; scope = scope->outer)
	{
		const EvNode *found = find_dynamic_anchor(scope->resource, kind, node->dynamic_anchor);

		if (found != NULL)
			target = found;
	}
	return target;
}

void
ev_evaluate_refuse_cycle(const EvNode *node)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("schema refers to itself without end"),
			 errdetail("The reference at \"%s#%s/%s\" leads back to itself for the same value.",
					   node->resource->uri, ev_node_pointer(node), node->ref_keyword),
			 errhint("Let the reference stand below a keyword that goes into the value, such as "
					 "properties or items.")));
}

/* Follow a reference of the node: kind, target and keyword are those of one of the two. */
static bool
follow(EvEvaluation *e, const EvNode *node, const EvView *value, EvSeen *seen, bool second)
{
	EvRefKind kind = second ? node->second_kind : node->ref_kind;
	const EvNode *target = ev_scope_resolve(e, node, kind, second ? node->second_ref : node->ref);
	const char *keyword = node->ref_keyword;
	const char *referred = e->referred;
	int nreferences = e->nreferences;
	bool valid;

	if (second)
		keyword = kind == EV_REF_RECURSIVE ? "$recursiveRef" : "$dynamicRef";
	if (target->work[value->type] == 0)
		return true;
	e->nreferences = referred == value->data ? nreferences + 1 : 1;
	e->referred = value->data;
	if (unlikely(e->nreferences > e->schema->nnodes))
		ev_evaluate_refuse_cycle(node);
	valid = ev_apply(e, target, value, seen, .keyword = keyword);
	e->referred = referred;
	e->nreferences = nreferences;
	return valid;
}

/* The verdict of a schema that may fail without harm; what it saw counts if it does not. */
static bool
try_quietly(EvEvaluation *e, const EvNode *node, const EvView *value, EvSeen *seen)
{
	EvSeen own;
	bool valid;

	if (seen == NULL)
		return ev_evaluate_quietly(e, node, value, NULL);
	ev_seen_init(&own, seen->count);
	valid = ev_evaluate_quietly(e, node, value, &own);
	if (valid)
		ev_seen_merge(seen, &own);
	ev_seen_clear(&own);
	return valid;
}

/* Why the branches failed; false if the output is full. */
static bool
report_branches(EvEvaluation *e, const EvNodeList *branches, const EvView *value,
				const char *keyword)
{
	for (int i = 0; i < branches->count; i++)
	{
		if (!ev_apply(e, branches->nodes[i], value, NULL, .keyword = keyword, .branch = i + 1) &&
			ev_output_is_full(e->output))
			return false;
	}
	return true;
}

static bool
check_all_of(EvEvaluation *e, const EvNode *node, const EvView *value, EvSeen *seen)
{
	for (int i = 0; i < node->all_of.count; i++)
	{
		if (!ev_apply(e, node->all_of.nodes[i], value, seen, .keyword = "allOf", .branch = i + 1) &&
			ev_stops(e))
			return false;
	}
	return true;
}

/* With a set to fill all branches are asked, not only the first ones until one is valid. */
static bool
check_any_of(EvEvaluation *e, const EvNode *node, const EvView *value, EvSeen *seen)
{
	bool valid = false;

	for (int i = 0; i < node->any_of.count && (!valid || seen != NULL); i++)
		valid |= try_quietly(e, node->any_of.nodes[i], value, seen);
	if (valid)
		return true;
	if (e->output == NULL || !report_branches(e, &node->any_of, value, "anyOf"))
		return false;
	return !ev_broken(e, node, "anyOf", "must be valid against at least one schema of anyOf");
}

static bool
check_one_of(EvEvaluation *e, const EvNode *node, const EvView *value, EvSeen *seen)
{
	int first = -1;

	for (int i = 0; i < node->one_of.count; i++)
	{
		if (!try_quietly(e, node->one_of.nodes[i], value, seen))
			continue;
		if (first < 0)
			first = i;
		else
			return !ev_broken(e, node, "oneOf",
							  "must be valid against exactly one schema of oneOf, "
							  "is valid against numbers %d and %d",
							  first, i);
	}
	if (first >= 0)
		return true;
	if (e->output == NULL || !report_branches(e, &node->one_of, value, "oneOf"))
		return false;
	return !ev_broken(e, node, "oneOf",
					  "must be valid against exactly one schema of oneOf, is valid against none");
}

static bool
check_if(EvEvaluation *e, const EvNode *node, const EvView *value, EvSeen *seen)
{
	const EvNode *branch;
	bool holds;

	if (node->then_node == NULL && node->else_node == NULL && seen == NULL)
		return true;
	holds = try_quietly(e, node->if_node, value, seen);
	branch = holds ? node->then_node : node->else_node;
	return branch == NULL || ev_apply(e, branch, value, seen, .keyword = holds ? "then" : "else") ||
		   !ev_stops(e);
}

bool
ev_evaluate_references(EvEvaluation *e, const EvNode *node, const EvView *value, EvSeen *seen)
{
	check_stack_depth();
	if (node->ref_kind != EV_REF_NONE && !follow(e, node, value, seen, false) && ev_stops(e))
		return false;
	return node->second_kind == EV_REF_NONE || follow(e, node, value, seen, true) || !ev_stops(e);
}

bool
ev_evaluate_applied(EvEvaluation *e, const EvNode *node, const EvView *value, EvSeen *seen)
{
	check_stack_depth();
	if (!check_all_of(e, node, value, seen))
		return false;
	if (node->any_of.count > 0 && !check_any_of(e, node, value, seen))
		return false;
	if (node->one_of.count > 0 && !check_one_of(e, node, value, seen))
		return false;
	if (node->not_node != NULL && ev_evaluate_quietly(e, node->not_node, value, NULL) &&
		ev_broken(e, node, "not", "must not be valid against the schema of not"))
		return false;
	return node->if_node == NULL || check_if(e, node, value, seen);
}
