/* SPDX-License-Identifier: PostgreSQL
 *
 * event_pattern_expand.c: from a tree of fields and choices to conjuncts.
 *
 * Conditions that hold together must hold in the same elements of arrays,
 * across the border of $or too, so a choice is made before anything is
 * matched: a pattern becomes one conjunct for each combination of branches.
 * How many there will be is counted first, and too many are refused.
 *
 * A condition inside $or replaces one on the same path outside of it, as in
 * event-ruler: {"a": ["x"], "$or": [{"a": ["y"]}, {"b": ["z"]}]} asks for "a"
 * to be "y", or for "a" to be "x" and "b" to be "z".
 */
#include "base/compat.h"

#include <math.h>

#include "match/event_pattern_parse.h"
#include "miscadmin.h"

/* Fields of one combination of branches. */
typedef struct Fields
{
	int count;
	EvField *fields;
} Fields;

typedef struct FieldsList
{
	int count;
	Fields *lists;
} FieldsList;

/* How many combinations there are, and fields in all of them. */
static void
count_part(const EvPart *part, double *count, double *total)
{
	double parts = part->kind == EV_PART_ANY ? 0 : 1;
	double each = 0; /* fields of one combination of an ALL, on average */

	check_stack_depth();
	if (part->kind == EV_PART_FIELD)
	{
		*count = *total = 1;
		return;
	}
	for (int i = 0; i < part->count; i++)
	{
		double c, t;

		count_part(part->parts[i], &c, &t);
		if (part->kind == EV_PART_ANY)
		{
			parts += c;
			each += t;
		}
		else
		{
			parts *= c;
			each += t / c;
		}
	}
	*count = Min(parts, 1e12);
	*total = part->kind == EV_PART_ANY ? each : each * *count;
}

static FieldsList expand(const EvPart *part);

/* Each combination of one list with each of the other. */
static FieldsList
combine(const FieldsList *a, const FieldsList *b)
{
	FieldsList both = {0};

	both.lists = palloc(a->count * b->count * sizeof(Fields));
	for (int i = 0; i < a->count; i++)
	{
		for (int j = 0; j < b->count; j++)
		{
			const Fields *left = &a->lists[i];
			const Fields *right = &b->lists[j];
			Fields *fields = &both.lists[both.count++];

			CHECK_FOR_INTERRUPTS();
			fields->count = left->count + right->count;
			fields->fields = palloc(Max(fields->count, 1) * sizeof(EvField));
			memcpy(fields->fields, left->fields, left->count * sizeof(EvField));
			memcpy(fields->fields + left->count, right->fields, right->count * sizeof(EvField));
		}
	}
	return both;
}

static FieldsList
expand_any(const EvPart *part)
{
	FieldsList any = {0};
	FieldsList *lists = palloc(part->count * sizeof(FieldsList));
	int total = 0;

	for (int i = 0; i < part->count; i++)
	{
		lists[i] = expand(part->parts[i]);
		total += lists[i].count;
	}
	any.lists = palloc(total * sizeof(Fields));
	for (int i = 0; i < part->count; i++)
	{
		memcpy(any.lists + any.count, lists[i].lists, lists[i].count * sizeof(Fields));
		any.count += lists[i].count;
	}
	return any;
}

/* Fields without a choice are put together first, so that they are not copied one by one. */
static FieldsList
expand_all(const EvPart *part)
{
	FieldsList all = {.count = 1, .lists = palloc0(sizeof(Fields))};
	Fields *plain = all.lists;

	plain->fields = palloc(Max(part->count, 1) * sizeof(EvField));
	for (int i = 0; i < part->count; i++)
	{
		if (part->parts[i]->kind == EV_PART_FIELD)
			plain->fields[plain->count++] = part->parts[i]->field;
	}
	for (int i = 0; i < part->count; i++)
	{
		if (part->parts[i]->kind != EV_PART_FIELD)
		{
			FieldsList inner = expand(part->parts[i]);

			all = combine(&all, &inner);
		}
	}
	return all;
}

static FieldsList
expand(const EvPart *part)
{
	check_stack_depth();
	return part->kind == EV_PART_ANY ? expand_any(part) : expand_all(part);
}

/* The node of a conjunct's own tree that stands for one of the parser's. */
static EvPath *
copy_path(EvPath *path, int conjunct)
{
	EvPath *parent, *copy;

	check_stack_depth();
	if (path->copied_for == conjunct)
		return path->copy;
	copy = palloc(sizeof(EvPath));
	*copy = (EvPath) {
		.name = path->name, .length = path->length, .alias = path->alias, .depth = path->depth};
	path->copy = copy;
	path->copied_for = conjunct;
	if (path->parent == NULL)
		return copy;
	parent = copy_path(path->parent, conjunct);
	copy->parent = parent;
	if (parent->last != NULL)
		parent->last->next = copy;
	else
		parent->first = copy;
	parent->last = copy;
	return copy;
}

