/* SPDX-License-Identifier: PostgreSQL
 *
 * event_pattern_operator.c: what may stand in the array of a condition.
 *
 * Values that are no containers stand for themselves; an object with one
 * member is an operator and its argument.  The rules are those of event-ruler:
 * numeric takes numbers of -5,000,000,000 to 5,000,000,000 with at most 6
 * decimals, a range has its lower end first and is not empty; anything-but
 * takes strings or numbers, not both, or one of some text operators with a
 * string or a list of them.  Values that are matched exactly may be any.
 */
#include "base/compat.h"

#include "base/casefold.h"
#include "match/event_pattern_parse.h"
#include "miscadmin.h"

typedef bool (*ReadOperator)(EvPatternParser *parser, const EvView *value, EvCondition *condition);

typedef struct Operator
{
	const char *name;
	ReadOperator read;
} Operator;

static bool
is_name(const char *name, const char *s, int length)
{
	return strlen(name) == length && memcmp(name, s, length) == 0;
}

/* A text test; folded ones have their text in UTF-8. */
static EvTest
text_test(EvTestKind kind, const EvView *text)
{
	EvTest test = {.kind = kind, .value = *text};

	if (kind == EV_TEST_FOLDED || kind == EV_TEST_PREFIX_FOLDED || kind == EV_TEST_SUFFIX_FOLDED)
		test.value.data = ev_casefold_from_server(text->data, &test.value.length);
	return test;
}

static bool
read_text(EvPatternParser *parser, const EvView *value, EvTestKind kind, const char *name,
		  EvTests *tests)
{
	if (value->type != EV_JSON_STRING)
		return ev_event_pattern_fault(parser, "%s takes a string", name);
	ev_event_pattern_add_test(tests, text_test(kind, value));
	return true;
}

static bool
read_wildcard_test(EvPatternParser *parser, const EvView *value, EvTests *tests)
{
	const char *message;
	EvTest test = {.kind = EV_TEST_WILDCARD};

	if (value->type != EV_JSON_STRING)
		return ev_event_pattern_fault(parser, "wildcard takes a string");
	test.wildcard = ev_event_pattern_wildcard(value, &message);
	if (test.wildcard == NULL)
		return ev_event_pattern_fault(parser, "%s", message);
	ev_event_pattern_add_test(tests, test);
	return true;
}

/* The only member of an object; false, with a fault, if there is not exactly one. */
static bool
only_member(EvPatternParser *parser, const EvView *object, const char **name, int *length,
			EvView *value)
{
	EvCursor cursor;

	if (ev_view_count(object) != 1)
		return ev_event_pattern_fault(parser, "a condition is an object with exactly one member");
	ev_view_begin(&cursor, object);
	return ev_view_next_member(&cursor, name, length, value);
}

/* prefix and suffix: a string, or {"equals-ignore-case": string} */
static bool
read_end(EvPatternParser *parser, const EvView *value, EvCondition *condition, bool is_prefix)
{
	const char *operator_name = is_prefix ? "prefix" : "suffix";
	const char *name;
	int length, mark;
	EvView inner;
	bool ok;

	if (value->type != EV_JSON_OBJECT)
		return read_text(parser, value, is_prefix ? EV_TEST_PREFIX : EV_TEST_SUFFIX, operator_name,
						 &condition->tests);
	if (!only_member(parser, value, &name, &length, &inner))
		return false;
	mark = ev_event_pattern_enter(parser, name, length);
	if (!is_name("equals-ignore-case", name, length))
		return ev_event_pattern_fault(parser, "%s takes a string or equals-ignore-case",
									  operator_name);
	ok = read_text(parser, &inner, is_prefix ? EV_TEST_PREFIX_FOLDED : EV_TEST_SUFFIX_FOLDED,
				   "equals-ignore-case", &condition->tests);
	ev_event_pattern_leave(parser, mark);
	return ok;
}

static bool
read_prefix(EvPatternParser *parser, const EvView *value, EvCondition *condition)
{
	return read_end(parser, value, condition, true);
}

static bool
read_suffix(EvPatternParser *parser, const EvView *value, EvCondition *condition)
{
	return read_end(parser, value, condition, false);
}

