/* SPDX-License-Identifier: PostgreSQL
 *
 * change_event.c: events of one statement, of which only some attributes differ.
 *
 * Type, source, topic and the attributes that come from settings are checked
 * and completed once, by the same code as of all other events (publish/event.c).
 * Each event then gets its id, time, subject and data, and its size is looked at.
 *
 * Where the type is registered with the schema that was made from the table's
 * columns (option "schema", below /table/), the data match it by construction and are not
 * validated; they carry that schema's URI as dataschema.  With any other schema
 * an event is validated as it would be if the application had published it.
 */
#include "base/compat.h"

#include "base/settings.h"
#include "base/uuid7.h"
#include "capture/change_event.h"
#include "catalog/pg_type.h"
#include "publish/pending.h"
#include "publish/transaction.h"
#include "publish/validate.h"
#include "store/registry.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/timestamp.h"

static char *
expand(const EvChangePlan *plan, const char *text, EvOperation operation)
{
	return ev_change_options_expand(text, plan->schema_name, plan->table_name, operation);
}

static void
set_text(EvEvent *event, EvProblems *problems, EvColumn column, const char *text)
{
	ev_event_set_text(event, problems, column, text, strlen(text));
}

static void
set_topic(EvEvent *event, EvProblems *problems, const EvChangePlan *plan, EvOperation operation)
{
	List *topic = plan->options.topic;
	Datum *elements = palloc(sizeof(Datum) * Max(list_length(topic), 1));
	ListCell *cell;

	if (topic == NIL)
		return;
	foreach (cell, topic)
		elements[foreach_current_index(cell)] = CStringGetTextDatum(
			expand(plan, lfirst(cell), operation));
	ev_event_set_topic(event, problems,
					   construct_array(elements, list_length(topic), TEXTOID, -1, false,
									   TYPALIGN_INT));
}

/* The registry's answers die with its next change; user code may run between two rows. */
static void
copy_topic(EvEvent *event)
{
	event->values[EV_TOPIC] = datumCopy(event->values[EV_TOPIC], false, -1);
}

/*
 * The URI of the type's schema, if it is the one made from the table; else NULL.
 * The option may be of a trigger made by hand, by somebody who may publish but not
 * decide what is valid: only what events.track() registers is below /table/.
 */
static const char *
schema_of_table(const EvChangePlan *plan, const EvRegisteredType *type, EvOperation operation)
{
	static const char tables[] = "/table/";
	const char *prefix;
	EvRegisteredSchema *schema;
	const char *uri;
	size_t length;

	if (plan->options.schema == NULL || type == NULL)
		return NULL;
	prefix = expand(plan, plan->options.schema, operation);
	length = strlen(prefix);
	schema = ev_registry_schema(type->schema_uri, strlen(type->schema_uri));
	if (schema == NULL)
		return NULL;
	uri = ev_registry_schema_uri(schema);
	if (strncmp(uri, tables, strlen(tables)) != 0 || strncmp(uri, prefix, length) != 0 ||
		uri[length] != '/' || strchr(uri + length + 1, '/') != NULL)
		return NULL;
	return uri;
}

static Size
size_of(const EvEvent *event)
{
	Size size = 0;

	for (int i = 0; i < EV_NCOLUMNS; i++)
	{
		if (!event->nulls[i] && i != EV_TIME && i != EV_DATA && i != EV_ID)
			size += VARSIZE_ANY(DatumGetPointer(event->values[i]));
	}
	return size;
}

void
ev_change_event_begin(EvChangeEvents *events, const EvChangePlan *plan, EvOperation operation)
{
	EvEvent *event = &events->common;
	EvProblems problems = {0};
	const char *type = plan->options.type;
	const char *schema;

	ev_event_init(event);
	set_text(event, &problems, EV_TYPE,
			 expand(plan, type != NULL ? type : "{table}.{operation}", operation));
	set_topic(event, &problems, plan, operation);
	if (plan->options.source != NULL)
		set_text(event, &problems, EV_SOURCE, expand(plan, plan->options.source, operation));
	ev_event_finish(event, &problems, NULL);
	ev_problems_raise(&problems, -1);
	copy_topic(event);
	schema = schema_of_table(plan, event->registered, operation);
	if (schema != NULL)
		set_text(event, &problems, EV_DATASCHEMA, schema);
	events->must_check = ev_validate_mode != EV_VALIDATE_OFF && schema == NULL &&
						 (event->registered != NULL || ev_validate_mode == EV_VALIDATE_STRICT);
	event->registered = NULL;
	event->nulls[EV_DATA] = false;
	event->values[EV_ID] = PointerGetDatum(events->id);
	SET_VARSIZE(events->id, VARHDRSZ + EV_UUID7_TEXT_LENGTH);
	events->size = size_of(event) + VARSIZE(events->id);
}

Size
ev_change_event_room(const EvChangeEvents *events)
{
	Size limit = (Size) ev_max_event_size * 1024;

	return limit > events->size ? limit - events->size : 0;
}

static void
check(EvEvent *event, bool must_validate)
{
	EvProblems problems = {0};

	ev_event_check(event, &problems);
	if (must_validate)
	{
		ev_event_find_type(event);
		ev_event_validate(event, &problems, false);
		event->registered = NULL;
	}
	ev_problems_raise(&problems, -1);
}

void
ev_change_event_publish(EvChangeEvents *events, const text *subject, EvJsonbWriter *data)
{
	EvEvent *event = &events->common;
	TimestampTz now = GetCurrentTimestamp();
	char id[EV_UUID7_TEXT_LENGTH + 1];
	Size written = data->length + data->digits + (subject != NULL ? VARSIZE_ANY(subject) : 0);

	ev_uuid7_format(now, id);
	memcpy(VARDATA(events->id), id, EV_UUID7_TEXT_LENGTH);
	event->values[EV_TIME] = TimestampTzGetDatum(now);
	event->values[EV_DATA] = JsonbPGetDatum(ev_jsonb_writer_finish(data));
	event->values[EV_SUBJECT] = PointerGetDatum(subject);
	event->nulls[EV_SUBJECT] = subject == NULL;
	if (events->must_check || written > ev_change_event_room(events) || !ev_event_is_portable())
		check(event, events->must_check);
	ev_pending_add(event->values, event->nulls);
	ev_transaction_published();
}
