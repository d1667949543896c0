/*
 * framing.h - how events look on a wire: the one thing the hub must know of a transport.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A Framing is a static table, one for each way that bytes differ (SSE in chunks, SSE until the
 * end of the connection, ...).  An event is framed once for each channel, and a channel is a
 * subscription and a framing; so connections share a log only when their bytes are the same.
 *
 * There are two shapes.  A *stream* gets the frames one after the other, for ever.  A *one-shot*
 * (long-poll) waits until there is at least one event, gets what is there, and is done: its
 * frames are the parts of one answer, and `share_free` lets it keep answers with the channel.
 */
#ifndef EVENTSD_FRAMING_H
#define EVENTSD_FRAMING_H

#include <stdbool.h>
#include <stddef.h>

#include "hub/event.h"

/* for counting; the order is that of the metrics */
typedef enum FramingTransport
{
	FRAMING_WEBSOCKET,
	FRAMING_SSE,
	FRAMING_NDJSON,
	FRAMING_POLL,
	FRAMING_TRANSPORTS /* how many */
} FramingTransport;

typedef struct Framing
{
	const char *name;
	FramingTransport transport;
	bool one_shot;
	/* exact size of the frame */
	size_t (*size)(const EventView *event);
	/* writes the frame, exactly size() bytes; epoch has CURSOR_EPOCH_LENGTH characters */
	void (*write)(const EventView *event, const char *epoch, char *out);
	/* one-shot: frees what the subscribers left in Batch.share; may be NULL */
	void (*share_free)(void *share);
} Framing;

#endif /* EVENTSD_FRAMING_H */
