/* SPDX-License-Identifier: PostgreSQL
 *
 * sample_container.c: objects and arrays for a sample.
 *
 * An object has the required members, what those members ask for in turn
 * (dependencies), and as many more as minProperties wants: first those that the
 * schema names, then invented names.  An array has as many elements as minItems
 * and contains want.  The schemas for one member or element are collected over
 * all schemas of the goal.
 */
#include "postgres.h"

#include "schema/sample.h"

#include "base/pointer.h"
#include "miscadmin.h"

#define MAX_ELEMENTS 100000
#define MAX_INVENTED 1000

typedef struct Member
{
	const char *name;
	int length;
	Jsonb *value;
} Member;

typedef struct Object
{
	EvSampleGoal *goal;
	List *members; /* of Member */
} Object;

/* ---- the schemas for one member */

static List *
schemas_for_member(const EvSampleGoal *goal, const char *name, int length)
{
	List *nodes = NIL;
	EvNode *unevaluated = NULL;
	ListCell *cell;

	foreach (cell, goal->nodes)
	{
		const EvObjectRules *rules = ((const EvNode *) lfirst(cell))->object;
		const EvProperty *property;
		bool known = false;

		if (rules == NULL)
			continue;
		property = ev_property_find(rules, name, length);
		if (property != NULL && property->node != NULL)
		{
			known = true;
			nodes = lappend(nodes, property->node);
		}
		for (int i = 0; i < rules->npatterns; i++)
		{
			if (ev_pattern_matches(rules->patterns[i].pattern, name, length))
			{
				known = true;
				nodes = lappend(nodes, rules->patterns[i].node);
			}
		}
		if (!known && rules->additional != NULL)
			nodes = lappend(nodes, rules->additional);
		if (rules->unevaluated != NULL)
			unevaluated = rules->unevaluated;
	}
	if (nodes == NIL && unevaluated != NULL)
		nodes = list_make1(unevaluated);
	return nodes;
}

/* ---- objects */

static bool
has_member(const Object *object, const char *name, int length)
{
	ListCell *cell;

	foreach (cell, object->members)
	{
		const Member *member = lfirst(cell);

		if (ev_view_compare_keys(member->name, member->length, name, length) == 0)
			return true;
	}
	return false;
}

/* false if there is no value for it. */
static bool
add_member(Object *object, const char *name, int length)
{
	EvSampler *sampler = object->goal->sampler;
	int end = sampler->path.len;
	Member *member;
	Jsonb *value;

	/* a comparison is as good as a byte */
	if (!ev_sample_spend(sampler, list_length(object->members)))
		return false;
	if (has_member(object, name, length))
		return true;
	ev_pointer_append(&sampler->path, name, length);
	value = ev_sample_make(sampler, schemas_for_member(object->goal, name, length), NIL);
	sampler->path.len = end;
	sampler->path.data[end] = '\0';
	if (value == NULL)
		return false;
	member = palloc(sizeof(Member));
	member->name = name;
	member->length = length;
	member->value = value;
	object->members = lappend(object->members, member);
	return true;
}

static bool
add_required(Object *object)
{
	ListCell *cell;

	foreach (cell, object->goal->nodes)
	{
		const EvObjectRules *rules = ((const EvNode *) lfirst(cell))->object;

		for (int i = 0; rules != NULL && i < rules->nproperties; i++)
		{
			const EvProperty *property = &rules->properties[i];

			if (property->required && !add_member(object, property->name, property->length))
				return false;
		}
	}
	return true;
}

/* What members ask for; *more is a schema that applies in place and was not
 * known before. */
static bool
add_dependencies(Object *object, EvNode **more)
{
	ListCell *cell;

	foreach (cell, object->goal->nodes)
	{
		const EvObjectRules *rules = ((const EvNode *) lfirst(cell))->object;

		for (int i = 0; rules != NULL && i < rules->ndependencies; i++)
		{
			const EvDependency *dependency = &rules->dependencies[i];

			if (!has_member(object, dependency->name, dependency->length))
				continue;
			for (int j = 0; j < dependency->nrequired; j++)
			{
				if (!add_member(object, dependency->required[j].name,
								dependency->required[j].length))
					return false;
			}
			if (dependency->node != NULL && !list_member_ptr(object->goal->nodes, dependency->node))
				*more = dependency->node;
		}
	}
	return true;
}

