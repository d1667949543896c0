/* SPDX-License-Identifier: PostgreSQL
 *
 * report.c: failures for those who asked: as an error, as rows, and as the
 * "basic" output of JSON Schema 2020-12 (Core, 12.4.2).
 *
 * An error shows a few failures.  When there are more, those deepest in the
 * value come first: they say what is wrong rather than which alternatives were
 * tried.
 */
#include "base/compat.h"

#include "funcapi.h"
#include "lib/stringinfo.h"
#include "schema/evaluate.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

/* Failures that an error shows. */
#define SHOWN_ERRORS 5
#define ANY_DEPTH (-1)

static int
depth_of(const EvSchemaError *error)
{
	int depth = 0;

	for (const char *c = error->instance_location; *c != '\0'; c++)
		depth += *c == '/';
	return depth;
}

static void
append_line(StringInfo detail, const EvSchemaError *error, const char *prefix)
{
	if (detail->len > 0)
		appendStringInfoChar(detail, '\n');
	if (prefix[0] != '\0' || error->instance_location[0] != '\0')
		appendStringInfo(detail, "%s%s: ", prefix, error->instance_location);
	appendStringInfoString(detail, error->message);
}

/* The failures at one depth. */
static int
append_lines(StringInfo detail, List *errors, int depth, const char *prefix, int room)
{
	ListCell *cell;
	int n = 0;

	foreach (cell, errors)
	{
		const EvSchemaError *error = lfirst(cell);

		if (n < room && (depth == ANY_DEPTH || depth_of(error) == depth))
		{
			append_line(detail, error, prefix);
			n++;
		}
	}
	return n;
}

char *
ev_schema_errors_detail(List *errors, const char *prefix)
{
	StringInfoData detail;
	ListCell *cell;
	int deepest = 0, shown = 0;

	initStringInfo(&detail);
	if (list_length(errors) <= SHOWN_ERRORS)
	{
		append_lines(&detail, errors, ANY_DEPTH, prefix, SHOWN_ERRORS);
		return detail.data;
	}
	foreach (cell, errors)
		deepest = Max(deepest, depth_of(lfirst(cell)));
	for (int depth = deepest; depth >= 0 && shown < SHOWN_ERRORS; depth--)
		shown += append_lines(&detail, errors, depth, prefix, SHOWN_ERRORS - shown);
	appendStringInfo(&detail, "\n... and %d more", list_length(errors) - shown);
	return detail.data;
}

void
ev_schema_errors_raise(List *errors, const char *what)
{
	ereport(ERROR, (errcode(ERRCODE_CHECK_VIOLATION), errmsg("%s does not match its schema", what),
					errdetail_internal("%s", ev_schema_errors_detail(errors, ""))));
}

static void
push_string(JsonbParseState **state, JsonbIteratorToken token, const char *s)
{
	JsonbValue value = {.type = jbvString};

	value.val.string.val = unconstify(char *, s);
	value.val.string.len = strlen(s);
	pushJsonbValue(state, token, &value);
}

static void
push_member(JsonbParseState **state, const char *key, const char *s)
{
	push_string(state, WJB_KEY, key);
	push_string(state, WJB_VALUE, s);
}

Jsonb *
ev_schema_report(List *errors)
{
	JsonbParseState *state = NULL;
	JsonbValue valid = {.type = jbvBool};
	ListCell *cell;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	push_string(&state, WJB_KEY, "valid");
	valid.val.boolean = errors == NIL;
	pushJsonbValue(&state, WJB_VALUE, &valid);
	if (errors != NIL)
	{
		push_string(&state, WJB_KEY, "errors");
		pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
		foreach (cell, errors)
		{
			const EvSchemaError *error = lfirst(cell);

			pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
			push_member(&state, "keywordLocation", error->keyword_location);
			if (error->absolute_keyword_location != NULL)
				push_member(&state, "absoluteKeywordLocation", error->absolute_keyword_location);
			push_member(&state, "instanceLocation", error->instance_location);
			push_member(&state, "error", error->message);
			pushJsonbValue(&state, WJB_END_OBJECT, NULL);
		}
		pushJsonbValue(&state, WJB_END_ARRAY, NULL);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

void
ev_schema_errors_put(List *errors, FunctionCallInfo fcinfo)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ListCell *cell;

	InitMaterializedSRF(fcinfo, 0);
	foreach (cell, errors)
	{
		const EvSchemaError *error = lfirst(cell);
		Datum row[] = {CStringGetTextDatum(error->instance_location),
					   CStringGetTextDatum(error->keyword_location),
					   CStringGetTextDatum(error->keyword), CStringGetTextDatum(error->message)};
		bool nulls[lengthof(row)] = {false};

		tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
	}
}
