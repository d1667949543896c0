/* SPDX-License-Identifier: PostgreSQL
 *
 * change_options.c: the argument of a trigger that publishes changes.
 *
 * It is one JSON object, written by events.track() or by hand.  Everything
 * that capture must know of a table stands in it, so that dumps, restores and
 * copies of the table take it along.  Only its form is looked at here; whether
 * columns are there is change_plan.c's matter.
 */
#include "base/compat.h"

#include "base/view.h"
#include "capture/change_options.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

const char *const ev_operation_names[EV_NOPERATIONS] = {"inserted", "updated", "deleted",
														"truncated"};

typedef void (*Setter)(EvChangeOptions *options, const char *name, const EvView *value);

pg_noreturn static void
refuse(const char *name, const char *wanted)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s\" of events.publish_change() is not valid", name),
			 errdetail("It must be %s.", wanted), errhint("events.track() writes the options.")));
}

static char *
get_text(const char *name, const EvView *value)
{
	if (value->type != EV_JSON_STRING || value->length == 0)
		refuse(name, "a string that is not empty");
	return pnstrdup(value->data, value->length);
}

static bool
get_bool(const char *name, const EvView *value)
{
	if (value->type != EV_JSON_BOOLEAN)
		refuse(name, "true or false");
	return value->boolean;
}

static List *
get_texts(const char *name, const EvView *value)
{
	static const char wanted[] = "an array of different strings that are not empty";
	List *list = NIL;
	EvCursor cursor;
	EvView element;

	if (value->type != EV_JSON_ARRAY)
		refuse(name, wanted);
	ev_view_begin(&cursor, value);
	while (ev_view_next_element(&cursor, &element))
	{
		char *text;
		ListCell *cell;

		if (element.type != EV_JSON_STRING || element.length == 0)
			refuse(name, wanted);
		text = pnstrdup(element.data, element.length);
		if (strcmp(name, "topic") != 0)
		{
			foreach (cell, list)
			{
				if (strcmp(lfirst(cell), text) == 0)
					refuse(name, wanted);
			}
		}
		list = lappend(list, text);
	}
	return list;
}

static void
set_type(EvChangeOptions *options, const char *name, const EvView *value)
{
	options->type = get_text(name, value);
}

static void
set_topic(EvChangeOptions *options, const char *name, const EvView *value)
{
	options->topic = get_texts(name, value);
	if (options->topic == NIL)
		refuse(name, "an array of at least one string");
}

static void
set_columns(EvChangeOptions *options, const char *name, const EvView *value)
{
	options->columns = get_texts(name, value);
	if (options->columns == NIL)
		refuse(name, "an array of at least one column's name");
}

static void
set_redact(EvChangeOptions *options, const char *name, const EvView *value)
{
	static const char wanted[] = "an object of columns' names with \"omit\" or \"hash\"";
	EvCursor cursor;
	EvView how;
	const char *key;
	int length;

	if (value->type != EV_JSON_OBJECT)
		refuse(name, wanted);
	ev_view_begin(&cursor, value);
	while (ev_view_next_member(&cursor, &key, &length, &how))
	{
		if (how.type != EV_JSON_STRING || how.length != 4)
			refuse(name, wanted);
		if (memcmp(how.data, "omit", 4) == 0)
			options->omitted = lappend(options->omitted, pnstrdup(key, length));
		else if (memcmp(how.data, "hash", 4) == 0)
			options->hashed = lappend(options->hashed, pnstrdup(key, length));
		else
			refuse(name, wanted);
	}
}

static void
set_when(EvChangeOptions *options, const char *name, const EvView *value)
{
	options->when = get_text(name, value);
}

static void
set_search_path(EvChangeOptions *options, const char *name, const EvView *value)
{
	options->search_path = get_text(name, value);
}

static void
set_key(EvChangeOptions *options, const char *name, const EvView *value)
{
	options->key = get_texts(name, value);
	options->has_key = true;
}

static void
set_granularity(EvChangeOptions *options, const char *name, const EvView *value)
{
	char *text = get_text(name, value);

	options->per_statement = strcmp(text, "statement") == 0;
	if (!options->per_statement && strcmp(text, "row") != 0)
		refuse(name, "\"row\" or \"statement\"");
}

static void
set_only_changed(EvChangeOptions *options, const char *name, const EvView *value)
{
	options->only_changed = get_bool(name, value);
}

static void
set_source(EvChangeOptions *options, const char *name, const EvView *value)
{
	options->source = get_text(name, value);
}

static void
set_schema(EvChangeOptions *options, const char *name, const EvView *value)
{
	options->schema = get_text(name, value);
}

static void
set_inherited(EvChangeOptions *options, const char *name, const EvView *value)
{
	options->inherited = get_bool(name, value);
}

static const struct
{
	const char *name;
	Setter set;
} members[] = {
	{"type", set_type},
	{"topic", set_topic},
	{"columns", set_columns},
	{"redact", set_redact},
	{"when", set_when},
	{"search_path", set_search_path},
	{"key", set_key},
	{"granularity", set_granularity},
	{"only_changed", set_only_changed},
	{"source", set_source},
	{"schema", set_schema},
	{"inherited", set_inherited},
};

static void
set_member(EvChangeOptions *options, const char *name, const EvView *value)
{
	StringInfoData known;

	for (int i = 0; i < lengthof(members); i++)
	{
		if (strcmp(name, members[i].name) == 0)
		{
			members[i].set(options, name, value);
			return;
		}
	}
	initStringInfo(&known);
	for (int i = 0; i < lengthof(members); i++)
		appendStringInfo(&known, "%s%s", i > 0 ? ", " : "", members[i].name);
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("option \"%s\" of events.publish_change() is not known", name),
					errhint("The options are %s.", known.data)));
}

void
ev_change_options_parse(EvChangeOptions *options, const char *argument)
{
	Jsonb *json = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(argument)));
	EvView object = ev_view_of(json);
	EvCursor cursor;
	EvView value;
	const char *key;
	int length;

	memset(options, 0, sizeof(EvChangeOptions));
	if (object.type != EV_JSON_OBJECT)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the argument of events.publish_change() must be a JSON object"),
						errhint("For example '{\"type\": \"order.{operation}\"}'.")));
	ev_view_begin(&cursor, &object);
	while (ev_view_next_member(&cursor, &key, &length, &value))
		set_member(options, pnstrdup(key, length), &value);
}

char *
ev_change_options_expand(const char *text, const char *schema, const char *table,
						 EvOperation operation)
{
	const struct
	{
		const char *name;
		const char *value;
	} places[] = {{"{schema}", schema},
				  {"{table}", table},
				  {"{operation}", ev_operation_names[operation]}};
	StringInfoData expanded;

	initStringInfo(&expanded);
	while (*text != '\0')
	{
		int i = 0;

		while (i < lengthof(places) && strncmp(text, places[i].name, strlen(places[i].name)) != 0)
			i++;
		if (i < lengthof(places))
		{
			appendStringInfoString(&expanded, places[i].value);
			text += strlen(places[i].name);
		}
		else
			appendStringInfoChar(&expanded, *text++);
	}
	return expanded.data;
}
