/* SPDX-License-Identifier: PostgreSQL
 *
 * document_functions.c: the document of a row, in SQL: what of an event is searched.
 */
#include "base/compat.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "search/document.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/typcache.h"

PG_FUNCTION_INFO_V1(ev_search_document);

#define NRESULT 4

static void
take_columns(HeapTupleHeader header, Datum *values, bool *nulls)
{
	HeapTupleData tuple = {.t_len = HeapTupleHeaderGetDatumLength(header), .t_data = header};
	TupleDesc descriptor = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header),
												  HeapTupleHeaderGetTypMod(header));
	Datum *row = palloc(sizeof(Datum) * descriptor->natts);
	bool *isnull = palloc(sizeof(bool) * descriptor->natts);
	int numbers[EV_NCOLUMNS];

	ev_columns_locate(descriptor, numbers);
	heap_deform_tuple(&tuple, descriptor, row, isnull);
	for (int i = 0; i < EV_NCOLUMNS; i++)
	{
		values[i] = row[numbers[i]];
		nulls[i] = isnull[numbers[i]];
	}
	ReleaseTupleDesc(descriptor);
}

/* events._search_document(event, OUT keys, OUT document, OUT configuration, OUT is_truncated) */
Datum
ev_search_document(PG_FUNCTION_ARGS)
{
	Datum values[EV_NCOLUMNS];
	bool nulls[EV_NCOLUMNS];
	EvDocument document;
	Datum result[NRESULT];
	bool isnull[NRESULT] = {false};
	TupleDesc descriptor;

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	take_columns(PG_GETARG_HEAPTUPLEHEADER(0), values, nulls);
	ev_document_make(&document, values, nulls,
					 ev_document_configuration(DatumGetTextPP(values[EV_TYPE])));
	result[0] = PointerGetDatum(ev_document_keys_array(&document));
	result[1] = TSVectorGetDatum(document.text);
	result[2] = CStringGetTextDatum(ev_document_configuration_name(document.configuration));
	result[3] = BoolGetDatum(document.is_truncated);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(descriptor, result, isnull)));
}
