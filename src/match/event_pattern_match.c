/* SPDX-License-Identifier: PostgreSQL
 *
 * event_pattern_match.c: does an event match a pattern?
 *
 * The conditions of a conjunct stand in a tree of paths, which is laid over the
 * event.  A condition holds for a path if one of its tests holds for some scalar
 * there, or, if it takes absence, if there is no scalar there.  Names lead
 * through arrays, of whatever depth, to their elements.
 *
 * Array consistency: of each array one element is chosen, and whatever is found
 * below elements of that array is found below the chosen one.  A scalar that is
 * itself an element of an array needs no choice in that array.  Absence does
 * not choose: it holds if there is nothing at its path below the chosen
 * elements, and, in arrays where nothing else needs a choice, below none.
 *
 * Since the arrays of an event form a tree, choices can be made one after the
 * other: the conditions below one member of an object know nothing of those
 * below another, and in an array all that are left over by its own scalars
 * have to hold in the same element.  So no combination is tried twice.
 *
 * A condition that takes both absence and values may hold by a value or not,
 * and only the former needs a choice.  Where no other condition needs one, each
 * of them is tried as the one that does (`forced`).
 *
 * An alias is a second name for a member; a pattern that uses both names chooses
 * for each of them.
 *
 * A member with a dot in its name is at several places of the tree: {"a.b": 1}
 * is {"a": {"b": 1}} too.  Then a path leads to several values, its spots;
 * a condition holds if it does at one of them.
 *
 * What that may take is limited (event_pattern_limit.c).  Past a limit everybody says
 * false, and walk->exceeded says that this is no answer.
 */
#include "base/compat.h"

#include "match/event_pattern_parts.h"
#include "miscadmin.h"

/* A value at a path, or one at the end of the names that are left of a dotted name. */
typedef struct Spot
{
	EvView value;
	const char *rest; /* names still to come, NULL: none */
	int rest_length;
} Spot;

typedef struct Spots
{
	int count;
	int capacity;
	Spot *spots;
} Spots;

/* Conditions are asked about below `path`; those at `path` itself unless they are done. */
typedef struct Question
{
	const EvPath *path;
	bool own;				   /* the condition of the path itself too */
	bool below;				   /* and those below it */
	bool own_by_value;		   /* that of the path itself must hold by a value */
	const EvCondition *forced; /* must hold by a value */
	EvPatternWalk *walk;
} Question;

static bool answer(const Question *question, const EvView *value);
static bool answer_spots(const Question *question, const Spots *spots);

/* Does the condition of the path itself hold where there is nothing? */
static bool
takes_absence(const Question *question)
{
	const EvCondition *condition = question->path->condition;

	return condition->absent && condition != question->forced && !question->own_by_value;
}

/* Is the forced condition here or below?  A path has at most EV_PATTERN_MAX_DEPTH names. */
static bool
holds_forced(const EvPath *path, const EvCondition *forced)
{
	if (path->condition == forced)
		return true;
	for (const EvPath *child = path->first; child != NULL; child = child->next)
	{
		if (child->nconditions > child->nrequired && holds_forced(child, forced))
			return true;
	}
	return false;
}

/* How many of the conditions asked about need a value. */
static int
count_required(const Question *question)
{
	const EvPath *path = question->path;
	bool own = path->condition != NULL && question->own && !takes_absence(question);
	int n = 0;

	if (question->below)
	{
		n = path->nrequired - (path->condition != NULL && !path->condition->absent);
		if (question->forced != NULL && path->condition != question->forced)
			n += holds_forced(path, question->forced);
	}
	return n + own;
}

/* Do all conditions asked about hold where there is nothing? */
static bool
answer_nothing(const Question *question)
{
	return count_required(question) == 0;
}

bool
ev_event_pattern_has_dots(const EvView *object)
{
	EvCursor cursor;

	/* keys lie side by side, before the values */
	ev_view_begin(&cursor, object);
	return memchr(cursor.data, '.', cursor.value_data - cursor.data) != NULL;
}

/* ---- names with dots ---- */

