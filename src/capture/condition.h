/* SPDX-License-Identifier: PostgreSQL
 *
 * condition.h: is a change one that is to be published?
 */
#ifndef EV_CONDITION_H
#define EV_CONDITION_H

#include "executor/executor.h"

/*
 * Parse a condition over rows old and new of a table; the tree is palloc'd.
 * Names are looked up by search_path; NULL: in the table's own schema.
 */
extern Node *ev_condition_parse(const char *text, Relation relation, const char *search_path);

/* Make it ready for one statement, with the rights of the current user. */
extern ExprState *ev_condition_prepare(Node *condition);

/* NULL is false, as in WHERE. */
extern bool ev_condition_holds(ExprState *condition, ExprContext *econtext, TupleTableSlot *old_row,
							   TupleTableSlot *new_row);

#endif /* EV_CONDITION_H */
