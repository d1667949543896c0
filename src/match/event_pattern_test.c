/* SPDX-License-Identifier: PostgreSQL
 *
 * event_pattern_test.c: does a scalar pass a test?
 *
 * Text operators hold for strings only, numeric ones for numbers only;
 * anything-but holds for every scalar that it does not exclude, of whatever
 * type.  Numbers are compared exactly, however they are written.
 */
#include "base/compat.h"

#include "base/casefold.h"
#include "match/event_pattern_parts.h"
#include "miscadmin.h"

/* From so many on they are hashed. */
#define MANY_VALUES 9

static bool
in_range(const EvRange *range, const EvView *scalar)
{
	EvNumber number = ev_number_read(ev_view_numeric(scalar));

	if (range->has_low)
	{
		int order = ev_number_compare(&number, &range->low);

		if (order < 0 || (order == 0 && !range->low_included))
			return false;
	}
	if (range->has_high)
	{
		int order = ev_number_compare(&number, &range->high);

		return order < 0 || (order == 0 && range->high_included);
	}
	return true;
}

static bool
test_folded(const EvTest *test, const EvView *scalar)
{
	int length = scalar->length;
	const char *s = ev_casefold_from_server(scalar->data, &length);
	bool holds;

	if (test->kind == EV_TEST_FOLDED)
		holds = ev_casefold_equal(s, length, test->value.data, test->value.length);
	else if (test->kind == EV_TEST_PREFIX_FOLDED)
		holds = ev_casefold_begins(s, length, test->value.data, test->value.length);
	else
		holds = ev_casefold_ends(s, length, test->value.data, test->value.length);
	if (s != scalar->data)
		pfree(unconstify(char *, s));
	return holds;
}

static bool
test_string(const EvTest *test, const EvView *scalar)
{
	EvAddress address;

	switch (test->kind)
	{
		case EV_TEST_PREFIX:
			return scalar->length >= test->value.length &&
				   memcmp(scalar->data, test->value.data, test->value.length) == 0;
		case EV_TEST_SUFFIX:
			return scalar->length >= test->value.length &&
				   memcmp(scalar->data + scalar->length - test->value.length, test->value.data,
						  test->value.length) == 0;
		case EV_TEST_WILDCARD:
			return ev_event_pattern_wildcard_matches(test->wildcard, scalar->data, scalar->length);
		case EV_TEST_ADDRESS:
			address = ev_event_pattern_address(scalar->data, scalar->length);
			return ev_event_pattern_in_network(test->network, &address);
		default:
			return test_folded(test, scalar);
	}
}

bool
ev_event_pattern_test(const EvTest *test, const EvView *scalar)
{
	switch (test->kind)
	{
		case EV_TEST_VALUE:
			return ev_view_equal(&test->value, scalar);
		case EV_TEST_RANGE:
			return scalar->type == EV_JSON_NUMBER && in_range(test->range, scalar);
		case EV_TEST_ANY:
			return true;
		case EV_TEST_BUT:
			return !ev_event_pattern_any_test(test->but, scalar);
		default:
			return scalar->type == EV_JSON_STRING && test_string(test, scalar);
	}
}

static bool
find_value(const EvTests *tests, const EvView *scalar)
{
	uint32 slot = ev_view_hash(scalar) & tests->mask;

	while (tests->slots[slot] != 0)
	{
		if (ev_view_equal(&tests->tests[tests->slots[slot] - 1].value, scalar))
			return true;
		slot = (slot + 1) & tests->mask;
	}
	return false;
}

bool
ev_event_pattern_any_test(const EvTests *tests, const EvView *scalar)
{
	int i = 0;

	if (tests->slots != NULL)
	{
		if (find_value(tests, scalar))
			return true;
		i = tests->nvalues;
	}
	for (; i < tests->count; i++)
	{
		if ((i & 0xFFFF) == 0xFFFF)
			CHECK_FOR_INTERRUPTS();
		if (ev_event_pattern_test(&tests->tests[i], scalar))
			return true;
	}
	return false;
}

void
ev_event_pattern_seal_tests(EvTests *tests)
{
	EvTest *ordered;
	uint32 size = 16;
	int n = 0;

	tests->nvalues = 0;
	for (int i = 0; i < tests->count; i++)
		tests->nvalues += tests->tests[i].kind == EV_TEST_VALUE;
	if (tests->nvalues < MANY_VALUES)
		return;
	ordered = MemoryContextAllocHuge(CurrentMemoryContext, tests->count * sizeof(EvTest));
	for (int values = 1; values >= 0; values--)
	{
		for (int i = 0; i < tests->count; i++)
		{
			if ((tests->tests[i].kind == EV_TEST_VALUE) == values)
				ordered[n++] = tests->tests[i];
		}
	}
	pfree(tests->tests);
	tests->tests = ordered;
	while (size < (uint32) tests->nvalues * 2)
		size *= 2;
	tests->mask = size - 1;
	tests->slots = palloc0(size * sizeof(uint32));
	for (int i = 0; i < tests->nvalues; i++)
	{
		uint32 slot = ev_view_hash(&ordered[i].value) & tests->mask;

		CHECK_FOR_INTERRUPTS();
		while (tests->slots[slot] != 0 &&
			   !ev_view_equal(&ordered[tests->slots[slot] - 1].value, &ordered[i].value))
			slot = (slot + 1) & tests->mask;
		if (tests->slots[slot] == 0)
			tests->slots[slot] = i + 1;
	}
}
