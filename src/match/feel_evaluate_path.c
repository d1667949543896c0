/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_evaluate_path.c: paths and filters: a.b, a[b].
 *
 * The path of a list is the list of the paths of its elements.  A path through
 * jsonb that begins at an outermost name is walked in place: no value is made
 * but the last.
 *
 * A filter that is a number picks an element, from 1, or from the end if it is negative.  Any
 * other is asked of each element, whose entries are names in it.  What is no list
 * is a list of itself; null stays null.
 */
#include "base/compat.h"

#include "match/feel_compare.h"
#include "match/feel_evaluate.h"
#include "match/feel_number.h"
#include "match/feel_temporal.h"

/* ---- paths ---- */

/* Is the node JSON that can be looked at where it lies? */
static bool
view_in_place(const EvFeelFrame *frame, const EvFeelNode *node, EvView *view)
{
	if (node->kind == EV_FEEL_NODE_PATH)
	{
		EvView parent;

		return view_in_place(frame, node->path.value, &parent) && parent.type == EV_JSON_OBJECT &&
			   ev_view_member(&parent, node->path.name.text, node->path.name.length, view);
	}
	return node->kind == EV_FEEL_NODE_NAME && node->reference.slot < 0 &&
		   node->reference.nfilters == 0 &&
		   ev_feel_scope_json(ev_feel_scope_go(frame, node->reference.hops), node->reference.name,
							  view);
}

static bool
is_name(EvFeelName name, const char *text)
{
	return name.length == strlen(text) && memcmp(name.text, text, name.length) == 0;
}

static bool
range_property(const EvFeelRange *range, EvFeelName name, EvFeelValue *value)
{
	if (is_name(name, "start"))
		*value = range->start;
	else if (is_name(name, "end"))
		*value = range->end;
	else if (is_name(name, "start included"))
		*value = ev_feel_boolean(range->start_included);
	else if (is_name(name, "end included"))
		*value = ev_feel_boolean(range->end_included);
	else
		return false;
	return true;
}

/* One member of what is no list; false if it has none. */
static bool
find_member(EvFeelRun *run, EvFeelValue of, EvFeelName name, EvFeelValue *value)
{
	if (of.type == EV_FEEL_CONTEXT)
		return ev_feel_context_get(run, of, name.text, name.length, value);
	if (of.type == EV_FEEL_RANGE)
		return range_property(of.range, name, value);
	return ev_feel_is_temporal(of) &&
		   ev_feel_temporal_property(run, of, name.text, name.length, value);
}

static EvFeelValue path_of_list(EvFeelRun *run, EvFeelValue list, EvFeelName name);

/* The path of an element, which may be a list again; null where there is none. */
static EvFeelValue
path_of_element(EvFeelRun *run, EvFeelValue element, EvFeelName name)
{
	EvFeelValue value;

	if (element.type == EV_FEEL_LIST)
	{
		if (!ev_feel_enter(run))
			return ev_feel_null();
		value = path_of_list(run, element, name);
		ev_feel_leave(run);
		return value;
	}
	return find_member(run, element, name, &value) ? value : ev_feel_null();
}

static EvFeelValue
path_of_list(EvFeelRun *run, EvFeelValue list, EvFeelName name)
{
	int count = list.list->count;
	const EvFeelValue *items = ev_feel_items(run, list);
	EvFeelValue *values = ev_feel_alloc_items(run, count);

	if (!ev_feel_step(run, count) || ((items == NULL || values == NULL) && count > 0))
		return ev_feel_null();
	for (int i = 0; i < count && !run->exceeded; i++)
		values[i] = path_of_element(run, items[i], name);
	return ev_feel_make_list(run, values, count);
}

