/* SPDX-License-Identifier: PostgreSQL
 *
 * evaluation.h: what the files of the evaluator share; nobody else includes it.
 *
 * One set of rules serves two ways of asking.  For the verdict alone the first
 * broken rule ends everything, and nothing is allocated.  When the failures are
 * wanted there is an EvOutput: it takes each broken rule down and evaluation
 * goes on.  So a check function returns whether there is any point in going on,
 * which for the verdict is the verdict itself; what was taken down tells the
 * other one (ev_evaluate).
 *
 * Whatever is tried without being asked for (branches of anyOf and oneOf, `if`,
 * `not`) is evaluated for its verdict, so that an output has real failures only.
 *
 * unevaluatedItems and unevaluatedProperties need to know what the schemas
 * beside them looked at.  EvSeen is that set for one array or object.  A node
 * that has one of the keywords starts a set; it goes down to all schemas that
 * are applied to the same value, and is NULL everywhere else.  A schema that may
 * fail without harm gets a set of its own, which is merged when it has not.
 */
#ifndef EV_EVALUATION_H
#define EV_EVALUATION_H

#include "base/number.h"
#include "schema/evaluate.h"

/* EvNode.work: what is left to do for a value of some type; 0 = it is valid. */
#define EV_WORK_FALSE 0x01		 /* the schema is false */
#define EV_WORK_TYPE 0x02		 /* not of an allowed type */
#define EV_WORK_INTEGER 0x04	 /* must be an integer */
#define EV_WORK_VALUES 0x08		 /* enum, const */
#define EV_WORK_RULES 0x10		 /* keywords for this type */
#define EV_WORK_REFERENCE 0x20	 /* $ref and the like */
#define EV_WORK_APPLY 0x40		 /* other schemas applied to the same value */
#define EV_WORK_UNEVALUATED 0x80 /* unevaluatedItems, unevaluatedProperties */

/* Resources entered on the way to where we are, innermost first; $dynamicRef looks there. */
typedef struct EvScope
{
	const EvResource *resource;
	const struct EvScope *outer;
} EvScope;

typedef struct EvOutput EvOutput;

typedef struct EvEvaluation
{
	const EvSchema *schema;
	EvOutput *output; /* NULL if only the verdict is wanted */
	const EvScope *scope;
	const char *referred; /* the value that references are being followed for ... */
	int nreferences;	  /* ... and how many were, to notice a cycle */
} EvEvaluation;

/* From a schema to one below it, and from a value to one below that (or to itself). */
typedef struct EvStep
{
	const char *keyword;
	const char *token; /* a name below the keyword, NULL if there is none */
	int token_length;
	int branch;		 /* a number below the keyword, counted from 1; 0 = none */
	const char *key; /* of the member, NULL if there is none */
	int key_length;
	int64 element;		/* number of the element, counted from 1; 0 = none */
	const EvView *name; /* the name of a property is the value */
} EvStep;

#define EV_SEEN_WORDS 2

/* Which elements of an array, or members of an object, were evaluated. */
typedef struct EvSeen
{
	int count;
	bool all;
	uint64 *words;
	uint64 few[EV_SEEN_WORDS]; /* the words, if they fit */
} EvSeen;

#define EV_SEEN_WORD_BITS 64
#define ev_seen_nwords(count) (((count) + EV_SEEN_WORD_BITS - 1) / EV_SEEN_WORD_BITS)

static inline void
ev_seen_init(EvSeen *seen, int count)
{
	seen->count = count;
	seen->all = false;
	if (ev_seen_nwords(count) <= EV_SEEN_WORDS)
	{
		memset(seen->few, 0, sizeof(seen->few));
		seen->words = seen->few;
	}
	else
		seen->words = palloc0(ev_seen_nwords(count) * sizeof(uint64));
}

static inline void
ev_seen_clear(EvSeen *seen)
{
	if (seen->words != seen->few)
		pfree(seen->words);
}

static inline void
ev_seen_mark(EvSeen *seen, int i)
{
	if (seen != NULL)
		seen->words[i / EV_SEEN_WORD_BITS] |= UINT64CONST(1) << (i % EV_SEEN_WORD_BITS);
}

static inline void
ev_seen_mark_all(EvSeen *seen)
{
	if (seen != NULL)
		seen->all = true;
}

static inline bool
ev_seen_has(const EvSeen *seen, int i)
{
	return seen->all ||
		   (seen->words[i / EV_SEEN_WORD_BITS] >> (i % EV_SEEN_WORD_BITS) & UINT64CONST(1)) != 0;
}

static inline void
ev_seen_merge(EvSeen *into, const EvSeen *from)
{
	into->all |= from->all;
	for (int i = 0; i < ev_seen_nwords(from->count); i++)
		into->words[i] |= from->words[i];
}

/* Calls between the files of the evaluator need not go through the linkage table. */
#pragma GCC visibility push(hidden)

