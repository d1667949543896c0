/* SPDX-License-Identifier: PostgreSQL
 *
 * backtrack.h: can a regular expression make a backtracking matcher take time
 * exponential in the length of the string?
 */
#ifndef EV_BACKTRACK_H
#define EV_BACKTRACK_H

#include "postgres.h"
#include "nodes/pg_list.h"

/* From the best to the worst that is known. */
typedef enum EvBacktrack
{
	EV_BACKTRACK_BOUNDED,
	EV_BACKTRACK_UNKNOWN, /* a repeated part is too large to be looked into */
	EV_BACKTRACK_EXPONENTIAL
} EvBacktrack;

/* Of an expression of ECMA-262; a malformed one matches nothing in no time. */
extern EvBacktrack ev_backtrack_of(const char *source, int length);

/* ---- what the parser gives to the analysis */

/* Characters, as sorted ranges that do not touch. */
typedef struct EvCharRange
{
	uint32 low, high;
} EvCharRange;

typedef struct EvCharSet
{
	int count;
	EvCharRange *ranges;
} EvCharSet;

/* Stands for what consumes nothing and may fail: $, \b, lookarounds, back references. */
#define EV_CHAR_ASSERTION 0x110000

#define EV_REPEAT_UNBOUNDED (-1)

typedef enum EvExprKind
{
	EV_EXPR_EMPTY,
	EV_EXPR_SET,
	EV_EXPR_SEQUENCE,
	EV_EXPR_ALTERNATIVES,
	EV_EXPR_REPEAT
} EvExprKind;

typedef struct EvExpr
{
	EvExprKind kind;
	EvCharSet *set; /* of a set */
	List *children; /* of sequences and alternatives */
	struct EvExpr *body;
	int min, max; /* of a repeat */
} EvExpr;

/*
 * The whole expression and, after it, the bodies of its lookarounds, as EvExpr;
 * NIL if it is malformed.  palloc'd.
 */
extern List *ev_backtrack_parse(const char *source, int length);

#endif /* EV_BACKTRACK_H */
