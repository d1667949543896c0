/*
 * wants.h - clauses: matching them, covering one by another, and their canonical form.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * The algebra below subscription.c.  "P covers Q" means that whatever Q matches, P matches too; a
 * group keeps only what no other member covers.  An empty group stands for everything, so a group
 * with a member that covers everything (an empty path, the type "*") becomes empty.
 *
 * A clause may ask for a filter beside: a text that means nothing here but to itself.  A clause
 * without one covers the same clause with one, and clauses are merged when their filters are equal.
 *
 * Merging: clauses of equal types are one clause of both their topics, and the other way round.
 * That is what several `subscribe` messages of one client nearly always come to, and it keeps the
 * filter for the database exact.
 */
#ifndef EVENTSD_WANTS_H
#define EVENTSD_WANTS_H

#include <stdbool.h>

#include "base/str.h"

typedef struct Clause
{
	StrList *topics;
	int topic_count;  /* 0: all */
	StrList types;	  /* none: all */
	Str filter;		  /* empty: none */
	int filter_index; /* among those of its subscription, -1: none */
} Clause;

/* clauses under construction; arrays are its own, strings are borrowed */
typedef struct Draft
{
	Clause *clauses;
	int count;
	int capacity;
} Draft;

/* by topics and types; the filter is another question */
bool clause_matches(const Clause *clause, Str type, StrList topic);

void draft_init(Draft *draft, int capacity);
/* its arrays are copied */
void draft_add(Draft *draft, const Clause *clause);
void draft_canonicalize(Draft *draft);
void draft_clear(Draft *draft);

#endif /* EVENTSD_WANTS_H */
