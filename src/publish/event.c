/* SPDX-License-Identifier: PostgreSQL
 *
 * event.c: making a row of events.event out of what an application gives.
 *
 * An event comes as arguments of publish() or as a whole CloudEvent in the
 * JSON format 1.0.2; both ways meet here.  Nothing is raised: what is wrong is
 * reported to an EvProblems (memory errors and the like aside), so that one
 * bad event of a batch does not cost its neighbours.
 *
 * What the hub says itself is not taken from outside: `sequence` and
 * `recordedtime` of an event that came out of another hub are left out, since
 * this hub gives its own.  `topic` is a path joined by '/', or an array of
 * strings.
 */
#include "base/compat.h"

#include "base/rfc3339.h"
#include "base/settings.h"
#include "base/uuid7.h"
#include "catalog/pg_type.h"
#include "commands/dbcommands.h"
#include "lib/stringinfo.h"
#include "match/topic.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "publish/attribute.h"
#include "publish/event.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

void
ev_event_init(EvEvent *event)
{
	memset(event, 0, sizeof(EvEvent));
	memset(event->nulls, true, sizeof(event->nulls));
}

static void
set_value(EvEvent *event, EvColumn column, Datum value)
{
	event->values[column] = value;
	event->nulls[column] = false;
}

void
ev_event_set_text(EvEvent *event, EvProblems *problems, EvColumn column, const char *s, int n)
{
	const char *name = ev_column_names[column];
	bool ok;

	if (column == EV_SOURCE || column == EV_DATASCHEMA)
		ok = ev_attribute_check_uri(problems, name, s, n);
	else if (column == EV_DATACONTENTTYPE)
		ok = ev_attribute_check_media_type(problems, name, s, n);
	else
		ok = ev_attribute_check_string(problems, name, s, n);
	if (ok)
		set_value(event, column, PointerGetDatum(cstring_to_text_with_len(s, n)));
}

