/*
 * framelog.c - see framelog.h.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * In the book-keeping below `bytes` counts segments by their capacity and entries by the array's
 * capacity, so it is what the log costs and not what is in it.
 */
#include "hub/framelog.h"

#include <string.h>

#include "base/mem.h"

#define SEGMENT_SMALLEST 4096
#define SEGMENT_LARGEST (64 * 1024)
#define FRAMES_SMALLEST 16

static void
account(FrameLog *log, size_t bytes)
{
	log->bytes += bytes;
	*log->total += bytes;
}

static void
discount(FrameLog *log, size_t bytes)
{
	log->bytes -= bytes;
	*log->total -= bytes;
}

void
framelog_init(FrameLog *log, int64_t floor, size_t *total)
{
	memset(log, 0, sizeof(*log));
	log->floor = floor;
	log->total = total;
}

static Segment *
last_segment(const FrameLog *log)
{
	return log->segment_count > 0 ? log->segments[log->segment_count - 1] : NULL;
}

static void
drop_first_segment(FrameLog *log)
{
	Segment *segment = log->segments[0];

	while (log->first < log->end && framelog_get(log, log->first)->segment == segment)
	{
		log->floor = framelog_get(log, log->first)->position;
		log->first++;
	}
	log->segment_count--;
	memmove(log->segments, log->segments + 1, (size_t) log->segment_count * sizeof(Segment *));
	discount(log, segment->capacity);
	segment_release(segment);
}

void
framelog_restart(FrameLog *log, int64_t floor)
{
	while (log->segment_count > 0)
		drop_first_segment(log);
	discount(log, log->capacity * sizeof(Frame));
	mem_free(log->frames);
	log->frames = NULL;
	log->capacity = 0;
	log->floor = floor;
}

void
framelog_clear(FrameLog *log)
{
	framelog_restart(log, 0);
	mem_free(log->segments);
	log->segments = NULL;
	log->segment_capacity = 0;
}

static void
add_segment(FrameLog *log, size_t needed)
{
	const Segment *last = last_segment(log);
	size_t capacity = last ? (size_t) last->capacity * 2 : SEGMENT_SMALLEST;

	if (capacity > SEGMENT_LARGEST)
		capacity = SEGMENT_LARGEST;
	if (capacity < needed)
		capacity = needed;
	if (log->segment_count == log->segment_capacity)
	{
		log->segment_capacity = log->segment_capacity ? log->segment_capacity * 2 : 4;
		log->segments = mem_realloc(log->segments,
									(size_t) log->segment_capacity * sizeof(Segment *));
	}
	log->segments[log->segment_count++] = segment_new(capacity);
	account(log, capacity);
}

static void
grow_frames(FrameLog *log)
{
	size_t capacity = log->capacity ? log->capacity * 2 : FRAMES_SMALLEST;
	Frame *frames = mem_array(capacity, sizeof(Frame));

	for (uint64_t n = log->first; n < log->end; n++)
		frames[n & (capacity - 1)] = *framelog_get(log, n);
	account(log, (capacity - log->capacity) * sizeof(Frame));
	mem_free(log->frames);
	log->frames = frames;
	log->capacity = capacity;
}

void
framelog_begin_turn(FrameLog *log)
{
	const Segment *last = last_segment(log);

	if (last != NULL && segment_room(last) < last->capacity / 4)
		add_segment(log, 0);
}

char *
framelog_append(FrameLog *log, size_t len, int64_t position, int64_t recorded_at)
{
	Segment *segment = last_segment(log);
	Frame *frame;

	if (segment == NULL || segment_room(segment) < len)
	{
		add_segment(log, len);
		segment = last_segment(log);
	}
	if (log->end - log->first == log->capacity)
		grow_frames(log);

	frame = &log->frames[log->end & (log->capacity - 1)];
	frame->segment = segment;
	frame->from = segment->used;
	segment->used += (uint32_t) len;
	frame->to = segment->used;
	frame->position = position;
	frame->recorded_at = recorded_at;
	log->end++;
	return segment->data + frame->from;
}

void
framelog_trim(FrameLog *log, size_t max_bytes)
{
	while (log->bytes > max_bytes && log->segment_count > 1)
		drop_first_segment(log);
}

uint64_t
framelog_find(const FrameLog *log, int64_t position)
{
	uint64_t low = log->first;
	uint64_t high = log->end;

	while (low < high)
	{
		uint64_t middle = low + (high - low) / 2;

		if (framelog_get(log, middle)->position <= position)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* the first frame in [from, end) that is not in the segment */
static uint64_t
end_of_segment(const FrameLog *log, uint64_t from, const Segment *segment)
{
	uint64_t low = from;
	uint64_t high = log->end;

	if (framelog_get(log, log->end - 1)->segment == segment)
		return log->end;
	while (low < high)
	{
		uint64_t middle = low + (high - low) / 2;

		if (framelog_get(log, middle)->segment == segment)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

FrameRun
framelog_run(const FrameLog *log, uint64_t from, uint64_t limit)
{
	const Frame *frame = framelog_get(log, from);
	uint64_t next = end_of_segment(log, from, frame->segment);

	if (next > limit)
		next = limit;
	return (FrameRun) {frame->segment, frame->from, framelog_get(log, next - 1)->to, next};
}

uint64_t
framelog_frame_at(const FrameLog *log, uint64_t from, const FrameRun *run, uint32_t to)
{
	uint64_t low = from;
	uint64_t high = run->next;

	while (low < high)
	{
		uint64_t middle = low + (high - low) / 2;

		if (framelog_get(log, middle)->to <= to)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
