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
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define POSTGRES_EPOCH INT64_C(946684800000000) /* 2000-01-01 in microseconds */
#define FILTER_LIMIT (1024 * 1024)
#define FILTERS_LIMIT (256 * FILTER_LIMIT)
#define TOPIC_LIMIT 1000 /* elements */

enum
{
	COLUMN_POSITION,
	COLUMN_RECORDED_AT,
	COLUMN_TYPE,
	COLUMN_TOPIC,
	COLUMN_EVENT,
	COLUMN_MATCHES,
	COLUMNS
};

const ConnStatement page_statement = {
	.number = 1,
	.sql = "SELECT position, recorded_at, type, topic, event, matches FROM events._feed("
		   "$1::bigint, $2::integer, $3::integer, $4::text[], $5::text[], $6::text[], $7::text,"
		   " $8::boolean)",
	.params = PAGE_PARAMS,
	.binary = true};
const ConnStatement check_statement = {.number = 8,
									   .sql = "SELECT events._check_filter($1::text, $2::text)",
									   .params = 2};

/* ---- parameters ---- */

/* an element of an array literal */
static bool
put_element(Buf *out, Str element)
{
	if (element.len && memchr(element.data, '\0', element.len))
		return false;
	buf_putc(out, '"');
	while (element.len > 0)
	{
		size_t plain = 0;

		while (plain < element.len && element.data[plain] != '"' && element.data[plain] != '\\')
			plain++;
		buf_append(out, element.data, plain);
		if (plain < element.len)
		{
			buf_putc(out, '\\');
			buf_putc(out, element.data[plain++]);
		}
		element = (Str) {element.data + plain, element.len - plain};
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

/* a list as an array, NULL when it is empty; false when it cannot be one */
static bool
make_array(char **value, StrList list, size_t limit)
{
	Buf out;
	bool good;

	if (list.count == 0)
		return true;
	buf_init(&out, limit);
	good = put_array(&out, list, list.count) && !out.overflowed;
	if (good)
		*value = buf_detach(&out, NULL);
	buf_clear(&out);
	return good;
}

static bool
make_topics(char **value, const EventFilter *filter)
{
	Buf out;
	bool good;

	if (filter->topic_count == 0)
		return true;
	buf_init(&out, FILTER_LIMIT);
	good = put_topics(&out, filter) && !out.overflowed;
	if (good)
		*value = buf_detach(&out, NULL);
	buf_clear(&out);
	return good;
}

bool
page_params_init(PageParams *params, const PageRequest *request)
{
	const EventFilter everything = {0};
	const EventFilter *filter = request->filter ? request->filter : &everything;

	memset(params, 0, sizeof(*params));
	if (!make_topics(&params->values[3], filter) ||
		!make_array(&params->values[4], filter->types, FILTER_LIMIT) ||
		!make_array(&params->values[5], filter->filters, FILTERS_LIMIT))
	{
		page_params_clear(params);
		return false;
	}
	params->values[0] = mem_printf("%lld", (long long) request->after);
	params->values[1] = mem_printf("%d", request->max_count);
	params->values[2] = mem_printf("%d", request->max_bytes);
	params->values[6] = request->filters_key ? mem_strdup(request->filters_key) : NULL;
	params->values[7] = mem_strdup(filter->only_matching ? "t" : "f");
	return true;
}

void
page_params_clear(PageParams *params)
{
	for (int i = 0; i < PAGE_PARAMS; i++)
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

static int
compare_matches(const void *a, const void *b)
{
	int64_t x = llabs(*(const int64_t *) a);
	int64_t y = llabs(*(const int64_t *) b);

	return (x > y) - (x < y);
}

/* a one-dimensional int[], likewise; brought into the order of absolute values */
static int
read_matches(Str array, int64_t *matches)
{
	uint32_t count;
	bool rises = true;

	if (array.len == 0 || (array.len >= 12 && read_u32(array.data) == 0))
		return 0;
	if (array.len < 20 || read_u32(array.data) != 1)
		return -1;
	count = read_u32(array.data + 12);
	if (count > (array.len - 20) / 8)
		return -1;
	for (uint32_t i = 0; i < count; i++)
	{
		const char *at = array.data + 20 + (size_t) 8 * i;

		if (read_u32(at) != 4)
			return -1;
		if (!matches)
			continue;
		matches[i] = (int32_t) read_u32(at + 4);
		rises = rises && (i == 0 || llabs(matches[i - 1]) < llabs(matches[i]));
	}
	if (!rises)
		qsort(matches, count, sizeof(*matches), compare_matches);
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
	page->is_cut = !PQgetisnull(rows, row, COLUMN_MATCHES);
	return true;
}

/* elements of topics, and matches, of all rows; false when one is something else */
static bool
count_parts(const PGresult *rows, int count, size_t *elements, size_t *matches)
{
	*elements = *matches = 0;
	for (int row = 0; row < count; row++)
	{
		int topic = read_text_array(field(rows, row, COLUMN_TOPIC), NULL);
		int found = read_matches(field(rows, row, COLUMN_MATCHES), NULL);

		if (topic < 0 || found < 0)
			return false;
		*elements += (size_t) topic;
		*matches += (size_t) found;
	}
	return true;
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

static bool
read_event(FeedEvent *event, const PGresult *rows, int row)
{
	if (PQgetisnull(rows, row, COLUMN_EVENT))
		return false;
	event->position = page_bigint(rows, row, COLUMN_POSITION);
	event->recorded_at = page_bigint(rows, row, COLUMN_RECORDED_AT) + POSTGRES_EPOCH;
	event->type = field(rows, row, COLUMN_TYPE);
	event->json = field(rows, row, COLUMN_EVENT);
	return true;
}

bool
page_read(Page *page, const PGresult *rows)
{
	int count;
	size_t elements;
	size_t matches;
	Str *next_element;
	int64_t *next_match;

	memset(page, 0, sizeof(*page));
	if (!is_page(rows))
		return false;
	count = PQntuples(rows) - 1;
	if (!count_parts(rows, count, &elements, &matches) || !read_end(page, rows, count))
		return false;
	page->events = mem_array((size_t) count, sizeof(FeedEvent));
	page->elements = next_element = mem_array(elements, sizeof(Str));
	page->matches = next_match = mem_array(matches, sizeof(int64_t));
	page->count = count;
	for (int row = 0; row < count; row++)
	{
		FeedEvent *event = &page->events[row];

		if (!read_event(event, rows, row))
			return false;
		event->topic.items = next_element;
		event->topic.count = read_text_array(field(rows, row, COLUMN_TOPIC), next_element);
		next_element += event->topic.count;
		event->matches = next_match;
		event->match_count = read_matches(field(rows, row, COLUMN_MATCHES), next_match);
		next_match += event->match_count;
		page->bytes += event->json.len;
	}
	return true;
}

void
page_clear(Page *page)
{
	mem_free(page->events);
	mem_free(page->elements);
	mem_free(page->matches);
	memset(page, 0, sizeof(*page));
}
