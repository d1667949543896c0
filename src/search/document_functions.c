/* SPDX-License-Identifier: PostgreSQL
 *
 * document_functions.c: the document of a row, in SQL: what of an event is searched.
 */
#include "base/compat.h"

#include "funcapi.h"
#include "search/document.h"
#include "store/event_row.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(ev_search_document);

#define NRESULT 4

/* events._search_document(event, OUT keys, OUT document, OUT configuration, OUT is_truncated) */
Datum
ev_search_document(PG_FUNCTION_ARGS)
{
	EvEventRow *site = fcinfo->flinfo->fn_extra;
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];
	EvDocument document;
	Datum result[NRESULT];
	bool isnull[NRESULT] = {false};
	TupleDesc descriptor;

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (site == NULL)
		site = fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt,
																 sizeof(EvEventRow));
	ev_event_row_read(site, PG_GETARG_HEAPTUPLEHEADER(0), fcinfo->flinfo->fn_mcxt, values, nulls);
	ev_event_row_require(nulls);
	ev_document_make(&document, values, nulls,
					 ev_document_configuration(DatumGetTextPP(values[EV_TYPE])));
	result[0] = PointerGetDatum(ev_document_keys_array(&document));
	result[1] = TSVectorGetDatum(document.text);
	result[2] = CStringGetTextDatum(ev_document_configuration_name(document.configuration));
	result[3] = BoolGetDatum(document.is_truncated);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(descriptor, result, isnull)));
}
