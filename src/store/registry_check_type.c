/* SPDX-License-Identifier: PostgreSQL
 *
 * registry_check_type.c: what has to be right before a type is registered, and
 * before a schema is removed.
 */
#include "base/compat.h"

#include "lib/stringinfo.h"
#include "match/topic.h"
#include "schema/evaluate.h"
#include "store/registry.h"
#include "store/registry_check.h"
#include "store/registry_find.h"
#include "store/registry_unknown.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(ev_registry_check_unused);
PG_FUNCTION_INFO_V1(ev_registry_check_type);

/* ---- removal */

typedef struct Users
{
	const char *uri;
	StringInfoData names;
	int count;
} Users;

static void
note_user(const char *name, const char *schema_uri, void *arg)
{
	Users *users = arg;
	EvSchemaRow *row = ev_registry_find(schema_uri);

	if (row == NULL || strcmp(row->uri, users->uri) != 0 || users->count++ > EV_SHOWN_PROBLEMS)
		return;
	appendStringInfo(&users->names, "%s%s", users->count > 1 ? ", " : "",
					 users->count > EV_SHOWN_PROBLEMS ? "..." : name);
}

/* events._check_unused(uri) → the URI as it is written */
Datum
ev_registry_check_unused(PG_FUNCTION_ARGS)
{
	Users users = {0};

	ev_registry_refuse_null(fcinfo, 0, "uri");
	users.uri = ev_schema_uri_normalize(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	if (ev_registry_table_schema(users.uri) == NULL)
		ev_registry_unknown_raise(users.uri);
	initStringInfo(&users.names);
	ev_registry_table_types(note_user, &users);
	if (users.count > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("schema \"%s\" is in use", users.uri),
				 errdetail("By it are checked the types: %s.", users.names.data),
				 errhint("events.unregister_type() removes a type, events.register_type(..., "
						 "replace => true) gives it another schema.")));
	PG_RETURN_TEXT_P(cstring_to_text(users.uri));
}

/* ---- types */

static void
check_type_name(const text *name)
{
	const char *s = VARDATA_ANY(name);
	int n = VARSIZE_ANY_EXHDR(name);
	bool ok = n > 0;

	for (int i = 0; i < n && ok; i++)
		ok = (unsigned char) s[i] >= 0x20 && s[i] != 0x7F;
	if (!ok)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("name of a type must not be empty and has no control characters"),
						errhint("For example 'order.created'.")));
}

/* events._check_type(name, schema_uri, sample, topic) → the URI as it is to be written */
Datum
ev_registry_check_type(PG_FUNCTION_ARGS)
{
	char *uri;
	EvRegisteredSchema *schema;
	EvView sample;
	List *errors;

	ev_registry_refuse_null(fcinfo, 0, "name");
	ev_registry_refuse_null(fcinfo, 1, "schema_uri");
	ev_registry_refuse_null(fcinfo, 2, "sample");
	check_type_name(PG_GETARG_TEXT_PP(0));
	if (!PG_ARGISNULL(3))
		ev_topic_check(PG_GETARG_ARRAYTYPE_P(3));
	uri = ev_schema_uri_normalize(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	ev_registry_refresh();
	schema = ev_registry_schema(uri, strlen(uri));
	if (schema == NULL)
		ev_registry_unknown_raise(uri);
	sample = ev_view_of(PG_GETARG_JSONB_P(2));
	errors = ev_schema_errors(ev_registry_compile(schema, EV_ASSERT_DEFAULT), &sample,
							  EV_SHOWN_PROBLEMS);
	if (errors != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("sample of type \"%s\" does not match schema \"%s\"",
						text_to_cstring(PG_GETARG_TEXT_PP(0)), ev_registry_schema_uri(schema)),
				 errdetail_internal("%s", ev_schema_errors_detail(errors, "")),
				 errhint("events.sample() makes a valid one out of a schema.")));
	PG_RETURN_TEXT_P(cstring_to_text(uri));
}
