/*
 * params_test.c - the parameters of a GET: nothing is guessed.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "tap.h"

#include "web/params.h"

static const ParamsLimits limits = {.max_wait_ms = 60000,
									.max_limit = 1000,
									.max_subscriptions = 4,
									.max_filter_size = 40};

/* 20 bytes, and more than 40 */
#define HALF_TEXT "xxxxxxxxxxxxxxxxxxxx"
#define LONG_TEXT HALF_TEXT HALF_TEXT "x"

static Params params;
static ParamsFault fault;

static HttpSlice
slice(const char *text)
{
	return (HttpSlice) {text, strlen(text)};
}

static bool
parse_with(const char *query, const char *last_event_id)
{
	memset(&fault, 0, sizeof(fault));
	return params_parse(&params, slice(query), slice(last_event_id), &limits, &fault);
}

static bool
parse(const char *query)
{
	return parse_with(query, "");
}

/* is the path number i these elements, joined by '|'? */
static bool
topic_is(int i, const char *expected)
{
	const StrList *path = &params.filter.topics[i];
	char text[200] = "";

	for (int j = 0; j < path->count; j++)
	{
		strcat(text, j > 0 ? "|" : "");
		strncat(text, path->items[j].data, path->items[j].len);
	}
	return strcmp(text, expected) == 0;
}

static void
good(void)
{
	ok(parse(""), "nothing is given");
	ok(params.start == PARAMS_LATEST && params.wait_ms == -1 && params.limit == -1 &&
		   params.filter.topic_count == 0,
	   "from now on, everything");
	params_clear(&params);

	ok(parse("after=earliest&wait=0&limit=7"), "from the earliest");
	ok(params.start == PARAMS_EARLIEST && params.wait_ms == 0 && params.limit == 7, "as it says");
	params_clear(&params);

	ok(parse("after=k3v9x0ab-0000000000000001234&wait=1000"), "after a cursor");
	ok(params.start == PARAMS_CURSOR, "as it says");
	ok(strcmp(params.after.epoch, "k3v9x0ab") == 0 && params.after.position == 1234, "that one");
	is_int(params.wait_ms, 60000, "a wait that is too long is cut");
	params_clear(&params);

	ok(parse_with("after=5", "k3v9x0ab-0000000000000000009"), "Last-Event-ID wins over after");
	is_int(params.after.position, 9, "since the browser repeats its URL");
	params_clear(&params);

	ok(parse("since=2026-01-31T12:00:00Z"), "since a time");
	ok(params.start == PARAMS_SINCE, "as it says");
	params_clear(&params);

	ok(parse("topics=%5B%5B%22order%22%5D,%5B%22service%22,%22a/b%22%5D%5D"), "topics as JSON");
	ok(params.filter.topic_count == 2 && topic_is(0, "order") && topic_is(1, "service|a/b"),
	   "are paths");
	params_clear(&params);

	ok(parse("topic=order/created&topic=a/b%2Fc&types=t,u.*"), "topics as text, and types");
	ok(params.filter.topic_count == 2 && topic_is(0, "order|created") && topic_is(1, "a|b/c"),
	   "a slash inside an element is escaped");
	ok(params.filter.types.count == 2, "types are a list");
	params_clear(&params);

	ok(parse("pattern=%7B%7D&filter=a%0a%09%2B+1&wait=0"), "a pattern and a filter");
	is_str(params.pattern, "{}", "are texts");
	is_str(params.expression, "a\n\t+ 1", "which may have lines");
	ok(params.has_filter && params.filter_key.len > 0, "and are part of what is wanted");
	params_clear(&params);
	ok(parse("filter=" HALF_TEXT "&pattern=" HALF_TEXT), "as long as they may be");
	params_clear(&params);
}

static void
bad(void)
{
	static const char *const queries[] = {
		"unknown=1",
		"after=",
		"after=-1",
		"after=yesterday",
		"after=1&after=2",
		"after=99999999999999999999",
		"since=yesterday",
		"after=1&since=2026-01-31T12:00:00Z",
		"wait=-1",
		"wait=x",
		"wait=",
		"limit=0",
		"limit=-5",
		"limit=1.5",
		"limit=x",
		"limit=1&limit=2",
		"topics=",
		"topics=x",
		"topics=%5B",
		"topics=%5B%22a%22%5D",
		"topics=%7B%7D",
		"topics=%5B%5B1%5D%5D",
		"topics=%5B%5Bnull%5D%5D",
		"topic=%zz",
		"topic=%f",
		"topic=%00",
		"topic=%ff",
		"topic=%0a",
		"types=%2Aa",
		"types=a%2Ab",
		"types=a,,b",
		"types=a,b,c,d,e",
		"topic=a&topic=b&topic=c&topic=d&topic=e",
		"=1",
		"name=%01",
		"name=a%0ab",
		"filter=",
		"pattern=",
		"filter=a&filter=b",
		"filter=%00",
		"filter=a%00b",
		"filter=%01",
		"filter=%7f",
		"filter=%ff",
		"filter=" LONG_TEXT,
		"filter=" HALF_TEXT "&pattern=" HALF_TEXT "x",
	};

	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
	{
		bool taken = parse(queries[i]);

		if (!check(!taken && fault.detail[0] != '\0'))
			printf("#   %s: %s %s\n", queries[i], taken ? "taken" : "refused", fault.detail);
		if (taken)
			params_clear(&params);
	}
	check(!parse_with("", "nonsense") && fault.detail[0] != '\0');
	checks_held("whatever makes no sense is refused, with a sentence");
}

int
main(void)
{
	good();
	bad();
	return tap_done();
}