static bool
read_ignore_case(EvPatternParser *parser, const EvView *value, EvCondition *condition)
{
	return read_text(parser, value, EV_TEST_FOLDED, "equals-ignore-case", &condition->tests);
}

static bool
read_exactly(EvPatternParser *parser, const EvView *value, EvCondition *condition)
{
	return read_text(parser, value, EV_TEST_VALUE, "exactly", &condition->tests);
}

static bool
read_wildcard(EvPatternParser *parser, const EvView *value, EvCondition *condition)
{
	return read_wildcard_test(parser, value, &condition->tests);
}

static bool
read_cidr(EvPatternParser *parser, const EvView *value, EvCondition *condition)
{
	EvTest test = {.kind = EV_TEST_ADDRESS};

	if (value->type != EV_JSON_STRING)
		return ev_event_pattern_fault(parser, "cidr takes a string");
	test.network = ev_event_pattern_network(value->data, value->length);
	if (test.network == NULL)
		return ev_event_pattern_fault(
			parser, "cidr takes an IP address, a slash and the bits of its prefix");
	ev_event_pattern_add_test(&condition->tests, test);
	return true;
}

static bool
read_exists(EvPatternParser *parser, const EvView *value, EvCondition *condition)
{
	if (value->type != EV_JSON_BOOLEAN)
		return ev_event_pattern_fault(parser, "exists takes true or false");
	if (value->boolean)
		ev_event_pattern_add_test(&condition->tests, (EvTest) {.kind = EV_TEST_ANY});
	else
		condition->absent = true;
	return true;
}

/* At most 6 decimals: the last digit to the base 10000 ends there. */
static bool
has_few_decimals(const EvNumber *number)
{
	int exponent = number->weight - (number->ndigits - 1);

	return number->ndigits == 0 || exponent >= -1 ||
		   (exponent == -2 && number->digits[number->ndigits - 1] % 100 == 0);
}

/* A number that numeric conditions can have. */
static bool
read_number(EvPatternParser *parser, const EvView *value, EvNumber *number)
{
	static const int16 digits[] = {50};
	EvNumber limit = {.weight = 2, .ndigits = 1, .digits = digits}; /* 50 * 10000^2 */
	EvNumber size;

	if (value->type != EV_JSON_NUMBER)
		return ev_event_pattern_fault(parser, "a comparison takes a number");
	*number = ev_number_read(ev_view_numeric(value));
	size = *number;
	size.negative = false;
	if (ev_number_compare(&size, &limit) > 0)
		return ev_event_pattern_fault(parser,
									  "a number to compare with is from -5000000000 to 5000000000");
	if (!has_few_decimals(number))
		return ev_event_pattern_fault(parser, "a number to compare with has at most 6 decimals");
	return true;
}

/* One comparison: its operator is element `index` of the array, its number the one behind it. */
static bool
read_comparison(EvPatternParser *parser, const EvView *array, int index, EvRange *range)
{
	int mark = ev_event_pattern_enter_index(parser, index);
	EvView name, value;
	bool is_low, is_high, included;
	EvNumber number;

	ev_view_element(array, index, &name);
	if (name.type != EV_JSON_STRING || name.length < 1 || name.length > 2 ||
		strchr("<>=", name.data[0]) == NULL || (name.length == 2 && name.data[1] != '='))
		return ev_event_pattern_fault(parser, "a comparison is one of =, <, <=, > and >=");
	is_low = name.data[0] != '<';
	is_high = name.data[0] != '>';
	included = name.data[name.length - 1] == '=';
	if (is_low && is_high && name.length != 1)
		return ev_event_pattern_fault(parser, "a comparison is one of =, <, <=, > and >=");
	ev_event_pattern_leave(parser, mark);
	mark = ev_event_pattern_enter_index(parser, index + 1);
	if (!ev_view_element(array, index + 1, &value))
	{
		ev_event_pattern_leave(parser, mark);
		return ev_event_pattern_fault(parser, "a comparison takes a number");
	}
	if (!read_number(parser, &value, &number))
		return false;
	ev_event_pattern_leave(parser, mark);
	if (is_low)
	{
		range->has_low = true;
		range->low = number;
		range->low_included = included;
	}
	if (is_high)
	{
		range->has_high = true;
		range->high = number;
		range->high_included = included;
	}
	return true;
}

