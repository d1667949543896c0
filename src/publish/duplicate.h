/* SPDX-License-Identifier: PostgreSQL
 *
 * duplicate.h: was an event with this source and this id published already?
 *
 * Only events whose id the publisher gave are asked for: an id that we make is
 * new.
 */
#ifndef EV_DUPLICATE_H
#define EV_DUPLICATE_H

#include "postgres.h"

/*
 * Claim (source, id) for this transaction: true if the event is the first one
 * with them inside events.dedup_window, false if it is a duplicate and must not
 * be published.  Waits for other transactions that have claimed the same and
 * are not decided; 40P01 if they wait for this one.  Rolling back to a savepoint
 * gives the claim up.  Raises 40001 in a SERIALIZABLE transaction whose snapshot
 * does not see the first one.
 */
extern bool ev_duplicate_claim(const text *source, const text *id);

/*
 * The same for many events within one function call: the table is opened once.
 * What open allocates is in the memory context of that moment; after an error
 * the resource owner has closed all.
 */
typedef struct EvDuplicates EvDuplicates;

extern EvDuplicates *ev_duplicate_open(void);
extern bool ev_duplicate_claim_among(EvDuplicates *duplicates, const text *source, const text *id);
extern void ev_duplicate_close(EvDuplicates *duplicates);

#endif /* EV_DUPLICATE_H */
