/* SPDX-License-Identifier: PostgreSQL
 *
 * condition.c: is a change one that is to be published?
 *
 * The condition is understood as CREATE TRIGGER understands WHEN: rows old and
 * new are the two range table entries, subqueries, aggregates and functions
 * that return sets are refused.  It is parsed once (change_plan.c keeps the
 * tree), and planned and initialised for each statement: that costs little, and
 * checks the rights of the user of that statement on the functions; and a
 * condition that changes the very table it belongs to finds a state of its own.
 *
 * A writer must not steer it by his search_path: with an operator = of his own
 * he could make events vanish.  So names are looked up in pg_catalog and the
 * table's schema only, or by the path that the options give.
 */
#include "base/compat.h"

#include "capture/condition.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_clause.h"
#include "parser/parse_collate.h"
#include "parser/parse_relation.h"
#include "parser/parser.h"
#include "rewrite/prs2lock.h"
#include "rewrite/rewriteHandler.h"
#include "rewrite/rewriteManip.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

/* Let positions in error messages count in the condition, not in the statement. */
static void
show_condition(void *arg)
{
	const char *text = arg;
	int position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(text);
	}
	errcontext("condition \"when\" of events.publish_change(): %s", text);
}

pg_noreturn static void
refuse(const char *what)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("condition \"when\" of events.publish_change() is not valid"),
					errdetail("%s", what),
					errhint("For example: new.status IS DISTINCT FROM old.status.")));
}

/* The one expression that the text is; the grammar would take a whole SELECT. */
static Node *
parse_expression(const char *text)
{
	List *list = raw_parser(text, RAW_PARSE_PLPGSQL_EXPR);
	SelectStmt *select = castNode(SelectStmt, linitial_node(RawStmt, list)->stmt);
	ResTarget *target;

	if (list_length(select->targetList) != 1 || select->distinctClause != NIL ||
		select->fromClause != NIL || select->whereClause != NULL || select->groupClause != NIL ||
		select->havingClause != NULL || select->windowClause != NIL || select->sortClause != NIL ||
		select->limitOffset != NULL || select->limitCount != NULL || select->lockingClause != NIL ||
		select->op != SETOP_NONE)
		refuse("It must be one expression.");
	target = linitial_node(ResTarget, select->targetList);
	if (target->name != NULL || target->indirection != NIL)
		refuse("It must be one expression, without a name.");
	return target->val;
}

static void
add_row(ParseState *pstate, Relation relation, const char *name)
{
	ParseNamespaceItem *item = addRangeTableEntryForRelation(pstate, relation, AccessShareLock,
															 makeAlias(name, NIL), false, false);

	addNSItemToQuery(pstate, item, false, true, true);
}

/* Rows of transition tables have no system columns. */
static void
refuse_system_columns(Node *condition)
{
	ListCell *cell;

	foreach (cell, pull_var_clause(condition, 0))
	{
		if (lfirst_node(Var, cell)->varattno < 0)
			refuse("It must not refer to system columns.");
	}
}

static Node *
transform(const char *text, Relation relation)
{
	ParseState *pstate = make_parsestate(NULL);
	Node *condition;

	pstate->p_sourcetext = text;
	add_row(pstate, relation, "old");
	add_row(pstate, relation, "new");
	condition = transformWhereClause(pstate, parse_expression(text), EXPR_KIND_TRIGGER_WHEN,
									 "WHEN");
	assign_expr_collations(pstate, condition);
	free_parsestate(pstate);
	refuse_system_columns(condition);
#ifdef EV_HAVE_VIRTUAL_GENERATED_COLUMNS
	condition = expand_generated_columns_in_expr(condition, relation, PRS2_OLD_VARNO);
	condition = expand_generated_columns_in_expr(condition, relation, PRS2_NEW_VARNO);
#endif
	ChangeVarNodes(condition, PRS2_OLD_VARNO, INNER_VAR, 0);
	ChangeVarNodes(condition, PRS2_NEW_VARNO, OUTER_VAR, 0);
	return condition;
}

Node *
ev_condition_parse(const char *text, Relation relation, const char *search_path)
{
	ErrorContextCallback context = {error_context_stack, show_condition, unconstify(char *, text)};
	int level = NewGUCNestLevel();
	Node *condition;

	if (search_path == NULL)
		search_path = psprintf("pg_catalog, %s, pg_temp", quote_identifier(get_namespace_name(
															  RelationGetNamespace(relation))));
	(void) set_config_option("search_path", search_path, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	error_context_stack = &context;
	condition = transform(text, relation);
	error_context_stack = context.previous;
	AtEOXact_GUC(true, level);
	return condition;
}

ExprState *
ev_condition_prepare(Node *condition)
{
	Expr *planned = expression_planner((Expr *) copyObject(condition));

	return ExecInitQual(make_ands_implicit(planned), NULL);
}

bool
ev_condition_holds(ExprState *condition, ExprContext *econtext, TupleTableSlot *old_row,
				   TupleTableSlot *new_row)
{
	econtext->ecxt_innertuple = old_row;
	econtext->ecxt_outertuple = new_row;
	return ExecQual(condition, econtext);
}
