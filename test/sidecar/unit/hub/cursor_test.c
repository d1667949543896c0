/*
 * cursor_test.c - cursors as text: only the exact form is taken.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "tap.h"

#include "hub/cursor.h"

static bool
parses(const char *text)
{
	Cursor cursor;

	return cursor_parse(text, strlen(text), &cursor);
}

static void
good_cursors(void)
{
	Cursor cursor;
	char text[CURSOR_SIZE];

	ok(cursor_parse("k3v9x0ab-0000000000000001234", CURSOR_LENGTH, &cursor), "a full cursor");
	is_str(cursor.epoch, "k3v9x0ab", "its epoch");
	is_int(cursor.position, 1234, "its position");
	ok(cursor_parse("42", 2, &cursor), "a bare position");
	is_str(cursor.epoch, "", "means the current epoch");
	is_int(cursor.position, 42, "and is taken as it is");
	ok(cursor_parse("0", 1, &cursor) && cursor.position == 0, "zero");
	ok(cursor_parse("9223372036854775807", 19, &cursor) && cursor.position == INT64_MAX,
	   "the greatest position");

	is_str(cursor_format(text, "k3v9x0ab", 7), "k3v9x0ab-0000000000000000007", "written padded");
	is_str(cursor_format(text, "aaaaaaaa", INT64_MAX), "aaaaaaaa-9223372036854775807",
		   "the greatest one written");
	ok(cursor_parse(text, CURSOR_LENGTH, &cursor) && cursor.position == INT64_MAX,
	   "and read again");
	ok(cursor_epoch_is_valid("abc01234"), "an epoch");
	ok(!cursor_epoch_is_valid("abc0123"), "an epoch that is too short");
	ok(!cursor_epoch_is_valid("abc012345"), "an epoch that is too long");
}

static void
bad_cursors(void)
{
	static const char *const bad[] = {
		"",
		"-",
		"-1",
		"+1",
		" 1",
		"1 ",
		"1.0",
		"0x10",
		"1e3",
		"latest",
		"9223372036854775808",
		"99999999999999999999",
		"00000000000000000001",
		"k3v9x0ab",
		"k3v9x0ab-",
		"k3v9x0ab-1",
		"k3v9x0ab-000000000000000123",
		"k3v9x0ab-00000000000000012345",
		"K3v9x0ab-0000000000000001234",
		"k3v9x0a_-0000000000000001234",
		"k3v9x0ab_0000000000000001234",
		"k3v9x0ab-000000000000000123a",
		"k3v9x0ab-9223372036854775808",
		"k3v9x0ab--000000000000000123",
		"k3v9x0ab-+000000000000000123",
		"\xc3\xa4v9x0ab-0000000000000001234",
	};
	Cursor cursor;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		if (!check(!parses(bad[i])))
			printf("#   \"%s\"\n", bad[i]);
	}
	check(!cursor_parse("12\0", 3, &cursor));
	check(!cursor_parse("k3v9x0ab-00000000000\0001234567", CURSOR_LENGTH, &cursor));
	checks_held("whatever is not exactly a cursor is refused");
}

int
main(void)
{
	good_cursors();
	bad_cursors();
	return tap_done();
}
