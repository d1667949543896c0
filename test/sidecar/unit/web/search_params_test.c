/*
 * search_params_test.c - the parameters of a search: nothing is guessed.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "tap.h"

#include "base/mem.h"
#include "web/duration.h"
#include "web/search_params.h"

static const ParamsLimits limits = {.max_limit = 1000,
									.max_subscriptions = 4,
									.max_filter_size = 40};

/* 20 bytes, and more than 40 */
#define HALF_TEXT "xxxxxxxxxxxxxxxxxxxx"
#define LONG_TEXT HALF_TEXT HALF_TEXT "x"

static SearchParams params;
static ParamsFault fault;

static HttpSlice
slice(const char *text)
{
	return (HttpSlice) {text, strlen(text)};
}

static bool
parse(const char *query)
{
	memset(&fault, 0, sizeof(fault));
	return search_params_parse(&params, slice(query), &limits, &fault);
}

/* is the request for the database this text? */
static bool
becomes(const char *query, const char *expected)
{
	Buf out;
	bool same;

	if (!parse(query))
	{
		printf("# %s: %s\n", query, fault.detail);
		return false;
	}
	buf_init(&out, 4096);
	buf_putc(&out, '{');
	search_params_write(&out, &params);
	buf_putc(&out, '}');
	same = strcmp(buf_text(&out), expected) == 0;
	if (!same)
		printf("# %s: %s\n", query, buf_text(&out));
	buf_clear(&out);
	search_params_clear(&params);
	return same;
}

static bool
refused(const char *query, const char *word)
{
	if (parse(query))
	{
		printf("# %s was taken\n", query);
		search_params_clear(&params);
		return false;
	}
	if (strstr(fault.detail, word) != NULL)
		return true;
	printf("# %s: %s\n", query, fault.detail);
	return false;
}

static void
good(void)
{
	ok(becomes("", "{}"), "nothing is given");
	ok(becomes("&&q=&", "{}"), "an empty q is none");
	ok(becomes("q=a+%22b%22%0ac", "{\"query\":\"a \\\"b\\\"\\nc\"}"), "a query");
	ok(becomes("types=a,b.*&types=c", "{\"types\":[\"a\",\"b.*\",\"c\"]}"), "types");
	ok(becomes("type=a,b&type=c.*&types=d,e", "{\"types\":[\"a,b\",\"c.*\",\"d\",\"e\"]}"),
	   "a type with a comma, and others");
	ok(becomes("topic=a/b%2Fc&topics=[[\"d\"],[\"e\",\"f\"]]",
			   "{\"topics\":[[\"a\",\"b/c\"],[\"d\"],[\"e\",\"f\"]]}"),
	   "topics");
	ok(becomes("source=a,b&sources=c,d", "{\"sources\":[\"a,b\",\"c\",\"d\"]}"), "sources");
	ok(becomes("user=a,b&users=c,d", "{\"users\":[\"a,b\",\"c\",\"d\"]}"), "users");
	ok(becomes("subject=x&limit=0&order=rank",
			   "{\"subject\":\"x\",\"order\":\"rank\",\"limit\":0}"),
	   "subject, limit, order");
	ok(becomes("limit=5000", "{\"limit\":1000}"), "a limit is cut");
	ok(becomes(
		   "since=2026-01-31T12:00:00+01:00&until=2026-02-01T00:00:00Z",
		   "{\"from_time\":\"2026-01-31T12:00:00+01:00\",\"to_time\":\"2026-02-01T00:00:00Z\"}"),
	   "times, with a plus that was not escaped");
	ok(becomes("contains={\"a\":1}&pattern={}&filter=true",
			   "{\"data_contains\":\"{\\\"a\\\":1}\",\"pattern\":\"{}\",\"filter\":\"true\"}"),
	   "contains, pattern, filter");
	ok(becomes("facets=type,user&bucket=1h&cursor=a-_9",
			   "{\"after\":\"a-_9\",\"facets\":[\"type\",\"user\"],\"bucket\":3600}"),
	   "facets, bucket, cursor");
	ok(becomes("bucket=auto", "{\"bucket\":\"auto\"}"), "a bucket of any width");
	ok(becomes("%71=x", "{\"query\":\"x\"}"), "a name with an escape");
}

