/* SPDX-License-Identifier: PostgreSQL
 *
 * infer_functions.c: events.infer_schema, and the aggregate of that name.
 *
 * The state of the aggregate is an EvInfer in the aggregate's own memory
 * context; it is not freed by the final function, so that it also serves in
 * window frames and for several aggregates over the same input.
 */
#include "postgres.h"

#include "schema/infer.h"

#include "fmgr.h"
#include "utils/fmgrprotos.h"

PG_FUNCTION_INFO_V1(ev_infer_schema);
PG_FUNCTION_INFO_V1(ev_infer_transition);
PG_FUNCTION_INFO_V1(ev_infer_combine);
PG_FUNCTION_INFO_V1(ev_infer_serial);
PG_FUNCTION_INFO_V1(ev_infer_deserial);
PG_FUNCTION_INFO_V1(ev_infer_final);

static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("this function is part of an aggregate"),
						errhint("Use events.infer_schema_agg().")));
	return context;
}

Datum
ev_infer_schema(PG_FUNCTION_ARGS)
{
	EvInfer *infer = ev_infer_make(CurrentMemoryContext);
	EvView sample = ev_view_of(PG_GETARG_JSONB_P(0));

	ev_infer_add(infer, &sample);
	PG_RETURN_JSONB_P(ev_infer_schema_of(infer));
}

/* A sample that is SQL NULL is none. */
Datum
ev_infer_transition(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	EvInfer *infer = PG_ARGISNULL(0) ? NULL : (EvInfer *) PG_GETARG_POINTER(0);

	if (!PG_ARGISNULL(1))
	{
		Jsonb *jsonb = PG_GETARG_JSONB_P(1);
		EvView sample = ev_view_of(jsonb);

		if (infer == NULL)
			infer = ev_infer_make(context);
		ev_infer_add(infer, &sample);
		PG_FREE_IF_COPY(jsonb, 1);
	}
	if (infer == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(infer);
}

Datum
ev_infer_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	EvInfer *infer = PG_ARGISNULL(0) ? NULL : (EvInfer *) PG_GETARG_POINTER(0);

	if (!PG_ARGISNULL(1))
	{
		if (infer == NULL)
			infer = ev_infer_make(context);
		ev_infer_merge(infer, (EvInfer *) PG_GETARG_POINTER(1));
	}
	if (infer == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(infer);
}

Datum
ev_infer_serial(PG_FUNCTION_ARGS)
{
	aggregate_context(fcinfo);
	PG_RETURN_BYTEA_P(ev_infer_serialize((EvInfer *) PG_GETARG_POINTER(0)));
}

Datum
ev_infer_deserial(PG_FUNCTION_ARGS)
{
	aggregate_context(fcinfo);
	PG_RETURN_POINTER(ev_infer_deserialize(CurrentMemoryContext, PG_GETARG_BYTEA_PP(0)));
}

Datum
ev_infer_final(PG_FUNCTION_ARGS)
{
	aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(ev_infer_schema_of((EvInfer *) PG_GETARG_POINTER(0)));
}
