/* SPDX-License-Identifier: PostgreSQL
 *
 * filter_set.c: many filters, one event; see filter_set.h.
 *
 * Patterns stand together in an EvEventSet, which finds those that match
 * without asking each.  A FEEL expression cannot be indexed, but what it requires of type,
 * source, subject or topic can: `type = "order.paid" and data.total > 100` goes
 * into the set as the pattern {"type": ["order.paid"]}, and the expression is
 * evaluated only when that matches.  An expression that requires nothing of the
 * kind is evaluated for every event.
 */
#include "base/compat.h"

#include "catalog/pg_type.h"
#include "match/event_pattern.h"
#include "match/event_set.h"
#include "match/feel.h"
#include "match/filter_set.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* How many sets a session keeps: one for each process of eventsd behind a pooler, and some. */
#define KEPT_SETS 8

typedef struct Member
{
	EvFeel *expression; /* NULL: the pattern decides */
	bool is_broken;		/* did not compile */
} Member;

/* Filters are numbered from 0 in here; each is in one of the two lists, which ascend. */
struct EvFilterSet
{
	int count;
	Member *members;
	EvEventSet *patterns; /* NULL if no filter has one */
	int npatterns;
	int *owners; /* of each pattern, the filter */
	int nothers;
	int *others; /* filters without a pattern: asked each time */
};

typedef struct KeptSet
{
	MemoryContext context; /* NULL: a free place */
	text *key;
	EvFilterSet *set;
	uint64 used_at;
} KeptSet;

static KeptSet kept[KEPT_SETS];
static uint64 uses;

/* ---- making ---- */

/* {"type": ["a", "b"]}: what an expression requires, as a pattern; NULL if nothing. */
static EvEventPattern *
required_pattern(const EvFeel *expression)
{
	static const char *const attributes[] = {"type", "topic", "source",
											 "subject"}; /* as jsonb sorts */
	EvMember members[lengthof(attributes)];
	EvPatternFault fault;
	EvView object;
	int n = 0;

	for (int i = 0; i < lengthof(attributes); i++)
	{
		int count;
		const EvView *values = ev_feel_required(expression, attributes[i], &count);

		if (values == NULL)
			continue;
		members[n].key = attributes[i];
		members[n].key_length = strlen(attributes[i]);
		members[n++].value = ev_view_make_array(values, count);
	}
	if (n == 0)
		return NULL;
	object = ev_view_make_object(members, n);
	return ev_event_pattern_compile(ev_view_to_jsonb(&object), &fault);
}

static void
raise_bad_member(int number)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("filter %d is not an object with \"pattern\" and \"filter\"", number),
					errhint("Give what events._check_filter() answered.")));
}

/* One filter; its pattern, if it has one. */
static EvEventPattern *
make_member(Member *member, Datum source, int number)
{
	Jsonb *jsonb = DatumGetJsonbP(
		DirectFunctionCall1(jsonb_in, CStringGetDatum(TextDatumGetCString(source))));
	EvView view = ev_view_of(jsonb);
	EvView value;
	EvEventPattern *pattern = NULL;
	EvPatternFault pattern_fault;
	EvFeelFault feel_fault;

	if (view.type != EV_JSON_OBJECT)
		raise_bad_member(number);
	if (ev_view_get(&view, "pattern", &value))
	{
		pattern = ev_event_pattern_compile(ev_view_to_jsonb(&value), &pattern_fault);
		member->is_broken = pattern == NULL;
	}
	if (ev_view_get(&view, "filter", &value))
	{
		if (value.type != EV_JSON_STRING)
			raise_bad_member(number);
		member->expression = ev_feel_compile_filter(value.data, value.length, &feel_fault);
		if (member->expression == NULL)
			member->is_broken = true;
		else if (pattern == NULL && !member->is_broken)
			pattern = required_pattern(member->expression);
	}
	else if (pattern == NULL && !member->is_broken)
		raise_bad_member(number);
	return member->is_broken ? NULL : pattern;
}

EvFilterSet *
ev_filter_set_make(ArrayType *filters)
{
	EvFilterSet *set = palloc0(sizeof(EvFilterSet));
	EvEventPattern **patterns;
	Datum *sources;
	bool *nulls;

	deconstruct_array(filters, TEXTOID, -1, false, TYPALIGN_INT, &sources, &nulls, &set->count);
	set->members = palloc0(sizeof(Member) * Max(set->count, 1));
	set->owners = palloc(sizeof(int) * Max(set->count, 1));
	set->others = palloc(sizeof(int) * Max(set->count, 1));
	patterns = palloc(sizeof(EvEventPattern *) * Max(set->count, 1));
	for (int i = 0; i < set->count; i++)
	{
		EvEventPattern *pattern;

		CHECK_FOR_INTERRUPTS();
		if (nulls[i])
			raise_bad_member(i + 1);
		pattern = make_member(&set->members[i], sources[i], i + 1);
		if (pattern == NULL)
			set->others[set->nothers++] = i;
		else
		{
			set->owners[set->npatterns] = i;
			patterns[set->npatterns++] = pattern;
		}
	}
	if (set->npatterns > 0)
		set->patterns = ev_event_set_compile(patterns, set->npatterns);
	return set;
}

