/* SPDX-License-Identifier: PostgreSQL
 *
 * expected.h: is the newest event of a stream the one that the publisher knows?
 */
#ifndef EV_EXPECTED_H
#define EV_EXPECTED_H

#include "postgres.h"

/*
 * Raise 40001 unless the newest committed event of this source and subject is at
 * `expected`, or there is none and that is 0.  Holds off others who ask the same
 * of this stream until the transaction ends.
 */
extern void ev_expected_check(const text *source, const text *subject, int64 expected);

#endif /* EV_EXPECTED_H */
