/* SPDX-License-Identifier: PostgreSQL
 *
 * evaluate_scalar.c: keywords for numbers and strings.
 *
 * Numbers are compared exactly and where they lie (base/number.h).  The length
 * of a string is its number of code points; they are counted only when the
 * number of bytes leaves a doubt.
 */
#include "schema/evaluation.h"

#include "mb/pg_wchar.h"

static inline int
compare_with(const EvNumber *number, Numeric limit)
{
	EvNumber other = ev_number_read(limit);

	return ev_number_compare(number, &other);
}

/* The four limits have one form: what the number must be, and what it is. */
#define LIMIT_MESSAGE(what) "must be " what " %s, is %s"
#define LIMIT_VALUES(limit) ev_output_number(limit), ev_output_value(value)

bool
ev_evaluate_number(EvEvaluation *e, const EvNode *node, const EvView *value)
{
	const EvNumberRules *rules = node->number;
	EvNumber number = ev_number_read(ev_view_numeric(value));

	if (rules->minimum != NULL && compare_with(&number, rules->minimum) < 0 &&
		ev_broken(e, node, "minimum", LIMIT_MESSAGE("at least"), LIMIT_VALUES(rules->minimum)))
		return false;
	if (rules->maximum != NULL && compare_with(&number, rules->maximum) > 0 &&
		ev_broken(e, node, "maximum", LIMIT_MESSAGE("at most"), LIMIT_VALUES(rules->maximum)))
		return false;
	if (rules->exclusive_minimum != NULL && compare_with(&number, rules->exclusive_minimum) <= 0 &&
		ev_broken(e, node, "exclusiveMinimum", LIMIT_MESSAGE("greater than"),
				  LIMIT_VALUES(rules->exclusive_minimum)))
		return false;
	if (rules->exclusive_maximum != NULL && compare_with(&number, rules->exclusive_maximum) >= 0 &&
		ev_broken(e, node, "exclusiveMaximum", LIMIT_MESSAGE("less than"),
				  LIMIT_VALUES(rules->exclusive_maximum)))
		return false;
	return rules->multiple_of == NULL ||
		   ev_number_is_multiple(ev_view_numeric(value), rules->multiple_of) ||
		   !ev_broken(e, node, "multipleOf", LIMIT_MESSAGE("a multiple of"),
					  LIMIT_VALUES(rules->multiple_of));
}

static int
count_code_points(const EvView *value)
{
	int n = 0;

	if (pg_database_encoding_max_length() == 1)
		return value->length;
	if (GetDatabaseEncoding() != PG_UTF8)
		return pg_mbstrlen_with_len(value->data, value->length);
	for (int i = 0; i < value->length; i++)
		n += ((unsigned char) value->data[i] & 0xC0) != 0x80;
	return n;
}

/* The verdict on the length. */
static bool
has_length(EvEvaluation *e, const EvNode *node, const EvView *value)
{
	static const EvCountRule characters = {"minLength", "maxLength", "character", "characters"};
	const EvStringRules *rules = node->string;

	/* at most as many code points as bytes, at least one to so many */
	if ((rules->max_length == EV_NO_LIMIT || value->length <= rules->max_length) &&
		(value->length + MAX_MULTIBYTE_CHAR_LEN - 1) / MAX_MULTIBYTE_CHAR_LEN >= rules->min_length)
		return true;
	return ev_check_count(e, node, &characters, rules->min_length, rules->max_length,
						  count_code_points(value));
}

bool
ev_evaluate_string(EvEvaluation *e, const EvNode *node, const EvView *value)
{
	const EvStringRules *rules = node->string;

	/* maxLength is there to bound the work of pattern and format */
	if (!has_length(e, node, value))
		return !ev_stops(e);
	if (rules->pattern != NULL && !ev_pattern_matches(rules->pattern, value->data, value->length) &&
		ev_broken(e, node, "pattern", "must match the pattern \"%s\"",
				  ev_pattern_source(rules->pattern)))
		return false;
	return !rules->assert_format || rules->format == EV_FORMAT_NONE ||
		   ev_format_matches(rules->format, value->data, value->length, node->resource->draft) ||
		   !ev_broken(e, node, "format", "must have the format \"%s\"",
					  ev_format_name(rules->format));
}
