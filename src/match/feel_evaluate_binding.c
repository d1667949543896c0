/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_evaluate_binding.c: if, for, some, every.
 *
 * An iterator goes over a list or a range of whole numbers or dates, up or
 * down, and never makes a list of a range first.  `for i in 4..2` and `for i in [4..2]` go
 * down; an endpoint that is not included is left out.
 *
 * Iterators are nested loops, the first outermost.  All share one frame, whose slots are set
 * anew each time; where functions are made inside, each time has a frame of its own.
 *
 * `partial` is the list of the results so far: a new head on the same array of values.
 */
#include "base/compat.h"

#include "match/feel_evaluate.h"
#include "match/feel_number.h"
#include "match/feel_temporal.h"

typedef struct Sequence
{
	const EvFeelValue *items; /* or NULL: numbers or dates */
	EvFeelType type;
	int64 start;
	int64 step;
	int64 count;
} Sequence;

typedef struct Loop
{
	EvFeelRun *run;
	const EvFeelNode *node;
	EvFeelFrame *frame;
	EvFeelItems *results; /* of for */
	EvFeelValue answer;	  /* of some and every, so far; null: of for, when it failed */
	bool ended;
} Loop;

EvFeelValue
ev_feel_evaluate_if(EvFeelRun *run, const EvFeelFrame *frame, const EvFeelNode *node)
{
	EvFeelValue condition = ev_feel_evaluate(run, frame, node->choice.value);

	if (condition.type != EV_FEEL_BOOLEAN && !ev_feel_is_null(condition))
	{
		run->location = node->location;
		ev_feel_problem(run, "the condition is %s, neither true nor false",
						ev_feel_type_name(condition.type));
	}
	return ev_feel_evaluate(run, frame,
							ev_feel_is_true(condition) ? node->choice.first : node->choice.second);
}

/* ---- what an iterator goes over ---- */

static bool
to_integer(EvFeelValue value, int64 *n)
{
	if (value.type == EV_FEEL_DATE)
	{
		*n = ev_feel_date_to_days(value);
		return true;
	}
	return value.type == EV_FEEL_NUMBER && ev_feel_number_to_int64(value, n);
}

static bool
begin_range(EvFeelRun *run, EvFeelRange range, Sequence *sequence)
{
	int64 start, end;

	if (range.start.type != range.end.type || !to_integer(range.start, &start) ||
		!to_integer(range.end, &end))
	{
		ev_feel_problem(run, "only ranges of whole numbers and of dates can be walked");
		return false;
	}
	*sequence = (Sequence) {.type = range.start.type,
							.start = start,
							.step = start <= end ? 1 : -1};
	sequence->count = (end - start) * sequence->step + 1;
	if (!range.start_included)
	{
		sequence->start += sequence->step;
		sequence->count--;
	}
	if (!range.end_included)
		sequence->count--;
	return true;
}

static bool
begin_sequence(EvFeelRun *run, const EvFeelFrame *frame, const EvFeelPair *iterator,
			   Sequence *sequence)
{
	EvFeelValue value = ev_feel_evaluate(run, frame, iterator->value);

	if (iterator->end != NULL)
	{
		EvFeelRange range = {.start = value, .start_included = true, .end_included = true};

		range.end = ev_feel_evaluate(run, frame, iterator->end);
		run->location = iterator->value->location;
		return begin_range(run, range, sequence);
	}
	run->location = iterator->value->location;
	if (value.type == EV_FEEL_RANGE)
		return begin_range(run, *value.range, sequence);
	if (value.type != EV_FEEL_LIST)
	{
		ev_feel_problem(run, "%s is no list", ev_feel_type_name(value.type));
		return false;
	}
	*sequence = (Sequence) {.items = ev_feel_items(run, value), .count = value.list->count};
	return sequence->items != NULL || sequence->count == 0;
}

