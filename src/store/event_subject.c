/* SPDX-License-Identifier: PostgreSQL
 *
 * event_subject.c: a row of events.event as patterns and FEEL filters see it.
 *
 * A view points to a text column's bytes, or into the jsonb of data and
 * attributes; only what lies out of line or compressed is copied, times and the
 * topic's path are written out.  Each is made once for a row, in the context of the row,
 * also when it is asked for in the middle of something whose memory goes sooner.
 */
#include "base/compat.h"

#include "match/topic.h"
#include "store/event_subject.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/* Names on the wire that are columns. */
static const struct
{
	const char *name;
	int length;
	EvColumn column;
} attributes[] = {
#define ATTRIBUTE(name, column)        \
	{                                  \
		name, sizeof(name) - 1, column \
	}
	ATTRIBUTE("type", EV_TYPE),
	ATTRIBUTE("data", EV_DATA),
	ATTRIBUTE("source", EV_SOURCE),
	ATTRIBUTE("subject", EV_SUBJECT),
	ATTRIBUTE("topic", EV_TOPIC),
	ATTRIBUTE("time", EV_TIME),
	ATTRIBUTE("id", EV_ID),
	ATTRIBUTE("recordedtime", EV_RECORDED_AT),
	ATTRIBUTE("dataschema", EV_DATASCHEMA),
	ATTRIBUTE("datacontenttype", EV_DATACONTENTTYPE),
#undef ATTRIBUTE
};

static EvView
string_view(const char *data, int length)
{
	return (EvView) {.type = EV_JSON_STRING, .data = data, .length = length};
}

static EvView
time_view(TimestampTz t, char *out)
{
	return string_view(out, ev_rfc3339_format(t, out));
}

static EvView
make_view(EvEventSubject *row, EvColumn column)
{
	Datum value = row->values[column];
	char *path;
	text *t;
	int length;

	switch (column)
	{
		case EV_TIME:
			return time_view(DatumGetTimestampTz(value), row->time);
		case EV_RECORDED_AT:
			return time_view(DatumGetTimestampTz(value), row->recorded_time);
		case EV_TOPIC:
			path = ev_topic_to_path(DatumGetArrayTypeP(value), &length);
			return string_view(path, length);
		case EV_DATA:
		case EV_ATTRIBUTES:
			return ev_view_of(DatumGetJsonbP(value));
		default:
			t = DatumGetTextPP(value);
			return string_view(VARDATA_ANY(t), VARSIZE_ANY_EXHDR(t));
	}
}

static bool
get_column(EvEventSubject *row, EvColumn column, EvView *value)
{
	if (row->nulls[column])
		return false;
	if (!row->has[column])
	{
		MemoryContext old = MemoryContextSwitchTo(row->context);

		row->views[column] = make_view(row, column);
		row->has[column] = true;
		MemoryContextSwitchTo(old);
	}
	*value = row->views[column];
	return true;
}

static bool
get_attribute(EvSubject *subject, const char *name, int length, EvView *value)
{
	EvEventSubject *row = (EvEventSubject *) subject;
	EvView extensions;

	for (int i = 0; i < lengthof(attributes); i++)
	{
		if (attributes[i].length == length && memcmp(attributes[i].name, name, length) == 0)
			return get_column(row, attributes[i].column, value);
	}
	if (length == 11 && memcmp(name, "specversion", length) == 0)
	{
		*value = string_view("1.0", 3);
		return true;
	}
	return get_column(row, EV_ATTRIBUTES, &extensions) && extensions.type == EV_JSON_OBJECT &&
		   ev_view_member(&extensions, name, length, value);
}

EvSubject *
ev_event_subject_init(EvEventSubject *row, const Datum *values, const bool *nulls)
{
	row->subject = (EvSubject) {.get = get_attribute};
	row->values = values;
	row->nulls = nulls;
	row->context = CurrentMemoryContext;
	memset(row->has, 0, sizeof(row->has));
	return &row->subject;
}
