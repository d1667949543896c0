/*
 * framelog_test.c - the log of a channel: runs, places, trimming, accounts.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "tap.h"

#include "hub/framelog.h"

static void
append(FrameLog *log, int64_t position, size_t len)
{
	memset(framelog_append(log, len, position, position * 10), 'a' + (int) (position % 26), len);
}

static void
places(void)
{
	FrameLog log;
	FrameRun run;
	size_t total = 0;

	framelog_init(&log, 50, &total);
	ok(log.first == 0 && log.end == 0 && total == 0, "a new log costs nothing");
	is_int((int64_t) framelog_find(&log, 50), 0, "and has nothing");
	append(&log, 60, 10);
	append(&log, 70, 20);
	append(&log, 80, 30);
	is_int((int64_t) framelog_find(&log, 50), 0, "found: the first frame after the floor");
	is_int((int64_t) framelog_find(&log, 60), 1, "after an event");
	is_int((int64_t) framelog_find(&log, 79), 2, "before an event");
	is_int((int64_t) framelog_find(&log, 80), 3, "at the end");

	run = framelog_run(&log, 0, log.end);
	ok(run.from == 0 && run.to == 60 && run.next == 3, "one run of all frames");
	run = framelog_run(&log, 1, 2);
	ok(run.from == 10 && run.to == 30 && run.next == 2, "a run with a limit");
	run = framelog_run(&log, 0, log.end);
	is_int((int64_t) framelog_frame_at(&log, 0, &run, 0), 0, "nothing sent: the first frame");
	is_int((int64_t) framelog_frame_at(&log, 0, &run, 9), 0, "inside the first");
	is_int((int64_t) framelog_frame_at(&log, 0, &run, 10), 1, "exactly the first");
	is_int((int64_t) framelog_frame_at(&log, 0, &run, 45), 2, "inside the last");
	is_int(framelog_get(&log, 2)->recorded_at, 800, "a frame's time");
	framelog_clear(&log);
	is_int((int64_t) total, 0, "all is given back");
}

static void
trimming(void)
{
	FrameLog log;
	size_t total = 0;
	uint64_t number = 0;
	int runs = 0;

	framelog_init(&log, 0, &total);
	for (int64_t position = 1; position <= 3000; position++)
		append(&log, position, 300);
	is_int((int64_t) log.end, 3000, "many frames");
	ok(total == log.bytes && total >= 3000 * 300, "accounts agree");
	for (number = log.first; number < log.end; runs++)
	{
		FrameRun run = framelog_run(&log, number, log.end);

		check((run.to - run.from) == (run.next - number) * 300);
		number = run.next;
	}
	checks_held("runs are whole frames");
	ok(runs > 3 && runs < 30, "in few segments");

	framelog_trim(&log, 200 * 1024);
	ok(log.bytes <= 200 * 1024 && total == log.bytes, "trimmed");
	ok(log.first > 0 && log.end == 3000, "from the end that is old");
	is_int(log.floor, framelog_get(&log, log.first)->position - 1, "the floor follows");
	is_int((int64_t) framelog_find(&log, log.floor), (int64_t) log.first, "and is the first place");

	framelog_trim(&log, 0);
	ok(log.segment_count == 1 && log.first < log.end, "the newest segment stays");
	framelog_begin_turn(&log);
	append(&log, 3001, 200000);
	ok(framelog_run(&log, 3000, log.end).to == 200000, "a frame larger than a segment");
	framelog_restart(&log, 3001);
	ok(log.first == 3001 && log.end == 3001 && log.floor == 3001, "restarted, numbers go on");
	is_int((int64_t) total, 0, "with nothing held");
	append(&log, 3002, 5);
	is_int((int64_t) framelog_find(&log, 3001), 3001, "and filled again");
	framelog_clear(&log);
}

int
main(void)
{
	places();
	trimming();
	return tap_done();
}