static void
bad(void)
{
	ok(refused("foo=1", "foo"), "an unknown parameter");
	ok(refused("=1", "There is no parameter"), "no name");
	ok(refused("q=a&q=b", "more than once"), "twice");
	ok(refused("subject", "empty"), "no value");
	ok(refused("q=%zz", "escape") && refused("q=%", "escape"), "a broken escape");
	ok(refused("q=%00", "control") && refused("q=%ff", "UTF-8"), "bytes that are no text");
	ok(refused("subject=a%0ab", "control"), "a line break in a name");
	ok(refused("limit=-1", "limit") && refused("limit=1x", "limit"), "limits");
	ok(refused("order=NEWEST", "order"), "an order");
	ok(refused("cursor=a/b", "cursor") && refused("cursor=a%2B", "cursor"), "cursors");
	ok(refused("since=2026-01-31", "since") && refused("until=x", "until"), "times");
	ok(refused("facets=a,,b", "Facets"), "an empty facet");
	ok(refused("facets=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", "16"), "too many facets");
	ok(refused("types=a,b,c&sources=d,e", "More than 4") &&
		   refused("sources=a,b,c&types=d,e", "types"),
	   "too many types and sources");
	ok(refused("users=a,b,c&user=d&user=e", "More than 4 users") && refused("users=a,,b", "empty"),
	   "too many users, and an empty one");
	ok(refused("type=", "empty") && refused("type=a*b", "type: ") &&
		   refused("type=a&types=b,c,d&type=e", "more than 4"),
	   "a type that is none, and too many");
	ok(refused("contains=" HALF_TEXT "&filter=" HALF_TEXT "x", "40 bytes") &&
		   refused("pattern=" LONG_TEXT, "40 bytes"),
	   "conditions that are too long");
}

static void
buckets(void)
{
	ok(duration_seconds("1s") == 1 && duration_seconds("15min") == 900 &&
		   duration_seconds("2h") == 7200 && duration_seconds("7d") == 604800 &&
		   duration_seconds("1w") == 604800,
	   "a number and a unit");
	ok(duration_seconds("PT1H") == 3600 && duration_seconds("P1D") == 86400 &&
		   duration_seconds("P1DT1H1M1S") == 90061 && duration_seconds("P2W") == 1209600 &&
		   duration_seconds("P1W1DT1S") == 691201,
	   "durations of ISO 8601");
	ok(duration_seconds("") == -1 && duration_seconds("1") == -1 && duration_seconds("s") == -1 &&
		   duration_seconds("1m") == -1 && duration_seconds("1 h") == -1 &&
		   duration_seconds("-1h") == -1 && duration_seconds("1h30min") == -1 &&
		   duration_seconds("1.5h") == -1,
	   "what is no number and unit");
	ok(duration_seconds("P") == -1 && duration_seconds("PT") == -1 &&
		   duration_seconds("P1") == -1 && duration_seconds("P1H") == -1 &&
		   duration_seconds("P1M") == -1 && duration_seconds("P1Y") == -1 &&
		   duration_seconds("PT1D") == -1 && duration_seconds("PT1S1H") == -1 &&
		   duration_seconds("P1DT") == -1 && duration_seconds("PT1H1H") == -1 &&
		   duration_seconds("P1D1W") == -1 && duration_seconds("PT1.5S") == -1,
	   "what is no duration");
	ok(duration_seconds("0s") == -1 && duration_seconds("PT0S") == -1 &&
		   duration_seconds("999999999w") == -1 && duration_seconds("9999999999s") == -1 &&
		   duration_seconds("PT99999999999999999999S") == -1,
	   "nothing, and too much");
}

static void
of_one_event(void)
{
	char *source;

	ok(search_params_parse_source(&source, slice(""), &fault) && source == NULL, "no source");
	ok(search_params_parse_source(&source, slice("source=/a%2Cb,c"), &fault) &&
		   strcmp(source, "/a,b,c") == 0,
	   "a source");
	mem_free(source);
	ok(!search_params_parse_source(&source, slice("source=a&source=b"), &fault) && source == NULL,
	   "two sources");
	ok(!search_params_parse_source(&source, slice("q=a"), &fault) && source == NULL,
	   "a parameter of searches");
}

int
main(void)
{
	good();
	bad();
	buckets();
	of_one_event();
	return tap_done();
}
