/*
 * segment_test.c - segments, and what a connection keeps of them.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "tap.h"

#include "hub/segment.h"

static Segment *
filled(size_t capacity)
{
	Segment *segment = segment_new(capacity);

	for (size_t i = 0; i < capacity; i++)
		segment->data[i] = (char) ('a' + i % 26);
	segment->used = (uint32_t) capacity;
	return segment;
}

static bool
holds(const Pending *pending, const char *expected)
{
	size_t len = strlen(expected);

	return pending_length(pending) == len && (len == 0 || pending->segment != NULL) &&
		   memcmp(pending->segment->data + pending->from, expected, len) == 0;
}

int
main(void)
{
	Segment *segment = filled(100);
	Pending pending = {NULL, 0, 0};

	ok(pending_is_empty(&pending), "nothing is pending at first");
	pending_set(&pending, segment, 3, 3);
	ok(pending_is_empty(&pending), "nothing of a segment is nothing");

	pending_set(&pending, segment, 1, 4);
	ok(holds(&pending, "bcd"), "a small part");
	is_int(segment->references, 1, "is copied, and the segment let go");

	pending_set(&pending, segment, 0, 90);
	is_int(segment->references, 2, "a large part is shared");
	pending_consume(&pending, 86);
	ok(holds(&pending, "ijkl"), "what is sent is gone");
	pending_append(&pending, "XYZ", 3);
	ok(holds(&pending, "ijklXYZ"), "bytes behind it");
	is_int(segment->references, 1, "make it a piece of its own");
	pending_consume(&pending, 7);
	ok(pending_is_empty(&pending), "all sent: nothing pending");

	pending_append(&pending, "12", 2);
	ok(holds(&pending, "12"), "bytes behind nothing");
	pending_append(&pending, "", 0);
	ok(holds(&pending, "12"), "no bytes behind something");
	pending_set(&pending, segment, 50, 100);
	ok(pending_length(&pending) == 50, "set anew");
	segment_release(segment);
	ok(pending.segment->data[50] == 'a' + 50 % 26, "the shared segment lives on");
	pending_clear(&pending);
	segment_release(NULL);
	return tap_done();
}
