/* SPDX-License-Identifier: PostgreSQL
 *
 * sample_scalar.c: numbers and strings for a sample.
 *
 * A number is 0 if that does, else one near a bound, in steps of what it has to
 * be a multiple of.  A string is the canonical one of its format, one written
 * from its pattern, or a plain one of the right length.  Each is a list of
 * proposals; where values have to differ from one another (uniqueItems), later
 * ones of the list come to use.  What would be too large for a numeric is no
 * number here (NULL), and no proposal.
 */
#include "postgres.h"

#include "schema/sample.h"

#include "base/number.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/fmgrprotos.h"

#define MAX_STEPS 256
#define MAX_LENGTH 1000000

/* Digits to the base 10000 before the point; a numeric may have 32768. */
#define MAX_ORDER 32760

#define MAX_CHOICES 40

/* ---- numbers */

typedef struct Bounds
{
	Numeric lower, upper; /* NULL: none */
	Numeric step;
} Bounds;

static Numeric
make_numeric(int64 n)
{
	return DatumGetNumeric(DirectFunctionCall1(int8_numeric, Int64GetDatum(n)));
}

/* n is less than 10000^(order + 1), and not less than 10000^order if it is no 0. */
static int
order_of(Numeric n)
{
	EvNumber number = ev_number_read(n);

	return number.ndigits == 0 ? 0 : number.weight;
}

/* numeric_add, _sub, _mul or _div; NULL for a number that may be too large. */
static Numeric
calculate(PGFunction function, Numeric a, Numeric b)
{
	int order;

	if (a == NULL || b == NULL)
		return NULL;
	if (function == numeric_mul)
		order = order_of(a) + order_of(b);
	else if (function == numeric_div)
		order = order_of(a) - order_of(b);
	else
		order = Max(order_of(a), order_of(b));
	if (order > MAX_ORDER)
		return NULL;
	return DatumGetNumeric(DirectFunctionCall2(function, NumericGetDatum(a), NumericGetDatum(b)));
}

static bool
is_less(Numeric a, Numeric b)
{
	EvNumber x = ev_number_read(a), y = ev_number_read(b);

	return ev_number_compare(&x, &y) < 0;
}

static void
raise_lower(Bounds *bounds, Numeric n)
{
	if (n != NULL && (bounds->lower == NULL || is_less(bounds->lower, n)))
		bounds->lower = n;
}

static void
lower_upper(Bounds *bounds, Numeric n)
{
	if (n != NULL && (bounds->upper == NULL || is_less(n, bounds->upper)))
		bounds->upper = n;
}

/* The product of all steps is a multiple of each, when they are integers. */
static void
widen_step(Bounds *bounds, Numeric n)
{
	EvNumber number;

	if (n == NULL)
		return;
	number = ev_number_read(n);
	if (bounds->step == NULL || !ev_number_is_integer(&number))
		bounds->step = n;
	else if (!ev_number_is_multiple(bounds->step, n))
		bounds->step = calculate(numeric_mul, bounds->step, n);
}

static Bounds
find_bounds(const EvSampleGoal *goal)
{
	Bounds bounds = {0};
	ListCell *cell;

	foreach (cell, goal->nodes)
	{
		const EvNumberRules *rules = ((const EvNode *) lfirst(cell))->number;

		if (rules == NULL)
			continue;
		raise_lower(&bounds, rules->minimum);
		raise_lower(&bounds, rules->exclusive_minimum);
		lower_upper(&bounds, rules->maximum);
		lower_upper(&bounds, rules->exclusive_maximum);
		widen_step(&bounds, rules->multiple_of);
	}
	if (bounds.step == NULL)
		bounds.step = make_numeric(1);
	return bounds;
}

static Jsonb *
propose_number(EvSampleGoal *goal, Numeric n)
{
	JsonbValue value = {.type = jbvNumeric, .val.numeric = n};
	Jsonb *jsonb;

	if (n == NULL)
		return NULL;
	jsonb = JsonbValueToJsonb(&value);
	return ev_sample_fits(goal, jsonb) ? jsonb : NULL;
}

/* The whole multiple of the step at or above `n` (at or below, for
 * numeric_floor). */
static Numeric
align(PGFunction round, Numeric n, Numeric step)
{
	Numeric quotient = calculate(numeric_div, n, step);

	if (quotient == NULL)
		return NULL;
	quotient = DatumGetNumeric(DirectFunctionCall1(round, NumericGetDatum(quotient)));
	return calculate(numeric_mul, quotient, step);
}

