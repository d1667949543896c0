/*
 * page.c - pages of the feed, in PostgreSQL's binary format.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * Parameters go as text (an array literal is easy to write), results come in binary: integers in
 * network order, timestamps as microseconds since 2000, arrays as a header and length-prefixed
 * elements.  Events are not copied, they stay in the PGresult.
 *
 * Every length is checked against the field it is in: the server is trusted to mean well, not to
 * be of the version we know.
 */
#include "pg/page.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define POSTGRES_EPOCH INT64_C(946684800000000) /* 2000-01-01 in microseconds */
#define FILTER_LIMIT (1024 * 1024)
#define TOPIC_LIMIT 1000 /* elements */

enum
{
	COLUMN_POSITION,
	COLUMN_RECORDED_AT,
	COLUMN_TYPE,
	COLUMN_TOPIC,
	COLUMN_EVENT,
	COLUMNS
};

const ConnStatement page_statement = {
	.number = 1,
	.sql = "SELECT position, recorded_at, type, topic, event FROM events._feed("
		   "$1::bigint, $2::integer, $3::integer, $4::text[], $5::text[])",
	.params = 5,
	.binary = true};

/* ---- parameters ---- */

/* an element of an array literal */
static bool
put_element(Buf *out, Str element)
{
	if (element.len && memchr(element.data, '\0', element.len))
		return false;
	buf_putc(out, '"');
	for (size_t i = 0; i < element.len; i++)
	{
		if (element.data[i] == '"' || element.data[i] == '\\')
			buf_putc(out, '\\');
		buf_putc(out, element.data[i]);
	}
	return buf_putc(out, '"');
}

static bool
put_array(Buf *out, StrList list, int width)
{
	buf_putc(out, '{');
	for (int i = 0; i < width; i++)
	{
		if (i > 0)
			buf_putc(out, ',');
		if (i >= list.count)
			buf_puts(out, "NULL");
		else if (!put_element(out, list.items[i]))
			return false;
	}
	return buf_putc(out, '}');
}

/* rows of one width: shorter topics are filled up with NULLs */
static bool
put_topics(Buf *out, const EventFilter *filter)
{
	int width = 1;

	for (int i = 0; i < filter->topic_count; i++)
	{
		if (filter->topics[i].count > width)
			width = filter->topics[i].count;
	}
	buf_putc(out, '{');
	for (int i = 0; i < filter->topic_count; i++)
	{
		if (i > 0)
			buf_putc(out, ',');
		if (!put_array(out, filter->topics[i], width))
			return false;
	}
	return buf_putc(out, '}');
}

bool
page_params_init(PageParams *params, int64_t after, int max_count, int max_bytes,
				 const EventFilter *filter)
{
	Buf topics;
	Buf types;
	bool good = true;

	memset(params, 0, sizeof(*params));
	buf_init(&topics, FILTER_LIMIT);
	buf_init(&types, FILTER_LIMIT);
	if (filter && filter->topic_count > 0)
		good = put_topics(&topics, filter);
	if (filter && filter->types.count > 0)
		good = put_array(&types, filter->types, filter->types.count) && good;
	good = good && !topics.overflowed && !types.overflowed;
	if (good)
	{
		params->values[0] = mem_printf("%lld", (long long) after);
		params->values[1] = mem_printf("%d", max_count);
		params->values[2] = mem_printf("%d", max_bytes);
		params->values[3] = topics.len ? buf_detach(&topics, NULL) : NULL;
		params->values[4] = types.len ? buf_detach(&types, NULL) : NULL;
	}
	buf_clear(&topics);
	buf_clear(&types);
	return good;
}

void
page_params_clear(PageParams *params)
{
	for (int i = 0; i < 5; i++)
	{
		mem_free(params->values[i]);
		params->values[i] = NULL;
	}
}

/* ---- results ---- */

static uint32_t
read_u32(const char *p)
{
	const unsigned char *b = (const unsigned char *) p;

	return (uint32_t) b[0] << 24 | (uint32_t) b[1] << 16 | (uint32_t) b[2] << 8 | b[3];
}

