/* SPDX-License-Identifier: PostgreSQL
 *
 * output_message.c: the words of messages, and values in them.
 *
 * A message is what would follow "the value": "must be a string, is null".
 * Values in it are JSON, cut where they get long: what is in a message is meant
 * for people, and a value may have megabytes.
 */
#include "schema/evaluation.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

/* Bytes of a value, and values of an enum, that a message shows. */
#define SHOWN_BYTES 80
#define SHOWN_VALUES 10

static const struct
{
	uint8 type;
	const char *name;
} type_names[] = {
	{EV_TYPE_OBJECT, "an object"}, {EV_TYPE_ARRAY, "an array"},		{EV_TYPE_STRING, "a string"},
	{EV_TYPE_NUMBER, "a number"},  {EV_TYPE_INTEGER, "an integer"}, {EV_TYPE_BOOLEAN, "a boolean"},
	{EV_TYPE_NULL, "null"},
};

static char *
cut(char *text)
{
	int length = strlen(text);

	if (length <= SHOWN_BYTES)
		return text;
	return psprintf("%.*s...", pg_mbcliplen(text, length, SHOWN_BYTES), text);
}

char *
ev_output_value(const EvView *value)
{
	EvView shown = *value;

	/* of a long string only the beginning need be made JSON */
	if (value->type == EV_JSON_STRING && value->length > SHOWN_BYTES)
		shown.length = pg_mbcliplen(value->data, value->length, SHOWN_BYTES);
	return cut(ev_view_to_cstring(&shown));
}

char *
ev_output_number(Numeric numeric)
{
	return cut(DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(numeric))));
}

static const char *
type_of(const EvView *value)
{
	switch (value->type)
	{
		case EV_JSON_NULL:
			return "null";
		case EV_JSON_BOOLEAN:
			return "a boolean";
		case EV_JSON_NUMBER:
			return "a number";
		case EV_JSON_STRING:
			return "a string";
		case EV_JSON_ARRAY:
			return "an array";
		case EV_JSON_OBJECT:
			break;
	}
	return "an object";
}

/* A count on the wrong side of a limit; the verdict, false. */
bool
ev_output_wrong_count(EvEvaluation *e, const EvNode *node, const EvCountRule *rule, int64 limit,
					  int64 n)
{
	bool few = n < limit;

	(void) ev_broken(e, node, few ? rule->min_keyword : rule->max_keyword,
					 "must have %s " INT64_FORMAT " %s, has " INT64_FORMAT,
					 few ? "at least" : "at most", limit, limit == 1 ? rule->one : rule->many, n);
	return false;
}

bool
ev_output_add_type(EvOutput *output, const EvNode *node, const EvView *value)
{
	uint8 types = node->types;
	bool fraction = value->type == EV_JSON_NUMBER && (types & EV_TYPE_INTEGER);
	StringInfoData allowed;

	if (types & EV_TYPE_NUMBER)
		types &= ~EV_TYPE_INTEGER;
	initStringInfo(&allowed);
	for (int i = 0; i < lengthof(type_names); i++)
	{
		if ((types & type_names[i].type) == 0)
			continue;
		types &= ~type_names[i].type;
		if (allowed.len > 0)
			appendStringInfoString(&allowed, types == 0 ? " or " : ", ");
		appendStringInfoString(&allowed, type_names[i].name);
	}
	if (allowed.len == 0)
		appendStringInfoString(&allowed, "of no type");
	return ev_output_add(output, node, "type", "must be %s, is %s", allowed.data,
						 fraction ? ev_output_value(value) : type_of(value));
}

bool
ev_output_add_enum(EvOutput *output, const EvNode *node)
{
	const EvEnum *enumeration = node->enumeration;
	int shown = Min(enumeration->count, SHOWN_VALUES);
	StringInfoData values;

	if (enumeration->count == 1)
		return ev_output_add(output, node, "enum", "must be %s",
							 ev_output_value(&enumeration->values[0]));
	initStringInfo(&values);
	for (int i = 0; i < shown; i++)
		appendStringInfo(&values, "%s%s", i == 0 ? "" : ", ",
						 ev_output_value(&enumeration->values[i]));
	if (shown < enumeration->count)
		appendStringInfo(&values, " or %d more", enumeration->count - shown);
	return ev_output_add(output, node, "enum", "must be one of %s", values.data);
}