int
ev_filter_set_count(const EvFilterSet *set)
{
	return set->count;
}

/* ---- keeping ---- */

static bool
has_key(const KeptSet *place, const text *key)
{
	return place->context != NULL && VARSIZE_ANY_EXHDR(place->key) == VARSIZE_ANY_EXHDR(key) &&
		   memcmp(VARDATA_ANY(place->key), VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key)) == 0;
}

/* How much of a key names its owner: what comes before the last hyphen, or all of it. */
static size_t
owner_length(const text *key)
{
	size_t length = VARSIZE_ANY_EXHDR(key);

	for (size_t i = length; i > 0; i--)
	{
		if (VARDATA_ANY(key)[i - 1] == '-')
			return i - 1;
	}
	return length;
}

static bool
has_owner(const KeptSet *place, const text *key)
{
	size_t length = owner_length(key);

	return place->context != NULL && owner_length(place->key) == length &&
		   memcmp(VARDATA_ANY(place->key), VARDATA_ANY(key), length) == 0;
}

static KeptSet *
find_kept(const text *key)
{
	for (int i = 0; i < KEPT_SETS; i++)
	{
		if (has_key(&kept[i], key))
			return &kept[i];
	}
	return NULL;
}

/* Where the owner has one, else a free place, else the one not used for the longest time. */
static KeptSet *
choose_place(const text *key)
{
	KeptSet *place = &kept[0];

	for (int i = 0; i < KEPT_SETS; i++)
	{
		if (has_owner(&kept[i], key))
			return &kept[i];
		if (place->context != NULL && (kept[i].context == NULL || kept[i].used_at < place->used_at))
			place = &kept[i];
	}
	return place;
}

EvFilterSet *
ev_filter_set_keep(const text *key, ArrayType *filters)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "events filter set",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	EvFilterSet *set = ev_filter_set_make(filters);
	text *own_key = cstring_to_text_with_len(VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key));
	KeptSet *place = choose_place(key);

	MemoryContextSwitchTo(old);
	if (place->context != NULL)
		MemoryContextDelete(place->context);
	MemoryContextSetParent(context, TopMemoryContext);
	*place = (KeptSet) {context, own_key, set, ++uses};
	return set;
}

EvFilterSet *
ev_filter_set_find(const text *key)
{
	KeptSet *place = find_kept(key);

	if (place == NULL)
		return NULL;
	place->used_at = ++uses;
	return place->set;
}

/* ---- matching ---- */

/* Of one filter whose pattern, if any, matches: its number, the negative number, or 0 for no. */
static int
answer_of(const EvFilterSet *set, int i, EvSubject *subject)
{
	const Member *member = &set->members[i];
	EvFeelLimit exceeded = EV_FEEL_WITHIN_LIMITS;
	bool matches = true;

	if (member->is_broken)
		return -(i + 1);
	if (member->expression != NULL)
		matches = ev_feel_filter_matches(member->expression, subject, &exceeded);
	if (exceeded != EV_FEEL_WITHIN_LIMITS)
		return -(i + 1);
	return matches ? i + 1 : 0;
}

int
ev_filter_set_match(EvFilterSet *set, EvSubject *subject, int *answers)
{
	const int *matching = NULL;
	int nmatching = 0;
	int n = 0;

	if (set->patterns != NULL)
		nmatching = ev_event_set_match(set->patterns, subject, &matching);
	for (int m = 0, o = 0; m < nmatching || o < set->nothers;)
	{
		int by_pattern = m < nmatching ? set->owners[matching[m]] : set->count;
		int by_itself = o < set->nothers ? set->others[o] : set->count;
		int i = Min(by_pattern, by_itself);
		int answer;

		if (i == by_pattern && !ev_event_set_knows(set->patterns, matching[m]))
			answer = -(i + 1);
		else
			answer = answer_of(set, i, subject);

		if (answer != 0)
			answers[n++] = answer;
		if (by_pattern < by_itself)
			m++;
		else
			o++;
	}
	return n;
}