static bool
read_numeric(EvPatternParser *parser, const EvView *value, EvCondition *condition)
{
	EvRange *range = palloc0(sizeof(EvRange));
	EvTest test = {.kind = EV_TEST_RANGE, .range = range};
	int count;

	if (value->type != EV_JSON_ARRAY)
		return ev_event_pattern_fault(parser, "numeric takes an array of comparisons and numbers");
	count = ev_view_count(value);
	if (count == 0 || count > 4 || count == 3)
		return ev_event_pattern_fault(
			parser, "numeric takes one comparison and its number, or two of each");
	if (!read_comparison(parser, value, 0, range))
		return false;
	if (count > 2)
	{
		if (range->has_high)
			return ev_event_pattern_fault(parser, "a range begins with > or >=");
		if (!read_comparison(parser, value, 2, range))
			return false;
		if (!range->has_high || ev_number_compare(&range->low, &range->high) >= 0)
			return ev_event_pattern_fault(
				parser, "a range ends with < or <= and a number above its beginning");
	}
	ev_event_pattern_add_test(&condition->tests, test);
	return true;
}

/* An element of anything-but with a list of texts. */
static bool
read_excluded_text(EvPatternParser *parser, const EvView *value, const char *name, EvTests *tests)
{
	if (strcmp(name, "wildcard") == 0)
		return read_wildcard_test(parser, value, tests);
	if (strcmp(name, "equals-ignore-case") == 0)
		return read_text(parser, value, EV_TEST_FOLDED, name, tests);
	if (value->type == EV_JSON_STRING && value->length == 0)
		return ev_event_pattern_fault(parser, "%s in anything-but takes no empty string", name);
	return read_text(parser, value, name[0] == 'p' ? EV_TEST_PREFIX : EV_TEST_SUFFIX, name, tests);
}

/* A string or a number. */
static bool
read_excluded_value(EvPatternParser *parser, const EvView *value, const char *name, EvTests *tests)
{
	EvNumber number;

	if (value->type == EV_JSON_NUMBER)
	{
		if (!read_number(parser, value, &number))
			return false;
	}
	else if (value->type != EV_JSON_STRING)
		return ev_event_pattern_fault(parser, "anything-but excludes strings or numbers");
	if (tests->count > 0 && tests->tests[0].value.type != value->type)
		return ev_event_pattern_fault(
			parser, "anything-but excludes strings or numbers, not both in one list");
	ev_event_pattern_add_test(tests, (EvTest) {.kind = EV_TEST_VALUE, .value = *value});
	return true;
}

typedef bool (*ReadExcluded)(EvPatternParser *parser, const EvView *value, const char *name,
							 EvTests *tests);

/* One value, or an array of them. */
static bool
read_list(EvPatternParser *parser, const EvView *value, ReadExcluded read, const char *name,
		  EvTests *tests)
{
	EvCursor cursor;
	EvView element;
	int index = 0;

	if (value->type != EV_JSON_ARRAY)
	{
		tests->tests = palloc(sizeof(EvTest));
		return read(parser, value, name, tests);
	}
	if (ev_view_count(value) == 0)
		return ev_event_pattern_fault(parser, "a list of values cannot be empty");
	tests->tests = MemoryContextAllocHuge(CurrentMemoryContext,
										  ev_view_count(value) * sizeof(EvTest));
	ev_view_begin(&cursor, value);
	while (ev_view_next_element(&cursor, &element))
	{
		int mark = ev_event_pattern_enter_index(parser, index++);

		CHECK_FOR_INTERRUPTS();
		if (!read(parser, &element, name, tests))
			return false;
		ev_event_pattern_leave(parser, mark);
	}
	ev_event_pattern_seal_tests(tests);
	return true;
}

