/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_evaluate.h: from a tree and a context to a value.
 *
 * Each kind of node has a function in one of the files feel_evaluate_*.c.
 * Whoever evaluates goes through ev_feel_evaluate(), which counts steps and depth and notes
 * where in the expression it is.  Past a limit everything is null, so whoever loops
 * looks at the answer of ev_feel_step().
 *
 * CurrentMemoryContext is the run's.
 */
#ifndef EV_FEEL_EVALUATE_H
#define EV_FEEL_EVALUATE_H

#include "match/feel_scope.h"

typedef EvFeelValue (*EvFeelEvaluator)(EvFeelRun *run, const EvFeelFrame *frame,
									   const EvFeelNode *node);

extern EvFeelValue ev_feel_evaluate(EvFeelRun *run, const EvFeelFrame *frame,
									const EvFeelNode *node);

/* Call a function that is a node, with all its arguments. */
extern EvFeelValue ev_feel_evaluate_lambda(EvFeelRun *run, const EvFeelClosure *closure,
										   const EvFeelValue *args);

/* ---- by kind ---- */
extern EvFeelValue ev_feel_evaluate_path(EvFeelRun *, const EvFeelFrame *, const EvFeelNode *);
extern EvFeelValue ev_feel_evaluate_filter(EvFeelRun *, const EvFeelFrame *, const EvFeelNode *);
extern EvFeelValue ev_feel_evaluate_list(EvFeelRun *, const EvFeelFrame *, const EvFeelNode *);
extern EvFeelValue ev_feel_evaluate_context(EvFeelRun *, const EvFeelFrame *, const EvFeelNode *);
extern EvFeelValue ev_feel_evaluate_range(EvFeelRun *, const EvFeelFrame *, const EvFeelNode *);
extern EvFeelValue ev_feel_evaluate_arithmetic(EvFeelRun *, const EvFeelFrame *,
											   const EvFeelNode *);
extern EvFeelValue ev_feel_evaluate_negate(EvFeelRun *, const EvFeelFrame *, const EvFeelNode *);
extern EvFeelValue ev_feel_evaluate_compare(EvFeelRun *, const EvFeelFrame *, const EvFeelNode *);
extern EvFeelValue ev_feel_evaluate_logic(EvFeelRun *, const EvFeelFrame *, const EvFeelNode *);
extern EvFeelValue ev_feel_evaluate_between(EvFeelRun *, const EvFeelFrame *, const EvFeelNode *);
extern EvFeelValue ev_feel_evaluate_in(EvFeelRun *, const EvFeelFrame *, const EvFeelNode *);
extern EvFeelValue ev_feel_evaluate_unary(EvFeelRun *, const EvFeelFrame *, const EvFeelNode *);
extern EvFeelValue ev_feel_evaluate_if(EvFeelRun *, const EvFeelFrame *, const EvFeelNode *);
extern EvFeelValue ev_feel_evaluate_for(EvFeelRun *, const EvFeelFrame *, const EvFeelNode *);
extern EvFeelValue ev_feel_evaluate_quantified(EvFeelRun *, const EvFeelFrame *,
											   const EvFeelNode *);
extern EvFeelValue ev_feel_evaluate_instance(EvFeelRun *, const EvFeelFrame *, const EvFeelNode *);
extern EvFeelValue ev_feel_evaluate_function(EvFeelRun *, const EvFeelFrame *, const EvFeelNode *);
extern EvFeelValue ev_feel_evaluate_call(EvFeelRun *, const EvFeelFrame *, const EvFeelNode *);

/* ---- helpers ---- */

/* The comparison of two values: true, false, or null. */
extern EvFeelValue ev_feel_evaluate_comparison(EvFeelRun *run, EvFeelOperator op, EvFeelValue a,
											   EvFeelValue b);

#endif /* EV_FEEL_EVALUATE_H */
