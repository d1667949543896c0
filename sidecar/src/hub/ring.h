/*
 * ring.h - the newest events, bounded by bytes.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * The ring holds every event in (floor, newest]; older ones were dropped from its end.  So it can
 * tell the whole truth to anyone whose position is at or above the floor, and nothing to others.
 */
#ifndef EVENTSD_RING_H
#define EVENTSD_RING_H

#include <stddef.h>
#include <stdint.h>

#include "hub/event.h"

typedef struct Ring
{
	Event **events;	 /* circular */
	size_t capacity; /* a power of two */
	size_t first;
	size_t count;
	size_t bytes;
	size_t max_bytes;
	int64_t floor;
} Ring;

void ring_init(Ring *ring, size_t max_bytes);
void ring_clear(Ring *ring);
/* empty, knowing nothing at or below floor */
void ring_restart(Ring *ring, int64_t floor);
/* takes a reference of its own; drops what no longer fits */
void ring_push(Ring *ring, Event *event);
/* how many events are at or below the position: the index of the first one after it */
size_t ring_find(const Ring *ring, int64_t position);

static inline Event *
ring_get(const Ring *ring, size_t index)
{
	return ring->events[(ring->first + index) & (ring->capacity - 1)];
}

#endif /* EVENTSD_RING_H */
