/* SPDX-License-Identifier: PostgreSQL
 *
 * generated.h: virtual generated columns (PostgreSQL 18), whose values no row holds.
 */
#ifndef EV_GENERATED_H
#define EV_GENERATED_H

#include "executor/executor.h"

/* Those of a table; NIL if there are none.  All is palloc'd. */
extern List *ev_generated_find(Relation relation);

/* Make them ready for one statement. */
extern List *ev_generated_prepare(List *columns);

/*
 * Compute them into the slot, which must be of a kind that holds its row in an
 * array of values; they live in the per-tuple memory of econtext.
 */
extern void ev_generated_compute(List *prepared, ExprContext *econtext, TupleTableSlot *slot);

#endif /* EV_GENERATED_H */