static void
add_spot(Spots *spots, Spot spot)
{
	if (spots->count == spots->capacity)
	{
		spots->capacity = spots->capacity == 0 ? 4 : spots->capacity * 2;
		if (spots->spots == NULL)
			spots->spots = palloc(spots->capacity * sizeof(Spot));
		else
			spots->spots = repalloc(spots->spots, spots->capacity * sizeof(Spot));
	}
	spots->spots[spots->count++] = spot;
}

/* The spots of a child below one spot, which is an object or has names left. */
static void
add_child_spots(Spots *spots, const Spot *spot, const EvPath *child)
{
	EvCursor cursor;
	const char *name;
	int length;
	EvView value;

	if (spot->rest != NULL)
	{
		name = spot->rest;
		length = spot->rest_length;
		if (length < child->length || memcmp(name, child->name, child->length) != 0)
			return;
		if (length == child->length)
			add_spot(spots, (Spot) {.value = spot->value});
		else if (name[child->length] == '.')
			add_spot(spots, (Spot) {.value = spot->value,
									.rest = name + child->length + 1,
									.rest_length = length - child->length - 1});
		return;
	}
	if (spot->value.type != EV_JSON_OBJECT)
		return;
	ev_view_begin(&cursor, &spot->value);
	while (ev_view_next_member(&cursor, &name, &length, &value))
		add_child_spots(spots, &(Spot) {.value = value, .rest = name, .rest_length = length},
						child);
}

/* Is there a spot at which the question is answered by yes? */
static bool
answer_any_spot(const Question *question, const Spots *spots, bool arrays_only)
{
	for (int i = 0; i < spots->count; i++)
	{
		const Spot *spot = &spots->spots[i];

		if (spot->rest == NULL && (!arrays_only || spot->value.type == EV_JSON_ARRAY) &&
			answer(question, &spot->value))
			return true;
	}
	return false;
}

/* And one at which it is answered by no, as that of absence is where something stands? */
static bool
answer_all_spots(const Question *question, const Spots *spots)
{
	for (int i = 0; i < spots->count; i++)
	{
		if (spots->spots[i].rest == NULL && !answer(question, &spots->spots[i].value))
			return false;
	}
	return true;
}

/* A condition at several spots: a value at one of them, or nothing at all of them. */
static bool
answer_own_spots(const Question *question, const Spots *spots)
{
	const EvCondition *condition = question->path->condition;
	Question by_value = {
		.path = question->path, .own = true, .forced = condition, .walk = question->walk};

	if (answer_any_spot(&by_value, spots, false))
		return true;
	if (!takes_absence(question))
		return false;
	by_value.forced = NULL;
	return answer_all_spots(&by_value, spots);
}

static bool
answer_child_spots(const Question *question, const Spots *spots, const EvPath *child)
{
	Question below = *question;
	Spots found = {0};
	bool holds;

	below.path = child;
	below.own = below.below = true;
	below.own_by_value = false;
	for (int i = 0; i < spots->count; i++)
		add_child_spots(&found, &spots->spots[i], child);
	holds = answer_spots(&below, &found);
	if (found.spots != NULL)
		pfree(found.spots);
	return holds;
}

/* An array among several spots answers for a child as a whole. */
static bool
answer_child_in_array(const Question *question, const Spots *spots, const EvPath *child)
{
	EvPath alone = *question->path;
	EvPath copy = *child;
	Question below = {
		.path = &alone, .below = true, .forced = question->forced, .walk = question->walk};

	copy.next = NULL;
	alone.first = alone.last = &copy;
	alone.condition = NULL;
	alone.nconditions = child->nconditions;
	alone.nrequired = child->nrequired;
	return answer_any_spot(&below, spots, true);
}

static bool
answer_spots(const Question *question, const Spots *spots)
{
	const EvPath *path = question->path;

	if (!ev_event_pattern_take_level(question->walk))
		return false;
	if (spots->count == 0)
		return answer_nothing(question);
	if (spots->count == 1 && spots->spots[0].rest == NULL)
		return answer(question, &spots->spots[0].value);
	if (question->own && path->condition != NULL && !answer_own_spots(question, spots))
		return false;
	if (!question->below)
		return true;
	for (const EvPath *child = path->first; child != NULL; child = child->next)
	{
		if (!answer_child_spots(question, spots, child) &&
			!answer_child_in_array(question, spots, child))
			return false;
	}
	return true;
}

