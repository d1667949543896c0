/* SPDX-License-Identifier: PostgreSQL
 *
 * functions.c: the SQL functions that take a schema as jsonb.
 *
 * They look at no table, so they are IMMUTABLE and stand in CHECK constraints
 * and indexes.  The compiled schema comes out of the cache of this backend
 * (compile.h), which the call site remembers.
 *
 * They are not STRICT, because assert_format is NULL where the setting
 * events.format_assertion decides: a NULL value or schema gives NULL.
 */
#include "base/compat.h"

#include "schema/compile.h"
#include "schema/evaluate.h"
#include "utils/memutils.h"

/* As long as a value gets that is stored compressed in its row. */
#define PACKED_SIZE 2048

PG_FUNCTION_INFO_V1(ev_is_valid);
PG_FUNCTION_INFO_V1(ev_validate);
PG_FUNCTION_INFO_V1(ev_validation_errors);
PG_FUNCTION_INFO_V1(ev_validation_report);
PG_FUNCTION_INFO_V1(ev_apply_defaults);

/* The arguments of all five: value, schema, and for all but the last one assert_format. */
enum
{
	DATA,
	SCHEMA,
	ASSERT_FORMAT
};

static inline bool
has_null(FunctionCallInfo fcinfo)
{
	return PG_ARGISNULL(DATA) || PG_ARGISNULL(SCHEMA);
}

/*
 * What a call site remembers.  A schema that is stored compressed or out of
 * line comes again and again as the same few bytes; then it need not be
 * unpacked to see that it is the same.
 */
typedef struct CallSite
{
	EvSchemaSite site; /* must be first: ev_schema_get() knows it only */
	Size packed_size;  /* 0 = none */
	char packed[PACKED_SIZE];
} CallSite;

static CallSite *
get_call_site(FmgrInfo *flinfo)
{
	if (flinfo->fn_extra == NULL)
		flinfo->fn_extra = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(CallSite));
	return flinfo->fn_extra;
}

static const EvSchema *
get_packed_schema(FunctionCallInfo fcinfo, const struct varlena *packed,
				  const EvCompileOptions *options)
{
	CallSite *call = get_call_site(fcinfo->flinfo);
	Size size = VARSIZE_ANY(packed);
	const EvSchema *compiled = NULL;
	Jsonb *schema;

	if (call->packed_size == size && memcmp(call->packed, packed, size) == 0)
		compiled = ev_schema_get_again(&call->site, options);
	if (compiled != NULL)
		return compiled;
	schema = PG_GETARG_JSONB_P(SCHEMA);
	compiled = ev_schema_get(fcinfo->flinfo, schema, options);
	call->packed_size = size <= PACKED_SIZE ? size : 0;
	memcpy(call->packed, packed, call->packed_size);
	pfree(schema);
	return compiled;
}

static const EvSchema *
get_schema(FunctionCallInfo fcinfo)
{
	const struct varlena *argument = (struct varlena *) PG_GETARG_POINTER(SCHEMA);
	EvCompileOptions options;

	ev_compile_options_init(&options);
	if (PG_NARGS() > ASSERT_FORMAT && !PG_ARGISNULL(ASSERT_FORMAT))
		options.assert_format = PG_GETARG_BOOL(ASSERT_FORMAT);
	if (VARATT_IS_COMPRESSED(argument) || VARATT_IS_EXTERNAL_ONDISK(argument))
		return get_packed_schema(fcinfo, argument, &options);
	get_call_site(fcinfo->flinfo)->packed_size = 0;
	return ev_schema_get(fcinfo->flinfo, PG_GETARG_JSONB_P(SCHEMA), &options);
}

static List *
get_errors(FunctionCallInfo fcinfo)
{
	const EvSchema *schema = get_schema(fcinfo);
	Jsonb *jsonb = PG_GETARG_JSONB_P(DATA);
	EvView data = ev_view_of(jsonb);
	List *errors = ev_schema_errors(schema, &data, EV_ALL_ERRORS);

	PG_FREE_IF_COPY(jsonb, DATA);
	return errors;
}

/* events.is_valid(data, schema, assert_format) → boolean */
Datum
ev_is_valid(PG_FUNCTION_ARGS)
{
	const EvSchema *schema;
	Jsonb *jsonb;
	EvView data;
	bool valid;

	if (has_null(fcinfo))
		PG_RETURN_NULL();
	schema = get_schema(fcinfo);
	jsonb = PG_GETARG_JSONB_P(DATA);
	data = ev_view_of(jsonb);
	valid = ev_schema_is_valid(schema, &data);
	PG_FREE_IF_COPY(jsonb, DATA);
	PG_RETURN_BOOL(valid);
}

/* events.validate(data, schema, assert_format) → jsonb, the data */
Datum
ev_validate(PG_FUNCTION_ARGS)
{
	List *errors;

	if (has_null(fcinfo))
		PG_RETURN_NULL();
	errors = get_errors(fcinfo);
	if (errors != NIL)
		ev_schema_errors_raise(errors, "value");
	PG_RETURN_DATUM(PG_GETARG_DATUM(DATA));
}

/* events.validation_errors(data, schema, assert_format) → table */
Datum
ev_validation_errors(PG_FUNCTION_ARGS)
{
	ev_schema_errors_put(has_null(fcinfo) ? NIL : get_errors(fcinfo), fcinfo);
	return (Datum) 0;
}

/* events.validation_report(data, schema, assert_format) → jsonb */
Datum
ev_validation_report(PG_FUNCTION_ARGS)
{
	if (has_null(fcinfo))
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(ev_schema_report(get_errors(fcinfo)));
}

/* events.apply_defaults(data, schema) → jsonb */
Datum
ev_apply_defaults(PG_FUNCTION_ARGS)
{
	const EvSchema *schema;
	EvView data;

	if (has_null(fcinfo))
		PG_RETURN_NULL();
	schema = get_schema(fcinfo);
	data = ev_view_of(PG_GETARG_JSONB_P(DATA));
	PG_RETURN_JSONB_P(ev_schema_apply_defaults(schema, &data));
}
