/*
 * framelog.h - a channel's log: the newest frames, one behind the other, ready to be sent.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * Frames are numbered from 0, for ever.  The log holds frames [first, end), in segments; a frame
 * never lies across two segments, so that every run of frames inside one segment goes out by one
 * write.  Frame n's entry says where it is, and the position of its event: so a connection needs
 * no more than the number of the next frame it is to get.
 *
 * The log holds everything of its channel in (floor, newest]; it is trimmed from its end, by whole
 * segments, at any time, also before anyone has got what is dropped (they go by the ring then).
 *
 * Segments begin small and double, so that a thousand quiet channels cost little.
 */
#ifndef EVENTSD_FRAMELOG_H
#define EVENTSD_FRAMELOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hub/segment.h"

typedef struct Frame
{
	Segment *segment; /* no reference of its own */
	uint32_t from;
	uint32_t to;
	int64_t position;
	int64_t recorded_at;
} Frame;

typedef struct FrameLog
{
	Frame *frames;	 /* circular, frame n at n & (capacity - 1) */
	size_t capacity; /* a power of two, or 0 */
	uint64_t first;
	uint64_t end;
	Segment **segments; /* oldest first */
	int segment_count;
	int segment_capacity;
	size_t bytes;  /* of segments and entries */
	size_t *total; /* bytes of all logs, ours included */
	int64_t floor;
} FrameLog;

/* a run of frames in one segment */
typedef struct FrameRun
{
	Segment *segment;
	uint32_t from;
	uint32_t to;
	uint64_t next; /* number of the frame after the run */
} FrameRun;

void framelog_init(FrameLog *log, int64_t floor, size_t *total);
void framelog_clear(FrameLog *log);
/* forgets everything; floor is where it begins anew */
void framelog_restart(FrameLog *log, int64_t floor);

/*
 * Begin a new segment when the last one is nearly full, so that what one turn brings goes out by
 * one write; called before a turn's first append.
 */
void framelog_begin_turn(FrameLog *log);
/* room for a frame of len bytes, to be written at once */
char *framelog_append(FrameLog *log, size_t len, int64_t position, int64_t recorded_at);
/* drop the oldest segments until it has at most max_bytes (the newest one stays) */
void framelog_trim(FrameLog *log, size_t max_bytes);

/* the first frame after a position that is not below the floor */
uint64_t framelog_find(const FrameLog *log, int64_t position);
/* frames from number `from` on, at most up to `limit`, as far as they are in one segment */
FrameRun framelog_run(const FrameLog *log, uint64_t from, uint64_t limit);
/* in a run that begins with frame `from`: the first one that ends after byte `to` of its segment */
uint64_t framelog_frame_at(const FrameLog *log, uint64_t from, const FrameRun *run, uint32_t to);

static inline const Frame *
framelog_get(const FrameLog *log, uint64_t number)
{
	return &log->frames[number & (log->capacity - 1)];
}

#endif /* EVENTSD_FRAMELOG_H */