static Jsonb *
propose_steps(EvSampleGoal *goal, Numeric start, Numeric step, PGFunction function)
{
	Numeric taken = make_numeric(list_length(goal->taken));
	Jsonb *found = propose_number(goal,
								  calculate(function, start, calculate(numeric_mul, taken, step)));

	if (found == NULL)
		found = propose_number(goal, start);
	for (int i = 0; found == NULL && start != NULL && i < MAX_STEPS && goal->sampler->budget > 0;
		 i++)
	{
		start = calculate(function, start, step);
		found = propose_number(goal, start);
	}
	return found;
}

Jsonb *
ev_sample_number(EvSampleGoal *goal, bool integer)
{
	Bounds bounds = find_bounds(goal);
	Numeric zero = make_numeric(0);
	bool not_below = bounds.lower == NULL || !is_less(zero, bounds.lower);
	bool not_above = bounds.upper == NULL || !is_less(bounds.upper, zero);
	Jsonb *found = NULL;

	if (not_below && not_above)
		found = propose_number(goal, zero);
	if (found == NULL && bounds.lower != NULL)
		found = propose_steps(goal, align(numeric_ceil, bounds.lower, bounds.step), bounds.step,
							  numeric_add);
	else if (found == NULL && bounds.upper != NULL)
		found = propose_steps(goal, align(numeric_floor, bounds.upper, bounds.step), bounds.step,
							  numeric_sub);
	else if (found == NULL)
		found = propose_steps(goal, zero, bounds.step, numeric_add);
	/* between bounds that are close to each other */
	if (found == NULL && bounds.lower != NULL && bounds.upper != NULL && !integer)
		found = propose_steps(goal, bounds.lower,
							  calculate(numeric_div,
										calculate(numeric_sub, bounds.upper, bounds.lower),
										make_numeric(16)),
							  numeric_add);
	return found;
}

/* ---- strings */

/* Where one that is longer or another one is needed, %s is filled. */
static const struct
{
	EvFormat format;
	const char *text;
} canonical[] = {{EV_FORMAT_DATE_TIME, "2020-01-01T00:00:00Z"},
				 {EV_FORMAT_DATE, "2020-01-01"},
				 {EV_FORMAT_TIME, "00:00:00Z"},
				 {EV_FORMAT_DURATION, "P1D"},
				 {EV_FORMAT_EMAIL, "%suser@example.com"},
				 {EV_FORMAT_IDN_EMAIL, "%suser@example.com"},
				 {EV_FORMAT_HOSTNAME, "%sexample.com"},
				 {EV_FORMAT_IDN_HOSTNAME, "%sexample.com"},
				 {EV_FORMAT_IPV4, "192.0.2.1"},
				 {EV_FORMAT_IPV6, "2001:db8::1"},
				 {EV_FORMAT_URI, "https://example.com/%s"},
				 {EV_FORMAT_URI_REFERENCE, "/%s"},
				 {EV_FORMAT_IRI, "https://example.com/%s"},
				 {EV_FORMAT_IRI_REFERENCE, "/%s"},
				 {EV_FORMAT_URI_TEMPLATE, "https://example.com/{id}%s"},
				 {EV_FORMAT_UUID, "00000000-0000-4000-8000-000000000000"},
				 {EV_FORMAT_JSON_POINTER, "/%s"},
				 {EV_FORMAT_RELATIVE_JSON_POINTER, "0"},
				 {EV_FORMAT_REGEX, "a%s"}};

typedef struct Lengths
{
	int64 min, max;
} Lengths;

static Jsonb *
propose_text(EvSampleGoal *goal, const char *s, int length)
{
	Jsonb *value = ev_sample_from_text(s, length);

	return ev_sample_fits(goal, value) ? value : NULL;
}

/* As it is, and with so many characters more as are missing. */
static Jsonb *
propose_padded(EvSampleGoal *goal, const char *before, const char *after, Lengths lengths)
{
	StringInfoData out;
	int64 length = pg_mbstrlen(before) + pg_mbstrlen(after);
	Jsonb *found = NULL;

	initStringInfo(&out);
	for (int i = 0; found == NULL && i < 10 && goal->sampler->budget > 0; i++)
	{
		int64 padding = i + Max(0, lengths.min - length);

		resetStringInfo(&out);
		appendStringInfoString(&out, before);
		for (int64 j = 0; j < padding; j++)
			appendStringInfoChar(&out, 'a');
		appendStringInfoString(&out, after);
		found = propose_text(goal, out.data, out.len);
	}
	return found;
}

static Jsonb *
propose_format(EvSampleGoal *goal, EvFormat format, Lengths lengths)
{
	for (int i = 0; i < lengthof(canonical); i++)
	{
		char *gap;
		char *text;

		if (canonical[i].format != format)
			continue;
		text = pstrdup(canonical[i].text);
		gap = strstr(text, "%s");
		if (gap == NULL)
			return propose_text(goal, text, strlen(text));
		*gap = '\0';
		return propose_padded(goal, text, gap + 2, lengths);
	}
	return NULL;
}

