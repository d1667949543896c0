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
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(ev_safety_risks);

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
