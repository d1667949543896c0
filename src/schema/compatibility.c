/* SPDX-License-Identifier: PostgreSQL
 *
 * compatibility.c: does data that was valid under one schema stay valid under
 * another?
 *
 * Backward: all that the older schema accepts, the newer one accepts.  Forward
 * is the same question with the schemas exchanged: those who still have the
 * older one accept what is made by the newer one.  containment.c answers both;
 * everything it needs goes with a memory context when it is done.
 */
#include "base/compat.h"

#include "schema/compatibility.h"
#include "schema/containment.h"
#include "utils/memutils.h"

/* Pairs of schemas that are compared at most. */
#define MAX_PAIRS 30000

/* What keeps `outer` from accepting all that `inner` does. */
static List *
find_changes(const EvSchema *inner, const EvSchema *outer, EvSchemaChangeKind kind, bool strict)
{
	MemoryContext result_context = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(result_context, "events compatibility",
												  ALLOCSET_DEFAULT_SIZES);
	EvContainment c = {.kind = kind, .strict = strict, .work_left = MAX_PAIRS};

	MemoryContextSwitchTo(context);
	c.result_context = result_context;
	c.graphs = ev_graphs_make(inner, outer);
	ev_containment_init(&c);
	if (!ev_containment_holds(&c, ev_conjunction_add(c.graphs, NULL, inner->root), outer->root) &&
		c.changes == NIL)
		(void) ev_containment_report(&c, outer->root, "cannot be decided", "cannot be decided");
	MemoryContextSwitchTo(result_context);
	MemoryContextDelete(context);
	return c.changes;
}

List *
ev_schema_compatibility(const EvSchema *older, const EvSchema *newer, bool strict)
{
	return list_concat(find_changes(older, newer, EV_BREAKS_BACKWARD, strict),
					   find_changes(newer, older, EV_BREAKS_FORWARD, strict));
}

bool
ev_schema_is_backward_compatible(const EvSchema *older, const EvSchema *newer,
								 EvSchemaChange **first)
{
	List *changes = find_changes(older, newer, EV_BREAKS_BACKWARD, false);

	if (first != NULL)
		*first = changes != NIL ? linitial(changes) : NULL;
	return changes == NIL;
}

const char *
ev_schema_change_kind_name(EvSchemaChangeKind kind)
{
	return kind == EV_BREAKS_BACKWARD ? "backward" : "forward";
}