/* Unique dates and addresses have to differ in their last digits. */
static Jsonb *
propose_other_format(EvSampleGoal *goal, EvFormat format)
{
	Jsonb *found = NULL;

	for (int i = 2; i < 250 && found == NULL && goal->sampler->budget > 0; i++)
	{
		const char *text = NULL;

		if (format == EV_FORMAT_DATE_TIME)
			text = psprintf("2020-01-01T00:%02d:%02dZ", i / 60, i % 60);
		else if (format == EV_FORMAT_DATE)
			text = psprintf("%04d-01-01", 2020 + i);
		else if (format == EV_FORMAT_TIME)
			text = psprintf("00:%02d:%02dZ", i / 60, i % 60);
		else if (format == EV_FORMAT_DURATION)
			text = psprintf("P%dD", i);
		else if (format == EV_FORMAT_IPV4)
			text = psprintf("192.0.2.%d", i);
		else if (format == EV_FORMAT_IPV6)
			text = psprintf("2001:db8::%x", i);
		else if (format == EV_FORMAT_UUID)
			text = psprintf("00000000-0000-4000-8000-%012x", i);
		else if (format == EV_FORMAT_RELATIVE_JSON_POINTER)
			text = psprintf("%d", i);
		else
			return NULL;
		found = propose_text(goal, text, strlen(text));
	}
	return found;
}

static Jsonb *
propose_pattern(EvSampleGoal *goal, const EvPattern *pattern, Lengths lengths)
{
	static const int more[] = {0, 1, 2, 3, 5, 8, 13, 21, 34, 55};
	StringInfoData out;
	Jsonb *found = NULL;

	initStringInfo(&out);
	for (int i = 0; found == NULL && i <= lengthof(more); i++)
	{
		for (int choice = 0; found == NULL && choice < MAX_CHOICES; choice++)
		{
			int n = i < lengthof(more) ? more[i] : (int) Min(lengths.min, MAX_LENGTH);

			if (!ev_sample_pattern(goal->sampler, pattern, n, choice, &out))
				return NULL;
			found = propose_text(goal, out.data, out.len);
			/* a match may stand anywhere, unless the expression says otherwise */
			if (found == NULL && i == 0 && choice == 0)
				found = propose_padded(goal, out.data, "", lengths);
			if (found == NULL && i == 0 && choice == 0)
				found = propose_padded(goal, "", out.data, lengths);
		}
	}
	return found;
}

static Lengths
find_lengths(const EvSampleGoal *goal)
{
	Lengths lengths = {.min = 0, .max = MAX_LENGTH};
	ListCell *cell;

	foreach (cell, goal->nodes)
	{
		const EvStringRules *rules = ((const EvNode *) lfirst(cell))->string;

		if (rules == NULL)
			continue;
		lengths.min = Max(lengths.min, rules->min_length);
		if (rules->max_length != EV_NO_LIMIT)
			lengths.max = Min(lengths.max, rules->max_length);
	}
	return lengths;
}

static Jsonb *
propose_plain(EvSampleGoal *goal, Lengths lengths)
{
	Jsonb *found = NULL;

	if (goal->taken != NIL)
		found = propose_padded(goal, "", psprintf("%d", list_length(goal->taken)), lengths);
	if (found == NULL && lengths.max >= 6)
		found = propose_padded(goal, "string", "", lengths);
	if (found == NULL)
		found = propose_padded(goal, "", "", lengths);
	return found;
}

Jsonb *
ev_sample_string(EvSampleGoal *goal)
{
	Lengths lengths = find_lengths(goal);
	ListCell *cell;
	Jsonb *found = NULL;

	if (lengths.min > MAX_LENGTH)
		return NULL;
	foreach (cell, goal->nodes)
	{
		const EvStringRules *rules = ((const EvNode *) lfirst(cell))->string;

		if (found != NULL || rules == NULL)
			continue;
		if (rules->format != EV_FORMAT_NONE)
			found = propose_format(goal, rules->format, lengths);
		if (found == NULL && rules->format != EV_FORMAT_NONE)
			found = propose_other_format(goal, rules->format);
	}
	foreach (cell, goal->nodes)
	{
		const EvStringRules *rules = ((const EvNode *) lfirst(cell))->string;

		if (found == NULL && rules != NULL && rules->pattern != NULL)
			found = propose_pattern(goal, rules->pattern, lengths);
	}
	return found != NULL ? found : propose_plain(goal, lengths);
}
