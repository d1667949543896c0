/*
 * history.h - the table behind the ring, as the hub sees it.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * The hub knows no database.  Whoever puts eventsd together gives it a HistorySource; tests give
 * it one over an array.
 *
 * A read asks for one page of matching events after a position.  The answer comes later, never
 * from inside read(), and all in one go, without a return to the loop in between: first each event
 * by HistoryReader.event, positions rising, then exactly one done() with the position up to which
 * everything that matches was given (it can be beyond the last event, and below the horizon
 * without any event: the reader asks again).  A cancelled read answers nothing more.  A read
 * always moves on or fails: `position` > after, or `after` is the horizon.
 */
#ifndef EVENTSD_HISTORY_H
#define EVENTSD_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hub/event.h"

typedef enum HistoryOutcome
{
	HISTORY_OK,
	HISTORY_TOO_OLD,	 /* `after` is older than what is kept */
	HISTORY_FUTURE,		 /* `after` is beyond the horizon */
	HISTORY_UNAVAILABLE, /* not now: try again later */
	HISTORY_REFUSED,	 /* what was asked for is bad, or takes too long; was logged */
	HISTORY_FAILED		 /* refused for another reason; was logged */
} HistoryOutcome;

typedef struct HistoryEnd
{
	HistoryOutcome outcome;
	int64_t position;  /* HISTORY_OK: all that matches up to here was given */
	int64_t oldest;	   /* HISTORY_TOO_OLD: the lowest position kept, 0 when not known */
	const char *epoch; /* HISTORY_OK: of the database when it was read */
} HistoryEnd;

typedef struct HistoryReader
{
	void (*event)(void *reader, const EventView *event);
	void (*done)(void *reader, const HistoryEnd *end);
} HistoryReader;

/* one read under way; the source's own */
typedef struct HistoryRead HistoryRead;

typedef struct HistorySource
{
	/* NULL: unavailable now.  filter NULL means all; it lives until done or cancelled */
	HistoryRead *(*read)(void *source, int64_t after, int max_count, int max_bytes,
						 const EventFilter *filter, const HistoryReader *reader, void *arg);
	void (*cancel)(void *source, HistoryRead *read);
} HistorySource;

#endif /* EVENTSD_HISTORY_H */