extern bool ev_evaluate(EvEvaluation *e, const EvNode *node, const EvView *value, EvSeen *seen);
extern bool ev_evaluate_quietly(EvEvaluation *e, const EvNode *node, const EvView *value,
								EvSeen *seen);

/*
 * The verdict on a number of things: characters, items, properties.  Unlike the
 * check functions it tells what was found also with an output, since a length
 * that is bounded bounds the work of other keywords.
 */
typedef struct EvCountRule
{
	const char *min_keyword;
	const char *max_keyword;
	const char *one;
	const char *many;
} EvCountRule;

extern bool ev_output_wrong_count(EvEvaluation *e, const EvNode *node, const EvCountRule *rule,
								  int64 limit, int64 n);

/* Keywords of one type of value; false: no point in going on. */
extern bool ev_evaluate_number(EvEvaluation *e, const EvNode *node, const EvView *value);
extern bool ev_evaluate_string(EvEvaluation *e, const EvNode *node, const EvView *value);
extern bool ev_evaluate_array(EvEvaluation *e, const EvNode *node, const EvView *value,
							  EvSeen *seen);
extern bool ev_evaluate_object(EvEvaluation *e, const EvNode *node, const EvView *value,
							   EvSeen *seen);
extern bool ev_evaluate_unevaluated_items(EvEvaluation *e, const EvNode *node, const EvView *value,
										  EvSeen *seen);
extern bool ev_evaluate_unevaluated_properties(EvEvaluation *e, const EvNode *node,
											   const EvView *value, EvSeen *seen);

/* Schemas applied to the same value: references; allOf, anyOf, oneOf, not, if. */
extern bool ev_evaluate_references(EvEvaluation *e, const EvNode *node, const EvView *value,
								   EvSeen *seen);
extern bool ev_evaluate_applied(EvEvaluation *e, const EvNode *node, const EvView *value,
								EvSeen *seen);

/* Where a reference of the node leads, here and now. */
extern const EvNode *ev_scope_resolve(const EvEvaluation *e, const EvNode *node, EvRefKind kind,
									  const EvNode *target);

/* A reference that leads back to itself for the same value: 22023. */
extern pg_noreturn void ev_evaluate_refuse_cycle(const EvNode *node);

/* output.c: an output full of failures has no room for more, and is why to stop. */
extern bool ev_output_is_full(const EvOutput *output);
extern int64 ev_output_count(const EvOutput *output);
extern bool ev_output_apply(EvEvaluation *e, const EvNode *node, const EvView *value, EvSeen *seen,
							const EvStep *step);

/* Takes a broken rule down; true if the output is full. */
extern bool ev_output_add(EvOutput *output, const EvNode *node, const char *keyword,
						  const char *format, ...) pg_attribute_printf(4, 5);

/* output_message.c: messages that take some words to find */
extern bool ev_output_add_type(EvOutput *output, const EvNode *node, const EvView *value);
extern bool ev_output_add_false(EvOutput *output, const EvNode *node);
extern bool ev_output_add_enum(EvOutput *output, const EvNode *node);

/* A value as text, cut where it gets long; palloc'd. */
extern char *ev_output_value(const EvView *value);
extern char *ev_output_number(Numeric numeric);

#pragma GCC visibility pop

/* Valid without a closer look: no work, or nothing but being an integer. */
static inline bool
ev_is_settled(const EvNode *node, const EvView *value)
{
	uint8 work = node->work[value->type];

	return work == 0 ||
		   (work == EV_WORK_INTEGER && ev_number_is_plain_integer(ev_view_numeric(value)));
}

static inline bool
ev_check_count(EvEvaluation *e, const EvNode *node, const EvCountRule *rule, int64 min, int64 max,
			   int64 n)
{
	if (n < min)
		return ev_output_wrong_count(e, node, rule, min, n);
	return max == EV_NO_LIMIT || n <= max || ev_output_wrong_count(e, node, rule, max, n);
}

/* After a failure: is there no point in going on? */
#define ev_stops(e) ((e)->output == NULL || ev_output_is_full((e)->output))

/*
 * A rule is broken: node, keyword, format, ...  True: there is no point in
 * going on.  The arguments are evaluated only if somebody wants the message.
 */
#define ev_broken(e, ...) ((e)->output == NULL || ev_output_add((e)->output, __VA_ARGS__))

/* The verdict of a schema below on a value; the rest are members of EvStep. */
#define ev_apply(e, node_, value_, seen_, ...)          \
	(ev_is_settled((node_), (value_)) ? true            \
	 : likely((e)->output == NULL)                      \
		 ? ev_evaluate((e), (node_), (value_), (seen_)) \
		 : ev_output_apply((e), (node_), (value_), (seen_), &(EvStep) {__VA_ARGS__}))

#endif /* EV_EVALUATION_H */
