/* SPDX-License-Identifier: PostgreSQL
 *
 * event_set_functions.c: events._match_set(), an event against many patterns.
 */
#include "base/compat.h"

#include "catalog/pg_type.h"
#include "match/event_cache.h"
#include "match/event_set.h"
#include "utils/array.h"
#include "utils/jsonb.h"

PG_FUNCTION_INFO_V1(ev_match_set);

/* The array is copied, because a pattern may be compressed in it. */
static EvEventPattern *
compile_element(Datum element, int number)
{
	Jsonb *source = DatumGetJsonbPCopy(element);
	EvPatternFault fault;
	EvEventPattern *pattern = ev_event_pattern_compile(source, &fault);

	if (pattern == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid event pattern"),
				 errdetail("Pattern %d, at \"%s\": %s.", number, fault.pointer, fault.message),
				 errhint("docs/filters.md has the language of event patterns.")));
	pfree(source);
	return pattern;
}

static void *
compile(struct varlena *datum)
{
	ArrayType *array = (ArrayType *) datum;
	EvEventPattern **patterns;
	Datum *elements;
	bool *nulls;
	int n;

	deconstruct_array(array, JSONBOID, -1, false, TYPALIGN_INT, &elements, &nulls, &n);
	patterns = MemoryContextAllocHuge(CurrentMemoryContext, Max(n, 1) * sizeof(EvEventPattern *));
	for (int i = 0; i < n; i++)
		patterns[i] = nulls[i] ? NULL : compile_element(elements[i], i + 1);
	return ev_event_set_compile(patterns, n);
}

Datum
ev_match_set(PG_FUNCTION_ARGS)
{
	EvEventSet *set = ev_event_cache_get(fcinfo, 1, compile);
	Jsonb *event = PG_GETARG_JSONB_P(0);
	EvSubject subject = {.view = ev_view_of(event)};
	const int *indexes;
	int n = ev_event_set_match(set, &subject, &indexes);
	ArrayType *array;

	ev_event_set_require_all(set);
	if (n == 0)
		array = construct_empty_array(INT4OID);
	else
	{
		int32 *numbers;
		Size size = ARR_OVERHEAD_NONULLS(1) + n * sizeof(int32);

		array = palloc0(size);
		SET_VARSIZE(array, size);
		array->ndim = 1;
		array->elemtype = INT4OID;
		ARR_DIMS(array)[0] = n;
		ARR_LBOUND(array)[0] = 1;
		numbers = (int32 *) ARR_DATA_PTR(array);
		for (int i = 0; i < n; i++)
			numbers[i] = indexes[i] + 1;
	}
	PG_FREE_IF_COPY(event, 0);
	PG_RETURN_ARRAYTYPE_P(array);
}
