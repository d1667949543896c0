/* SPDX-License-Identifier: PostgreSQL
 *
 * event_pattern_subscription.c: filters of the CloudEvents Subscriptions API.
 *
 * Where a pattern is accepted, an array is an array of such filters, all of
 * which must hold (none: every event), and an object that can be no pattern but
 * can be a filter is one.  exact, prefix and suffix name attributes and
 * strings; all, any and not combine filters.  They become the same conditions
 * as those of patterns: an attribute that an event does not have makes its
 * condition false.  Attributes that are integers or booleans are compared by
 * their canonical text (CloudEvents 3.1), with exact.
 *
 * {"prefix": {...}} may be both a pattern, of the attribute "prefix", and a
 * filter.  What it is is told by its shape: members of a pattern's objects are
 * arrays and objects, those of exact, prefix and suffix are strings; the
 * elements of all and any are filters, which are no values of a condition.
 */
#include "base/compat.h"

#include "base/ascii.h"
#include "match/event_pattern_parse.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

typedef enum Dialect
{
	DIALECT_NONE,
	DIALECT_EXACT,
	DIALECT_PREFIX,
	DIALECT_SUFFIX,
	DIALECT_ALL,
	DIALECT_ANY,
	DIALECT_NOT,
	DIALECT_SQL
} Dialect;

static const char *const dialects[] = {
	[DIALECT_EXACT] = "exact", [DIALECT_PREFIX] = "prefix", [DIALECT_SUFFIX] = "suffix",
	[DIALECT_ALL] = "all",	   [DIALECT_ANY] = "any",		[DIALECT_NOT] = "not",
	[DIALECT_SQL] = "sql",
};

/* The dialect that an object with one member names. */
static Dialect
dialect_of(const EvView *object, EvView *value)
{
	EvCursor cursor;
	const char *name = NULL;
	int length = 0;

	if (object->type != EV_JSON_OBJECT || ev_view_count(object) != 1)
		return DIALECT_NONE;
	ev_view_begin(&cursor, object);
	ev_view_next_member(&cursor, &name, &length, value);
	for (Dialect dialect = DIALECT_EXACT; dialect <= DIALECT_SQL; dialect++)
	{
		if (strlen(dialects[dialect]) == length && memcmp(dialects[dialect], name, length) == 0)
			return dialect;
	}
	return DIALECT_NONE;
}

/* {"type": "a"}, where a pattern would have {"type": ["a"]} */
static bool
has_string_member(const EvView *object)
{
	EvCursor cursor;
	EvView value;
	const char *name;
	int length;

	if (object->type != EV_JSON_OBJECT)
		return false;
	ev_view_begin(&cursor, object);
	while (ev_view_next_member(&cursor, &name, &length, &value))
	{
		if (value.type == EV_JSON_STRING)
			return true;
	}
	return false;
}

/* Is it an element of all or any, and no condition of a pattern? */
static bool
is_element(const EvView *element)
{
	EvView value, text;
	Dialect dialect = dialect_of(element, &value);

	if (dialect == DIALECT_NONE)
		return false;
	if (dialect != DIALECT_PREFIX && dialect != DIALECT_SUFFIX)
		return true;
	return value.type == EV_JSON_OBJECT && !ev_view_get(&value, "equals-ignore-case", &text);
}

static bool
has_elements(const EvView *array)
{
	EvCursor cursor;
	EvView element;

	if (array->type != EV_JSON_ARRAY || ev_view_count(array) == 0)
		return false;
	ev_view_begin(&cursor, array);
	while (ev_view_next_element(&cursor, &element))
	{
		if (!is_element(&element))
			return false;
	}
	return true;
}

bool
ev_event_pattern_is_filter(const EvView *view)
{
	EvView value = *view;
	Dialect dialect;

	do
	{
		EvView outer = value;

		dialect = dialect_of(&outer, &value);
	} while (dialect == DIALECT_NOT);
	switch (dialect)
	{
		case DIALECT_NONE:
		case DIALECT_NOT:
			return false;
		case DIALECT_EXACT:
		case DIALECT_PREFIX:
		case DIALECT_SUFFIX:
			return has_string_member(&value);
		case DIALECT_ALL:
		case DIALECT_ANY:
			return has_elements(&value);
		case DIALECT_SQL:
			return value.type == EV_JSON_STRING;
	}
	return false;
}

static EvBranch *
new_branch(EvBranchKind kind, int room)
{
	EvBranch *branch = palloc0(sizeof(EvBranch));

	branch->kind = kind;
	branch->parts = palloc(Max(room, 1) * sizeof(EvBranch *));
	return branch;
}

/* Adds an integer or a boolean whose canonical text is the string, if there is one. */
static void
add_typed_value(EvTests *tests, const EvView *text)
{
	EvTest test = {.kind = EV_TEST_VALUE};
	bool negative = text->length > 0 && text->data[0] == '-';
	int digits = text->length - negative;

	if ((text->length == 4 && memcmp(text->data, "true", 4) == 0) ||
		(text->length == 5 && memcmp(text->data, "false", 5) == 0))
		test.value = (EvView) {.type = EV_JSON_BOOLEAN, .boolean = text->length == 4};
	else
	{
		Numeric number;

		/* an integer of CloudEvents has 32 bits */
		if (digits < 1 || digits > 10 || (text->data[negative] == '0' && text->length > 1))
			return;
		for (int i = negative; i < text->length; i++)
		{
			if (!ev_ascii_is_digit(text->data[i]))
				return;
		}
		number = int64_to_numeric(strtoll(pnstrdup(text->data, text->length), NULL, 10));
		test.value = (EvView) {.type = EV_JSON_NUMBER,
							   .length = VARSIZE(number),
							   .data = (const char *) number};
	}
	ev_event_pattern_add_test(tests, test);
}

