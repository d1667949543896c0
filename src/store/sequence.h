/* SPDX-License-Identifier: PostgreSQL
 *
 * sequence.h: our sequences, read and drawn from without a trace in the session.
 */
#ifndef EV_SEQUENCE_H
#define EV_SEQUENCE_H

#include "utils/relcache.h"

/* The greatest value drawn so far, by anybody; one less than the first if none was. */
extern int64 ev_sequence_read(Relation sequence);

/*
 * Draw up to `most` values that follow one another, the first of which goes to
 * *first; returns how many there are, at least 1.  The caller has locked the
 * sequence, ROW EXCLUSIVE, for as long as its transaction lasts.
 */
extern int ev_sequence_draw(Relation sequence, int most, int64 *first);

#endif /* EV_SEQUENCE_H */