static int64
fewest_members(const EvSampleGoal *goal)
{
	int64 fewest = 0;
	ListCell *cell;

	foreach (cell, goal->nodes)
	{
		const EvObjectRules *rules = ((const EvNode *) lfirst(cell))->object;

		if (rules != NULL)
			fewest = Max(fewest, rules->min_properties);
	}
	return fewest;
}

static void
add_optional(Object *object, int64 fewest)
{
	ListCell *cell;

	foreach (cell, object->goal->nodes)
	{
		const EvObjectRules *rules = ((const EvNode *) lfirst(cell))->object;

		for (int i = 0; rules != NULL && i < rules->nproperties; i++)
		{
			if (list_length(object->members) >= fewest)
				return;
			(void) add_member(object, rules->properties[i].name, rules->properties[i].length);
		}
	}
}

/* By the schemas for names, by patterns of names, and plain ones. */
static Jsonb *
invent_name(Object *object, int number, List *taken)
{
	List *names = NIL;
	StringInfoData text;
	ListCell *cell;

	foreach (cell, object->goal->nodes)
	{
		const EvObjectRules *rules = ((const EvNode *) lfirst(cell))->object;

		if (rules != NULL && rules->names != NULL)
			names = lappend(names, rules->names);
	}
	if (names != NIL)
		return ev_sample_make(object->goal->sampler, names, taken);
	initStringInfo(&text);
	foreach (cell, object->goal->nodes)
	{
		const EvObjectRules *rules = ((const EvNode *) lfirst(cell))->object;

		if (rules != NULL && rules->npatterns > 0 &&
			ev_sample_pattern(object->goal->sampler,
							  rules->patterns[number % rules->npatterns].pattern, number / 12,
							  number % 12, &text))
			return ev_sample_from_text(text.data, text.len);
	}
	appendStringInfo(&text, "property%d", number + 1);
	return ev_sample_from_text(text.data, text.len);
}

/* Another name helps where the value did not do, not where it would be too deep. */
static bool
try_member(Object *object, const char *name, int length)
{
	EvSampler *sampler = object->goal->sampler;
	bool before = sampler->too_deep;
	bool go_on;

	sampler->too_deep = false;
	go_on = add_member(object, name, length) || !sampler->too_deep;
	sampler->too_deep |= before;
	return go_on;
}

static void
add_invented(Object *object, int64 fewest)
{
	List *taken = NIL;

	for (int i = 0; i < MAX_INVENTED + fewest && list_length(object->members) < fewest; i++)
	{
		Jsonb *name = invent_name(object, i, taken);
		EvView view;

		if (name == NULL || object->goal->sampler->budget <= 0)
			return;
		view = ev_view_of(name);
		if (view.type == EV_JSON_STRING && !try_member(object, view.data, view.length))
			return;
		taken = lappend(taken, name);
	}
}

