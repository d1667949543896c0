/* SPDX-License-Identifier: PostgreSQL
 *
 * containment_scalar.c: types, values, numbers and strings.
 *
 * Patterns are not compared as languages: a pattern is kept only by the same
 * pattern.  A format that is an annotation changes nothing.
 */
#include "base/compat.h"

#include "base/number.h"
#include "mb/pg_wchar.h"
#include "schema/containment.h"
#include "utils/fmgrprotos.h"

/* How much of a value is shown, and of how many values. */
#define SHOWN_LENGTH 60
#define SHOWN_VALUES 10

/* ---- types */

static const struct
{
	uint8 bits;
	const char *name;
} type_names[] = {
	{EV_TYPE_NULL, "null"},		  {EV_TYPE_BOOLEAN, "boolean"}, {EV_TYPE_NUMBER, "number"},
	{EV_TYPE_STRING, "string"},	  {EV_TYPE_ARRAY, "array"},		{EV_TYPE_OBJECT, "object"},
	{EV_TYPE_INTEGER, "integer"},
};

/* In words: "type null, string"; an integer is told from other numbers only if it matters. */
static char *
list_types(uint8 types)
{
	bool fractions = (types & EV_TYPES_NUMBER) == EV_TYPE_NUMBER;
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < lengthof(type_names); i++)
	{
		if (!(types & type_names[i].bits) || (type_names[i].bits == EV_TYPE_NUMBER && fractions) ||
			(type_names[i].bits == EV_TYPE_INTEGER && (types & EV_TYPE_NUMBER)))
			continue;
		appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "type ", type_names[i].name);
	}
	if (fractions)
		appendStringInfo(&list, "%snumbers that are no integers", list.len > 0 ? ", " : "");
	return list.data;
}

/* Are all its numbers integers by multipleOf? */
static bool
counts_in_integers(const EvConjunction *inner)
{
	for (int i = 0; i < inner->count; i++)
	{
		const EvNumberRules *rules = inner->nodes[i]->number;

		if (rules != NULL && rules->multiple_of != NULL)
		{
			EvNumber step = ev_number_read(rules->multiple_of);

			if (ev_number_is_integer(&step))
				return true;
		}
	}
	return false;
}

bool
ev_containment_types(EvContainment *c, EvConjunction *inner, const EvNode *outer)
{
	uint8 allowed = outer->types | ((outer->types & EV_TYPE_NUMBER) ? EV_TYPE_INTEGER : 0);
	uint8 missing = inner->types & ~allowed;
	bool only_integers = (allowed & EV_TYPES_NUMBER) == EV_TYPE_INTEGER;
	char *types;

	if (only_integers && outer->strict_integer && (inner->types & EV_TYPE_INTEGER) &&
		!inner->strict_integer)
		return ev_containment_report(c, outer, "integers written as 1.0 are no longer allowed",
									 "integers written as 1.0 are newly allowed");
	if (only_integers && counts_in_integers(inner))
		missing &= ~EV_TYPE_NUMBER;
	if (missing == 0 || c->quiet > 0)
		return missing == 0;
	types = list_types(missing);
	return ev_containment_report(c, outer, psprintf("no longer allowed: %s", types),
								 psprintf("newly allowed: %s", types));
}

/* ---- values */

char *
ev_containment_show(const EvView *value)
{
	char *text = ev_view_to_cstring(value);
	int length = strlen(text);

	if (length <= SHOWN_LENGTH)
		return text;
	return psprintf("%.*s...", pg_mbcliplen(text, length, SHOWN_LENGTH), text);
}

