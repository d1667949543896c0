/* SPDX-License-Identifier: PostgreSQL
 *
 * sample_pattern.c: a string that a regular expression matches.
 *
 * The expression comes as the tree that backtrack.c analyses.  Walking it
 * writes the shortest match: as few repetitions as may be, the first
 * alternative, a character of each set that people can read.  Assertions (\b,
 * lookarounds, back references) are passed over: whether the string does is for
 * the caller to see.
 */
#include "postgres.h"

#include "schema/sample.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "schema/backtrack.h"
#include "utils/memutils.h"

#define MAX_STRING 100000

/* Repetitions of what writes nothing count as well. */
#define MAX_WALKED (4 * MAX_STRING)

/* A character becomes a few objects of the tree, for the time of one call. */
#define TREE_PER_CHARACTER 4

typedef struct PatternWalk
{
	StringInfo out;
	int more;
	int choice;
	int steps;
} PatternWalk;

static bool
set_has(const EvCharSet *set, uint32 c)
{
	for (int i = 0; i < set->count; i++)
	{
		if (set->ranges[i].low <= c && c <= set->ranges[i].high)
			return true;
	}
	return false;
}

/* What is tried first: one character of each sort, then more of them. */
static const uint32 favourites[] = {'a',   'A',	  '0',	  '-', '_', '.', ' ', '/', ':', '@', 0xE9,
									0x3B1, 0x44F, 0x4E2D, 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i',
									'j',   'k',	  'l',	  'm', 'n', 'o', 'p', 'q', 'r', 's', 't',
									'u',   'v',	  'w',	  'x', 'y', 'z', 'B', 'C', 'D', 'E', 'F',
									'G',   'H',	  'I',	  'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q',
									'R',   'S',	  'T',	  'U', 'V', 'W', 'X', 'Y', 'Z', '1', '2',
									'3',   '4',	  '5',	  '6', '7', '8', '9'};

static bool
is_writable(uint32 c)
{
	return c > 0 && c < EV_CHAR_ASSERTION && (c < 0x80 || GetDatabaseEncoding() == PG_UTF8) &&
		   (c < 0xD800 || c > 0xDFFF);
}

/* The `choice`th of the favourites that are in the set, else one of the set; 0 if there is none. */
static uint32
choose_character(const EvCharSet *set, int choice)
{
	uint32 found[lengthof(favourites)];
	int n = 0;

	for (int i = 0; i < lengthof(favourites); i++)
	{
		if (set_has(set, favourites[i]) && is_writable(favourites[i]))
			found[n++] = favourites[i];
	}
	if (n > 0)
		return found[choice % n];
	for (int i = 0; i < set->count; i++)
	{
		uint32 c = Max(set->ranges[i].low, 1);

		if (c <= 0x20 && set->ranges[i].high > 0x20)
			c = 0x21;
		if (c <= set->ranges[i].high && is_writable(c))
			return c;
	}
	return 0;
}

static bool
write_character(PatternWalk *walk, const EvCharSet *set)
{
	unsigned char utf8[8] = {0};
	uint32 c;

	if (set_has(set, EV_CHAR_ASSERTION))
		return true;
	c = choose_character(set, walk->choice);
	if (c == 0)
		return false;
	unicode_to_utf8(c, utf8);
	appendBinaryStringInfo(walk->out, (char *) utf8, pg_utf_mblen(utf8));
	return walk->out->len <= MAX_STRING;
}

static bool
write_expression(PatternWalk *walk, const EvExpr *expr)
{
	ListCell *cell;
	int n;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (++walk->steps > MAX_WALKED)
		return false;
	switch (expr->kind)
	{
		case EV_EXPR_EMPTY:
			return true;
		case EV_EXPR_SET:
			return write_character(walk, expr->set);
		case EV_EXPR_SEQUENCE:
			foreach (cell, expr->children)
			{
				if (!write_expression(walk, lfirst(cell)))
					return false;
			}
			return true;
		case EV_EXPR_ALTERNATIVES:
			if (expr->children == NIL)
				return true;
			return write_expression(walk, list_nth(expr->children,
												   walk->choice % list_length(expr->children)));
		case EV_EXPR_REPEAT:
			n = expr->max == EV_REPEAT_UNBOUNDED ? expr->min + walk->more
												 : Min(expr->max, expr->min + walk->more);
			for (int i = 0; i < n; i++)
			{
				if (!write_expression(walk, expr->body))
					return false;
			}
			return true;
	}
	return false;
}

bool
ev_sample_pattern(EvSampler *sampler, const EvPattern *pattern, int more, int choice,
				  StringInfo out)
{
	PatternWalk walk = {.out = out, .more = more, .choice = choice};
	const char *source = ev_pattern_source(pattern);
	int length = strlen(source);
	MemoryContext tree, old;
	List *expressions;
	bool written;

	resetStringInfo(out);
	if (!ev_sample_spend(sampler, (int64) length * TREE_PER_CHARACTER))
		return false;
	tree = AllocSetContextCreate(CurrentMemoryContext, "events sample pattern",
								 ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(tree);
	expressions = ev_backtrack_parse(source, length);
	written = expressions != NIL && write_expression(&walk, linitial(expressions));
	MemoryContextSwitchTo(old);
	MemoryContextDelete(tree);
	return written;
}
