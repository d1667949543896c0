/* SPDX-License-Identifier: PostgreSQL
 *
 * risk.h: what in a schema lets a hostile value cost more time than its size.
 */
#ifndef EV_RISK_H
#define EV_RISK_H

#include "nodes/pg_list.h"
#include "schema/compile.h"

typedef struct EvSchemaRisk
{
	char *location; /* JSON Pointer into the schema */
	const char *rule;
	char *message;
} EvSchemaRisk;

/*
 * All risks of a schema, in the order of its keys; NIL if it is safe.  The
 * schema need not be valid: what is malformed is passed over.  Of `options`
 * only the draft counts, for a schema without $schema.  palloc'd in
 * CurrentMemoryContext.
 */
extern List *ev_schema_risks(const Jsonb *schema, const EvCompileOptions *options);

#endif /* EV_RISK_H */
