/* SPDX-License-Identifier: PostgreSQL
 *
 * subject_index.h: where the events of one source and subject are.
 */
#ifndef EV_SUBJECT_INDEX_H
#define EV_SUBJECT_INDEX_H

#include "access/sdir.h"
#include "utils/snapshot.h"

/* The hash under which the events of a source and subject are filed; others may have it too. */
extern int64 ev_subject_key(const text *source, const text *subject);

/*
 * Up to which position all events are filed, as a snapshot sees it.  false if
 * the index was never asked for.
 */
extern bool ev_subject_index_end(Snapshot snapshot, int64 *position);

/*
 * File the next events, at most so many (of those without a subject, which are only
 * passed over, sixteen count as one), none above the horizon.  Does nothing
 * while another transaction is at it, or, without `start`, if the index was
 * never asked for.
 */
extern void ev_subject_index_extend(bool start, int64 horizon, int64 max_filed);

/* Positions filed under a key with after < position <= upto, in either direction. */
typedef struct EvSubjectWalk EvSubjectWalk;

extern EvSubjectWalk *ev_subject_walk_open(int64 key, int64 after, int64 upto, Snapshot snapshot);
extern bool ev_subject_walk_next(EvSubjectWalk *walk, ScanDirection direction, int64 *position);
extern void ev_subject_walk_close(EvSubjectWalk *walk);

#endif /* EV_SUBJECT_INDEX_H */
