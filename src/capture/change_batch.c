/* SPDX-License-Identifier: PostgreSQL
 *
 * change_batch.c: the changes of a statement as one event.
 *
 * Rows are written one after the other into a buffer; {"rows": [...], "count":
 * n} is put around them when the statement ends, or when the next row would
 * make the event larger than events.max_event_size.  A row that is too large
 * by itself is refused, as it would be in an event of its own.
 */
#include "base/compat.h"

#include "capture/change_batch.h"

/* What the event takes beside the rows: header, keys, count, and for each row. */
#define FRAME_SIZE 64
#define ROW_FRAME_SIZE (sizeof(JEntry) + sizeof(uint32))

void
ev_change_batch_init(EvChangeBatch *batch, EvChangeEvents *events)
{
	batch->events = events;
	ev_jsonb_writer_init(&batch->rows);
	ev_jsonb_writer_clear(&batch->rows);
	ev_jsonb_writer_init(&batch->data);
	batch->room = 64;
	batch->ends = palloc(sizeof(int) * batch->room);
	batch->count = 0;
}

/* An event of the first n rows. */
static void
publish(EvChangeBatch *batch, int n)
{
	EvJsonbWriter *data = &batch->data;
	EvJsonbFrame object;
	EvJsonbFrame array;
	int start = 0;

	ev_jsonb_writer_reset(data);
	ev_jsonb_open_object(data, &object, 2);
	ev_jsonb_put_key(data, &object, "rows", 4);
	ev_jsonb_put_key(data, &object, "count", 5);
	ev_jsonb_open_array(data, &array, n);
	for (int i = 0; i < n; i++)
	{
		ev_jsonb_put_container(data, &array, batch->rows.data + start, batch->ends[i] - start);
		start = INTALIGN(batch->ends[i]);
	}
	ev_jsonb_close(data, &array, &object);
	ev_jsonb_put_int(data, &object, n);
	data->digits += batch->rows.digits;
	ev_change_event_publish(batch->events, NULL, data);
}

/* Only the last row stays; its numbers take so many digits. */
static void
keep_last(EvChangeBatch *batch, Size digits)
{
	int start = INTALIGN(batch->ends[batch->count - 2]);
	int length = batch->ends[batch->count - 1] - start;

	memmove(batch->rows.data, batch->rows.data + start, length);
	batch->rows.length = length;
	batch->rows.digits = digits;
	batch->ends[0] = length;
	batch->count = 1;
}

void
ev_change_batch_add(EvChangeBatch *batch, const EvChangePlan *plan, const EvChangeRow *row)
{
	EvJsonbWriter *rows = &batch->rows;
	Size digits_before = rows->digits;
	Size digits;
	Size size;

	if (batch->count == batch->room)
	{
		batch->room *= 2;
		batch->ends = repalloc(batch->ends, sizeof(int) * batch->room);
	}
	ev_change_row_write(rows, NULL, plan, row);
	batch->ends[batch->count++] = rows->length;
	size = rows->length + rows->digits + FRAME_SIZE + ROW_FRAME_SIZE * batch->count;
	if (batch->count == 1 || size <= ev_change_event_room(batch->events))
		return;
	digits = rows->digits - digits_before;
	rows->digits = digits_before;
	publish(batch, batch->count - 1);
	keep_last(batch, digits);
}

void
ev_change_batch_flush(EvChangeBatch *batch)
{
	if (batch->count == 0)
		return;
	publish(batch, batch->count);
	batch->count = 0;
	ev_jsonb_writer_clear(&batch->rows);
}
