/* SPDX-License-Identifier: PostgreSQL
 *
 * registry_check.c: what has to be right before a schema is registered.
 *
 * These are the checks behind events.register_schema(), which holds a lock that
 * lets nobody else register meanwhile, and which writes the row.  Rows that come
 * another way (a restore) are not checked again.
 *
 * A schema is checked in this order: its URI, what is registered there, its
 * meta-schema, that it compiles, risks, and compatibility with the versions
 * beside it.  References to schemas that are not registered (yet) are reported
 * and taken for schemas that allow everything; once somebody validates with it,
 * they are errors.
 */
#include "base/compat.h"

#include "funcapi.h"
#include "lib/stringinfo.h"
#include "schema/compile.h"
#include "schema/evaluate.h"
#include "schema/risk.h"
#include "schema/uri.h"
#include "store/registry.h"
#include "store/registry_check.h"
#include "store/registry_table.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(ev_registry_check_schema);

/* A schema on its way into the registry. */
typedef struct Candidate
{
	char *uri;
	Jsonb *body;
	EvCompileOptions options;
	EvSchema *compiled;
	List *unresolved; /* of char *, URIs */
} Candidate;

void
ev_registry_refuse_null(FunctionCallInfo fcinfo, int arg, const char *name)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be NULL", name)));
}

bool
ev_registry_append_line(StringInfo detail, int index, const char *location, const char *message)
{
	if (index > 0)
		appendStringInfoChar(detail, '\n');
	if (index == EV_SHOWN_PROBLEMS)
	{
		appendStringInfoString(detail, "...");
		return false;
	}
	if (location[0] != '\0')
		appendStringInfo(detail, "%s: ", location);
	appendStringInfoString(detail, message);
	return true;
}

static bool
flag(FunctionCallInfo fcinfo, int arg)
{
	return !PG_ARGISNULL(arg) && PG_GETARG_BOOL(arg);
}

/* ---- URI and body */

static void
check_uri(const char *uri)
{
	EvSchemaUri parsed;

	ev_schema_uri_parse(uri, &parsed);
	if (uri[0] == '\0' || strchr(uri, '#') != NULL ||
		!ev_uri_is_valid(uri, strlen(uri), false, true))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("schema cannot be registered as \"%s\"", uri),
						errdetail("It is not a URI-reference without a fragment (RFC 3986)."),
						errhint("For example '/order/created/1.0.0'.")));
	if (parsed.kind == EV_VERSION_LATEST)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("schema cannot be registered as \"%s\"", uri),
						errdetail("\"latest\" means the greatest version that is registered."),
						errhint("Name the version: '%.*s/1.0.0'.", parsed.name_length, uri)));
	if (ev_metaschema_get(uri) != NULL)
		ereport(ERROR, (errcode(ERRCODE_DUPLICATE_OBJECT),
						errmsg("\"%s\" is a meta-schema of JSON Schema", uri),
						errdetail("It is known without being registered.")));
}

/* Is there something to write? */
static bool
check_existing(const Candidate *c, bool replace)
{
	EvSchemaRow *row = ev_registry_table_schema(c->uri);

	if (row == NULL)
		return true;
	if (VARSIZE(row->body) == VARSIZE(c->body) && memcmp(row->body, c->body, VARSIZE(c->body)) == 0)
		return replace;
	if (!replace)
		ereport(ERROR, (errcode(ERRCODE_DUPLICATE_OBJECT),
						errmsg("another schema is already registered as \"%s\"", c->uri),
						errdetail("A schema does not change once it is registered."),
						errhint("Register it under a new version, or with replace => true.")));
	return true;
}

/* ---- the schema by itself */

static char *
get_dialect(const Jsonb *body)
{
	EvView view = ev_view_of(body);
	EvView dialect;

	if (view.type != EV_JSON_OBJECT || !ev_view_get(&view, "$schema", &dialect) ||
		dialect.type != EV_JSON_STRING)
		return NULL;
	return pnstrdup(dialect.data, dialect.length);
}

