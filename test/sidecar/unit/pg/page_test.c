/*
 * page_test.c - the parameters of a page, and pages that are not of the form we know.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * Results are made by hand, in PostgreSQL's binary format, with libpq's own functions for that.
 */
#include "pg/page.h"

#include <arpa/inet.h>

#include "base/buf.h"
#include "tap.h"

static const StrList topics[] = {
	{(const Str[]) {{"a", 1}}, 1},
	{(const Str[]) {{"b", 1}, {"c\"\\,{}", 6}}, 2},
	{NULL, 0},
};

static void
test_params(void)
{
	EventFilter filter = {.topics = topics,
						  .topic_count = 2,
						  .types = {(const Str[]) {{"x.*", 3}, {"", 0}}, 2}};
	EventFilter everything = {.topics = topics + 2, .topic_count = 1};
	EventFilter broken = {.types = {(const Str[]) {{"a\0b", 3}}, 1}};
	EventFilter filtered = {.filters = {(const Str[]) {{"{\"a\"}", 5}, {"b\\", 2}}, 2},
							.only_matching = true};
	PageParams params;

	ok(page_params_init(&params, &(PageRequest) {INT64_MAX, 10, 1000, &filter, NULL}),
	   "parameters of a filter");
	is_str(params.values[0], "9223372036854775807", "the position");
	is_str(params.values[3], "{{\"a\",NULL},{\"b\",\"c\\\"\\\\,{}\"}}",
		   "topics, of one width, quoted");
	is_str(params.values[4], "{\"x.*\",\"\"}", "types");
	page_params_clear(&params);
	ok(page_params_init(&params, &(PageRequest) {0, 10, 1000, NULL, NULL}),
	   "parameters without a filter");
	ok(!params.values[3] && !params.values[4] && !params.values[5] && !params.values[6],
	   "are nulls");
	is_str(params.values[7], "f", "and all events are wanted");
	page_params_clear(&params);
	ok(page_params_init(&params, &(PageRequest) {0, 10, 1000, &everything, NULL}),
	   "an empty topic");
	is_str(params.values[3], "{{NULL}}", "is a row of nulls");
	page_params_clear(&params);
	ok(page_params_init(&params, &(PageRequest) {0, 10, 1000, &filtered, "key"}),
	   "parameters of filters");
	is_str(params.values[5], "{\"{\\\"a\\\"}\",\"b\\\\\"}", "their texts, quoted");
	is_str(params.values[6], "key", "the key");
	is_str(params.values[7], "t", "and only what matches");
	page_params_clear(&params);
	ok(!page_params_init(&params, &(PageRequest) {0, 1, 1, &broken, NULL}),
	   "a NUL byte is refused");
	page_params_clear(&params);
}

static PGresult *
new_result(int columns)
{
	static char name[] = "x";
	PGresAttDesc columns_as[8] = {0};
	PGresult *result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);

	for (int i = 0; i < columns; i++)
	{
		columns_as[i].name = name;
		columns_as[i].format = 1;
	}
	PQsetResultAttrs(result, columns, columns_as);
	return result;
}

static void
set_bigint(PGresult *result, int row, int column, int64_t value)
{
	uint32_t words[2] = {htonl((uint32_t) ((uint64_t) value >> 32)), htonl((uint32_t) value)};

	check(PQsetvalue(result, row, column, (char *) words, 8));
}

static void
set_text(PGresult *result, int row, int column, const char *text)
{
	check(PQsetvalue(result, row, column, (char *) text, text ? (int) strlen(text) : -1));
}

static void
put_word(Buf *out, uint32_t word)
{
	word = htonl(word);
	buf_append(out, &word, 4);
}

/* an array of `count` elements "t", said to have `claimed` */
static void
set_topic(PGresult *result, int row, int count, int claimed)
{
	Buf array;

	buf_init(&array, 4096);
	put_word(&array, 1);
	put_word(&array, 0);
	put_word(&array, 25);
	put_word(&array, (uint32_t) claimed);
	put_word(&array, 1);
	for (int i = 0; i < count; i++)
	{
		put_word(&array, 1);
		buf_putc(&array, 't');
	}
	check(PQsetvalue(result, row, 3, array.data, (int) array.len));
	buf_clear(&array);
}

