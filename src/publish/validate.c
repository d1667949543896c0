/* SPDX-License-Identifier: PostgreSQL
 *
 * validate.c: is the data of an event what its type and its dataschema promise?
 *
 * A registered type has a schema; an event may name one itself (dataschema).
 * Each that is registered is asked, the type's first, and what it finds is
 * reported at its place in the event: /data/amount.
 *
 * An event without data is judged as if it were null, and so is binary data,
 * which no JSON Schema describes: whoever reads events of a registered type may
 * rely on its schema, so neither gets past one that wants an object.  (To
 * CloudEvents, data is optional: a type whose events carry none has a schema
 * that allows null.)
 *
 * One event of a batch must not cost its neighbours, so there errors are
 * contained.  To compile a schema reads tables, which takes a subtransaction;
 * to evaluate one holds nothing but memory, so that a few well-known errors of
 * it are caught as they are.
 */
#include "base/compat.h"

#include "base/attempt.h"
#include "base/settings.h"
#include "publish/validate.h"
#include "schema/evaluate.h"
#include "utils/builtins.h"

/* Problems that are reported of one event. */
#define MAX_ERRORS 20

typedef struct Check
{
	EvEvent *event;
	EvProblems *problems;
	bool contain;
} Check;

static char *
column_text(const EvEvent *event, EvColumn column)
{
	return TextDatumGetCString(event->values[column]);
}

static void
set_headline(Check *check, int sqlstate, const char *what)
{
	check->problems->sqlstate = sqlstate;
	check->problems->what = what;
}

static void
report_error(Check *check, const ErrorData *error, EvRegisteredSchema *schema)
{
	set_headline(check, error->sqlerrcode,
				 psprintf("of type \"%s\" cannot be checked by schema \"%s\"",
						  column_text(check->event, EV_TYPE), ev_registry_schema_uri(schema)));
	ev_problem_add_at(check->problems, "/data",
					  error->detail != NULL ? psprintf("%s (%s)", error->message, error->detail)
											: error->message);
}

/* ---- the compiled schema */

typedef struct Compilation
{
	EvRegisteredSchema *schema;
	const EvSchema *compiled;
} Compilation;

static void
compile(void *arg)
{
	Compilation *c = arg;

	c->compiled = ev_registry_compile(c->schema, EV_ASSERT_DEFAULT);
}

/* NULL if it cannot be compiled, which has been reported then. */
static const EvSchema *
get_compiled(Check *check, EvRegisteredSchema *schema)
{
	Compilation c = {schema, NULL};
	ErrorData *error;

	if (!check->contain || ev_registry_is_compiled(schema, EV_ASSERT_DEFAULT))
		return ev_registry_compile(schema, EV_ASSERT_DEFAULT);
	error = ev_attempt(compile, &c);
	if (error == NULL)
		return c.compiled;
	if (ev_attempt_was_interrupted(error))
		ReThrowError(error);
	report_error(check, error, schema);
	return NULL;
}

/* ---- the verdict */

static void
report_errors(Check *check, List *errors, EvRegisteredSchema *schema)
{
	const char *at = check->event->has_base64 ? "/data_base64" : "/data";
	ListCell *cell;

	set_headline(check, ERRCODE_CHECK_VIOLATION,
				 psprintf("of type \"%s\" does not match schema \"%s\"",
						  column_text(check->event, EV_TYPE), ev_registry_schema_uri(schema)));
	check->problems->hint = "events.validation_errors() lists all failures of a value.";
	if (check->event->nulls[EV_DATA])
	{
		ev_problem_add_at(check->problems, at,
						  check->event->has_base64
							  ? "is binary, which the schema does not describe"
							  : "is missing, and the schema does not allow null");
		return;
	}
	foreach (cell, errors)
	{
		const EvSchemaError *error = lfirst(cell);

		ev_problem_add_at(check->problems, psprintf("%s%s", at, error->instance_location),
						  error->message);
	}
}

static void
evaluate(Check *check, EvRegisteredSchema *schema, const EvSchema *compiled)
{
	EvView data = {.type = EV_JSON_NULL};

	if (!check->event->nulls[EV_DATA])
		data = ev_view_of(DatumGetJsonbP(check->event->values[EV_DATA]));
	if (!ev_schema_is_valid(compiled, &data))
		report_errors(check, ev_schema_errors(compiled, &data, MAX_ERRORS), schema);
}