/* NULL if it would be too large. */
static Jsonb *
build_object(const Object *object)
{
	JsonbParseState *state = NULL;
	int64 size = 0;
	ListCell *cell;

	foreach (cell, object->members)
	{
		const Member *member = lfirst(cell);

		size += member->length + VARSIZE(member->value);
	}
	if (!ev_sample_spend(object->goal->sampler, size))
		return NULL;
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	foreach (cell, object->members)
	{
		const Member *member = lfirst(cell);
		JsonbValue key = {.type = jbvString,
						  .val.string = {.len = member->length, .val = (char *) member->name}};
		JsonbValue value;

		pushJsonbValue(&state, WJB_KEY, &key);
		ev_sample_to_value(member->value, &value);
		pushJsonbValue(&state, WJB_VALUE, &value);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

/* With at least so many members; NULL if it does not do, *made says if there
 * was one. */
static Jsonb *
make_object(EvSampleGoal *goal, int64 optional, int64 fewest, bool *made)
{
	Object object = {.goal = goal};
	EvNode *more = NULL;
	int before;
	Jsonb *value;

	*made = false;
	if (!add_required(&object))
		return NULL;
	add_optional(&object, optional);
	add_invented(&object, fewest);
	do
	{
		before = list_length(object.members);
		if (!add_dependencies(&object, &more))
			return NULL;
		if (more != NULL)
			return ev_sample_make_with(goal, more);
	} while (list_length(object.members) > before);
	*made = true;
	value = build_object(&object);
	return value != NULL && ev_sample_fits(goal, value) ? value : NULL;
}

/* As few members as may be; else all that are named; else one that nobody
 * names. */
Jsonb *
ev_sample_object(EvSampleGoal *goal)
{
	int64 fewest = fewest_members(goal);
	bool made;
	Jsonb *value;

	check_stack_depth();
	if (fewest > MAX_ELEMENTS)
		return NULL;
	value = make_object(goal, fewest, fewest, &made);
	if (value == NULL && made)
		value = make_object(goal, PG_INT32_MAX, fewest, &made);
	if (value == NULL && made)
		value = make_object(goal, 0, fewest + 1, &made);
	return value;
}

/* ---- arrays */

typedef struct Shape
{
	int64 fewest;
	int prefix;		/* the longest one */
	int64 contains; /* how many elements have to be of it */
	bool unique;
} Shape;

static Shape
find_shape(const EvSampleGoal *goal)
{
	Shape shape = {0};
	ListCell *cell;

	foreach (cell, goal->nodes)
	{
		const EvArrayRules *rules = ((const EvNode *) lfirst(cell))->array;

		if (rules == NULL)
			continue;
		shape.fewest = Max(shape.fewest, rules->min_items);
		shape.prefix = Max(shape.prefix, rules->prefix.count);
		if (rules->contains != NULL)
			shape.contains = Max(shape.contains, rules->min_contains);
		shape.unique |= rules->unique;
	}
	return shape;
}

static List *
schemas_for_element(const EvSampleGoal *goal, int64 index, bool contained)
{
	List *nodes = NIL;
	EvNode *unevaluated = NULL;
	ListCell *cell;

	foreach (cell, goal->nodes)
	{
		const EvArrayRules *rules = ((const EvNode *) lfirst(cell))->array;

		if (rules == NULL)
			continue;
		if (index < rules->prefix.count)
			nodes = lappend(nodes, rules->prefix.nodes[index]);
		else if (rules->items != NULL)
			nodes = lappend(nodes, rules->items);
		if (contained && rules->contains != NULL)
			nodes = lappend(nodes, rules->contains);
		if (rules->unevaluated != NULL)
			unevaluated = rules->unevaluated;
	}
	if (nodes == NIL && unevaluated != NULL)
		nodes = list_make1(unevaluated);
	return nodes;
}

/* NULL if it would be too large. */
static Jsonb *
build_array(EvSampler *sampler, List *elements)
{
	JsonbParseState *state = NULL;
	int64 size = 0;
	ListCell *cell;

	foreach (cell, elements)
		size += VARSIZE((Jsonb *) lfirst(cell));
	if (!ev_sample_spend(sampler, size))
		return NULL;
	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	foreach (cell, elements)
	{
		JsonbValue value;

		ev_sample_to_value(lfirst(cell), &value);
		pushJsonbValue(&state, WJB_ELEM, &value);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL));
}

/* With the elements that `contains` asks for from `offset` on. */
static Jsonb *
make_array(EvSampleGoal *goal, const Shape *shape, int64 fewest, int64 offset)
{
	EvSampler *sampler = goal->sampler;
	List *elements = NIL;
	int64 n = Max(fewest, shape->contains > 0 ? offset + shape->contains : 0);
	int end = sampler->path.len;
	Jsonb *value = NULL;

	if (n > MAX_ELEMENTS)
		return NULL;
	for (int64 i = 0; i < n; i++)
	{
		bool contained = i >= offset && i < offset + shape->contains;
		bool again = value != NULL && !shape->unique &&
					 i > Max(shape->prefix, offset + shape->contains);

		CHECK_FOR_INTERRUPTS();
		if (!again)
		{
			ev_pointer_append_index(&sampler->path, (int) i);
			value = ev_sample_make(sampler, schemas_for_element(goal, i, contained),
								   shape->unique ? elements : NIL);
			sampler->path.len = end;
			sampler->path.data[end] = '\0';
		}
		if (value == NULL)
			return NULL;
		elements = lappend(elements, value);
	}
	value = build_array(sampler, elements);
	return value != NULL && ev_sample_fits(goal, value) ? value : NULL;
}

Jsonb *
ev_sample_array(EvSampleGoal *goal)
{
	Shape shape = find_shape(goal);
	Jsonb *value = NULL;

	check_stack_depth();
	for (int offset = 0; value == NULL && offset <= (shape.contains > 0 ? shape.prefix : 0);
		 offset++)
		value = make_array(goal, &shape, shape.fewest, offset);
	if (value == NULL && shape.fewest < shape.prefix)
		value = make_array(goal, &shape, shape.prefix, 0);
	return value;
}
