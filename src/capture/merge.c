/* SPDX-License-Identifier: PostgreSQL
 *
 * merge.c: rows that a MERGE moves to other partitions.
 *
 * An UPDATE that moves a row to another partition has it in the transition
 * tables of UPDATE.  If a MERGE does the same, PostgreSQL puts the old row into
 * the transition table of DELETE and the new one into that of INSERT, and fires
 * triggers for the actions that the MERGE names.  Where it names DELETE and
 * INSERT too, and both are tracked, the move is published as these.  Else nobody
 * would hear of it, and that is an error.
 *
 * The executor counts the rows that a MERGE has updated, wherever they went.  The
 * triggers fire while its query is being finished; which one that is, a hook
 * keeps in mind.  A query that is finished within (a statement of some trigger)
 * takes its place for a while.  If the library is loaded by the very trigger, the
 * hook has not been called, and nothing is noticed that time.
 */
#include "base/compat.h"

#include "capture/merge.h"
#include "catalog/pg_trigger.h"
#include "executor/executor.h"
#include "nodes/execnodes.h"
#include "utils/tuplestore.h"

static ExecutorFinish_hook_type prev_finish_hook = NULL;

/* The innermost query that is being finished, if it may have a MERGE; else NULL. */
static QueryDesc *finishing = NULL;

static void
finish(QueryDesc *query)
{
	if (prev_finish_hook)
		prev_finish_hook(query);
	else
		standard_ExecutorFinish(query);
}

static void
finish_hook(QueryDesc *query)
{
	QueryDesc *outer = finishing;
	bool merges = query->operation == CMD_MERGE || query->plannedstmt->hasModifyingCTE;

	if (!merges && outer == NULL)
	{
		finish(query);
		return;
	}
	finishing = merges ? query : NULL;
	PG_TRY();
	{
		finish(query);
	}
	PG_FINALLY();
	{
		finishing = outer;
	}
	PG_END_TRY();
}

/* Does the function get the rows of this operation, too? */
static bool
is_captured(const TriggerData *trigger, int16 event)
{
	const TriggerDesc *all = trigger->tg_relation->trigdesc;

	for (int i = 0; i < all->numtriggers; i++)
	{
		const Trigger *other = &all->triggers[i];

		if (other->tgfoid == trigger->tg_trigger->tgfoid && (other->tgtype & event) != 0 &&
			TRIGGER_FOR_AFTER(other->tgtype) && !TRIGGER_FOR_ROW(other->tgtype) &&
			other->tgenabled != TRIGGER_DISABLED)
			return true;
	}
	return false;
}

/* How many rows of the table has this part of the query updated, if it is a MERGE? */
static int64
count_updated(const PlanState *state, const TriggerData *trigger)
{
	const ModifyTableState *merge = (const ModifyTableState *) state;

	if (state == NULL || !IsA(state, ModifyTableState) || merge->operation != CMD_MERGE ||
		RelationGetRelid(merge->rootResultRelInfo->ri_RelationDesc) !=
			RelationGetRelid(trigger->tg_relation))
		return 0;
	if ((merge->mt_merge_subcommands & MERGE_DELETE) != 0 &&
		(merge->mt_merge_subcommands & MERGE_INSERT) != 0 &&
		is_captured(trigger, TRIGGER_TYPE_DELETE) && is_captured(trigger, TRIGGER_TYPE_INSERT))
		return 0;
	return (int64) merge->mt_merge_updated;
}

void
ev_merge_check(const TriggerData *trigger)
{
	Relation relation = trigger->tg_relation;
	int64 updated;
	int64 seen;
	ListCell *cell;

	if (finishing == NULL || relation->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		return;
	updated = count_updated(finishing->planstate, trigger);
	foreach (cell, finishing->estate->es_auxmodifytables)
		updated += count_updated(lfirst(cell), trigger);
	seen = tuplestore_tuple_count(trigger->tg_newtable);
	if (seen < updated)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_ACTION_EXCEPTION),
				 errmsg("cannot publish that MERGE has moved rows of table \"%s\" to other "
						"partitions",
						RelationGetRelationName(relation)),
				 errdetail("It has updated " INT64_FORMAT " rows, of which triggers AFTER UPDATE "
						   "get " INT64_FORMAT ".",
						   updated, seen),
				 errhint("Move them by UPDATE. Or track INSERT and DELETE, too, and let the MERGE "
						 "have such actions (WHEN MATCHED AND false THEN DELETE): then they are "
						 "published as deleted and inserted.")));
}

void
ev_merge_init(void)
{
	prev_finish_hook = ExecutorFinish_hook;
	ExecutorFinish_hook = finish_hook;
}