bool
ev_event_has_text_of_time(TimestampTz time)
{
	/* RFC 3339 has years 0000 – 9999 and no infinity. */
	static const TimestampTz first = (INT64CONST(1721060) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;
	static const TimestampTz end = (INT64CONST(5373485) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;

	return time >= first && time < end;
}

void
ev_event_set_time(EvEvent *event, EvProblems *problems, TimestampTz time)
{
	if (!ev_event_has_text_of_time(time))
		ev_problem_add(problems, "time", "must lie in the years 0000 to 9999");
	else
		set_value(event, EV_TIME, TimestampTzGetDatum(time));
}

void
ev_event_set_topic(EvEvent *event, EvProblems *problems, ArrayType *topic)
{
	Datum *elements;
	int n;

	deconstruct_array(topic, TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL, &n);
	for (int i = 0; i < n; i++)
	{
		text *element = DatumGetTextPP(elements[i]);

		if (!ev_attribute_check_string(problems, "topic", VARDATA_ANY(element),
									   VARSIZE_ANY_EXHDR(element)))
			return;
	}
	set_value(event, EV_TOPIC, PointerGetDatum(topic));
}

void
ev_event_set_data(EvEvent *event, Jsonb *data)
{
	set_value(event, EV_DATA, PointerGetDatum(data));
}

/* Append a member to the attributes under construction. */
static void
push_attribute(EvEvent *event, const char *name, JsonbValue *value)
{
	JsonbValue key;

	if (event->attributes == NULL)
		pushJsonbValue(&event->attributes, WJB_BEGIN_OBJECT, NULL);
	event->attribute_names = lappend(event->attribute_names, pstrdup(name));
	key.type = jbvString;
	key.val.string.val = llast(event->attribute_names);
	key.val.string.len = strlen(name);
	pushJsonbValue(&event->attributes, WJB_KEY, &key);
	pushJsonbValue(&event->attributes, WJB_VALUE, value);
}

static bool
has_attribute(const EvEvent *event, const char *name)
{
	ListCell *cell;

	foreach (cell, event->attribute_names)
	{
		if (strcmp(lfirst(cell), name) == 0)
			return true;
	}
	return false;
}

static void
set_extension(EvEvent *event, EvProblems *problems, const char *name, JsonbValue *value)
{
	if (strcmp(name, "sequence") == 0 || strcmp(name, "recordedtime") == 0)
		return;
	if (ev_attribute_check_name(problems, name) && ev_attribute_check_value(problems, name, value))
		push_attribute(event, name, value);
}

static bool
want_string(EvProblems *problems, const char *name, const JsonbValue *value)
{
	if (value->type != jbvString)
		ev_problem_add(problems, name, "must be a string");
	return value->type == jbvString;
}

static void
set_json_time(EvEvent *event, EvProblems *problems, const JsonbValue *value)
{
	TimestampTz time;

	if (!want_string(problems, "time", value))
		return;
	if (ev_rfc3339_parse(value->val.string.val, value->val.string.len, &time))
		ev_event_set_time(event, problems, time);
	else
		ev_problem_add(problems, "time", "must be a timestamp of RFC 3339");
}

/* An array of non-empty strings as a topic; NULL if it is not one. */
static ArrayType *
topic_from_json_array(JsonbContainer *array)
{
	int n = JsonContainerSize(array);
	Datum *elements = palloc(sizeof(Datum) * Max(n, 1));

	for (int i = 0; i < n; i++)
	{
		JsonbValue *v = getIthJsonbValueFromContainer(array, i);

		if (v->type != jbvString || v->val.string.len == 0)
			return NULL;
		elements[i] = PointerGetDatum(
			cstring_to_text_with_len(v->val.string.val, v->val.string.len));
	}
	return n == 0 ? NULL : construct_array(elements, n, TEXTOID, -1, false, TYPALIGN_INT);
}

static void
set_json_topic(EvEvent *event, EvProblems *problems, const JsonbValue *value)
{
	ArrayType *topic = NULL;

	if (value->type == jbvString)
		topic = ev_topic_from_path(value->val.string.val, value->val.string.len);
	else if (value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data))
		topic = topic_from_json_array(value->val.binary.data);
	if (topic == NULL)
		ev_problem_add(problems, "topic",
					   "must be a path such as order/created, or an array of strings");
	else
		ev_event_set_topic(event, problems, topic);
}

static void
set_json_base64(EvEvent *event, EvProblems *problems, JsonbValue *value)
{
	if (!want_string(problems, "data_base64", value) ||
		!ev_attribute_check_base64(problems, "data_base64", value->val.string.val,
								   value->val.string.len))
		return;
	push_attribute(event, "data_base64", value);
	event->has_base64 = true;
}

/* Core attributes that are plain texts. */
static EvColumn
text_column(const char *name)
{
	static const EvColumn columns[] = {EV_ID,	   EV_SOURCE,	  EV_TYPE,
									   EV_SUBJECT, EV_DATASCHEMA, EV_DATACONTENTTYPE};

	for (int i = 0; i < lengthof(columns); i++)
	{
		if (strcmp(name, ev_column_names[columns[i]]) == 0)
			return columns[i];
	}
	return EV_NCOLUMNS;
}

static void
set_member(EvEvent *event, EvProblems *problems, const char *name, JsonbValue *value)
{
	EvColumn column = text_column(name);

	if (strcmp(name, "data") == 0)
		ev_event_set_data(event, JsonbValueToJsonb(value));
	else if (value->type == jbvNull)
		return; /* JSON format, section 2.2: the same as not there */
	else if (column != EV_NCOLUMNS)
	{
		if (want_string(problems, name, value))
			ev_event_set_text(event, problems, column, value->val.string.val,
							  value->val.string.len);
	}
	else if (strcmp(name, "time") == 0)
		set_json_time(event, problems, value);
	else if (strcmp(name, "topic") == 0)
		set_json_topic(event, problems, value);
	else if (strcmp(name, "data_base64") == 0)
		set_json_base64(event, problems, value);
	else if (strcmp(name, "specversion") == 0)
	{
		if (value->type != jbvString || value->val.string.len != 3 ||
			memcmp(value->val.string.val, "1.0", 3) != 0)
			ev_problem_add(problems, name, "must be \"1.0\"");
	}
	else
		set_extension(event, problems, name, value);
}

void
ev_event_set_cloudevent(EvEvent *event, EvProblems *problems, JsonbContainer *json)
{
	JsonbIterator *it = JsonbIteratorInit(json);
	JsonbIteratorToken token;
	JsonbValue v;
	char *name = NULL;

	while ((token = JsonbIteratorNext(&it, &v, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			name = pnstrdup(v.val.string.val, v.val.string.len);
		else if (token == WJB_VALUE)
			set_member(event, problems, name, &v);
	}
	if (event->has_base64 && !event->nulls[EV_DATA])
		ev_problem_add(problems, "data_base64", "must not stand beside data");
}

void
ev_event_set_attributes(EvEvent *event, EvProblems *problems, Jsonb *attributes)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue v;
	char *name = NULL;

	if (!JB_ROOT_IS_OBJECT(attributes))
	{
		ev_problem_add(problems, "", "attributes must be a JSON object");
		return;
	}
	it = JsonbIteratorInit(&attributes->root);
	while ((token = JsonbIteratorNext(&it, &v, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			name = pnstrdup(v.val.string.val, v.val.string.len);
		else if (token != WJB_VALUE || v.type == jbvNull)
			continue;
		else if (strcmp(name, "datacontenttype") == 0)
			set_member(event, problems, name, &v);
		else if (text_column(name) != EV_NCOLUMNS || strcmp(name, "time") == 0 ||
				 strcmp(name, "topic") == 0 || strcmp(name, "specversion") == 0 ||
				 strcmp(name, "data") == 0)
			ev_problem_add(problems, name, "is an argument of its own, not an extension attribute");
		else
			set_extension(event, problems, name, &v);
	}
}

void
ev_event_fill_attribute(EvEvent *event, EvProblems *problems, const char *name, const char *s,
						int n)
{
	JsonbValue v;

	if (n == 0 || has_attribute(event, name))
		return;
	v.type = jbvString;
	v.val.string.val = (char *) s;
	v.val.string.len = n;
	set_extension(event, problems, name, &v);
}

/* From the sidecar's context: source, and attributes whose values are strings. */
static void
fill_from_context(EvEvent *event, EvProblems *problems, Jsonb *context)
{
	JsonbIterator *it = JsonbIteratorInit(&context->root);
	JsonbIteratorToken token;
	JsonbValue v;
	char *name = NULL;

	while ((token = JsonbIteratorNext(&it, &v, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			name = pnstrdup(v.val.string.val, v.val.string.len);
		else if (token != WJB_VALUE || v.type != jbvString)
			continue;
		else if (strcmp(name, "source") != 0)
			ev_event_fill_attribute(event, problems, name, v.val.string.val, v.val.string.len);
		else if (event->nulls[EV_SOURCE] && v.val.string.len > 0)
			ev_event_set_text(event, problems, EV_SOURCE, v.val.string.val, v.val.string.len);
	}
}

static void
fill_from_settings(EvEvent *event, EvProblems *problems)
{
	ev_event_fill_attribute(event, problems, "correlationid", ev_correlation_id,
							strlen(ev_correlation_id));
	ev_event_fill_attribute(event, problems, "user", ev_user, strlen(ev_user));
	ev_event_fill_attribute(event, problems, "workspace", ev_workspace, strlen(ev_workspace));
	ev_event_fill_attribute(event, problems, "traceparent", ev_traceparent, strlen(ev_traceparent));
}

/* '/' and the percent-encoded name of the database. */
static void
set_default_source(EvEvent *event)
{
	char *database = get_database_name(MyDatabaseId);
	StringInfoData source;

	initStringInfo(&source);
	appendStringInfoChar(&source, '/');
	for (const char *p = database; *p; p++)
	{
		if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
			strchr("-._~", *p) != NULL)
			appendStringInfoChar(&source, *p);
		else
			appendStringInfo(&source, "%%%02X", (unsigned char) *p);
	}
	set_value(event, EV_SOURCE, PointerGetDatum(cstring_to_text_with_len(source.data, source.len)));
}

static void
fill_core(EvEvent *event, EvProblems *problems)
{
	TimestampTz now = GetCurrentTimestamp();

	event->has_own_id = !event->nulls[EV_ID];
	if (!event->has_own_id)
	{
		char id[EV_UUID7_TEXT_LENGTH + 1];

		ev_uuid7_format(now, id);
		set_value(event, EV_ID, CStringGetTextDatum(id));
	}
	if (event->nulls[EV_TIME])
		set_value(event, EV_TIME, TimestampTzGetDatum(now));
	if (event->nulls[EV_SOURCE] && ev_source[0] != '\0')
		ev_event_set_text(event, problems, EV_SOURCE, ev_source, strlen(ev_source));
	else if (event->nulls[EV_SOURCE])
		set_default_source(event);
	if (event->nulls[EV_TOPIC] && !event->nulls[EV_TYPE])
	{
		text *type = DatumGetTextPP(event->values[EV_TYPE]);
		ArrayType *topic = event->registered != NULL ? event->registered->topic : NULL;

		if (topic == NULL)
			topic = ev_topic_from_type(VARDATA_ANY(type), VARSIZE_ANY_EXHDR(type));
		set_value(event, EV_TOPIC, PointerGetDatum(topic));
	}
}

/* What the registry says of its type. */
void
ev_event_find_type(EvEvent *event)
{
	text *type = DatumGetTextPP(event->values[EV_TYPE]);

	ev_registry_refresh();
	event->registered = ev_registry_type(VARDATA_ANY(type), VARSIZE_ANY_EXHDR(type));
}

/*
 * How many characters the numbers of a JSON value take when they are written,
 * up to a limit.  1e131071 is stored in ten bytes and written with 131,072
 * digits, so that the stored size says nothing.
 */
static Size
written_numbers(Jsonb *json, Size limit)
{
	JsonbIterator *it = JsonbIteratorInit(&json->root);
	JsonbIteratorToken token;
	JsonbValue v;
	Size size = 0;

	while (size <= limit && (token = JsonbIteratorNext(&it, &v, false)) != WJB_DONE)
	{
		char *number;

		if ((token != WJB_VALUE && token != WJB_ELEM) || v.type != jbvNumeric)
			continue;
		number = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(v.val.numeric)));
		size += strlen(number);
		pfree(number);
	}
	return size;
}

bool
ev_event_is_portable(void)
{
	return GetDatabaseEncoding() == PG_UTF8;
}

/*
 * Events go out as JSON, which is UTF-8.  In a database of another encoding,
 * raise 22021 or 22P05 now for what cannot be converted, and not each time
 * when it is read.  (Attributes were checked one by one.)
 */
static void
check_encoding(EvEvent *event)
{
	char *written;
	Jsonb *data;

	if (event->nulls[EV_DATA] || ev_event_is_portable())
		return;
	data = DatumGetJsonbP(event->values[EV_DATA]);
	written = JsonbToCString(NULL, &data->root, VARSIZE(data));
	(void) pg_server_to_any(written, strlen(written), PG_UTF8);
}

/* What is stored, and the numbers as they are written, must be within the limit. */
static void
check_size(EvEvent *event, EvProblems *problems)
{
	Size limit = (Size) ev_max_event_size * 1024;
	Size size = 0;

	for (int i = 0; i < EV_NCOLUMNS; i++)
	{
		if (!event->nulls[i] && i != EV_TIME)
			size += VARSIZE_ANY(DatumGetPointer(event->values[i]));
	}
	if (size <= limit && !event->nulls[EV_DATA])
		size += written_numbers(DatumGetJsonbP(event->values[EV_DATA]), limit);
	if (size <= limit && !event->nulls[EV_ATTRIBUTES])
		size += written_numbers(DatumGetJsonbP(event->values[EV_ATTRIBUTES]), limit);
	if (size > limit)
	{
		ev_problem_add(problems, "",
					   "event of at least %zu bytes is larger than events.max_event_size (%d kB)",
					   size, ev_max_event_size);
		problems->sqlstate = ERRCODE_PROGRAM_LIMIT_EXCEEDED;
	}
}

void
ev_event_check(EvEvent *event, EvProblems *problems)
{
	check_size(event, problems);
	if (problems->list == NIL)
		check_encoding(event);
}

static void
close_attributes(EvEvent *event)
{
	JsonbValue *object;

	if (event->attributes == NULL)
		return;
	object = pushJsonbValue(&event->attributes, WJB_END_OBJECT, NULL);
	set_value(event, EV_ATTRIBUTES, JsonbPGetDatum(JsonbValueToJsonb(object)));
}

void
ev_event_finish_imported(EvEvent *event, EvProblems *problems)
{
	static const EvColumn required[] = {EV_ID, EV_SOURCE, EV_TYPE};

	for (int i = 0; i < lengthof(required); i++)
	{
		const char *name = ev_column_names[required[i]];

		if (event->nulls[required[i]] && !ev_problem_is_at(problems, psprintf("/%s", name)))
			ev_problem_add(problems, name, "is required");
	}
	if (problems->list != NIL)
		return;
	ev_event_find_type(event);
	fill_core(event, problems);
	close_attributes(event);
	check_encoding(event);
}

void
ev_event_finish(EvEvent *event, EvProblems *problems, Jsonb *context)
{
	if (event->nulls[EV_TYPE] && !ev_problem_is_at(problems, "/type"))
		ev_problem_add(problems, "type", "is required");
	if (context != NULL)
		fill_from_context(event, problems, context);
	fill_from_settings(event, problems);
	if (problems->list != NIL)
		return;
	ev_event_find_type(event);
	fill_core(event, problems);
	close_attributes(event);
	ev_event_check(event, problems);
}
