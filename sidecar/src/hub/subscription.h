/*
 * subscription.h - what a connection wants to get, in one canonical form.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A subscription is a set of clauses; an event matches when it matches any of them.  A clause is
 * a group of topic paths and a group of types: both groups must match, an empty group matches
 * everything.  A topic path matches an event's topic when it is a prefix of it, element by
 * element, where "*" stands for any one element.  A type matches exactly, or by prefix when it
 * ends in "*".  A clause may have a filter as well (a text for the database), and then it must
 * match too; whether it does, the event says (EventView.matches).  A subscription without clauses
 * matches nothing (a client that took back all that it asked for).
 *
 * A GET has one clause.  A WebSocket connection adds one with every `subscribe`, so its
 * subscription is the union of several; subscription_union() makes it.
 *
 * Two clients that want the same must end up on the same channel, however they said it.  So the
 * form is canonical: groups are sorted, without repetition, without paths and types that another
 * one of the group covers; clauses likewise.  Equal wants have equal keys.
 *
 * A Subscription is immutable and ref-counted.
 */
#ifndef EVENTSD_SUBSCRIPTION_H
#define EVENTSD_SUBSCRIPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "hub/event.h"

typedef struct Subscription Subscription;

/*
 * One clause, from a filter (borrowed, copied here).  An empty topic path, or the type "*", means
 * all; of the filters there is none or one.  The caller has checked sizes and UTF-8 and limited
 * the number of items.
 */
Subscription *subscription_new(const EventFilter *filter);
/* everything, and nothing */
Subscription *subscription_all(void);
Subscription *subscription_none(void);
/* what matches any of them; the arguments keep their references */
Subscription *subscription_union(Subscription *const *parts, int count);

Subscription *subscription_acquire(Subscription *subscription);
/* NULL is harmless */
void subscription_release(Subscription *subscription);

typedef enum SubscriptionMatch
{
	SUBSCRIPTION_NO,
	SUBSCRIPTION_YES,
	SUBSCRIPTION_UNKNOWN /* a filter passed a limit, and it hangs on that one */
} SubscriptionMatch;

/*
 * numbers[i] is what the event's matches call the i-th filter of the subscription; NULL: i + 1,
 * as when the database was asked with subscription_filter().
 */
SubscriptionMatch subscription_match(const Subscription *subscription, const EventView *event,
									 const int64_t *numbers);
bool subscription_equal(const Subscription *a, const Subscription *b);
uint64_t subscription_hash(const Subscription *subscription);
/* the canonical key: bytes, not text */
Str subscription_key(const Subscription *subscription);
bool subscription_is_all(const Subscription *subscription);
bool subscription_is_none(const Subscription *subscription);

/*
 * A filter for the database that lets through everything this subscription matches, and more when
 * there are several clauses (then the reader matches again).  NULL means everything.  Lives as
 * long as the subscription.  Its filters are the subscription's, each once.
 */
const EventFilter *subscription_filter(const Subscription *subscription);
/*
 * Under what an event must be found to match: keys of first elements of topics and of types, and
 * with a filter keys of these and its number.
 * Returns how many, or -1 when no such keys would do (then every event may match), and 0 when
 * nothing can match.
 */
#define SUBSCRIPTION_MAX_ROUTES 32
int subscription_route_keys(const Subscription *subscription, const int64_t *numbers,
							uint64_t keys[SUBSCRIPTION_MAX_ROUTES]);
uint64_t subscription_topic_key(Str first_element);
uint64_t subscription_type_key(Str type);
/* of a clause with that filter, whose topics and types give the key; 0 when they give none */
uint64_t subscription_filtered_key(uint64_t key, int64_t number);

/* its filters, each once; their order is that of all these arrays */
StrList subscription_filters(const Subscription *subscription);
/* how many topic paths, types and filters it has, all clauses together */
int subscription_size(const Subscription *subscription);

#endif /* EVENTSD_SUBSCRIPTION_H */
