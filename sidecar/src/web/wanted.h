/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * wanted.h: subscriptions that were asked for lately, by how they were asked for.
 *
 * A long-poll asks for the same again and again, in the same words.  Reading
 * those words, checking them and making the canonical form of them costs more
 * than all the rest of such a request that is ours to do; here it is done
 * once.  The table has a fixed size: a newcomer takes the place of whoever has
 * it.
 */
#ifndef WEB_WANTED_H
#define WEB_WANTED_H

#include "hub/subscription.h"

typedef struct Wanted Wanted;

extern Wanted *wanted_new(void);
extern void wanted_free(Wanted *wanted);

/* With a reference for the caller; NULL when it is not there. */
extern Subscription *wanted_find(Wanted *wanted, Str key);

extern void wanted_forget(Wanted *wanted);

/* Takes a reference of its own. */
extern void wanted_keep(Wanted *wanted, Str key, Subscription *subscription);

#endif /* WEB_WANTED_H */
