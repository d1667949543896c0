/* SPDX-License-Identifier: PostgreSQL
 *
 * cloudevent.c: an event as CloudEvents JSON text.
 *
 * The database serialises each event once; the sidecar relays the text as it
 * is.  JSON data stands as a JSON value under "data"; binary data was stored
 * base64-encoded among the attributes, under a name that no extension
 * attribute can have (it has an underscore), and goes out as "data_base64".
 */
#include "base/compat.h"

#include "base/json_text.h"
#include "base/rfc3339.h"
#include "match/topic.h"
#include "store/cloudevent.h"
#include "store/columns.h"
#include "store/epoch.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

static void
append_json_text(StringInfo out, const char *name, Datum value)
{
	text *t = DatumGetTextPP(value);

	appendStringInfoString(out, ",\"");
	appendStringInfoString(out, name);
	appendStringInfoString(out, "\":");
	ev_json_append_string(out, VARDATA_ANY(t), VARSIZE_ANY_EXHDR(t));
	if ((Pointer) t != DatumGetPointer(value))
		pfree(t);
}

static void
append_time(StringInfo out, const char *name, TimestampTz t)
{
	char text[EV_RFC3339_LENGTH];
	int length = ev_rfc3339_format(t, text);

	appendStringInfoString(out, ",\"");
	appendStringInfoString(out, name);
	appendStringInfoString(out, "\":\"");
	appendBinaryStringInfo(out, text, length);
	appendStringInfoChar(out, '"');
}

static void
append_topic(StringInfo out, ArrayType *topic)
{
	int length;
	char *path = ev_topic_to_path(topic, &length);

	appendStringInfoString(out, ",\"topic\":");
	ev_json_append_string(out, path, length);
	pfree(path);
}

/* The members of `attributes`, which are strings, booleans and integers. */
static void
append_attributes(StringInfo out, Jsonb *attributes)
{
	JsonbIterator *it = JsonbIteratorInit(&attributes->root);
	JsonbIteratorToken token;
	JsonbValue v;

	while ((token = JsonbIteratorNext(&it, &v, true)) != WJB_DONE)
	{
		if (token != WJB_KEY && token != WJB_VALUE)
			continue;
		appendStringInfoChar(out, token == WJB_KEY ? ',' : ':');
		switch (v.type)
		{
			case jbvString:
				ev_json_append_string(out, v.val.string.val, v.val.string.len);
				break;
			case jbvBool:
				appendStringInfoString(out, v.val.boolean ? "true" : "false");
				break;
			case jbvNumeric:
				appendStringInfoString(out, DatumGetCString(DirectFunctionCall1(
												numeric_out, NumericGetDatum(v.val.numeric))));
				break;
			default:
				appendStringInfoString(out, "null");
				break;
		}
	}
}

void
ev_cloudevent_append(StringInfo out, const Datum *values, const bool *nulls, const char *epoch)
{
	static const EvColumn texts[] = {EV_ID,		 EV_SOURCE,			 EV_TYPE,
									 EV_SUBJECT, EV_DATACONTENTTYPE, EV_DATASCHEMA};
	char cursor[EV_CURSOR_LENGTH + 1];

	appendStringInfoString(out, "{\"specversion\":\"1.0\"");
	for (int i = 0; i < lengthof(texts); i++)
	{
		if (!nulls[texts[i]])
			append_json_text(out, ev_column_names[texts[i]], values[texts[i]]);
	}
	append_time(out, "time", DatumGetTimestampTz(values[EV_TIME]));
	append_time(out, "recordedtime", DatumGetTimestampTz(values[EV_RECORDED_AT]));
	append_topic(out, DatumGetArrayTypeP(values[EV_TOPIC]));
	if (!nulls[EV_ATTRIBUTES])
		append_attributes(out, DatumGetJsonbP(values[EV_ATTRIBUTES]));
	ev_epoch_format_cursor(epoch, DatumGetInt64(values[EV_POSITION]), cursor);
	appendStringInfoString(out, ",\"sequence\":\"");
	appendBinaryStringInfo(out, cursor, EV_CURSOR_LENGTH);
	appendStringInfoChar(out, '"');
	if (!nulls[EV_DATA])
	{
		appendStringInfoString(out, ",\"data\":");
		ev_json_append_jsonb(out, DatumGetJsonbP(values[EV_DATA]));
	}
	appendStringInfoChar(out, '}');
}
