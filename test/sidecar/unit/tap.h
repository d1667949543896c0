/*
 * tap.h - the Test Anything Protocol in one small header.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A test is a program that includes this, calls ok() and its sisters, and ends with
 * `return tap_done();`.  The name says what behaviour was expected; a failure says where and, for
 * is_int() and is_str(), what was got.  Thousands of checks inside a loop belong into check(),
 * which prints nothing unless it fails, with one ok() for the whole loop behind it.
 */
#ifndef TEST_TAP_H
#define TEST_TAP_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* weak: one of each in a program, however many of its files include this */
__attribute__((weak)) int tap_count;
__attribute__((weak)) int tap_failures;
__attribute__((weak)) int tap_checks_failed;

static inline bool
tap_report(bool good, const char *name, const char *file, int line)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++tap_count, name);
	if (!good)
	{
		tap_failures++;
		printf("#   at %s:%d\n", file, line);
	}
	fflush(stdout);
	return good;
}

static inline bool
tap_is_int(int64_t got, int64_t expected, const char *name, const char *file, int line)
{
	bool good = tap_report(got == expected, name, file, line);

	if (!good)
		printf("#   got %" PRId64 ", expected %" PRId64 "\n", got, expected);
	return good;
}

static inline bool
tap_is_str(const char *got, const char *expected, const char *name, const char *file, int line)
{
	bool good = tap_report(got && strcmp(got, expected) == 0, name, file, line);

	if (!good)
		printf("#   got \"%s\"\n#   expected \"%s\"\n", got ? got : "(null)", expected);
	return good;
}

static inline bool
tap_check(bool good, const char *what, const char *file, int line)
{
	if (!good && tap_checks_failed++ < 20)
		printf("# check failed: %s at %s:%d\n", what, file, line);
	return good;
}

static inline bool
tap_checks_held(const char *name, const char *file, int line)
{
	bool good = tap_report(tap_checks_failed == 0, name, file, line);

	tap_checks_failed = 0;
	return good;
}

static inline int
tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failures > 0 ? 1 : 0;
}

#define ok(condition, name) tap_report((condition), (name), __FILE__, __LINE__)
#define is_int(got, expected, name) tap_is_int((got), (expected), (name), __FILE__, __LINE__)
#define is_str(got, expected, name) tap_is_str((got), (expected), (name), __FILE__, __LINE__)
/* silent unless it fails */
#define check(condition) tap_check((condition), #condition, __FILE__, __LINE__)
/* did all checks since the last such question hold? */
#define checks_held(name) tap_checks_held((name), __FILE__, __LINE__)

#endif /* TEST_TAP_H */