/* Find the draft, and check by its meta-schema, or by a registered one. */
static void
check_metaschema(Candidate *c)
{
	char *dialect = get_dialect(c->body);
	EvRegisteredSchema *meta;
	EvView view = ev_view_of(c->body);
	List *errors;

	if (view.type != EV_JSON_OBJECT && view.type != EV_JSON_BOOLEAN)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("schema \"%s\" is not a valid JSON Schema", c->uri),
						errdetail("A schema is a JSON object, or true or false.")));
	if (dialect == NULL || ev_draft_by_uri(dialect, strlen(dialect), &c->options.draft))
		dialect = pstrdup(ev_draft_uri(c->options.draft));
	meta = ev_registry_schema(dialect, strlen(dialect));
	if (meta == NULL)
		return; /* to be said by the compiler, if it minds */
	errors = ev_schema_errors(ev_registry_compile(meta, false), &view, EV_SHOWN_PROBLEMS);
	if (errors != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("schema \"%s\" is not a valid JSON Schema", c->uri),
				 errdetail_internal("%s", ev_schema_errors_detail(errors, "")),
				 errhint("It was checked by the meta-schema %s.", ev_registry_schema_uri(meta))));
}

static void
check_compiles(Candidate *c)
{
	StringInfoData detail;
	ListCell *cell;

	c->options.unresolved = &c->unresolved;
	c->compiled = ev_schema_compile(c->body, &c->options, CurrentMemoryContext);
	c->options.unresolved = NULL;
	if (c->unresolved == NIL)
		return;
	initStringInfo(&detail);
	foreach (cell, c->unresolved)
	{
		if (!ev_registry_append_line(&detail, foreach_current_index(cell), "", lfirst(cell)))
			break;
	}
	ereport(WARNING, (errcode(ERRCODE_UNDEFINED_OBJECT),
					  errmsg("schema \"%s\" refers to schemas that are not registered", c->uri),
					  errdetail_internal("%s", detail.data),
					  errhint("Until they are, to validate with it is an error.")));
}

static void
check_risks(const Candidate *c)
{
	List *risks = ev_schema_risks(c->body, &c->options);
	StringInfoData detail;
	ListCell *cell;

	if (risks == NIL)
		return;
	initStringInfo(&detail);
	foreach (cell, risks)
	{
		const EvSchemaRisk *risk = lfirst(cell);

		if (!ev_registry_append_line(&detail, foreach_current_index(cell), risk->location,
									 risk->message))
			break;
	}
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("schema \"%s\" is risky", c->uri), errdetail_internal("%s", detail.data),
					errhint("A hostile value could take long to validate. Add the limits, or use "
							"allow_insecure => true for data that you trust. "
							"events.schema_risks() lists all.")));
}

/*
 * events._check_schema(uri, body, replace, allow_insecure, force) → (uri,
 * draft, is_new, is_complete)
 */
Datum
ev_registry_check_schema(PG_FUNCTION_ARGS)
{
	Candidate c = {0};
	Datum values[4] = {0};
	bool nulls[4] = {false};
	TupleDesc descriptor;
	bool is_new;

	ev_registry_refuse_null(fcinfo, 0, "uri");
	ev_registry_refuse_null(fcinfo, 1, "body");
	c.uri = ev_schema_uri_normalize(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	c.body = PG_GETARG_JSONB_P(1);
	ev_compile_options_init(&c.options);
	c.options.assert_format = false;
	c.options.base_uri = c.uri;

	ev_registry_refresh();
	check_uri(c.uri);
	is_new = check_existing(&c, flag(fcinfo, 2));
	if (is_new)
	{
		check_metaschema(&c);
		check_compiles(&c);
		if (!flag(fcinfo, 3))
			check_risks(&c);
		if (!flag(fcinfo, 4))
			ev_registry_check_compatibility(c.uri, c.compiled);
	}
	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = CStringGetTextDatum(c.uri);
	nulls[1] = !is_new;
	if (is_new)
		values[1] = CStringGetTextDatum(ev_draft_name(c.compiled->root->resource->draft));
	values[2] = BoolGetDatum(is_new);
	values[3] = BoolGetDatum(c.unresolved == NIL);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls)));
}
