/* SPDX-License-Identifier: PostgreSQL
 *
 * change_row.c: one changed row as the data and subject of an event.
 *
 * The key is that of the new row, and of the old one where there is no new.
 * The subject is made of the same values as data.key: a single one as it is,
 * several as a path like that of a topic (match/topic.h).  A key that is null,
 * or empty, is no subject.  Control characters, which no attribute may hold,
 * are percent-encoded: a row that can be stored must not fail to be published.
 */
#include "base/compat.h"

#include "capture/change_row.h"
#include "lib/stringinfo.h"
#include "publish/attribute.h"
#include "utils/builtins.h"

static const TupleTableSlot *
key_row(const EvChangeRow *row)
{
	return row->new_row != NULL ? row->new_row : row->old_row;
}

void
ev_change_row_write(EvJsonbWriter *writer, EvJsonbFrame *parent, const EvChangePlan *plan,
					const EvChangeRow *row)
{
	EvJsonbFrame frame;
	int n = (plan->key != NULL) + (row->new_row != NULL) + (row->old_row != NULL);

	ev_jsonb_open_object(writer, &frame, n);
	if (plan->key != NULL)
		ev_jsonb_put_key(writer, &frame, "key", 3);
	if (row->new_row != NULL)
		ev_jsonb_put_key(writer, &frame, "new", 3);
	if (row->old_row != NULL)
		ev_jsonb_put_key(writer, &frame, "old", 3);
	if (plan->key != NULL)
		ev_row_json_write(writer, &frame, plan->key, key_row(row), NULL);
	if (row->new_row != NULL)
		ev_row_json_write(writer, &frame, plan->row, row->new_row, row->chosen);
	if (row->old_row != NULL)
		ev_row_json_write(writer, &frame, plan->row, row->old_row, row->chosen);
	ev_jsonb_close(writer, &frame, parent);
}

/* Append a value's text; as an element of a path, '/' and '%' are encoded. */
static void
append_text(StringInfo out, const char *s, int n, bool is_element)
{
	for (int i = 0; i < n; i++)
	{
		unsigned char c = (unsigned char) s[i];

		if (c < 0x20 || c == 0x7F || (is_element && (c == '/' || c == '%')))
			appendStringInfo(out, "%%%02X", c);
		else
			appendStringInfoChar(out, s[i]);
	}
}

static text *
text_of_int(int64 value)
{
	char digits[MAXINT8LEN + 1];

	return cstring_to_text_with_len(digits, pg_lltoa(value, digits));
}

/* The commonest key of all. */
static text *
subject_of_int(const EvRowColumn *column, Datum value)
{
	switch (column->conversion)
	{
		case EV_FROM_INT2:
			return text_of_int(DatumGetInt16(value));
		case EV_FROM_INT4:
			return text_of_int(DatumGetInt32(value));
		case EV_FROM_INT8:
			return text_of_int(DatumGetInt64(value));
		default:
			return NULL;
	}
}

static void
append_value(StringInfo out, EvRowColumn *column, const TupleTableSlot *slot, bool is_element)
{
	EvJsonbWriter writer;
	EvJsonbFrame frame;
	EvView view;
	int length;
	const char *s;

	ev_jsonb_writer_init(&writer);
	ev_jsonb_open_array(&writer, &frame, 1);
	ev_row_json_put(&writer, &frame, column, slot);
	view = ev_view_of(ev_jsonb_writer_finish(&writer));
	ev_view_element(&view, 0, &view);
	s = ev_row_json_text(&view, &length);
	append_text(out, s, length, is_element);
}

text *
ev_change_row_subject(const EvChangePlan *plan, const EvChangeRow *row)
{
	const TupleTableSlot *slot = key_row(row);
	EvProblems problems = {0};
	StringInfoData out;
	text *fast;
	int n = plan->key != NULL ? plan->key->ncolumns : 0;

	for (int i = 0; i < n; i++)
	{
		if (slot->tts_isnull[plan->subject[i]->index])
			return NULL;
	}
	if (n == 0)
		return NULL;
	if (n == 1 && !plan->subject[0]->hashed)
	{
		fast = subject_of_int(plan->subject[0], slot->tts_values[plan->subject[0]->index]);
		if (fast != NULL)
			return fast;
	}
	initStringInfo(&out);
	for (int i = 0; i < n; i++)
	{
		if (i > 0)
			appendStringInfoChar(&out, '/');
		append_value(&out, plan->subject[i], slot, n > 1);
	}
	if (out.len == 0 || !ev_attribute_check_string(&problems, "subject", out.data, out.len))
		return NULL;
	return cstring_to_text_with_len(out.data, out.len);
}
