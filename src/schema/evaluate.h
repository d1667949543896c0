/* SPDX-License-Identifier: PostgreSQL
 *
 * evaluate.h: the verdict of a compiled schema on a value.
 */
#ifndef EV_EVALUATE_H
#define EV_EVALUATE_H

#include "base/compat.h"
#include "fmgr.h"
#include "nodes/pg_list.h"
#include "schema/node.h"

/* What the evaluator works out ahead (EvNode.work); the last step of compilation. */
extern void ev_schema_prepare(EvSchema *schema);

/* Stops at the first failure. */
extern bool ev_schema_is_valid(const EvSchema *schema, const EvView *data);

typedef struct EvSchemaError
{
	char *instance_location;		 /* JSON Pointer into the value */
	char *keyword_location;			 /* JSON Pointer along the path of evaluation, through $ref */
	char *absolute_keyword_location; /* URI with fragment; NULL without an absolute URI */
	const char *keyword; /* of a schema that is false: what applied it, "" for the root */
	char *message;
} EvSchemaError;

/*
 * All failures, in the order of evaluation, at most `limit` of them; NIL if the
 * value is valid.  palloc'd in CurrentMemoryContext.  Of a failed anyOf or
 * oneOf its branches' failures come before its own; what stands under `not` or
 * `if` never appears.
 */
extern List *ev_schema_errors(const EvSchema *schema, const EvView *data, int limit);

/* Raises 23514, the first few failures in DETAIL; `what` names the value in the message. */
extern pg_noreturn void ev_schema_errors_raise(List *errors, const char *what);

/* That DETAIL: a line for each failure, its location after `prefix` ("" or "/data"); palloc'd. */
extern char *ev_schema_errors_detail(List *errors, const char *prefix);

/* The "basic" output: {"valid": true}, or false and errors. */
extern Jsonb *ev_schema_report(List *errors);

/* Rows (instance_location, keyword_location, keyword, message) of a set-returning function. */
extern void ev_schema_errors_put(List *errors, FunctionCallInfo fcinfo);

/* A limit for those who want all failures. */
#define EV_ALL_ERRORS 1000

/* The value with what is missing filled in from `default`; palloc'd. */
extern Jsonb *ev_schema_apply_defaults(const EvSchema *schema, const EvView *data);

#endif /* EV_EVALUATE_H */
