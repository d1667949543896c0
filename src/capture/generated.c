/* SPDX-License-Identifier: PostgreSQL
 *
 * generated.c: virtual generated columns (PostgreSQL 18), whose values no row holds.
 *
 * Rows come to triggers as they are stored, with NULL in the place of such a
 * column, so its expression is computed here for each row.  Such expressions
 * refer to other columns, but never to other generated ones that are virtual.
 * On older servers no column is of that kind.
 */
#include "base/compat.h"

#include "capture/generated.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"

#ifdef EV_HAVE_VIRTUAL_GENERATED_COLUMNS

typedef struct Column
{
	int index; /* from 0 */
	Node *expression;
	ExprState *state;
} Column;

List *
ev_generated_find(Relation relation)
{
	TupleDesc descriptor = RelationGetDescr(relation);
	List *columns = NIL;

	for (int i = 0; i < descriptor->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
		Column *column;

		if (attribute->attisdropped || attribute->attgenerated != ATTRIBUTE_GENERATED_VIRTUAL)
			continue;
		column = palloc0(sizeof(Column));
		column->index = i;
		column->expression = build_generation_expression(relation, i + 1);
		columns = lappend(columns, column);
	}
	return columns;
}

List *
ev_generated_prepare(List *columns)
{
	List *prepared = NIL;
	ListCell *cell;

	foreach (cell, columns)
	{
		Column *column = palloc(sizeof(Column));

		*column = *(Column *) lfirst(cell);
		column->state = ExecInitExpr(expression_planner((Expr *) copyObject(column->expression)),
									 NULL);
		prepared = lappend(prepared, column);
	}
	return prepared;
}

void
ev_generated_compute(List *prepared, ExprContext *econtext, TupleTableSlot *slot)
{
	ListCell *cell;

	slot_getallattrs(slot);
	econtext->ecxt_scantuple = slot;
	foreach (cell, prepared)
	{
		Column *column = lfirst(cell);

		slot->tts_values[column->index] = ExecEvalExprSwitchContext(
			column->state, econtext, &slot->tts_isnull[column->index]);
	}
}

#else

List *
ev_generated_find(Relation relation)
{
	return NIL;
}

List *
ev_generated_prepare(List *columns)
{
	return NIL;
}

void
ev_generated_compute(List *prepared, ExprContext *econtext, TupleTableSlot *slot)
{
}

#endif