bool
ev_containment_each_value(EvContainment *c, EvConjunction *inner, const EvNode *outer,
						  bool *contained)
{
	List *values;
	ListCell *lc;
	int refused = 0;

	if (!ev_conjunction_values(c->graphs, inner, &values))
		return false;
	foreach (lc, values)
	{
		const EvView *value = lfirst(lc);
		char *text;

		if (ev_graphs_accepts(c->graphs, outer, value, false))
			continue;
		if (refused++ == SHOWN_VALUES || c->quiet > 0)
			break;
		text = ev_containment_show(value);
		(void) ev_containment_report(c, outer, psprintf("no longer allowed: value %s", text),
									 psprintf("newly allowed: value %s", text));
	}
	*contained = refused == 0;
	return true;
}

bool
ev_containment_values(EvContainment *c, EvConjunction *inner, const EvNode *outer)
{
	if (outer->constant != NULL)
		return ev_containment_report(c, outer, "only one value is allowed any longer",
									 "other values than one are newly allowed");
	if (outer->enumeration != NULL)
		return ev_containment_report(c, outer, "only the values of an enum are allowed any longer",
									 "other values than those of an enum are newly allowed");
	return true;
}

/* ---- numbers */

static char *
show_numeric(Numeric numeric)
{
	return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(numeric)));
}

static char *
show_bound(const EvBound *bound, const char *sign)
{
	if (bound->value == NULL)
		return "none";
	return psprintf("%s%s %s", sign, bound->exclusive ? "" : "=", show_numeric(bound->value));
}

/* Is `bound` at least as tight as what is wanted?  `sign` is 1 for lower bounds. */
static bool
is_as_tight(const EvBound *bound, const EvBound *wanted, int sign)
{
	EvNumber a, b;
	int order;

	if (wanted->value == NULL || bound->value == NULL)
		return wanted->value == NULL;
	a = ev_number_read(bound->value);
	b = ev_number_read(wanted->value);
	order = sign * ev_number_compare(&a, &b);
	return order > 0 || (order == 0 && (bound->exclusive || !wanted->exclusive));
}

static bool
contains_bound(EvContainment *c, const EvBound *inner, EvBound wanted, const EvNode *outer,
			   int sign)
{
	const char *relation = sign > 0 ? ">" : "<";

	if (is_as_tight(inner, &wanted, sign))
		return true;
	if (c->quiet > 0)
		return false;
	return ev_containment_report_limit(c, outer, sign > 0 ? "minimum" : "maximum",
									   show_bound(inner, relation), show_bound(&wanted, relation));
}

static bool
contains_multiples(EvContainment *c, const EvConjunction *inner, const EvNode *outer)
{
	Numeric divisor = outer->number->multiple_of;
	Numeric seen = NULL;

	if (divisor == NULL)
		return true;
	if ((inner->types & EV_TYPES_NUMBER) == EV_TYPE_INTEGER &&
		ev_number_is_multiple(int64_to_numeric(1), divisor))
		return true;
	for (int i = 0; i < inner->count; i++)
	{
		const EvNumberRules *rules = inner->nodes[i]->number;

		if (rules == NULL || rules->multiple_of == NULL)
			continue;
		seen = rules->multiple_of;
		if (ev_number_is_multiple(seen, divisor))
			return true;
	}
	if (c->quiet > 0)
		return false;
	return ev_containment_report_limit(c, outer, "multipleOf",
									   seen != NULL ? show_numeric(seen) : "none",
									   show_numeric(divisor));
}

bool
ev_containment_numbers(EvContainment *c, EvConjunction *inner, const EvNode *outer)
{
	const EvNumberRules *rules = outer->number;
	bool contained;

	/* An integer is a number, and has another bit. */
	if (rules == NULL || !(inner->types & EV_TYPES_NUMBER) || !(outer->types & EV_TYPES_NUMBER))
		return true;
	contained = contains_bound(c, &inner->lower, (EvBound) {rules->minimum, false}, outer, 1);
	contained &= contains_bound(c, &inner->lower, (EvBound) {rules->exclusive_minimum, true}, outer,
								1);
	contained &= contains_bound(c, &inner->upper, (EvBound) {rules->maximum, false}, outer, -1);
	contained &= contains_bound(c, &inner->upper, (EvBound) {rules->exclusive_maximum, true}, outer,
								-1);
	return contains_multiples(c, inner, outer) && contained;
}

