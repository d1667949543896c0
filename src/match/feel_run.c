/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_run.c: what an evaluation may use up, and why something became null.
 *
 * Steps are counted down, as are bytes and levels; the first limit that is passed is kept in
 * run->exceeded.  Each count looks for interrupts, which costs a load.
 *
 * The stack is looked at on every eighth level: PostgreSQL keeps more in reserve than
 * eight levels take.
 */
#include "base/compat.h"

#include "access/xact.h"
#include "base/settings.h"
#include "match/feel.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"

#define STACK_CHECK_LEVELS 8

void
ev_feel_run_begin(EvFeelRun *run)
{
	*run = (EvFeelRun) {
		.memory = CurrentMemoryContext,
		.steps_left = ev_feel_step_limit,
		.bytes_left = (int64) ev_feel_memory_limit * 1024,
		.depth_left = ev_feel_depth_limit,
		.now = GetCurrentTransactionStartTimestamp(),
	};
}

bool
ev_feel_step(EvFeelRun *run, int64 n)
{
	if (run->exceeded)
		return false;
	CHECK_FOR_INTERRUPTS();
	run->steps_left -= n;
	if (run->steps_left >= 0)
		return true;
	run->exceeded = EV_FEEL_TOO_MANY_STEPS;
	return false;
}

bool
ev_feel_take(EvFeelRun *run, int64 bytes)
{
	if (run->exceeded)
		return false;
	run->bytes_left -= bytes;
	if (run->bytes_left < 0)
	{
		run->exceeded = EV_FEEL_TOO_LARGE;
		return false;
	}
	return run->bytes_per_step == 0 || bytes < run->bytes_per_step ||
		   ev_feel_step(run, bytes / run->bytes_per_step);
}

bool
ev_feel_enter(EvFeelRun *run)
{
	run->depth_left--;
	if (run->depth_left >= 0 && (run->depth_left % STACK_CHECK_LEVELS != 0 || !stack_is_too_deep()))
		return true;
	run->depth_left++;
	if (!run->exceeded)
		run->exceeded = EV_FEEL_TOO_DEEP;
	return false;
}

void *
ev_feel_alloc(EvFeelRun *run, int64 bytes)
{
	/* each chunk has a header */
	if (!ev_feel_take(run, bytes + sizeof(uint64)))
		return NULL;
	return MemoryContextAllocHuge(run->memory, Max(bytes, 1));
}

EvFeelValue
ev_feel_problem(EvFeelRun *run, const char *format, ...)
{
	EvFeelProblem *problem;
	char message[512];
	va_list args;
	MemoryContext old;

	if (!run->wants_reasons || run->exceeded)
		return ev_feel_null();
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	message[pg_mbcliplen(message, strlen(message), sizeof(message) - 4)] = '\0';
	problem = ev_feel_alloc(run, sizeof(EvFeelProblem) + strlen(message) + 1);
	if (problem == NULL)
		return ev_feel_null();
	problem->location = run->location;
	problem->message = (char *) (problem + 1);
	strlcpy(problem->message, message, strlen(message) + 1);
	old = MemoryContextSwitchTo(run->memory);
	run->problems = lappend(run->problems, problem);
	MemoryContextSwitchTo(old);
	return ev_feel_null();
}

void
ev_feel_raise_exceeded(EvFeelLimit exceeded)
{
	if (exceeded == EV_FEEL_TOO_MANY_STEPS)
		ereport(ERROR,
				(errcode(ERRCODE_STATEMENT_TOO_COMPLEX), errmsg("FEEL expression takes too long"),
				 errdetail("More than %d steps were taken.", ev_feel_step_limit),
				 errhint("events.feel_step_limit is the limit.")));
	if (exceeded == EV_FEEL_FILTER_STEPS)
		ereport(ERROR, (errcode(ERRCODE_STATEMENT_TOO_COMPLEX),
						errmsg("filter takes too long for an event"),
						errdetail("More than %d steps were taken.", ev_filter_step_limit),
						errhint("events.filter_step_limit is the limit.")));
	if (exceeded == EV_FEEL_TOO_DEEP)
		ereport(ERROR,
				(errcode(ERRCODE_STATEMENT_TOO_COMPLEX),
				 errmsg("FEEL expression is nested too deeply"),
				 errdetail("Parts or calls within others make more than %d levels, or the stack is "
						   "used up.",
						   ev_feel_depth_limit),
				 errhint("events.feel_depth_limit is the limit; max_stack_depth is the other.")));
	if (exceeded == EV_FEEL_TOO_LARGE)
		ereport(ERROR, (errcode(ERRCODE_STATEMENT_TOO_COMPLEX),
						errmsg("FEEL expression takes too much memory"),
						errdetail("More than %d kB were asked for.", ev_feel_memory_limit),
						errhint("events.feel_memory_limit is the limit.")));
	if (exceeded == EV_FEEL_PATTERN_LIMIT)
		ereport(ERROR,
				(errcode(ERRCODE_STATEMENT_TOO_COMPLEX),
				 errmsg("regular expression of a FEEL expression takes too long"),
				 errdetail("Matching took more steps from one starting point than are allowed, or "
						   "more than 64 MB of memory."),
				 errhint("events.pattern_match_limit is the limit.")));
}
