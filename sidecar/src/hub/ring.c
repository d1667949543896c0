/*
 * ring.c - see ring.h.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "hub/ring.h"

#include <string.h>

#include "base/mem.h"

#define RING_FIRST_CAPACITY 256

void
ring_init(Ring *ring, size_t max_bytes)
{
	memset(ring, 0, sizeof(*ring));
	ring->max_bytes = max_bytes;
	ring->capacity = RING_FIRST_CAPACITY;
	ring->events = mem_array(ring->capacity, sizeof(Event *));
}

static void
drop_oldest(Ring *ring)
{
	Event *event = ring_get(ring, 0);

	ring->floor = event->view.position;
	ring->bytes -= event->size;
	ring->first = (ring->first + 1) & (ring->capacity - 1);
	ring->count--;
	event_release(event);
}

void
ring_restart(Ring *ring, int64_t floor)
{
	while (ring->count > 0)
		drop_oldest(ring);
	ring->floor = floor;
}

void
ring_clear(Ring *ring)
{
	ring_restart(ring, 0);
	mem_free(ring->events);
	ring->events = NULL;
}

static void
grow(Ring *ring)
{
	Event **events = mem_array(ring->capacity * 2, sizeof(Event *));

	for (size_t i = 0; i < ring->count; i++)
		events[i] = ring_get(ring, i);
	mem_free(ring->events);
	ring->events = events;
	ring->first = 0;
	ring->capacity *= 2;
}

void
ring_push(Ring *ring, Event *event)
{
	if (ring->count == ring->capacity)
		grow(ring);
	ring->events[(ring->first + ring->count) & (ring->capacity - 1)] = event_acquire(event);
	ring->count++;
	ring->bytes += event->size;
	while (ring->bytes > ring->max_bytes)
		drop_oldest(ring);
}

size_t
ring_find(const Ring *ring, int64_t position)
{
	size_t low = 0;
	size_t high = ring->count;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		if (ring_get(ring, middle)->view.position <= position)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
