/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_functions.c: the SQL functions that evaluate FEEL.
 *
 * All go the same way: the expression out of the cache, one run over the context
 * in the memory that evaluations share, an error if a limit was passed, and a
 * result that is copied out before that memory is emptied.
 */
#include "base/compat.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "match/feel_cache.h"
#include "match/feel_evaluate.h"
#include "match/feel_filter.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(ev_feel);
PG_FUNCTION_INFO_V1(ev_feel_test);
PG_FUNCTION_INFO_V1(ev_feel_unary);
PG_FUNCTION_INFO_V1(ev_check_feel);
PG_FUNCTION_INFO_V1(ev_feel_problems);

typedef struct Call
{
	const EvFeel *feel;
	EvFeelRun run;
	EvFeelRoot root;
	EvFeelFrame input; /* of unary tests */
	EvFeelValue slot;
	MemoryContext caller;
} Call;

/* The context argument: an empty object if it is NULL. */
static EvView
get_context(FunctionCallInfo fcinfo, int n)
{
	EvView view = {.type = EV_JSON_NULL};

	if (!PG_ARGISNULL(n))
	{
		view = ev_view_of(PG_GETARG_JSONB_P(n));
		if (view.type != EV_JSON_OBJECT)
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("context of a FEEL expression must be a JSON object"),
							errhint("Its members are the names that the expression can use.")));
	}
	return view;
}

static void
begin_call(Call *call, FunctionCallInfo fcinfo, bool unary, int context_argument)
{
	text *expression = PG_GETARG_TEXT_PP(0);

	memset(call, 0, sizeof(Call));
	call->root.view = get_context(fcinfo, context_argument);
	call->feel = ev_feel_cache_get(fcinfo->flinfo, VARDATA_ANY(expression),
								   VARSIZE_ANY_EXHDR(expression), unary, &call->root.view);
	call->caller = MemoryContextSwitchTo(ev_feel_run_context());
	ev_feel_run_begin(&call->run);
}

/* Within the frame of the input where there is one; what goes past a limit end_call() raises. */
static EvFeelValue
evaluate(Call *call)
{
	EvFeelFrame *frame = call->input.slots != NULL ? &call->input : &call->root.frame;

	return ev_feel_evaluate(&call->run, frame, call->feel->root);
}

static void
end_call(Call *call)
{
	EvFeelLimit exceeded = call->run.exceeded;

	MemoryContextSwitchTo(call->caller);
	ev_feel_run_context();
	ev_feel_raise_exceeded(exceeded);
}

Datum
ev_feel(PG_FUNCTION_ARGS)
{
	Call call;
	Jsonb *json;
	Jsonb *result = NULL;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	begin_call(&call, fcinfo, false, 1);
	json = ev_feel_to_jsonb(&call.run, evaluate(&call));
	if (json != NULL && !call.run.exceeded)
	{
		result = MemoryContextAlloc(call.caller, VARSIZE(json));
		memcpy(result, json, VARSIZE(json));
	}
	end_call(&call);
	PG_RETURN_JSONB_P(result);
}

Datum
ev_feel_test(PG_FUNCTION_ARGS)
{
	Call call;
	bool is_true;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	begin_call(&call, fcinfo, false, 1);
	is_true = ev_feel_is_true(evaluate(&call));
	end_call(&call);
	PG_RETURN_BOOL(is_true);
}

Datum
ev_feel_unary(PG_FUNCTION_ARGS)
{
	EvFeelValue answer;
	EvView input;
	Call call;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	begin_call(&call, fcinfo, true, 2);
	call.input.parent = &call.root.frame;
	call.input.slots = &call.slot;
	if (!PG_ARGISNULL(1))
	{
		input = ev_view_of(PG_GETARG_JSONB_P(1));
		call.slot = ev_feel_from_view(&call.run, &input);
	}
	answer = evaluate(&call);
	end_call(&call);
	if (answer.type != EV_FEEL_BOOLEAN)
		PG_RETURN_NULL();
	PG_RETURN_BOOL(answer.boolean);
}

Datum
ev_check_feel(PG_FUNCTION_ARGS)
{
	text *expression = PG_GETARG_TEXT_PP(0);
	bool unary = PG_GETARG_BOOL(1);

	if (unary)
		ev_feel_cache_get(fcinfo->flinfo, VARDATA_ANY(expression), VARSIZE_ANY_EXHDR(expression),
						  unary, NULL);
	else
		ev_feel_make_filter(VARDATA_ANY(expression), VARSIZE_ANY_EXHDR(expression));
	PG_RETURN_VOID();
}

/* Where a byte of the text is. */
static void
locate(const char *text, int offset, int *line, int *column)
{
	const char *start = text;

	*line = 1;
	for (const char *s = text; s < text + offset; s++)
	{
		if (*s == '\n')
		{
			(*line)++;
			start = s + 1;
		}
	}
	*column = pg_mbstrlen_with_len(start, text + offset - start) + 1;
}

Datum
ev_feel_problems(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ListCell *cell;
	Call call;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	begin_call(&call, fcinfo, false, 1);
	call.run.wants_reasons = true;
	evaluate(&call);
	foreach (cell, call.run.problems)
	{
		EvFeelProblem *problem = lfirst(cell);
		int line, column;
		Datum values[3];
		bool nulls[3] = {false};

		locate(call.feel->text, problem->location, &line, &column);
		values[0] = Int32GetDatum(line);
		values[1] = Int32GetDatum(column);
		values[2] = CStringGetTextDatum(problem->message);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	end_call(&call);
	return (Datum) 0;
}
