/* SPDX-License-Identifier: PostgreSQL
 *
 * problem.h: what is wrong with an event, collected instead of thrown.
 *
 * One event of a batch may be wrong while its neighbours are right, so the
 * functions that look at events report into an EvProblems and go on.  Who
 * wants an exception raises the collection at the end.
 */
#ifndef EV_PROBLEM_H
#define EV_PROBLEM_H

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

typedef struct EvProblem
{
	char *location; /* JSON Pointer (RFC 6901) into the event */
	char *message;
} EvProblem;

typedef struct EvProblems
{
	List *list;		  /* of EvProblem * */
	int sqlstate;	  /* of the gravest; 0 while there is none */
	const char *what; /* is said of the event; NULL for "is not valid" */
	const char *hint; /* or NULL */
} EvProblems;

/* The location's attribute name is escaped here; "" means the whole event. */
extern void ev_problem_add(EvProblems *problems, const char *attribute, const char *format, ...)
	pg_attribute_printf(3, 4);

/* The same with a location that is a JSON Pointer already. */
extern void ev_problem_add_at(EvProblems *problems, const char *location, const char *message);

/* Is there one at this location (a JSON Pointer)? */
extern bool ev_problem_is_at(const EvProblems *problems, const char *location);

/* [{"instanceLocation": ..., "message": ...}, ...]; NULL if there is none. */
extern Jsonb *ev_problems_to_jsonb(const EvProblems *problems);

/* Raises if there is any.  `which` is -1, or the event's place in its batch. */
extern void ev_problems_raise(const EvProblems *problems, int which);

#endif /* EV_PROBLEM_H */
