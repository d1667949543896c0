/*
 * json_test.c - strict reading, exact passing on, safe writing.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "base/json.h"

#include "base/mem.h"
#include "tap.h"

static bool
parses(const char *text)
{
	Json *root = json_parse(text, strlen(text), NULL);
	bool good = root != NULL;

	json_release(root);
	return good;
}

static void
test_strictness(void)
{
	static const char *const good[] = {
		"{}",
		"[]",
		"0",
		"-1.5e3",
		"\"\"",
		"null",
		" {\"a\":[1,2,{\"b\":null}]} \n",
		"[1e308]",
		"\"\\ud83d\\ude00\"",
		"123456789012345678901234567890",
	};
	static const char *const bad[] = {
		"",
		"{",
		"[1,]",
		"{\"a\":1,}",
		"01",
		"1 2",
		"{\"a\":1,\"a\":2}",
		"nul",
		"'a'",
		"\"\\x\"",
		"\"\\u0000\"",
		"\"\xff\"",
		"[\"\xc0\xaf\"]",
		"{a:1}",
		"\"\n\"",
		"[1]x",
		"\"\\ud800\"",
		"+1",
		"NaN",
		"\xef\xbb\xbf{}",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		check(parses(good[i]));
	checks_held("JSON is accepted");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		if (!check(!parses(bad[i])))
			printf("# accepted: %s\n", bad[i]);
	}
	checks_held("what is nearly JSON is not");
}

static void
test_depth(void)
{
	char text[2 * JSON_MAX_DEPTH + 3];
	JsonError error;

	memset(text, '[', JSON_MAX_DEPTH);
	memset(text + JSON_MAX_DEPTH, ']', JSON_MAX_DEPTH);
	text[2 * JSON_MAX_DEPTH] = '\0';
	ok(parses(text), "the deepest level is accepted");
	memset(text, '[', JSON_MAX_DEPTH + 1);
	memset(text + JSON_MAX_DEPTH + 1, ']', JSON_MAX_DEPTH + 1);
	ok(!json_parse(text, sizeof(text) - 1, &error), "one more is refused");
	is_str(error.message, "nested too deeply", "and says why");
	is_int((int64_t) error.offset, JSON_MAX_DEPTH, "and where");
	ok(parses("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\""),
	   "brackets inside a string do not count");
}

static void
test_error_position(void)
{
	const char *text = "{\n  \"a\": nope\n}";
	JsonError error;

	ok(!json_parse(text, strlen(text), &error), "an error");
	is_int(error.line, 2, "has a line");
	ok(strstr(error.message, "nope") == NULL, "and does not repeat the text");
	ok(json_parse("0\0", 2, &error) == NULL && error.column == 2, "a NUL byte is no white space");
	ok(json_parse("\"a\0b\"", 5, &error) == NULL, "nor a character of a string");
}

static void
test_access(void)
{
	const char *text = "{\"s\":\"x\",\"n\":7,\"r\":7.5,\"t\":true,\"l\":[1,\"two\"]}";
	Json *root = json_parse(text, strlen(text), NULL);

	ok(str_equal(json_text(json_member(root, "s")), STR("x")), "a string");
	is_int(json_whole(json_member(root, "n")), 7, "an integer");
	ok(json_kind(json_member(root, "r")) == JSON_KIND_REAL, "a real is no integer");
	ok(json_truth(json_member(root, "t")), "true");
	ok(str_equal(json_text(json_element(json_member(root, "l"), 1)), STR("two")), "an element");
	ok(json_text(json_element(json_member(json_member(root, "none"), "x"), 3)).data == NULL,
	   "a chain through nothing gives nothing");
	is_int((int64_t) json_count(json_member(root, "l")), 2, "a count");
	json_release(root);
}

static void
is_raw(const char *text, const char *key, const char *expected, const char *name)
{
	Str raw = json_raw_member(text, strlen(text), key);
	char *copy = raw.data ? mem_strndup(raw.data, raw.len) : mem_strdup("(none)");

	is_str(copy, expected, name);
	mem_free(copy);
}

static void
test_raw_member(void)
{
	const char *text = " { \"type\" : \"pub\\\"lish\" , \"data\": [ {\"n\":1.10000000000000000001},"
					   "\"]\" ] ,\"id\":7,\"o\":{\"data\":1}, \"last\": -2e5 } ";

	is_raw(text, "data", "[ {\"n\":1.10000000000000000001},\"]\" ]", "an array, byte by byte");
	is_raw(text, "type", "\"pub\\\"lish\"", "a string with an escaped quote");
	is_raw(text, "id", "7", "a number before a comma");
	is_raw(text, "last", "-2e5", "a number at the end");
	is_raw(text, "n", "(none)", "members of members are not found");
	is_raw("{}", "a", "(none)", "nothing in nothing");
	is_raw("[1]", "a", "(none)", "nothing in an array");
	is_raw("{\"a\":1}", "a", "1", "a number before the brace");
	is_raw("{\"a\":[1]}", "a", "[1]", "an array before the brace");
}

static void
test_writing(void)
{
	const char *text = "{\"a\":[1,2.5,\"x\\ny\",null,true],\"b\":{}}";
	Json *root = json_parse(text, strlen(text), NULL);
	Buf out;

	buf_init(&out, 1024);
	json_write(&out, root);
	is_str(buf_text(&out), text, "a tree is written as it was read");
	json_release(root);

	buf_reset(&out);
	buf_putc(&out, '{');
	json_put_member(&out, "bad", "a\xff\x01\"\\\t\xc3\xa9");
	json_put_member_int(&out, "n", INT64_MIN);
	json_put_member(&out, "none", NULL);
	buf_putc(&out, '}');
	is_str(buf_text(&out),
		   "{\"bad\":\"a\xef\xbf\xbd\\u0001\\\"\\\\\\t\xc3\xa9\",\"n\":-9223372036854775808}",
		   "a string is escaped, and always UTF-8");
	ok(parses(buf_text(&out)), "and can be read");
	buf_clear(&out);

	buf_init(&out, 4);
	ok(!json_put_string(&out, "too long", 8), "a full buffer is told");
	buf_clear(&out);
}

int
main(void)
{
	test_strictness();
	test_depth();
	test_error_position();
	test_access();
	test_raw_member();
	test_writing();
	return tap_done();
}