/* int[]; `width` is what each says of its size */
static void
set_matches(PGresult *result, int row, const int *matches, int count, int width)
{
	Buf array;

	buf_init(&array, 4096);
	put_word(&array, count > 0);
	put_word(&array, 0);
	put_word(&array, 23);
	if (count > 0)
	{
		put_word(&array, (uint32_t) count);
		put_word(&array, 1);
	}
	for (int i = 0; i < count; i++)
	{
		put_word(&array, (uint32_t) width);
		put_word(&array, (uint32_t) matches[i]);
	}
	check(PQsetvalue(result, row, 5, array.data, (int) array.len));
	buf_clear(&array);
}

static void
set_event(PGresult *result, int row, int64_t position, int elements, int claimed)
{
	set_bigint(result, row, 0, position);
	set_bigint(result, row, 1, 5);
	set_text(result, row, 2, "a.type");
	set_topic(result, row, elements, claimed);
	set_text(result, row, 4, "{}");
	set_matches(result, row, NULL, 0, 4);
}

static void
set_end(PGresult *result, int row, int64_t position, const char *epoch)
{
	set_bigint(result, row, 0, position);
	set_text(result, row, 1, NULL);
	set_text(result, row, 2, epoch);
	set_text(result, row, 3, NULL);
	set_text(result, row, 4, NULL);
	set_text(result, row, 5, NULL);
}

static void
test_page(void)
{
	PGresult *result = new_result(6);
	Page page;

	set_event(result, 0, 7, 2, 2);
	set_matches(result, 0, (const int[]) {-4, 1, 3}, 3, 4);
	set_event(result, 1, INT64_C(1) << 40, 0, 0);
	set_text(result, 1, 5, NULL);
	set_end(result, 2, (INT64_C(1) << 40) + 3, "abcdefgh");
	ok(page_read(&page, result), "a page is read");
	is_int(page.count, 2, "its events");
	is_int(page.position, (INT64_C(1) << 40) + 3, "how far it went");
	is_str(page.epoch, "abcdefgh", "its epoch");
	is_int(page.events[1].position, INT64_C(1) << 40, "a position");
	is_int(page.events[0].recorded_at, INT64_C(946684800000005), "a time, since 1970");
	is_int(page.events[0].topic.count, 2, "a topic");
	is_int(page.events[1].topic.count, 0, "an empty topic");
	is_int((int64_t) page.bytes, 4, "bytes of events");
	is_int(page.events[0].match_count, 3, "filters that it matches, or that failed");
	ok(page.events[0].matches[0] == 1 && page.events[0].matches[1] == 3 &&
		   page.events[0].matches[2] == -4,
	   "in the order of their numbers");
	is_int(page.events[1].match_count, 0, "none");
	page_clear(&page);
	PQclear(result);
}

static void
is_no_page(PGresult *result, const char *name)
{
	Page page;

	ok(!page_read(&page, result), name);
	page_clear(&page);
	PQclear(result);
}

static void
test_wrong_pages(void)
{
	PGresult *result = new_result(6);

	is_no_page(result, "no rows at all");
	result = new_result(5);
	set_bigint(result, 0, 0, 1);
	is_no_page(result, "a column is missing");
	result = new_result(6);
	set_event(result, 0, 7, 1, 1);
	is_no_page(result, "no end row");
	result = new_result(6);
	set_event(result, 0, 7, 1, 2);
	set_end(result, 1, 7, "abcdefgh");
	is_no_page(result, "a topic that is shorter than it says");
	result = new_result(6);
	set_event(result, 0, 7, 1, 0x7fffffff);
	set_end(result, 1, 7, "abcdefgh");
	is_no_page(result, "a topic that says it is huge");
	result = new_result(6);
	set_event(result, 0, 7, 1, 1);
	set_matches(result, 0, (const int[]) {1}, 1, 8);
	set_end(result, 1, 7, "abcdefgh");
	is_no_page(result, "matches that are no integers");
	result = new_result(6);
	set_event(result, 0, 7, 1, 1);
	set_text(result, 0, 5, "not an array");
	set_end(result, 1, 7, "abcdefgh");
	is_no_page(result, "matches that are no array");
	result = new_result(6);
	set_end(result, 0, 7, "an epoch too long");
	is_no_page(result, "an epoch that is none");
	result = new_result(6);
	set_end(result, 0, 7, "abcdefgh");
	set_end(result, 1, 7, "abcdefgh");
	is_no_page(result, "two end rows");
}

int
main(void)
{
	test_params();
	test_page();
	test_wrong_pages();
	checks_held("the results were made as they should be");
	return tap_done();
}