EvFeelValue
ev_feel_evaluate_path(EvFeelRun *run, const EvFeelFrame *frame, const EvFeelNode *node)
{
	EvFeelName name = node->path.name;
	EvFeelValue of;
	EvFeelValue value;
	EvView view;
	int problems = list_length(run->problems);

	if (view_in_place(frame, node, &view))
		return ev_feel_from_view(run, &view);
	of = ev_feel_evaluate(run, frame, node->path.value);
	run->location = node->location;
	if (of.type == EV_FEEL_LIST)
		return path_of_list(run, of, name);
	if (find_member(run, of, name, &value))
		return value;
	if (ev_feel_is_null(of) && list_length(run->problems) > problems)
		return of; /* the reason has been told */
	return ev_feel_problem(run, "%s has no \"%.*s\"", ev_feel_type_name(of.type),
						   Min(name.length, 100), name.text);
}

/* ---- filters ---- */

/* The element of that number. */
static EvFeelValue
pick(EvFeelRun *run, EvFeelValue list, EvFeelValue number)
{
	int count = list.list->count;
	const EvFeelValue *items;
	int64 index;

	if (!ev_feel_number_to_int64(number, &index) || index == 0 || index > count || index < -count)
		return ev_feel_problem(run, "the list of %d elements has no element of that number", count);
	items = ev_feel_items(run, list);
	if (items == NULL)
		return ev_feel_null();
	return items[index > 0 ? index - 1 : count + index];
}

/* The answer of the filter for one element. */
static EvFeelValue
test_element(EvFeelRun *run, const EvFeelFrame *frame, const EvFeelNode *node, EvFeelValue element)
{
	EvFeelFrame *inner;
	EvFeelFrame local;
	EvFeelValue slot;
	EvFeelValue answer;

	inner = ev_feel_scope_open(run, node, 1, frame, &local, &slot, 1);
	if (inner == NULL)
		return ev_feel_null();
	inner->slots[0] = element;
	answer = ev_feel_evaluate(run, inner, node->filter.test);
	if (answer.type == EV_FEEL_RANGE)
		answer = ev_feel_in_range(run, element, answer.range);
	return answer;
}

static EvFeelValue
filter_list(EvFeelRun *run, const EvFeelFrame *frame, const EvFeelNode *node, EvFeelValue list)
{
	int count = list.list->count;
	const EvFeelValue *items = ev_feel_items(run, list);
	EvFeelItems kept;

	if (count == 0)
	{
		/* a number picks nothing from it, a condition keeps nothing of it */
		EvFeelValue answer = test_element(run, frame, node, ev_feel_null());

		return answer.type == EV_FEEL_NUMBER ? ev_feel_null() : list;
	}
	ev_feel_items_begin(&kept, run);
	for (int i = 0; items != NULL && i < count; i++)
	{
		EvFeelValue answer = test_element(run, frame, node, items[i]);

		if (run->exceeded)
			return ev_feel_null();
		run->location = node->location;
		if (answer.type == EV_FEEL_NUMBER && i == 0)
			return pick(run, list, answer);
		if (answer.type != EV_FEEL_BOOLEAN && !ev_feel_is_null(answer))
			return ev_feel_problem(run, "the filter is %s, neither a condition nor a number",
								   ev_feel_type_name(answer.type));
		if (ev_feel_is_true(answer) && !ev_feel_items_add(&kept, items[i]))
			return ev_feel_null();
	}
	return ev_feel_items_end(&kept);
}

EvFeelValue
ev_feel_evaluate_filter(EvFeelRun *run, const EvFeelFrame *frame, const EvFeelNode *node)
{
	EvFeelValue list = ev_feel_evaluate(run, frame, node->filter.value);
	const EvFeelNode *test = node->filter.test;

	run->location = node->location;
	if (ev_feel_is_null(list))
		return list;
	if (list.type != EV_FEEL_LIST)
	{
		EvFeelValue *item = ev_feel_alloc_items(run, 1);

		if (item == NULL)
			return ev_feel_null();
		item[0] = list;
		list = ev_feel_make_list(run, item, 1);
		if (list.type != EV_FEEL_LIST)
			return ev_feel_null();
	}
	if (test->kind == EV_FEEL_NODE_CONSTANT && test->constant.type == EV_FEEL_NUMBER)
		return pick(run, list, test->constant);
	return filter_list(run, frame, node, list);
}
