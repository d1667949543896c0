/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_scope.c: frames, and what a name means at run time; feel_scope.h.
 */
#include "base/compat.h"

#include "match/feel_scope.h"
#include "match/feel_temporal.h"

EvFeelFrame *
ev_feel_scope_open(EvFeelRun *run, const EvFeelNode *node, int count, const EvFeelFrame *parent,
				   EvFeelFrame *local, EvFeelValue *slots, int capacity)
{
	EvFeelFrame *frame = local;

	if (node->captured || count > capacity)
	{
		frame = ev_feel_alloc(run, sizeof(EvFeelFrame) + count * sizeof(EvFeelValue));
		if (frame == NULL)
			return NULL;
		slots = (EvFeelValue *) (frame + 1);
	}
	frame->parent = parent;
	frame->slots = slots;
	for (int i = 0; i < count; i++)
		slots[i] = ev_feel_null();
	return frame;
}

/* ---- the outermost context ---- */

static bool
is_name(EvFeelName name, const char *text, int length)
{
	return name.length == length && memcmp(name.text, text, length) == 0;
}

/* Attributes of an event that are moments. */
static bool
is_moment(EvFeelName name)
{
	return is_name(name, "time", 4) || is_name(name, "recordedtime", 12);
}

/* Attributes that an event may be without; their names never mean members of its data. */
static bool
is_attribute_name(EvFeelName name)
{
	static const char *const names[] = {
		"id",	"type",		"source",		"subject",		   "time",		 "topic", "dataschema",
		"data", "sequence", "recordedtime", "datacontenttype", "specversion"};

	for (int i = 0; i < lengthof(names); i++)
	{
		if (is_name(name, names[i], strlen(names[i])))
			return true;
	}
	return false;
}

/*
 * An attribute of an event, or a member of its data.  Whether a condition on the subject is
 * looked up in an index must not matter, so a subject that is not there is not
 * sought in the data.
 */
static bool
find_in_event(EvSubject *subject, EvFeelName name, EvView *view, bool *is_attribute)
{
	EvView data;

	*is_attribute = ev_subject_get(subject, name.text, name.length, view);
	if (*is_attribute)
		return true;
	return ev_subject_get(subject, "data", 4, &data) && data.type == EV_JSON_OBJECT &&
		   ev_view_member(&data, name.text, name.length, view) && !is_attribute_name(name);
}

/* What JSON has the name; *is_text_of_moment: an attribute of an event that is text of a moment. */
static bool
find_in_root(const EvFeelFrame *frame, EvFeelName name, EvView *view, bool *is_text_of_moment)
{
	const EvFeelRoot *root = (const EvFeelRoot *) frame;
	bool is_attribute;

	*is_text_of_moment = false;
	if (root->subject == NULL)
		return root->view.type == EV_JSON_OBJECT &&
			   ev_view_member(&root->view, name.text, name.length, view);
	if (!find_in_event(root->subject, name, view, &is_attribute))
		return false;
	*is_text_of_moment = is_attribute && view->type == EV_JSON_STRING && is_moment(name);
	return true;
}

bool
ev_feel_scope_json(const EvFeelFrame *root, EvFeelName name, EvView *view)
{
	bool is_text_of_moment;

	return find_in_root(root, name, view, &is_text_of_moment) && !is_text_of_moment;
}

static EvFeelValue
make_builtin(EvFeelRun *run, const EvFeelBuiltin *builtin)
{
	EvFeelClosure *closure = ev_feel_alloc(run, sizeof(EvFeelClosure));

	if (closure == NULL)
		return ev_feel_null();
	*closure = (EvFeelClosure) {.builtin = builtin};
	return (EvFeelValue) {.type = EV_FEEL_FUNCTION, .function = closure};
}

/* A name that the expression does not bind. */
static EvFeelValue
get_from_root(EvFeelRun *run, const EvFeelFrame *root, const EvFeelReference *reference)
{
	EvFeelName name = reference->name;
	bool is_text_of_moment;
	EvView view;

	if (find_in_root(root, name, &view, &is_text_of_moment))
	{
		EvFeelValue moment;

		if (!is_text_of_moment)
			return ev_feel_from_view(run, &view);
		moment = ev_feel_date_time_from_text(run, view.data, view.length);
		return ev_feel_is_null(moment) ? ev_feel_from_view(run, &view) : moment;
	}
	if (reference->builtin != NULL)
		return make_builtin(run, reference->builtin);
	return ev_feel_problem(run, "there is no \"%.*s\"", Min(name.length, 100), name.text);
}

EvFeelValue
ev_feel_scope_get(EvFeelRun *run, const EvFeelFrame *frame, const EvFeelNode *node)
{
	const EvFeelReference *reference = &node->reference;

	for (int i = 0; i < reference->nfilters; i++)
	{
		EvFeelValue element = ev_feel_scope_go(frame, reference->filters[i])->slots[0];
		EvFeelValue value;

		if (element.type == EV_FEEL_CONTEXT &&
			ev_feel_context_get(run, element, reference->name.text, reference->name.length, &value))
			return value;
	}
	frame = ev_feel_scope_go(frame, reference->hops);
	if (reference->slot >= 0)
		return frame->slots[reference->slot];
	return get_from_root(run, frame, reference);
}
