/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_function_range.c: how points and ranges lie to each other (DMN 1.5, 10.3.4.9, table 78).
 *
 * DMN defines each of before, meets, overlaps, ... for points and ranges apart.  All of
 * these definitions are the one for two ranges if a point is taken for the range that
 * starts and ends with it: [p..p].  So a function here is a rule about two ranges, or the
 * rule of another one with its arguments in turn, and its rows say which of them may
 * be points.
 *
 * The rules compare endpoints.  An endpoint that is open for ever (< 5) is before or
 * behind all others, and equal to its like.  Where two endpoints have no
 * order, since they are of different types, the answer is null, whatever the
 * rest says: `comparable` of the pair remembers that.
 */
#include "base/compat.h"

#include "match/feel_compare.h"
#include "match/feel_function.h"
#include "match/feel_range.h"

#define RANGE EV_FEEL_BIT(EV_FEEL_RANGE)
#define STRING EV_FEEL_BIT(EV_FEEL_STRING)
#define POINT                                                           \
	(EV_FEEL_BIT(EV_FEEL_NUMBER) | STRING | EV_FEEL_BIT(EV_FEEL_DATE) | \
	 EV_FEEL_BIT(EV_FEEL_TIME) | EV_FEEL_BIT(EV_FEEL_DATE_TIME) |       \
	 EV_FEEL_BIT(EV_FEEL_YEARS_MONTHS) | EV_FEEL_BIT(EV_FEEL_DAYS_TIME))

typedef struct Pair
{
	EvFeelRun *run;
	bool comparable;
} Pair;

typedef bool (*Rule)(Pair *pair, const EvFeelRange *a, const EvFeelRange *b);

/* ---- endpoints ---- */

/* -1 for a start that is open for ever, 1 for such an end, 0 for a value */
static int
start_at(const EvFeelRange *range)
{
	return ev_feel_is_null(range->start) ? -1 : 0;
}

static int
end_at(const EvFeelRange *range)
{
	return ev_feel_is_null(range->end) ? 1 : 0;
}

static int
compare_endpoints(Pair *pair, EvFeelValue x, int x_at, EvFeelValue y, int y_at)
{
	int order = 0;

	if (x_at != 0 || y_at != 0)
		return x_at - y_at;
	if (!ev_feel_compare(pair->run, x, y, &order))
		pair->comparable = false;
	return order;
}

static int
compare_starts(Pair *pair, const EvFeelRange *a, const EvFeelRange *b)
{
	return compare_endpoints(pair, a->start, start_at(a), b->start, start_at(b));
}

static int
compare_ends(Pair *pair, const EvFeelRange *a, const EvFeelRange *b)
{
	return compare_endpoints(pair, a->end, end_at(a), b->end, end_at(b));
}

static int
compare_end_with_start(Pair *pair, const EvFeelRange *a, const EvFeelRange *b)
{
	return compare_endpoints(pair, a->end, end_at(a), b->start, start_at(b));
}

/* ---- parts of rules ---- */

/* a starts before b does */
static bool
starts_before(Pair *pair, const EvFeelRange *a, const EvFeelRange *b)
{
	int order = compare_starts(pair, a, b);

	return order < 0 || (order == 0 && a->start_included && !b->start_included);
}

/* a has no point before b's start */
static bool
starts_within(Pair *pair, const EvFeelRange *a, const EvFeelRange *b)
{
	return !starts_before(pair, a, b);
}

/* a has no point behind b's end */
static bool
ends_within(Pair *pair, const EvFeelRange *a, const EvFeelRange *b)
{
	int order = compare_ends(pair, a, b);

	return order < 0 || (order == 0 && (!a->end_included || b->end_included));
}

static bool
have_one_start(Pair *pair, const EvFeelRange *a, const EvFeelRange *b)
{
	return compare_starts(pair, a, b) == 0 && a->start_included == b->start_included;
}

static bool
have_one_end(Pair *pair, const EvFeelRange *a, const EvFeelRange *b)
{
	return compare_ends(pair, a, b) == 0 && a->end_included == b->end_included;
}

/* ---- rules ---- */

static bool
is_before(Pair *pair, const EvFeelRange *a, const EvFeelRange *b)
{
	int order = compare_end_with_start(pair, a, b);

	return order < 0 || (order == 0 && (!a->end_included || !b->start_included));
}

static bool
does_meet(Pair *pair, const EvFeelRange *a, const EvFeelRange *b)
{
	return compare_end_with_start(pair, a, b) == 0 && a->end_included && b->start_included;
}

static bool
does_overlap(Pair *pair, const EvFeelRange *a, const EvFeelRange *b)
{
	return !is_before(pair, a, b) && !is_before(pair, b, a);
}

static bool
does_overlap_before(Pair *pair, const EvFeelRange *a, const EvFeelRange *b)
{
	return starts_before(pair, a, b) && !is_before(pair, a, b) && ends_within(pair, a, b);
}

static bool
does_finish(Pair *pair, const EvFeelRange *a, const EvFeelRange *b)
{
	return have_one_end(pair, a, b) && starts_within(pair, a, b);
}

static bool
is_during(Pair *pair, const EvFeelRange *a, const EvFeelRange *b)
{
	return starts_within(pair, a, b) && ends_within(pair, a, b);
}

