/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_scope.h: names at run time.
 *
 * Every construct that binds names puts a frame with their values in front of those
 * outside.  The parser has resolved names to how many frames to go out and
 * which slot to take there.  The outermost frame is the context of the whole: jsonb, or an
 * event, in which names are looked up by text.
 *
 * A frame lives on the C stack while its construct is evaluated, unless functions are made inside,
 * which keep it: then the node is marked as captured, and the frame is made in the run's memory.
 *
 * A filter's frame has one slot, the element; the names of its entries are in
 * scope too, which only the run can tell.
 */
#ifndef EV_FEEL_SCOPE_H
#define EV_FEEL_SCOPE_H

#include "match/feel_ast.h"

typedef struct EvFeelFrame
{
	const struct EvFeelFrame *parent; /* NULL: an EvFeelRoot */
	EvFeelValue *slots;
} EvFeelFrame;

typedef struct EvFeelRoot
{
	EvFeelFrame frame;
	EvSubject *subject; /* an event: its attributes, then the members of its data; or NULL */
	EvView view;		/* the context, where there is no subject */
} EvFeelRoot;

/* A function: a built-in one, or a node with the names that are in its sight. */
struct EvFeelClosure
{
	const EvFeelBuiltin *builtin; /* the first of its rows; or NULL */
	const EvFeelNode *node;
	const EvFeelFrame *frame;
};

static inline const EvFeelFrame *
ev_feel_scope_go(const EvFeelFrame *frame, int hops)
{
	while (hops-- > 0)
		frame = frame->parent;
	return frame;
}

/* JSON of that name in the outermost context, where it lies; false if it is not there. */
extern bool ev_feel_scope_json(const EvFeelFrame *root, EvFeelName name, EvView *view);

/* What a name means. */
extern EvFeelValue ev_feel_scope_get(EvFeelRun *run, const EvFeelFrame *frame,
									 const EvFeelNode *node);

/*
 * Room for a frame of a node: `local` (of `capacity` slots), or the run's memory where that is
 * too small, or functions will keep the frame.  NULL past the limit.
 */
extern EvFeelFrame *ev_feel_scope_open(EvFeelRun *run, const EvFeelNode *node, int count,
									   const EvFeelFrame *parent, EvFeelFrame *local,
									   EvFeelValue *slots, int capacity);

#endif /* EV_FEEL_SCOPE_H */
