/* SPDX-License-Identifier: PostgreSQL
 *
 * stream.h: the events of one source and subject.
 */
#ifndef EV_STREAM_H
#define EV_STREAM_H

#include "postgres.h"

typedef struct EvStream
{
	const text *source;
	const text *subject;
	int64 key;
} EvStream;

extern void ev_stream_init(EvStream *stream, const text *source, const text *subject);

/*
 * The newest event of a stream with after < position <= upto that is committed
 * now, whatever the transaction's snapshot; 0 if there is none.
 */
extern int64 ev_stream_newest(const EvStream *stream, int64 after, int64 upto);

/*
 * To be called before a stream is read from after a position: ask for the index,
 * and have it near enough to the end.  Writes, so it does nothing in a READ ONLY
 * transaction.
 */
extern void ev_stream_prepare(int64 after);

#endif /* EV_STREAM_H */
