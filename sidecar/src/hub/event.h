/*
 * event.h - an event as the hub carries it: opaque JSON text and what is needed to route it.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * The JSON is the complete CloudEvent as the database wrote it; nobody here reads it.  It is one
 * line: a raw line break can only be white space between JSON tokens, and event_new() makes it a
 * blank, so that SSE and NDJSON may rely on it.
 *
 * What the database says about filters comes with the event: numbers, rising by their absolute
 * value.  A positive one is that of a filter that matches; a negative one says that the filter
 * passed a limit, so that nobody knows.  Numbers count from 1 in the order in which the texts were
 * given, or are those of the hub's Filters (filters.h): who hands an event on says which.
 *
 * EventView borrows its bytes (from a page of the feed); Event is a ref-counted copy in one piece
 * of memory, as the ring holds them.
 */
#ifndef EVENTSD_EVENT_H
#define EVENTSD_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

typedef struct EventView
{
	int64_t position;
	int64_t recorded_at; /* microseconds since 1970 UTC */
	Str type;
	StrList topic;
	Str json;
	const int64_t *matches;
	int match_count;
} EventView;

typedef struct Event
{
	uint32_t references;
	size_t size;	/* bytes of memory, for the ring's accounts */
	EventView view; /* points into this same piece of memory */
} Event;

/* a copy with one reference */
Event *event_new(const EventView *view);
Event *event_acquire(Event *event);
void event_release(Event *event);

#endif /* EVENTSD_EVENT_H */
