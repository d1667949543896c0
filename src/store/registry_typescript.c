/* SPDX-License-Identifier: PostgreSQL
 *
 * registry_typescript.c: TypeScript types for what is registered.
 *
 * The text is the name of a type of events, or the URI of a schema; names come
 * first.  A literal without a cast is text, too, so a text that begins as a JSON
 * object does is a schema itself.
 */
#include "base/compat.h"

#include "schema/typescript.h"
#include "store/registry.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

PG_FUNCTION_INFO_V1(ev_registry_typescript);

static char *
types_of_body(const text *body)
{
	Datum jsonb = DirectFunctionCall1(jsonb_in, CStringGetDatum(text_to_cstring(body)));
	EvCompileOptions options;

	ev_compile_options_init(&options);
	return ev_typescript_of(ev_schema_get(NULL, DatumGetJsonbP(jsonb), &options), "Event");
}

static char *
types_of_schema(EvRegisteredSchema *schema)
{
	char *name = ev_typescript_name_of_uri(ev_registry_schema_uri(schema));

	return ev_typescript_of(ev_registry_compile(schema, EV_ASSERT_DEFAULT),
							name != NULL ? name : "Event");
}

static char *
types_of_registered(const char *name)
{
	const EvRegisteredType *type;
	EvRegisteredSchema *schema;
	const char *uri = name;

	ev_registry_refresh();
	type = ev_registry_type(name, strlen(name));
	if (type != NULL)
		uri = pstrdup(type->schema_uri);
	schema = ev_registry_schema(uri, strlen(uri));
	if (schema == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 type == NULL ? errmsg("neither a type nor a schema \"%s\" is registered", name)
							  : errmsg("schema \"%s\" is not registered", uri),
				 errhint("See events.type and events.schema. A schema that is not registered is "
						 "given as jsonb.")));
	return type == NULL
			   ? types_of_schema(schema)
			   : ev_typescript_of_event(ev_registry_compile(schema, EV_ASSERT_DEFAULT), name);
}

/* events.typescript(type) */
Datum
ev_registry_typescript(PG_FUNCTION_ARGS)
{
	const text *type = PG_GETARG_TEXT_PP(0);

	if (ev_registry_is_body(type))
		PG_RETURN_TEXT_P(cstring_to_text(types_of_body(type)));
	PG_RETURN_TEXT_P(cstring_to_text(types_of_registered(text_to_cstring(type))));
}