/* {"type": "a", "source": "b"}: all of them */
static bool
read_attributes(EvPatternParser *parser, Dialect dialect, const EvView *object, EvBranch **branch)
{
	static const EvTestKind kinds[] = {[DIALECT_EXACT] = EV_TEST_VALUE,
									   [DIALECT_PREFIX] = EV_TEST_PREFIX,
									   [DIALECT_SUFFIX] = EV_TEST_SUFFIX};
	EvCursor cursor;
	EvView value;
	const char *name;
	int length;

	if (object->type != EV_JSON_OBJECT || ev_view_count(object) == 0)
		return ev_event_pattern_fault(parser, "%s takes an object of attributes and strings",
									  dialects[dialect]);
	*branch = new_branch(EV_BRANCH_ALL, ev_view_count(object));
	ev_view_begin(&cursor, object);
	while (ev_view_next_member(&cursor, &name, &length, &value))
	{
		int mark = ev_event_pattern_enter(parser, name, length);
		EvField field;
		EvCondition *condition;
		int valid = 0;

		while (valid < length &&
			   (ev_ascii_is_digit(name[valid]) || (name[valid] >= 'a' && name[valid] <= 'z')))
			valid++;
		if (length == 0 || valid < length)
			return ev_event_pattern_fault(
				parser, "the name of an attribute is made of lower-case letters and digits");
		if (value.type != EV_JSON_STRING || value.length == 0)
			return ev_event_pattern_fault(parser, "%s takes strings that are not empty",
										  dialects[dialect]);
		condition = ev_event_pattern_new_condition(parser, &value, 2);
		ev_event_pattern_add_test(&condition->tests,
								  (EvTest) {.kind = kinds[dialect], .value = value});
		if (dialect == DIALECT_EXACT)
			add_typed_value(&condition->tests, &value);
		ev_event_pattern_seal_tests(&condition->tests);
		field.path = ev_event_pattern_extend(parser, parser->root, name, length);
		field.condition = condition;
		(*branch)->parts[(*branch)->count++] = ev_event_pattern_single(parser, field);
		ev_event_pattern_leave(parser, mark);
	}
	return true;
}

bool
ev_event_pattern_read_filters(EvPatternParser *parser, const EvView *array, EvBranch **branch)
{
	EvCursor cursor;
	EvView element;
	int index = 0;

	*branch = new_branch(EV_BRANCH_ALL, ev_view_count(array));
	ev_view_begin(&cursor, array);
	while (ev_view_next_element(&cursor, &element))
	{
		int mark = ev_event_pattern_enter_index(parser, index++);

		CHECK_FOR_INTERRUPTS();
		if (!ev_event_pattern_read_filter(parser, &element, &(*branch)->parts[(*branch)->count]))
			return false;
		(*branch)->count++;
		ev_event_pattern_leave(parser, mark);
	}
	return true;
}

static bool
read_dialect(EvPatternParser *parser, Dialect dialect, const EvView *value, EvBranch **branch)
{
	switch (dialect)
	{
		case DIALECT_NONE:
			break;
		case DIALECT_EXACT:
		case DIALECT_PREFIX:
		case DIALECT_SUFFIX:
			return read_attributes(parser, dialect, value, branch);
		case DIALECT_ALL:
		case DIALECT_ANY:
			if (value->type != EV_JSON_ARRAY || ev_view_count(value) == 0)
				return ev_event_pattern_fault(parser,
											  "%s takes an array of filters that is not empty",
											  dialects[dialect]);
			if (!ev_event_pattern_read_filters(parser, value, branch))
				return false;
			if (dialect == DIALECT_ANY)
				(*branch)->kind = EV_BRANCH_ANY;
			return true;
		case DIALECT_NOT:
			*branch = new_branch(EV_BRANCH_NOT, 1);
			(*branch)->count = 1;
			return ev_event_pattern_read_filter(parser, value, &(*branch)->parts[0]);
		case DIALECT_SQL:
			return ev_event_pattern_fault(
				parser, "the dialect sql is not supported; exact, prefix, suffix, all, any and "
						"not are, and event patterns");
	}
	return false;
}

bool
ev_event_pattern_read_filter(EvPatternParser *parser, const EvView *view, EvBranch **branch)
{
	EvView value;
	Dialect dialect = dialect_of(view, &value);
	int mark;

	check_stack_depth();
	if (parser->depth == EV_PATTERN_MAX_DEPTH)
		return ev_event_pattern_fault(parser, "filters are nested more than %d deep",
									  EV_PATTERN_MAX_DEPTH);
	if (dialect == DIALECT_NONE)
		return ev_event_pattern_fault(parser, "a filter is an object with one member, which is "
											  "exact, prefix, suffix, all, any or not");
	mark = ev_event_pattern_enter(parser, dialects[dialect], strlen(dialects[dialect]));
	parser->depth++;
	if (!read_dialect(parser, dialect, &value, branch))
		return false;
	parser->depth--;
	ev_event_pattern_leave(parser, mark);
	return true;
}
