/* SPDX-License-Identifier: PostgreSQL
 *
 * evaluate.h: the verdict of a compiled schema on a value.
 */
#ifndef EV_EVALUATE_H
#define EV_EVALUATE_H

#include "nodes/pg_list.h"
#include "schema/node.h"

/* Stops at the first failure. */
extern bool ev_schema_is_valid(const EvSchema *schema, const EvView *data);

typedef struct EvSchemaError
{
	char *instance_location;		 /* JSON Pointer into the value */
	char *keyword_location;			 /* JSON Pointer along the path of evaluation, through $ref */
	char *absolute_keyword_location; /* URI with fragment; NULL without an absolute URI */
	const char *keyword;			 /* "" for a schema that is false */
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
extern void ev_schema_errors_raise(List *errors, const char *what) pg_attribute_noreturn();

#endif /* EV_EVALUATE_H */
