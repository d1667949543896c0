/* SPDX-License-Identifier: PostgreSQL
 *
 * event_pattern_limit.c: what one event and one pattern may use up.
 *
 * Trying one condition after the other, in arrays within arrays, can take more than
 * polynomial time, and an event may be nested more deeply than the stack reaches.  So
 * the values looked at are counted.  The limit grows with what there is to look at:
 * only what is read again and again counts.  Past it, or past the stack, there is no
 * answer, and the caller decides whether that is an error or ends one filter: an event
 * that anybody can publish, and a pattern that anybody can ask for, must not hold up
 * all others in the feed.
 */
#include "base/compat.h"

#include "base/settings.h"
#include "match/event_pattern_parts.h"
#include "miscadmin.h"

void
ev_event_pattern_begin_walk(EvPatternWalk *walk)
{
	walk->steps_left = ev_pattern_step_limit;
	walk->exceeded = EV_PATTERN_WITHIN_LIMITS;
}

bool
ev_event_pattern_take_step(EvPatternWalk *walk)
{
	if (walk->exceeded == EV_PATTERN_WITHIN_LIMITS && walk->steps_left > 0)
	{
		if ((--walk->steps_left & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		return true;
	}
	if (walk->exceeded == EV_PATTERN_WITHIN_LIMITS)
		walk->exceeded = EV_PATTERN_TOO_MANY_STEPS;
	return false;
}

bool
ev_event_pattern_take_level(EvPatternWalk *walk)
{
	if (!stack_is_too_deep())
		return ev_event_pattern_take_step(walk);
	walk->exceeded = EV_PATTERN_TOO_DEEP;
	return false;
}

void
ev_event_pattern_raise_exceeded(EvPatternLimit exceeded)
{
	if (exceeded == EV_PATTERN_TOO_DEEP)
		ereport(ERROR,
				(errcode(ERRCODE_STATEMENT_TOO_COMPLEX), errmsg("event is nested too deeply"),
				 errdetail("Matching an event pattern takes more than the stack has."),
				 errhint("max_stack_depth is the limit.")));
	ereport(ERROR,
			(errcode(ERRCODE_STATEMENT_TOO_COMPLEX), errmsg("event pattern takes too long"),
			 errdetail("More than %d values of one event were looked at.", ev_pattern_step_limit),
			 errhint(
				 "Conditions that mix values with {\"exists\": false} make this long, in arrays "
				 "within arrays; events.pattern_step_limit is the limit.")));
}
