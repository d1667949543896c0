/*
 * segment.h - a piece of framed bytes that many connections may be sending from.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A channel's log is made of segments, an answer shared by many long-polls is one, and so is what
 * a connection that caught up by itself still has to send.  A Segment is ref-counted, filled once
 * from the front, and never changes where it was filled.
 *
 * Pending is a connection's unsent part of one segment.  It holds a reference.  When the part is
 * small against the segment it is copied, so that a slow client cannot keep a big segment in
 * memory for the sake of a few bytes: what clients pin is at most 4 times what they are owed.
 */
#ifndef EVENTSD_SEGMENT_H
#define EVENTSD_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Segment
{
	uint32_t references;
	uint32_t capacity;
	uint32_t used;
	char data[];
} Segment;

/* one reference; capacity below 4 GiB */
Segment *segment_new(size_t capacity);
Segment *segment_acquire(Segment *segment);
/* NULL is harmless */
void segment_release(Segment *segment);

static inline size_t
segment_room(const Segment *segment)
{
	return segment->capacity - segment->used;
}

typedef struct Pending
{
	Segment *segment; /* NULL: nothing pending */
	uint32_t from;
	uint32_t to;
} Pending;

static inline bool
pending_is_empty(const Pending *pending)
{
	return pending->segment == NULL;
}

static inline size_t
pending_length(const Pending *pending)
{
	return pending->to - pending->from;
}

/* the bytes [from, to) of the segment; takes its own reference, or copies */
void pending_set(Pending *pending, Segment *segment, uint32_t from, uint32_t to);
/* len more bytes are sent */
void pending_consume(Pending *pending, size_t len);
/* more bytes behind those that are pending */
void pending_append(Pending *pending, const void *bytes, size_t len);
void pending_clear(Pending *pending);

#endif /* EVENTSD_SEGMENT_H */
