/* SPDX-License-Identifier: PostgreSQL
 *
 * safety.c: the SQL functions that look at schemas before they are used:
 * events.schema_risks() and events.schema_compatibility().
 */
#include "base/compat.h"

#include "funcapi.h"
#include "schema/compatibility.h"
#include "schema/risk.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(ev_safety_risks);
PG_FUNCTION_INFO_V1(ev_safety_compatibility);

Datum
ev_safety_risks(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	EvCompileOptions options;
	ListCell *lc;

	InitMaterializedSRF(fcinfo, 0);
	ev_compile_options_init(&options);
	foreach (lc, ev_schema_risks(PG_GETARG_JSONB_P(0), &options))
	{
		const EvSchemaRisk *risk = lfirst(lc);
		Datum values[3] = {CStringGetTextDatum(risk->location), CStringGetTextDatum(risk->rule),
						   CStringGetTextDatum(risk->message)};
		bool nulls[3] = {false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

Datum
ev_safety_compatibility(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	EvCompileOptions options;
	EvSchema *older, *newer;
	ListCell *lc;

	InitMaterializedSRF(fcinfo, 0);
	ev_compile_options_init(&options);
	older = ev_schema_compile(PG_GETARG_JSONB_P(0), &options, CurrentMemoryContext);
	newer = ev_schema_compile(PG_GETARG_JSONB_P(1), &options, CurrentMemoryContext);
	foreach (lc, ev_schema_compatibility(older, newer, PG_GETARG_BOOL(2)))
	{
		const EvSchemaChange *change = lfirst(lc);
		Datum values[3] = {CStringGetTextDatum(ev_schema_change_kind_name(change->kind)),
						   CStringGetTextDatum(change->location),
						   CStringGetTextDatum(change->change)};
		bool nulls[3] = {false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	MemoryContextDelete(older->context);
	MemoryContextDelete(newer->context);
	return (Datum) 0;
}
