/*
 * ring_test.c - the ring: bounded by bytes, true from its floor on; and events as copies.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "tap.h"

#include "hub/ring.h"
#include "hub/want.h"

static Event *
push(Ring *ring, int64_t position)
{
	EventView view = event_view(position, "a/b", "t", "{\"n\":1}");
	Event *event = event_new(&view);

	ring_push(ring, event);
	event_release(event);
	return event;
}

static void
event_copy(void)
{
	char json[] = "{\"a\":\n1,\r\n\"b\":2}";
	EventView view = event_view(7, "a/bc", "type", json);
	Event *event = event_new(&view);

	memset(json, 'x', sizeof(json));
	is_int(event->view.position, 7, "an event keeps its position");
	ok(str_equal(event->view.json, STR("{\"a\": 1,  \"b\":2}")), "its JSON on one line");
	ok(str_equal(event->view.type, STR("type")), "its type");
	ok(event->view.topic.count == 2 && str_equal(event->view.topic.items[1], STR("bc")),
	   "its topic");
	ok(event_acquire(event) == event, "it can be held twice");
	event_release(event);
	event_release(event);
}

int
main(void)
{
	Ring ring;
	size_t one;

	event_copy();
	ring_init(&ring, 1 << 20);
	ring_restart(&ring, 100);
	is_int(ring_find(&ring, 100), 0, "an empty ring");
	push(&ring, 110);
	one = ring.bytes;
	for (int64_t position = 120; position <= 10000; position += 10)
		push(&ring, position);
	is_int((int64_t) ring.count, 990, "it grows");
	is_int(ring.floor, 100, "and keeps its floor");
	is_int(ring_get(&ring, ring_find(&ring, 100))->view.position, 110, "first after the floor");
	is_int(ring_get(&ring, ring_find(&ring, 115))->view.position, 120, "first after a hole");
	is_int(ring_get(&ring, ring_find(&ring, 120))->view.position, 130, "first after an event");
	is_int((int64_t) ring_find(&ring, 10000), 990, "nothing after the last");
	ring_clear(&ring);

	ring_init(&ring, one * 3);
	ring_restart(&ring, 5);
	for (int64_t position = 10; position <= 5000; position += 10)
		push(&ring, position);
	is_int((int64_t) ring.count, 3, "bounded by bytes");
	is_int(ring.floor, 4970, "the floor is the last one dropped");
	ok(ring.bytes <= one * 3, "the bytes are counted");
	ring_restart(&ring, 7000);
	ok(ring.count == 0 && ring.floor == 7000 && ring.bytes == 0, "restarted");
	ring_clear(&ring);

	ring_init(&ring, one - 1);
	push(&ring, 9);
	ok(ring.count == 0 && ring.floor == 9, "one that is larger than the ring is not kept");
	ring_clear(&ring);
	return tap_done();
}
