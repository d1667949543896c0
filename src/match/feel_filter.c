/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_filter.c: expressions as filters of events; feel.h.
 *
 * Evaluations share one memory context of the session, which is empty between
 * them.  An evaluation that raised (it was cancelled) may leave something there; the
 * next one begins by emptying it.
 *
 * Memory costs time as well, much of it when it is new.  A filter's steps are to say how long an
 * event takes, so bytes count among them.
 *
 * What a filter requires of an attribute is read off the comparisons that are joined by `and`:
 * an event that is not so cannot match, whatever the rest says.
 */
#include "base/compat.h"

#include "base/settings.h"
#include "match/feel_cache.h"
#include "match/feel_evaluate.h"
#include "match/feel_filter.h"
#include "utils/memutils.h"

#define BYTES_PER_STEP 128

/* ---- evaluating ---- */

static MemoryContext run_context;

MemoryContext
ev_feel_run_context(void)
{
	if (run_context == NULL)
		run_context = AllocSetContextCreate(TopMemoryContext, "events FEEL",
											ALLOCSET_DEFAULT_SIZES);
	else
		MemoryContextReset(run_context);
	return run_context;
}

void
ev_feel_run_begin_filter(EvFeelRun *run)
{
	ev_feel_run_begin(run);
	run->steps_left = ev_filter_step_limit;
	run->bytes_per_step = BYTES_PER_STEP;
}

bool
ev_feel_filter_matches(const EvFeel *filter, EvSubject *subject, EvFeelLimit *exceeded)
{
	MemoryContext old = MemoryContextSwitchTo(ev_feel_run_context());
	EvFeelRoot root = {.subject = subject};
	EvFeelValue value;
	EvFeelRun run;

	ev_feel_run_begin_filter(&run);
	value = ev_feel_evaluate(&run, &root.frame, filter->root);
	*exceeded = run.exceeded == EV_FEEL_TOO_MANY_STEPS ? EV_FEEL_FILTER_STEPS : run.exceeded;
	MemoryContextSwitchTo(old);
	MemoryContextReset(run_context);
	return ev_feel_is_true(value) && !run.exceeded;
}

/* ---- compiling ---- */

EvFeel *
ev_feel_compile_filter(const char *text, int length, EvFeelFault *fault)
{
	return ev_feel_parse(text, length, false, NULL, fault);
}

EvFeel *
ev_feel_make_filter(const char *text, int length)
{
	EvFeelFault fault = {0};
	EvFeel *filter = ev_feel_compile_filter(text, length, &fault);

	if (filter == NULL)
		ev_feel_raise_fault(&fault);
	return filter;
}

/* ---- what must be so ---- */

static bool
is_attribute(const EvFeelNode *node, const char *attribute)
{
	return node->kind == EV_FEEL_NODE_NAME && node->reference.slot < 0 &&
		   node->reference.nfilters == 0 && node->reference.name.length == strlen(attribute) &&
		   memcmp(node->reference.name.text, attribute, node->reference.name.length) == 0;
}

static bool
is_string(const EvFeelNode *node)
{
	return node->kind == EV_FEEL_NODE_CONSTANT && node->constant.type == EV_FEEL_STRING;
}

static bool
add_string(EvFeelValue value, EvView *views, int *n)
{
	if (value.type != EV_FEEL_STRING)
		return false;
	if (views != NULL)
		views[*n] = (EvView) {.type = EV_JSON_STRING, .data = value.string, .length = value.length};
	(*n)++;
	return true;
}

/* A string, or strings in brackets or in parentheses; views is NULL to count them. */
static bool
gather_strings(const EvFeelNode *node, EvView *views, int *n)
{
	if (node->kind == EV_FEEL_NODE_CONSTANT && node->constant.type == EV_FEEL_LIST)
	{
		const EvFeelList *list = node->constant.list;

		for (int i = 0; i < list->count; i++)
		{
			if (!add_string(list->items[i], views, n))
				return false;
		}
		return list->count > 0;
	}
	if (node->kind == EV_FEEL_NODE_CONSTANT)
		return add_string(node->constant, views, n);
	if (node->kind != EV_FEEL_NODE_TESTS)
		return false;
	for (int i = 0; i < node->list.count; i++)
	{
		const EvFeelNode *item = node->list.items[i];

		if (item->kind != EV_FEEL_NODE_CONSTANT || !add_string(item->constant, views, n))
			return false;
	}
	return true;
}

/* The side of a condition on the attribute that has the strings; NULL if it is none. */
static const EvFeelNode *
other_side(const EvFeelNode *node, const char *attribute)
{
	if (node->kind == EV_FEEL_NODE_IN)
		return is_attribute(node->operation.left, attribute) ? node->operation.right : NULL;
	if (node->kind != EV_FEEL_NODE_COMPARE || node->operation.op != EV_FEEL_EQUAL)
		return NULL;
	if (is_attribute(node->operation.left, attribute))
		return is_string(node->operation.right) ? node->operation.right : NULL;
	if (is_attribute(node->operation.right, attribute))
		return is_string(node->operation.left) ? node->operation.left : NULL;
	return NULL;
}

static const EvView *
required_of(const EvFeelNode *node, const char *attribute, int *n)
{
	const EvFeelNode *side = other_side(node, attribute);
	EvView *views;
	int count = 0;

	if (side == NULL || !gather_strings(side, NULL, &count))
		return NULL;
	views = palloc(count * sizeof(EvView));
	*n = 0;
	gather_strings(side, views, n);
	return views;
}

const EvView *
ev_feel_required(const EvFeel *filter, const char *attribute, int *n)
{
	const EvFeelNode *root = filter->root;

	if (root->kind != EV_FEEL_NODE_AND)
		return required_of(root, attribute, n);
	for (int i = 0; i < root->list.count; i++)
	{
		const EvView *views = required_of(root->list.items[i], attribute, n);

		if (views != NULL)
			return views;
	}
	return NULL;
}