int64_t
page_bigint(const PGresult *rows, int row, int column)
{
	const char *p = PQgetvalue(rows, row, column);

	if (PQgetlength(rows, row, column) != 8)
		return 0;
	return (int64_t) ((uint64_t) read_u32(p) << 32 | read_u32(p + 4));
}

static Str
field(const PGresult *rows, int row, int column)
{
	return (Str) {PQgetvalue(rows, row, column), (size_t) PQgetlength(rows, row, column)};
}

/*
 * A one-dimensional text[]: dimensions, flags, element type, then length and lower bound of the
 * dimension, then each element's length and bytes.  With elements NULL only counts.  -1 when it
 * is something else.
 */
static int
read_text_array(Str array, Str *elements)
{
	size_t at = 20;
	uint32_t count;

	if (array.len < 12)
		return -1;
	if (read_u32(array.data) == 0)
		return 0;
	if (read_u32(array.data) != 1 || array.len < 20)
		return -1;
	count = read_u32(array.data + 12);
	if (count > TOPIC_LIMIT)
		return -1;
	for (uint32_t i = 0; i < count; i++)
	{
		uint32_t len;

		if (array.len - at < 4)
			return -1;
		len = read_u32(array.data + at);
		at += 4;
		if (len > array.len - at)
			return -1; /* also a NULL element, whose length is -1 */
		if (elements)
			elements[i] = (Str) {array.data + at, len};
		at += len;
	}
	return (int) count;
}

static bool
read_end(Page *page, const PGresult *rows, int row)
{
	Str epoch = field(rows, row, COLUMN_TYPE);

	if (!PQgetisnull(rows, row, COLUMN_EVENT) || epoch.len == 0 || epoch.len >= sizeof(page->epoch))
		return false;
	memcpy(page->epoch, epoch.data, epoch.len);
	page->epoch[epoch.len] = '\0';
	page->position = page_bigint(rows, row, COLUMN_POSITION);
	return true;
}

static int
count_elements(const PGresult *rows, int count)
{
	int total = 0;

	for (int row = 0; row < count; row++)
	{
		int elements = read_text_array(field(rows, row, COLUMN_TOPIC), NULL);

		if (elements < 0)
			return -1;
		total += elements;
	}
	return total;
}

static bool
is_page(const PGresult *rows)
{
	if (PQnfields(rows) != COLUMNS || PQntuples(rows) < 1)
		return false;
	for (int column = 0; column < COLUMNS; column++)
	{
		if (PQfformat(rows, column) != 1)
			return false;
	}
	return true;
}

bool
page_read(Page *page, const PGresult *rows)
{
	int count;
	int elements;
	Str *next;

	memset(page, 0, sizeof(*page));
	if (!is_page(rows))
		return false;
	count = PQntuples(rows) - 1;
	elements = count_elements(rows, count);
	if (elements < 0 || !read_end(page, rows, count))
		return false;
	page->events = mem_array((size_t) count, sizeof(FeedEvent));
	page->elements = next = mem_array((size_t) elements, sizeof(Str));
	page->count = count;
	for (int row = 0; row < count; row++)
	{
		FeedEvent *event = &page->events[row];

		if (PQgetisnull(rows, row, COLUMN_EVENT))
			return false;
		event->position = page_bigint(rows, row, COLUMN_POSITION);
		event->recorded_at = page_bigint(rows, row, COLUMN_RECORDED_AT) + POSTGRES_EPOCH;
		event->type = field(rows, row, COLUMN_TYPE);
		event->json = field(rows, row, COLUMN_EVENT);
		event->topic.items = next;
		event->topic.count = read_text_array(field(rows, row, COLUMN_TOPIC), next);
		next += event->topic.count;
		page->bytes += event->json.len;
	}
	return true;
}

void
page_clear(Page *page)
{
	mem_free(page->events);
	mem_free(page->elements);
	memset(page, 0, sizeof(*page));
}
