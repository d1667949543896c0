/*
 * subscription.h - what a connection wants to get, in one canonical form.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A subscription is a set of clauses; an event matches when it matches any of them.  A clause is
 * a group of topic paths and a group of types: both groups must match, an empty group matches
 * everything.  A topic path matches an event's topic when it is a prefix of it, element by
 * element, where "*" stands for any one element.  A type matches exactly, or by prefix when it
 * ends in "*".  A subscription without clauses matches nothing (a client that took back all that
 * it asked for).
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

typedef struct Subscription Subscription;

/*
 * From a filter (borrowed, copied here).  An empty topic path, or the type "*", means all.  The
 * caller has checked sizes and UTF-8 and limited the number of items.
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

bool subscription_matches(const Subscription *subscription, Str type, StrList topic);
bool subscription_equal(const Subscription *a, const Subscription *b);
uint64_t subscription_hash(const Subscription *subscription);
/* the canonical key: bytes, not text */
Str subscription_key(const Subscription *subscription);
bool subscription_is_all(const Subscription *subscription);
bool subscription_is_none(const Subscription *subscription);

/*
 * A filter for the database that lets through everything this subscription matches, and more when
 * there are several clauses (then the reader matches again).  NULL means everything.  Lives as
 * long as the subscription.
 */
const EventFilter *subscription_filter(const Subscription *subscription);
/*
 * Under what an event must be found to match: keys of first elements of topics and of types.
 * Returns how many, or -1 when no such keys would do (then every event may match), and 0 when
 * nothing can match.
 */
#define SUBSCRIPTION_MAX_ROUTES 32
int subscription_route_keys(const Subscription *subscription,
							uint64_t keys[SUBSCRIPTION_MAX_ROUTES]);
uint64_t subscription_topic_key(Str first_element);
uint64_t subscription_type_key(Str type);

/* how many topic paths and types it has, all clauses together */
int subscription_size(const Subscription *subscription);

#endif /* EVENTSD_SUBSCRIPTION_H */