static EvFeelValue
sequence_get(EvFeelRun *run, const Sequence *sequence, int64 i)
{
	if (sequence->items != NULL)
		return sequence->items[i];
	if (sequence->type == EV_FEEL_DATE)
		return ev_feel_date_from_days(run, sequence->start + i * sequence->step);
	return ev_feel_number_from_int64(run, sequence->start + i * sequence->step);
}

/* ---- loops ---- */

/* The frame for what is evaluated now: one that lasts, if functions may keep it. */
static const EvFeelFrame *
present_frame(Loop *loop)
{
	int count = loop->node->binding.count + 1;
	EvFeelFrame *copy;

	if (!loop->node->captured)
		return loop->frame;
	copy = ev_feel_scope_open(loop->run, loop->node, count, loop->frame->parent, NULL, NULL, 0);
	if (copy != NULL)
		memcpy(copy->slots, loop->frame->slots, count * sizeof(EvFeelValue));
	return copy;
}

/* The results so far, as a value. */
static EvFeelValue
make_partial(Loop *loop)
{
	return ev_feel_make_list(loop->run, loop->results->items, loop->results->count);
}

/* Once for each combination of values; loop->ended says that no more are wanted. */
static void
run_body(Loop *loop)
{
	const EvFeelNode *node = loop->node;
	EvFeelRun *run = loop->run;
	const EvFeelFrame *frame;
	EvFeelValue value;

	if (node->binding.uses_partial)
		loop->frame->slots[node->binding.count] = make_partial(loop);
	frame = present_frame(loop);
	if (frame == NULL)
		return;
	value = ev_feel_evaluate(run, frame, node->binding.body);
	if (node->kind == EV_FEEL_NODE_FOR)
	{
		ev_feel_items_add(loop->results, value);
		return;
	}
	if (value.type != EV_FEEL_BOOLEAN)
	{
		if (!ev_feel_is_null(value))
			ev_feel_problem(run, "%s is neither true nor false", ev_feel_type_name(value.type));
		loop->answer = ev_feel_null();
	}
	else if (value.boolean != node->binding.every)
	{
		loop->answer = value;
		loop->ended = true;
	}
}

static void
run_iterator(Loop *loop, int index)
{
	EvFeelRun *run = loop->run;
	const EvFeelFrame *frame = present_frame(loop);
	Sequence sequence;

	if (frame == NULL)
		return;
	if (!begin_sequence(run, frame, &loop->node->binding.pairs[index], &sequence))
	{
		loop->answer = ev_feel_null();
		loop->ended = true;
		return;
	}
	for (int64 i = 0; i < sequence.count && !loop->ended; i++)
	{
		if (!ev_feel_step(run, 1))
			return;
		loop->frame->slots[index] = sequence_get(run, &sequence, i);
		if (index + 1 < loop->node->binding.count)
			run_iterator(loop, index + 1);
		else
			run_body(loop);
	}
}

/* All of it; the answer is in loop->answer. */
static void
run_loop(Loop *loop, const EvFeelFrame *frame)
{
	EvFeelFrame local;
	EvFeelValue slots[4];

	loop->frame = ev_feel_scope_open(loop->run, loop->node, loop->node->binding.count + 1, frame,
									 &local, slots, lengthof(slots));
	if (loop->frame != NULL)
		run_iterator(loop, 0);
	if (loop->run->exceeded)
		loop->answer = ev_feel_null();
}

EvFeelValue
ev_feel_evaluate_for(EvFeelRun *run, const EvFeelFrame *frame, const EvFeelNode *node)
{
	EvFeelItems results;
	Loop loop = {.run = run, .node = node, .results = &results, .answer = ev_feel_boolean(true)};

	ev_feel_items_begin(&results, run);
	run_loop(&loop, frame);
	if (ev_feel_is_null(loop.answer))
		return loop.answer;
	return ev_feel_items_end(&results);
}

EvFeelValue
ev_feel_evaluate_quantified(EvFeelRun *run, const EvFeelFrame *frame, const EvFeelNode *node)
{
	Loop loop = {.run = run, .node = node, .answer = ev_feel_boolean(node->binding.every)};

	run_loop(&loop, frame);
	return loop.answer;
}