/* ---- strings */

static bool
contains_pattern(EvContainment *c, const EvConjunction *inner, const EvNode *outer)
{
	const EvPattern *pattern = outer->string->pattern;
	const char *seen = "none";

	if (pattern == NULL)
		return true;
	for (int i = 0; i < inner->count; i++)
	{
		const EvStringRules *rules = inner->nodes[i]->string;

		if (rules == NULL || rules->pattern == NULL)
			continue;
		if (ev_pattern_same(rules->pattern, pattern))
			return true;
		seen = ev_pattern_source(rules->pattern);
	}
	return ev_containment_report_limit(c, outer, "pattern", seen, ev_pattern_source(pattern));
}

/* Formats whose strings are all of another format. */
static bool
format_within(EvFormat inner, EvFormat outer)
{
	static const EvFormat within[][2] = {
		{EV_FORMAT_EMAIL, EV_FORMAT_IDN_EMAIL},
		{EV_FORMAT_URI, EV_FORMAT_URI_REFERENCE},
		{EV_FORMAT_URI, EV_FORMAT_IRI},
		{EV_FORMAT_URI, EV_FORMAT_IRI_REFERENCE},
		{EV_FORMAT_IRI, EV_FORMAT_IRI_REFERENCE},
		{EV_FORMAT_URI_REFERENCE, EV_FORMAT_IRI_REFERENCE},
	};

	for (int i = 0; i < lengthof(within); i++)
	{
		if (within[i][0] == inner && within[i][1] == outer)
			return true;
	}
	return inner == outer;
}

static bool
contains_format(EvContainment *c, const EvConjunction *inner, const EvNode *outer)
{
	EvFormat format = outer->string->format;
	const char *seen = "none";

	if (format == EV_FORMAT_NONE || !outer->string->assert_format)
		return true;
	for (int i = 0; i < inner->count; i++)
	{
		const EvStringRules *rules = inner->nodes[i]->string;

		if (rules == NULL || rules->format == EV_FORMAT_NONE || !rules->assert_format)
			continue;
		if (format_within(rules->format, format))
			return true;
		seen = ev_format_name(rules->format);
	}
	return ev_containment_report_limit(c, outer, "format", seen, ev_format_name(format));
}

static char *
show_limit(int64 limit)
{
	return limit == EV_NO_LIMIT ? "none" : psprintf(INT64_FORMAT, limit);
}

bool
ev_containment_least(EvContainment *c, const EvNode *outer, const char *what, int64 inner,
					 int64 wanted)
{
	if (inner >= wanted)
		return true;
	if (c->quiet > 0)
		return false;
	return ev_containment_report_limit(c, outer, what, inner == 0 ? "none" : show_limit(inner),
									   show_limit(wanted));
}

bool
ev_containment_most(EvContainment *c, const EvNode *outer, const char *what, int64 inner,
					int64 wanted)
{
	if (wanted == EV_NO_LIMIT || (inner != EV_NO_LIMIT && inner <= wanted))
		return true;
	if (c->quiet > 0)
		return false;
	return ev_containment_report_limit(c, outer, what, show_limit(inner), show_limit(wanted));
}

bool
ev_containment_strings(EvContainment *c, EvConjunction *inner, const EvNode *outer)
{
	const EvStringRules *rules = outer->string;
	bool contained;

	if (rules == NULL || !(inner->types & outer->types & EV_TYPE_STRING))
		return true;
	contained = ev_containment_least(c, outer, "minLength", inner->min_length, rules->min_length);
	contained &= ev_containment_most(c, outer, "maxLength", inner->max_length, rules->max_length);
	contained &= contains_pattern(c, inner, outer);
	return contains_format(c, inner, outer) && contained;
}
