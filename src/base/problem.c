/* SPDX-License-Identifier: PostgreSQL
 *
 * problem.c: what is wrong with an event, collected instead of thrown.
 *
 * Everything is allocated in the context that is current when a problem is
 * added; nothing is freed one by one.
 */
#include "base/compat.h"

#include "base/pointer.h"
#include "base/problem.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

void
ev_problem_add_at(EvProblems *problems, const char *location, const char *message)
{
	EvProblem *problem = palloc(sizeof(EvProblem));

	problem->location = pstrdup(location);
	problem->message = pstrdup(message);
	problems->list = lappend(problems->list, problem);
	if (problems->sqlstate == 0)
		problems->sqlstate = ERRCODE_INVALID_PARAMETER_VALUE;
}

void
ev_problem_add(EvProblems *problems, const char *attribute, const char *format, ...)
{
	StringInfoData location, message;

	initStringInfo(&location);
	if (attribute[0] != '\0')
		ev_pointer_append(&location, attribute, strlen(attribute));

	initStringInfo(&message);
	for (;;)
	{
		va_list args;
		int needed;

		va_start(args, format);
		needed = appendStringInfoVA(&message, format, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&message, needed);
	}

	ev_problem_add_at(problems, location.data, message.data);
}

bool
ev_problem_is_at(const EvProblems *problems, const char *location)
{
	ListCell *cell;

	foreach (cell, problems->list)
	{
		if (strcmp(((EvProblem *) lfirst(cell))->location, location) == 0)
			return true;
	}
	return false;
}

static void
push_string(JsonbParseState **state, JsonbIteratorToken token, char *text)
{
	JsonbValue v;

	v.type = jbvString;
	v.val.string.val = text;
	v.val.string.len = strlen(text);
	pushJsonbValue(state, token, &v);
}

Jsonb *
ev_problems_to_jsonb(const EvProblems *problems)
{
	JsonbParseState *state = NULL;
	ListCell *cell;

	if (problems->list == NIL)
		return NULL;
	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	foreach (cell, problems->list)
	{
		EvProblem *p = lfirst(cell);

		pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
		push_string(&state, WJB_KEY, "instanceLocation");
		push_string(&state, WJB_VALUE, p->location);
		push_string(&state, WJB_KEY, "message");
		push_string(&state, WJB_VALUE, p->message);
		pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL));
}

/* Advice that fits the SQLSTATE, where nobody has given better. */
static const char *
hint_for(const EvProblems *problems)
{
	if (problems->hint != NULL)
		return problems->hint;
	if (problems->sqlstate == ERRCODE_PROGRAM_LIMIT_EXCEEDED)
		return "Keep large data elsewhere and publish a reference to it, or raise the limit.";
	return "Attributes follow CloudEvents 1.0.2, sections \"Context Attributes\" and \"Type "
		   "System\".";
}

void
ev_problems_raise(const EvProblems *problems, int which)
{
	const char *what = problems->what != NULL ? problems->what : "is not valid";
	StringInfoData detail;
	ListCell *cell;

	if (problems->list == NIL)
		return;
	initStringInfo(&detail);
	foreach (cell, problems->list)
	{
		EvProblem *p = lfirst(cell);

		if (detail.len > 0)
			appendStringInfoChar(&detail, '\n');
		if (p->location[0] != '\0')
			appendStringInfo(&detail, "%s: ", p->location);
		appendStringInfoString(&detail, p->message);
	}
	ereport(ERROR, (errcode(problems->sqlstate),
					which < 0 ? errmsg("event %s", what) : errmsg("event %d %s", which, what),
					errdetail_internal("%s", detail.data), errhint("%s", hint_for(problems))));
}