/* A path that ends here is reached by its own name only, which has no dot. */
static bool
may_have_dots(const EvPath *path)
{
	return path->first != NULL;
}

/* ---- objects ---- */

static bool
answer_object(const Question *question, const EvView *object)
{
	const EvPath *path = question->path;
	Question below = {
		.own = true, .below = true, .forced = question->forced, .walk = question->walk};
	bool has_dots;

	if (question->own && path->condition != NULL && !takes_absence(question))
		return false;
	if (!question->below || path->first == NULL)
		return true;
	has_dots = ev_event_pattern_has_dots(object);
	for (const EvPath *child = path->first; child != NULL; child = child->next)
	{
		EvView value;

		below.path = child;
		if (has_dots && may_have_dots(child))
		{
			Spot spot = {.value = *object};
			Spots spots = {.count = 1, .spots = &spot};

			if (!answer_child_spots(question, &spots, child))
				return false;
		}
		else if (ev_view_member(object, child->name, child->length, &value)
					 ? !answer(&below, &value)
					 : !answer_nothing(&below))
			return false;
	}
	return true;
}

/* ---- arrays ---- */

/* What the scalars of an array say of the condition of its path. */
typedef struct Scalars
{
	bool some;	 /* there are some */
	bool passed; /* and one passes */
	bool others; /* there are elements that are no scalars */
} Scalars;

static Scalars
look_at_scalars(const EvView *array, const EvCondition *condition, EvPatternWalk *walk)
{
	Scalars scalars = {0};
	EvCursor cursor;
	EvView element;

	ev_view_begin(&cursor, array);
	while (ev_view_next_element(&cursor, &element) && ev_event_pattern_take_step(walk))
	{
		if (element.type >= EV_JSON_ARRAY)
			scalars.others = true;
		else
		{
			scalars.some = true;
			if (condition != NULL && !scalars.passed)
				scalars.passed = ev_event_pattern_any_test(&condition->tests, &element);
		}
	}
	return scalars;
}

/* Is there an element for which the answer is as wanted?  Scalars are left out. */
static bool
has_element(const Question *question, const EvView *array, bool wanted)
{
	EvCursor cursor;
	EvView element;

	ev_view_begin(&cursor, array);
	while (ev_view_next_element(&cursor, &element))
	{
		if (element.type >= EV_JSON_ARRAY && answer(question, &element) == wanted)
			return true;
	}
	return false;
}

/*
 * Is the array answered for if one of the conditions below, each in turn, chooses an element?
 * The recursion is over a path, and no deeper than that is long.
 */
static bool
has_element_by_force(Question *question, const EvView *array, const EvPath *path)
{
	CHECK_FOR_INTERRUPTS();
	if ((path != question->path || question->own) && path->condition != NULL &&
		path->condition->tests.count > 0)
	{
		question->forced = path->condition;
		if (has_element(question, array, true))
			return true;
	}
	if (path == question->path && !question->below)
		return false;
	for (const EvPath *child = path->first; child != NULL; child = child->next)
	{
		if (has_element_by_force(question, array, child))
			return true;
	}
	return false;
}

static bool
answer_array(const Question *question, const EvView *array)
{
	const EvPath *path = question->path;
	const EvCondition *own = question->own ? path->condition : NULL;
	Scalars scalars = look_at_scalars(array, own, question->walk);
	Question rest = *question;

	if (own != NULL && scalars.passed)
		rest.own = false;
	else if (own != NULL && scalars.some)
	{
		/* there is something, so it cannot hold by absence */
		if (own->tests.count == 0)
			return false;
		rest.own_by_value = true;
	}
	if (!scalars.others)
		return answer_nothing(&rest);
	if (count_required(&rest) > 0)
		return has_element(&rest, array, true);
	/* nothing needs a choice: all is absent everywhere, or one condition makes the choice */
	return !has_element(&rest, array, false) || has_element_by_force(&rest, array, path);
}