static void
evaluate_contained(Check *check, EvRegisteredSchema *schema, const EvSchema *compiled)
{
	MemoryContext context = CurrentMemoryContext;

	PG_TRY();
	{
		evaluate(check, schema, compiled);
	}
	PG_CATCH();
	{
		int sqlstate = geterrcode();
		ErrorData *error;

		if (sqlstate != ERRCODE_STATEMENT_TOO_COMPLEX &&
			sqlstate != ERRCODE_INVALID_PARAMETER_VALUE)
			PG_RE_THROW();
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		report_error(check, error, schema);
	}
	PG_END_TRY();
}

/* For errors that are raised: whose fault is it? */
typedef struct Blame
{
	Check *check;
	EvRegisteredSchema *schema;
} Blame;

static void
add_context(void *arg)
{
	Blame *blame = arg;

	errcontext("check of an event of type \"%s\" by schema \"%s\"",
			   column_text(blame->check->event, EV_TYPE), ev_registry_schema_uri(blame->schema));
}

static void
check_by(Check *check, EvRegisteredSchema *schema)
{
	Blame blame = {check, schema};
	ErrorContextCallback context = {error_context_stack, add_context, &blame};
	const EvSchema *compiled;

	error_context_stack = &context;
	compiled = get_compiled(check, schema);
	if (compiled != NULL && check->contain)
		evaluate_contained(check, schema, compiled);
	else if (compiled != NULL)
		evaluate(check, schema, compiled);
	error_context_stack = context.previous;
}

/* ---- which schemas are asked */

/* For what is not registered but has to be. */
static void
refuse(Check *check, int sqlstate, EvColumn column, const char *hint)
{
	set_headline(check, sqlstate,
				 psprintf("of type \"%s\" cannot be checked", column_text(check->event, EV_TYPE)));
	check->problems->hint = hint;
	ev_problem_add(check->problems, ev_column_names[column], "\"%s\" is not registered",
				   column_text(check->event, column));
}

/* The schema of the type; NULL if there is none to ask. */
static EvRegisteredSchema *
schema_of_type(Check *check)
{
	const EvRegisteredType *type = check->event->registered;
	EvRegisteredSchema *schema;

	if (type == NULL)
	{
		if (ev_validate_mode == EV_VALIDATE_STRICT)
			refuse(check, ERRCODE_CHECK_VIOLATION, EV_TYPE,
				   "events.register_type() registers types; events.validate_mode is strict.");
		return NULL;
	}
	schema = ev_registry_schema(type->schema_uri, strlen(type->schema_uri));
	if (schema == NULL)
	{
		set_headline(check, ERRCODE_UNDEFINED_OBJECT,
					 psprintf("of type \"%s\" cannot be checked", type->name));
		check->problems->hint = "events.register_schema() registers schemas.";
		ev_problem_add(check->problems, "type", "its schema \"%s\" is not registered",
					   type->schema_uri);
	}
	return schema;
}

static EvRegisteredSchema *
schema_of_event(Check *check)
{
	text *uri;
	EvRegisteredSchema *schema;

	if (check->event->nulls[EV_DATASCHEMA])
		return NULL;
	uri = DatumGetTextPP(check->event->values[EV_DATASCHEMA]);
	schema = ev_registry_schema(VARDATA_ANY(uri), VARSIZE_ANY_EXHDR(uri));
	if (schema == NULL && ev_validate_mode == EV_VALIDATE_STRICT)
		refuse(check, ERRCODE_CHECK_VIOLATION, EV_DATASCHEMA,
			   "events.register_schema() registers schemas; events.validate_mode is strict.");
	return schema;
}

void
ev_event_validate(EvEvent *event, EvProblems *problems, bool contain)
{
	Check check = {event, problems, contain};
	EvRegisteredSchema *of_type;
	EvRegisteredSchema *of_event;

	if (ev_validate_mode == EV_VALIDATE_OFF || problems->list != NIL)
		return;
	of_type = schema_of_type(&check);
	if (of_type != NULL)
		check_by(&check, of_type);
	if (problems->list != NIL)
		return;
	of_event = schema_of_event(&check);
	if (of_event != NULL && of_event != of_type)
		check_by(&check, of_event);
}