static bool
does_start(Pair *pair, const EvFeelRange *a, const EvFeelRange *b)
{
	return have_one_start(pair, a, b) && ends_within(pair, a, b);
}

static bool
does_coincide(Pair *pair, const EvFeelRange *a, const EvFeelRange *b)
{
	return have_one_start(pair, a, b) && have_one_end(pair, a, b);
}

/* ---- arguments ---- */

/* A point as a range; false for a range one of whose endpoints is null without being open. */
static bool
as_range(EvFeelValue value, EvFeelRange *range)
{
	if (value.type == EV_FEEL_RANGE)
	{
		*range = *value.range;
		return !(ev_feel_is_null(range->start) && range->start_included) &&
			   !(ev_feel_is_null(range->end) && range->end_included);
	}
	*range = (EvFeelRange) {value, value, true, true};
	return true;
}

static EvFeelValue
ask(EvFeelRun *run, Rule rule, EvFeelValue x, EvFeelValue y)
{
	Pair pair = {.run = run, .comparable = true};
	EvFeelRange a, b;
	bool answer;

	if (!as_range(x, &a) || !as_range(y, &b))
		return ev_feel_problem(run, "an endpoint of the range is null");
	answer = rule(&pair, &a, &b);
	if (!pair.comparable)
		return ev_feel_problem(run, "values of different types have no order");
	return ev_feel_boolean(answer);
}

/* ---- functions ---- */

static EvFeelValue
before(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return ask(run, is_before, args[0], args[1]);
}

static EvFeelValue
after(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return ask(run, is_before, args[1], args[0]);
}

static EvFeelValue
meets(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return ask(run, does_meet, args[0], args[1]);
}

static EvFeelValue
met_by(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return ask(run, does_meet, args[1], args[0]);
}

static EvFeelValue
overlaps(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return ask(run, does_overlap, args[0], args[1]);
}

static EvFeelValue
overlaps_before(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return ask(run, does_overlap_before, args[0], args[1]);
}

static EvFeelValue
overlaps_after(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return ask(run, does_overlap_before, args[1], args[0]);
}

static EvFeelValue
finishes(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return ask(run, does_finish, args[0], args[1]);
}

static EvFeelValue
finished_by(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return ask(run, does_finish, args[1], args[0]);
}

static EvFeelValue
includes(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return ask(run, is_during, args[1], args[0]);
}

static EvFeelValue
during(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return ask(run, is_during, args[0], args[1]);
}

static EvFeelValue
starts(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return ask(run, does_start, args[0], args[1]);
}

static EvFeelValue
started_by(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return ask(run, does_start, args[1], args[0]);
}

static EvFeelValue
coincides(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return ask(run, does_coincide, args[0], args[1]);
}

static EvFeelValue
range(EvFeelRun *run, const EvFeelValue *args, int nargs)
{
	return ev_feel_range_from_text(run, args[0].string, args[0].length);
}

const EvFeelBuiltin ev_feel_range_functions[] = {
	{"before", before, {{"point1", POINT}, {"point2", POINT}}},
	{"before", before, {{"point", POINT}, {"range", RANGE}}},
	{"before", before, {{"range", RANGE}, {"point", POINT}}},
	{"before", before, {{"range1", RANGE}, {"range2", RANGE}}},
	{"after", after, {{"point1", POINT}, {"point2", POINT}}},
	{"after", after, {{"point", POINT}, {"range", RANGE}}},
	{"after", after, {{"range", RANGE}, {"point", POINT}}},
	{"after", after, {{"range1", RANGE}, {"range2", RANGE}}},
	{"meets", meets, {{"range1", RANGE}, {"range2", RANGE}}},
	{"met by", met_by, {{"range1", RANGE}, {"range2", RANGE}}},
	{"overlaps", overlaps, {{"range1", RANGE}, {"range2", RANGE}}},
	{"overlaps before", overlaps_before, {{"range1", RANGE}, {"range2", RANGE}}},
	{"overlaps after", overlaps_after, {{"range1", RANGE}, {"range2", RANGE}}},
	{"finishes", finishes, {{"point", POINT}, {"range", RANGE}}},
	{"finishes", finishes, {{"range1", RANGE}, {"range2", RANGE}}},
	{"finished by", finished_by, {{"range", RANGE}, {"point", POINT}}},
	{"finished by", finished_by, {{"range1", RANGE}, {"range2", RANGE}}},
	{"includes", includes, {{"range", RANGE}, {"point", POINT}}},
	{"includes", includes, {{"range1", RANGE}, {"range2", RANGE}}},
	{"during", during, {{"point", POINT}, {"range", RANGE}}},
	{"during", during, {{"range1", RANGE}, {"range2", RANGE}}},
	{"starts", starts, {{"point", POINT}, {"range", RANGE}}},
	{"starts", starts, {{"range1", RANGE}, {"range2", RANGE}}},
	{"started by", started_by, {{"range", RANGE}, {"point", POINT}}},
	{"started by", started_by, {{"range1", RANGE}, {"range2", RANGE}}},
	{"coincides", coincides, {{"point1", POINT}, {"point2", POINT}}},
	{"coincides", coincides, {{"range1", RANGE}, {"range2", RANGE}}},
	{"range", range, {{"from", STRING}}},
	{NULL},
};
