/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_hash.h: a hash of the value of an expression over an event.
 */
#ifndef EV_FEEL_HASH_H
#define EV_FEEL_HASH_H

#include "match/feel.h"

/* Of the bytes of a string; what ev_feel_hash() gives for a string is the same. */
extern uint64 ev_feel_hash_string(const char *string, int length);

/*
 * Equal values have equal hashes, whichever way a number is written; the expression is
 * evaluated as a filter is.  false if the value is null; *exceeded says whether a limit was passed.
 */
extern bool ev_feel_hash(const EvFeel *expression, EvSubject *subject, uint64 *hash,
						 EvFeelLimit *exceeded);

#endif /* EV_FEEL_HASH_H */