static bool
read_anything_but(EvPatternParser *parser, const EvView *value, EvCondition *condition)
{
	static const char *const operators[] = {"prefix", "suffix", "equals-ignore-case", "wildcard"};
	EvTests *tests = palloc0(sizeof(EvTests));
	EvTest test = {.kind = EV_TEST_BUT, .but = tests};
	const char *name, *known = NULL;
	int length, mark;
	EvView inner;

	if (value->type != EV_JSON_OBJECT)
	{
		if (!read_list(parser, value, read_excluded_value, NULL, tests))
			return false;
		ev_event_pattern_add_test(&condition->tests, test);
		return true;
	}
	if (!only_member(parser, value, &name, &length, &inner))
		return false;
	mark = ev_event_pattern_enter(parser, name, length);
	for (int i = 0; i < lengthof(operators); i++)
	{
		if (is_name(operators[i], name, length))
			known = operators[i];
	}
	if (known == NULL)
		return ev_event_pattern_fault(
			parser, "anything-but takes prefix, suffix, equals-ignore-case or wildcard");
	if (!read_list(parser, &inner, read_excluded_text, known, tests))
		return false;
	ev_event_pattern_leave(parser, mark);
	ev_event_pattern_add_test(&condition->tests, test);
	return true;
}

static const Operator operators[] = {
	{"exactly", read_exactly},	 {"prefix", read_prefix},
	{"suffix", read_suffix},	 {"equals-ignore-case", read_ignore_case},
	{"wildcard", read_wildcard}, {"anything-but", read_anything_but},
	{"numeric", read_numeric},	 {"cidr", read_cidr},
	{"exists", read_exists},
};

/* Names that event-ruler keeps for operators to come. */
static const char *const reserved[] = {
	"=",
	"<",
	"<=",
	">",
	">=",
	"regex",
	"date-after",
	"date-on-or-after",
	"date-before",
	"not-wildcard",
	"date-on-or-before",
	"in-date-range",
	"not-equals-ignore-case",
	"ip-address-in-range",
	"ip-address-not-in-range",
};

bool
ev_event_pattern_is_reserved(const char *name, int length)
{
	for (int i = 0; i < lengthof(operators); i++)
	{
		if (is_name(operators[i].name, name, length))
			return true;
	}
	for (int i = 0; i < lengthof(reserved); i++)
	{
		if (is_name(reserved[i], name, length))
			return true;
	}
	return false;
}

static bool
read_operator(EvPatternParser *parser, const EvView *object, EvCondition *condition)
{
	const char *name;
	int length, mark;
	EvView value;

	if (!only_member(parser, object, &name, &length, &value))
		return false;
	mark = ev_event_pattern_enter(parser, name, length);
	for (int i = 0; i < lengthof(operators); i++)
	{
		if (!is_name(operators[i].name, name, length))
			continue;
		if (!operators[i].read(parser, &value, condition))
			return false;
		ev_event_pattern_leave(parser, mark);
		return true;
	}
	return ev_event_pattern_fault(parser, "there is no operator %.*s",
								  pg_mbcliplen(name, length, 60), name);
}

/* A value that stands for itself; one that is an IP address, for all ways to write it. */
static EvTest
value_test(const EvView *value)
{
	EvTest test = {.kind = EV_TEST_VALUE, .value = *value};
	EvAddress address;
	EvNetwork *network;

	if (value->type != EV_JSON_STRING)
		return test;
	address = ev_event_pattern_address(value->data, value->length);
	if (address.length == 0)
		return test;
	network = palloc(sizeof(EvNetwork));
	network->address = address;
	network->bits = address.length * 8;
	return (EvTest) {.kind = EV_TEST_ADDRESS, .network = network};
}

bool
ev_event_pattern_read_condition(EvPatternParser *parser, const EvView *array,
								EvCondition **condition)
{
	EvCursor cursor;
	EvView element;
	int index = -1;
	int mark;

	if (ev_view_count(array) == 0)
		return ev_event_pattern_fault(parser, "an array of values and conditions cannot be empty");
	*condition = ev_event_pattern_new_condition(parser, array, ev_view_count(array));
	ev_view_begin(&cursor, array);
	while (ev_view_next_element(&cursor, &element))
	{
		index++;
		CHECK_FOR_INTERRUPTS();
		if (element.type < EV_JSON_ARRAY)
		{
			ev_event_pattern_add_test(&(*condition)->tests, value_test(&element));
			continue;
		}
		mark = ev_event_pattern_enter_index(parser, index);
		if (element.type == EV_JSON_ARRAY)
			return ev_event_pattern_fault(
				parser, "a value is a string, a number, true, false, null or a condition");
		if (!read_operator(parser, &element, *condition))
			return false;
		ev_event_pattern_leave(parser, mark);
	}
	ev_event_pattern_seal_tests(&(*condition)->tests);
	return true;
}