static bool
answer(const Question *question, const EvView *value)
{
	const EvPath *path = question->path;

	if (!ev_event_pattern_take_level(question->walk))
		return false;
	if (value->type == EV_JSON_OBJECT)
		return answer_object(question, value);
	if (value->type == EV_JSON_ARRAY)
		return answer_array(question, value);
	if (question->own && path->condition != NULL &&
		!ev_event_pattern_any_test(&path->condition->tests, value))
		return false;
	if (question->below && path->first != NULL)
	{
		Question below = {.path = path, .below = true, .forced = question->forced};

		return answer_nothing(&below);
	}
	return true;
}

/* ---- the whole event ---- */

static bool
find_attribute(EvSubject *subject, const EvPath *path, EvView *value)
{
	return ev_subject_get(subject, path->name, path->length, value) ||
		   (path->alias != NULL &&
			ev_subject_get(subject, path->alias, strlen(path->alias), value));
}

/* A member of the event itself, where some of them have dots in their names. */
static bool
answer_dotted_attribute(EvSubject *subject, const EvPath *path, EvPatternWalk *walk)
{
	Question question = {.path = path, .own = true, .below = true, .walk = walk};
	Spot event = {.value = subject->view};
	Spots spots = {0};
	EvView value;
	bool holds;

	add_child_spots(&spots, &event, path);
	if (path->alias != NULL && !ev_subject_get(subject, path->name, path->length, &value) &&
		ev_subject_get(subject, path->alias, strlen(path->alias), &value))
		add_spot(&spots, (Spot) {.value = value});
	holds = answer_spots(&question, &spots);
	if (spots.spots != NULL)
		pfree(spots.spots);
	return holds;
}

bool
ev_event_pattern_conjunct_matches(const EvConjunct *conjunct, EvSubject *subject,
								  EvPatternWalk *walk)
{
	Question question = {.own = true, .below = true, .walk = walk};
	bool has_dots = subject->get == NULL && ev_event_pattern_has_dots(&subject->view);

	for (const EvPath *path = conjunct->root->first; path != NULL; path = path->next)
	{
		EvView value;

		question.path = path;
		/* what is read once does not count */
		if (has_dots && may_have_dots(path))
		{
			walk->steps_left += subject->view.length;
			if (!answer_dotted_attribute(subject, path, walk))
				return false;
		}
		else if (!find_attribute(subject, path, &value))
		{
			if (!answer_nothing(&question))
				return false;
		}
		else
		{
			walk->steps_left += value.length;
			if (!answer(&question, &value))
				return false;
		}
	}
	return true;
}

static bool
branch_matches(const EvBranch *branch, EvSubject *subject, EvPatternWalk *walk)
{
	switch (branch->kind)
	{
		case EV_BRANCH_CONJUNCT:
			return ev_event_pattern_conjunct_matches(&branch->conjunct, subject, walk);
		case EV_BRANCH_NOT:
			check_stack_depth();
			return !branch_matches(branch->parts[0], subject, walk);
		default:
			break;
	}
	check_stack_depth();
	for (int i = 0; i < branch->count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (branch_matches(branch->parts[i], subject, walk) == (branch->kind == EV_BRANCH_ANY))
			return branch->kind == EV_BRANCH_ANY;
	}
	return branch->kind == EV_BRANCH_ALL;
}

EvPatternLimit
ev_event_pattern_try(const EvEventPattern *pattern, EvSubject *subject, bool *matches)
{
	EvPatternWalk walk;

	*matches = false;
	if (subject->get == NULL && subject->view.type != EV_JSON_OBJECT)
		return EV_PATTERN_WITHIN_LIMITS;
	ev_event_pattern_begin_walk(&walk);
	*matches = branch_matches(pattern->root, subject, &walk);
	return walk.exceeded;
}

bool
ev_event_pattern_matches(const EvEventPattern *pattern, EvSubject *subject)
{
	bool matches;
	EvPatternLimit exceeded = ev_event_pattern_try(pattern, subject, &matches);

	if (exceeded != EV_PATTERN_WITHIN_LIMITS)
		ev_event_pattern_raise_exceeded(exceeded);
	return matches;
}
