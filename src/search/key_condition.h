/* SPDX-License-Identifier: PostgreSQL
 *
 * key_condition.h: what keys a document must have to belong to what is asked for.
 *
 * A condition is a set of keys of which a document has at least one; all conditions must
 * hold.  They are all that an index is asked; where they say less than the request
 * (a pattern, a type that begins within a word), the event itself is looked at.
 */
#ifndef EV_SEARCH_KEY_CONDITION_H
#define EV_SEARCH_KEY_CONDITION_H

#include "search/request.h"

#define EV_MAX_CONDITIONS 12

typedef struct EvKeyCondition
{
	const char *name; /* for people: type, source */
	int n;
	int64 *keys;
} EvKeyCondition;

typedef struct EvKeyConditions
{
	int count;
	EvKeyCondition list[EV_MAX_CONDITIONS];
	bool are_all;		/* nothing but the text and the times is left to look at */
	bool is_impossible; /* no event can belong to it */
} EvKeyConditions;

extern void ev_key_condition_derive(EvKeyConditions *conditions, const EvRequest *request);

/* Has a document with these keys at least one of each condition? */
extern bool ev_key_condition_holds(const EvKeyConditions *conditions, const int64 *keys, int n);

static inline bool
ev_key_condition_has_key(const int64 *keys, int n, int64 key)
{
	for (int i = 0; i < n; i++)
	{
		if (keys[i] == key)
			return true;
	}
	return false;
}

#endif /* EV_SEARCH_KEY_CONDITION_H */