/* Puts a field into its tree, where the one of most $or wins. */
static void
place_field(const EvField *field)
{
	EvPath *path = field->path;

	if (path->condition == NULL || path->condition->depth < field->condition->depth)
	{
		path->condition = field->condition;
		path->rival = NULL;
	}
	else if (path->condition->depth == field->condition->depth)
		path->rival = field->condition;
}

static bool
has_no_rival(EvPatternParser *parser, const EvPath *path)
{
	if (path->rival == NULL)
		return true;
	ev_event_pattern_leave(parser, 0);
	appendStringInfoString(&parser->pointer, path->rival->pointer);
	return ev_event_pattern_fault(parser, "the path is already named at \"%s\"",
								  path->condition->pointer);
}

/* Counts conditions along their paths, and leaves out fields that were replaced. */
static void
finish_conjunct(EvConjunct *conjunct)
{
	int n = 0;

	for (int i = 0; i < conjunct->nfields; i++)
	{
		EvField field = conjunct->fields[i];

		if (field.path->condition != field.condition)
			continue;
		conjunct->fields[n++] = field;
		for (EvPath *path = field.path; path != NULL; path = path->parent)
		{
			path->nconditions++;
			path->nrequired += !field.condition->absent;
		}
	}
	conjunct->nfields = n;
}

static bool
make_conjunct(EvPatternParser *parser, const Fields *fields, int number, EvBranch **branch)
{
	EvConjunct *conjunct;

	*branch = palloc0(sizeof(EvBranch));
	(*branch)->kind = EV_BRANCH_CONJUNCT;
	conjunct = &(*branch)->conjunct;
	conjunct->nfields = fields->count;
	conjunct->fields = fields->fields;
	conjunct->root = copy_path(parser->root, number);
	for (int i = 0; i < fields->count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		fields->fields[i].path = copy_path(fields->fields[i].path, number);
		place_field(&fields->fields[i]);
	}
	for (int i = 0; i < fields->count; i++)
	{
		if (!has_no_rival(parser, fields->fields[i].path))
			return false;
	}
	finish_conjunct(conjunct);
	return true;
}

bool
ev_event_pattern_expand(EvPatternParser *parser, const EvPart *part, EvBranch **branch)
{
	double count, total;
	FieldsList list;
	EvBranch *any;

	count_part(part, &count, &total);
	if (count > EV_PATTERN_MAX_CONJUNCTS)
		return ev_event_pattern_fault(parser, "$or makes more than %d combinations",
									  EV_PATTERN_MAX_CONJUNCTS);
	if (count > 1 && total > EV_PATTERN_MAX_PATHS)
		return ev_event_pattern_fault(parser, "$or makes combinations of more than %d conditions",
									  EV_PATTERN_MAX_PATHS);
	list = expand(part);
	if (list.count == 1)
		return make_conjunct(parser, &list.lists[0], 1, branch);
	any = palloc0(sizeof(EvBranch));
	any->kind = EV_BRANCH_ANY;
	any->parts = palloc(list.count * sizeof(EvBranch *));
	for (int i = 0; i < list.count; i++)
	{
		if (!make_conjunct(parser, &list.lists[i], i + 1, &any->parts[i]))
			return false;
		any->count++;
	}
	*branch = any;
	return true;
}

EvBranch *
ev_event_pattern_single(EvPatternParser *parser, EvField field)
{
	EvBranch *branch = palloc0(sizeof(EvBranch));
	EvConjunct *conjunct = &branch->conjunct;
	EvPath *path = palloc(sizeof(EvPath));

	branch->kind = EV_BRANCH_CONJUNCT;
	conjunct->root = palloc0(sizeof(EvPath));
	conjunct->root->name = "";
	*path = (EvPath) {.parent = conjunct->root,
					  .depth = 1,
					  .name = field.path->name,
					  .length = field.path->length,
					  .alias = field.path->alias,
					  .condition = field.condition};
	conjunct->root->first = conjunct->root->last = path;
	conjunct->nfields = 1;
	conjunct->fields = palloc(sizeof(EvField));
	conjunct->fields[0] = (EvField) {.path = path, .condition = field.condition};
	finish_conjunct(conjunct);
	return branch;
}
