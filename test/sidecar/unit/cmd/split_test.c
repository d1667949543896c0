/*
 * split_test.c - JSON values out of a stream, however it is cut; and indenting.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "cmd/split.h"

#include "cmd/pretty.h"
#include "tap.h"

/* all values of text, fed in pieces of `step` bytes, each followed by a bar */
static void
split(const char *text, size_t step, Buf *out)
{
	Splitter splitter;
	Str value;
	size_t len = strlen(text);

	split_init(&splitter, 1024);
	for (size_t at = 0; at < len; at += step)
	{
		check(split_feed(&splitter, text + at, len - at < step ? len - at : step));
		while (split_next(&splitter, false, &value))
		{
			buf_append(out, value.data, value.len);
			buf_putc(out, '|');
		}
	}
	while (split_next(&splitter, true, &value))
	{
		buf_append(out, value.data, value.len);
		buf_putc(out, '|');
	}
	split_clear(&splitter);
}

static void
is_split(const char *text, const char *expected, const char *name)
{
	Buf out;
	bool same = true;

	buf_init(&out, 4096);
	for (size_t step = 1; step <= strlen(text) + 1; step++)
	{
		buf_reset(&out);
		split(text, step, &out);
		if (strcmp(buf_text(&out), expected) != 0 && same)
		{
			same = false;
			printf("# in steps of %zu: %s\n", step, buf_text(&out));
		}
	}
	ok(same, name);
	buf_clear(&out);
}

static void
is_pretty(const char *text, const char *expected, const char *name)
{
	Buf out;

	buf_init(&out, 4096);
	pretty_print(&out, str_from(text));
	is_str(buf_text(&out), expected, name);
	buf_clear(&out);
}

int
main(void)
{
	Splitter splitter;

	is_split("{\"a\":1}\n{\"b\":2}\n", "{\"a\":1}|{\"b\":2}|", "NDJSON");
	is_split("{\"a\":1}{\"b\":2}", "{\"a\":1}|{\"b\":2}|", "one after the other");
	is_split("\n {\n\"a\":\n[1,\n2]}\n \n", "{\n\"a\":\n[1,\n2]}|", "a pretty document");
	is_split("[{},{}] [1]", "[{},{}]|[1]|", "arrays");
	is_split("{\"}\":\"\\\"}{\"} {}", "{\"}\":\"\\\"}{\"}|{}|", "brackets and quotes in strings");
	is_split("oops\n{\"a\":1}", "oops\n|{\"a\":1}|", "what is no JSON ends with its line");
	is_split("}\n{}", "}|{}|", "a bracket that closes nothing");
	is_split("{\"a\":", "{\"a\":|", "what is cut off at the end is still given out");
	is_split(" \n\t ", "", "nothing");
	is_split("", "", "nothing at all");
	split_init(&splitter, 4);
	ok(!split_feed(&splitter, "12345", 5), "a value has a limit");
	split_clear(&splitter);

	is_pretty("{\"a\":[1,{}],\"b\":\"x:,{\\\"\"}",
			  "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": \"x:,{\\\"\"\n}", "indented");
	is_pretty("{ }", "{}", "an empty object stays on its line");
	is_pretty("1.10000000000000000001", "1.10000000000000000001", "numbers stay as they are");
	return tap_done();
}
