/* SPDX-License-Identifier: PostgreSQL
 *
 * event_pattern_parse.h: a pattern on its way from JSON to conjuncts.
 *
 * What is read first is a tree of parts in the shape of the pattern: fields,
 * and all or any of other parts.  event_pattern_expand.c makes it into
 * conjuncts.
 *
 * Functions that answer bool say false for a fault, which is noted in the
 * parser, with the pointer that the parser stands at.
 */
#ifndef EV_EVENT_PATTERN_PARSE_H
#define EV_EVENT_PATTERN_PARSE_H

#include "lib/stringinfo.h"
#include "match/event_pattern_parts.h"

struct paths_hash;

typedef struct EvPatternParser
{
	EvEventPattern *pattern;
	EvPatternFault *fault;
	StringInfoData pointer; /* to the value that is being read */
	EvPath *root;			/* of all paths */
	struct paths_hash *paths;
	int depth;	  /* how many $or, or filters, we are in */
	int capacity; /* of pattern->conditions */
	bool aliases; /* detail and detail-type have their meaning of EventBridge */
} EvPatternParser;

typedef enum EvPartKind
{
	EV_PART_FIELD,
	EV_PART_ALL,
	EV_PART_ANY
} EvPartKind;

typedef struct EvPart
{
	EvPartKind kind;
	EvField field;
	int count;
	struct EvPart **parts; /* room for the members of what it was read from */
} EvPart;

/* Notes a fault at the present place; always false. */
extern bool ev_event_pattern_fault(EvPatternParser *parser, const char *format, ...)
	pg_attribute_printf(2, 3);

/* Steps of the pointer; what they return goes to ev_event_pattern_leave(). */
extern int ev_event_pattern_enter(EvPatternParser *parser, const char *name, int length);
extern int ev_event_pattern_enter_index(EvPatternParser *parser, int index);
extern void ev_event_pattern_leave(EvPatternParser *parser, int mark);

/* A condition for what the parser stands at, added to the pattern's. */
extern EvCondition *ev_event_pattern_new_condition(EvPatternParser *parser, const EvView *source,
												   int ntests);
extern void ev_event_pattern_add_test(EvTests *tests, EvTest test);

/* The node below another one that a name leads to, dots included; NULL for a fault. */
extern EvPath *ev_event_pattern_extend(EvPatternParser *parser, EvPath *path, const char *name,
									   int length);

/* ["a", {"prefix": "b"}] */
extern bool ev_event_pattern_read_condition(EvPatternParser *parser, const EvView *array,
											EvCondition **condition);

/* Is it a name of an operator, or kept for one? */
extern bool ev_event_pattern_is_reserved(const char *name, int length);

/* {"type": ["a"]} */
extern bool ev_event_pattern_read_object(EvPatternParser *parser, const EvView *object,
										 EvBranch **branch);

/* Conjuncts that say the same as the part. */
extern bool ev_event_pattern_expand(EvPatternParser *parser, const EvPart *part, EvBranch **branch);

/* The tree of one conjunct, where paths are those of the parser and used by no other. */
extern EvBranch *ev_event_pattern_single(EvPatternParser *parser, EvField field);

/* ---- filters of the CloudEvents Subscriptions API (event_pattern_subscription.c) ---- */

/* Can the value be no pattern, but a filter? */
extern bool ev_event_pattern_is_filter(const EvView *value);
extern bool ev_event_pattern_read_filter(EvPatternParser *parser, const EvView *value,
										 EvBranch **branch);
extern bool ev_event_pattern_read_filters(EvPatternParser *parser, const EvView *array,
										  EvBranch **branch);

#endif /* EV_EVENT_PATTERN_PARSE_H */
