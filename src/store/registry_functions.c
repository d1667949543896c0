/* SPDX-License-Identifier: PostgreSQL
 *
 * registry_functions.c: the SQL functions that take the URI of a schema.
 *
 * They are those of schema/functions.c with another way to the compiled schema.
 * Where a schema is written as a literal without a cast, PostgreSQL takes it for
 * text and calls these, so a text that begins as a JSON object does is no URI
 * but the schema itself.
 */
#include "base/compat.h"

#include "commands/trigger.h"
#include "funcapi.h"
#include "schema/evaluate.h"
#include "store/registry.h"
#include "store/registry_find.h"
#include "store/registry_unknown.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/inval.h"

PG_FUNCTION_INFO_V1(ev_registry_is_valid);
PG_FUNCTION_INFO_V1(ev_registry_validate);
PG_FUNCTION_INFO_V1(ev_registry_validation_errors);
PG_FUNCTION_INFO_V1(ev_registry_validation_report);
PG_FUNCTION_INFO_V1(ev_registry_apply_defaults);
PG_FUNCTION_INFO_V1(ev_registry_resolve_schema);
PG_FUNCTION_INFO_V1(ev_registry_schema_name);
PG_FUNCTION_INFO_V1(ev_registry_schema_version);
PG_FUNCTION_INFO_V1(ev_registry_schema_claims);
PG_FUNCTION_INFO_V1(ev_registry_changed);

/* A schema as text, of one call site: what it was parsed to, and compiled. */
typedef struct TextSite
{
	EvSchemaSite site;
	text *source;
	Jsonb *schema;
} TextSite;

bool
ev_registry_is_body(const text *t)
{
	const char *s = VARDATA_ANY(t);
	int n = VARSIZE_ANY_EXHDR(t);
	int i = 0;

	while (i < n && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r'))
		i++;
	return i < n && s[i] == '{';
}

static bool
same_text(const text *a, const text *b)
{
	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		   memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

/* A copy that lives as long as the call site. */
static void *
keep(FmgrInfo *flinfo, const void *value, Size size)
{
	return memcpy(MemoryContextAllocHuge(flinfo->fn_mcxt, size), value, size);
}

/* The text parsed; again only when it is another one than in the last call. */
static TextSite *
parse_text(FmgrInfo *flinfo, text *source)
{
	TextSite *site = flinfo->fn_extra;
	Jsonb *schema;

	if (site == NULL)
		site = flinfo->fn_extra = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(TextSite));
	if (site->schema != NULL && same_text(site->source, source))
		return site;
	schema = DatumGetJsonbP(
		DirectFunctionCall1(jsonb_in, CStringGetDatum(text_to_cstring(source))));
	if (site->schema != NULL)
	{
		pfree(site->source);
		pfree(site->schema);
	}
	memset(site, 0, sizeof(TextSite));
	site->source = keep(flinfo, source, VARSIZE_ANY(source));
	site->schema = keep(flinfo, schema, VARSIZE(schema));
	return site;
}

static const EvSchema *
get_schema_from_text(FmgrInfo *flinfo, text *source, int assert_format)
{
	TextSite *site = parse_text(flinfo, source);
	EvCompileOptions options;

	ev_compile_options_init(&options);
	if (assert_format != EV_ASSERT_DEFAULT)
		options.assert_format = assert_format != 0;
	return ev_schema_get_at(&site->site, site->schema, true, &options);
}

/* From arguments 1 (the URI) and, if the function has it, 2 (assert_format). */
static const EvSchema *
get_schema(FunctionCallInfo fcinfo)
{
	text *uri = PG_GETARG_TEXT_PP(1);
	int assert_format = EV_ASSERT_DEFAULT;
	EvRegisteredSchema *schema;

	if (PG_NARGS() > 2 && !PG_ARGISNULL(2))
		assert_format = PG_GETARG_BOOL(2);
	if (ev_registry_is_body(uri))
		return get_schema_from_text(fcinfo->flinfo, uri, assert_format);
	ev_registry_refresh();
	schema = ev_registry_schema(VARDATA_ANY(uri), VARSIZE_ANY_EXHDR(uri));
	if (schema == NULL)
		ev_registry_unknown_raise(text_to_cstring(uri));
	return ev_registry_compile(schema, assert_format);
}

/* events.is_valid(data, schema_uri, assert_format) → boolean */
Datum
ev_registry_is_valid(PG_FUNCTION_ARGS)
{
	EvView data;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	data = ev_view_of(PG_GETARG_JSONB_P(0));
	PG_RETURN_BOOL(ev_schema_is_valid(get_schema(fcinfo), &data));
}

/* events.validate(data, schema_uri, assert_format) → data */
Datum
ev_registry_validate(PG_FUNCTION_ARGS)
{
	EvView data;
	List *errors;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	data = ev_view_of(PG_GETARG_JSONB_P(0));
	errors = ev_schema_errors(get_schema(fcinfo), &data, EV_ALL_ERRORS);
	if (errors != NIL && ev_registry_is_body(PG_GETARG_TEXT_PP(1)))
		ev_schema_errors_raise(errors, "value");
	if (errors != NIL)
		ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION),
						errmsg("value does not match schema \"%s\"",
							   text_to_cstring(PG_GETARG_TEXT_PP(1))),
						errdetail_internal("%s", ev_schema_errors_detail(errors, ""))));
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/* events.validation_errors(data, schema_uri, assert_format) → a row for each */
Datum
ev_registry_validation_errors(PG_FUNCTION_ARGS)
{
	List *errors = NIL;

	if (!PG_ARGISNULL(0) && !PG_ARGISNULL(1))
	{
		EvView data = ev_view_of(PG_GETARG_JSONB_P(0));

		errors = ev_schema_errors(get_schema(fcinfo), &data, EV_ALL_ERRORS);
	}
	ev_schema_errors_put(errors, fcinfo);
	return (Datum) 0;
}

