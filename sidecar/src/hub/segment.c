/*
 * segment.c - see segment.h.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "hub/segment.h"

#include <string.h>

#include "base/mem.h"

/* a part smaller than 1 / this of its segment is copied out of it */
#define PENDING_COPY_RATIO 4

Segment *
segment_new(size_t capacity)
{
	Segment *segment = mem_alloc(sizeof(Segment) + capacity);

	segment->references = 1;
	segment->capacity = (uint32_t) capacity;
	segment->used = 0;
	return segment;
}

Segment *
segment_acquire(Segment *segment)
{
	segment->references++;
	return segment;
}

void
segment_release(Segment *segment)
{
	if (segment != NULL && --segment->references == 0)
		mem_free(segment);
}

static Segment *
segment_copy(const char *bytes, size_t len, size_t more)
{
	Segment *copy = segment_new(len + more);

	memcpy(copy->data, bytes, len);
	copy->used = (uint32_t) len;
	return copy;
}

void
pending_set(Pending *pending, Segment *segment, uint32_t from, uint32_t to)
{
	size_t len = to - from;

	pending_clear(pending);
	if (len == 0)
		return;
	if (len * PENDING_COPY_RATIO < segment->capacity)
	{
		pending->segment = segment_copy(segment->data + from, len, 0);
		pending->from = 0;
		pending->to = (uint32_t) len;
	}
	else
	{
		pending->segment = segment_acquire(segment);
		pending->from = from;
		pending->to = to;
	}
}

void
pending_consume(Pending *pending, size_t len)
{
	pending->from += (uint32_t) len;
	if (pending->from == pending->to)
		pending_clear(pending);
}

void
pending_append(Pending *pending, const void *bytes, size_t len)
{
	Segment *joint;
	size_t before = pending_length(pending);

	if (len == 0)
		return;
	if (pending_is_empty(pending))
		joint = segment_new(len);
	else
		joint = segment_copy(pending->segment->data + pending->from, before, len);
	memcpy(joint->data + before, bytes, len);
	joint->used = (uint32_t) (before + len);
	segment_release(pending->segment);
	*pending = (Pending) {joint, 0, joint->used};
}

void
pending_clear(Pending *pending)
{
	segment_release(pending->segment);
	*pending = (Pending) {NULL, 0, 0};
}