/* events.validation_report(data, schema_uri, assert_format) → jsonb */
Datum
ev_registry_validation_report(PG_FUNCTION_ARGS)
{
	EvView data;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	data = ev_view_of(PG_GETARG_JSONB_P(0));
	PG_RETURN_JSONB_P(ev_schema_report(ev_schema_errors(get_schema(fcinfo), &data, EV_ALL_ERRORS)));
}

/* events.apply_defaults(data, schema_uri) → data */
Datum
ev_registry_apply_defaults(PG_FUNCTION_ARGS)
{
	EvView data = ev_view_of(PG_GETARG_JSONB_P(0));

	PG_RETURN_JSONB_P(ev_schema_apply_defaults(get_schema(fcinfo), &data));
}

/* events.resolve_schema(uri) → the URI it is registered under */
Datum
ev_registry_resolve_schema(PG_FUNCTION_ARGS)
{
	EvSchemaRow *row = ev_registry_find(text_to_cstring(PG_GETARG_TEXT_PP(0)));

	if (row == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(row->uri));
}

/* events._schema_name(uri) → text */
Datum
ev_registry_schema_name(PG_FUNCTION_ARGS)
{
	char *uri = text_to_cstring(PG_GETARG_TEXT_PP(0));
	EvSchemaUri parsed;

	ev_schema_uri_parse(uri, &parsed);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(
		uri, parsed.kind == EV_VERSION_EXACT ? parsed.name_length : strlen(uri)));
}

/* events._schema_version(uri) → text */
Datum
ev_registry_schema_version(PG_FUNCTION_ARGS)
{
	char *uri = text_to_cstring(PG_GETARG_TEXT_PP(0));
	EvSchemaUri parsed;

	ev_schema_uri_parse(uri, &parsed);
	if (parsed.kind != EV_VERSION_EXACT)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(uri + parsed.name_length + 1));
}

/* events._schema_claims(uri, body, draft) → text */
Datum
ev_registry_schema_claims(PG_FUNCTION_ARGS)
{
	EvDraft draft = EV_DRAFT_2020_12;
	EvView body;
	char *uri, *claim;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (!PG_ARGISNULL(2))
		ev_draft_by_name(text_to_cstring(PG_GETARG_TEXT_PP(2)), &draft);
	uri = text_to_cstring(PG_GETARG_TEXT_PP(0));
	body = ev_view_of(PG_GETARG_JSONB_P(1));
	claim = ev_resource_claim(&body, draft, uri);
	if (claim == NULL || claim[0] == '\0')
		PG_RETURN_NULL();
	claim = ev_schema_uri_normalize(claim);
	if (strcmp(claim, uri) == 0)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(claim));
}

/* The trigger function of both tables. */
Datum
ev_registry_changed(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("events._registry_changed() is a trigger function")));
	CacheInvalidateRelcache(trigger->tg_relation);
	return PointerGetDatum(NULL);
}
