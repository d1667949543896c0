/*
 * loop.h - the event loop of a process; the only home of ev.h.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * One thread, one loop.  A *turn* is: wait for descriptors, timers and signals, run their
 * callbacks, then run what was deferred.  Whoever makes work in bulk (a page of events for many
 * connections) marks it in the callbacks and does it once in a deferred function, so that a turn
 * costs one write for each connection however many events it brought.
 *
 * All watchers are the caller's storage, embedded in the caller's struct, and must not move while
 * in use.  A callback may stop, clear and free its own watcher or any other.  `*_init` prepares,
 * `*_clear` stops for good; clearing one that is not running is harmless.
 */
#ifndef EVENTSD_LOOP_H
#define EVENTSD_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/dlist.h"

typedef struct Loop Loop;

Loop *loop_new(void);
void loop_free(Loop *loop);
/* until loop_stop() */
void loop_run(Loop *loop);
/* one turn; waits for something to do only if `block` (for tests) */
void loop_turn(Loop *loop, bool block);
void loop_stop(Loop *loop);
/* monotonic, as of the start of this turn */
int64_t loop_now_ms(Loop *loop);

/* ---- descriptors ---- */

#define LOOP_READ 1
#define LOOP_WRITE 2

typedef struct LoopIo LoopIo;
typedef void (*LoopIoFn)(LoopIo *io, int events, void *arg);

struct LoopIo
{
	void *watcher[6]; /* an ev_io */
	Loop *loop;
	LoopIoFn fn;
	void *arg;
};

void loop_io_init(LoopIo *io, Loop *loop, int fd, LoopIoFn fn, void *arg);
/* what to wait for: LOOP_READ | LOOP_WRITE, or 0 for nothing; cheap when unchanged */
void loop_io_set(LoopIo *io, int events);
int loop_io_get(const LoopIo *io);
int loop_io_fd(const LoopIo *io);
/* always before the descriptor is closed */
void loop_io_clear(LoopIo *io);

/* ---- timers: for few things; crowds use LoopTimeouts ---- */

typedef struct LoopTimer LoopTimer;
typedef void (*LoopTimerFn)(LoopTimer *timer, void *arg);

struct LoopTimer
{
	void *watcher[7]; /* an ev_timer */
	Loop *loop;
	LoopTimerFn fn;
	void *arg;
};

void loop_timer_init(LoopTimer *timer, Loop *loop, LoopTimerFn fn, void *arg);
/* after delay ms, then each repeat ms (0: once); a running timer is set anew */
void loop_timer_start(LoopTimer *timer, int64_t delay_ms, int64_t repeat_ms);
bool loop_timer_is_running(const LoopTimer *timer);
void loop_timer_clear(LoopTimer *timer);

/* ---- signals (delivered in the loop, never in a handler) ---- */

typedef struct LoopSignal LoopSignal;
typedef void (*LoopSignalFn)(LoopSignal *signal, int signum, void *arg);

struct LoopSignal
{
	void *watcher[6]; /* an ev_signal */
	Loop *loop;
	LoopSignalFn fn;
	void *arg;
};

void loop_signal_start(LoopSignal *signal, Loop *loop, int signum, LoopSignalFn fn, void *arg);
/* The signal is ignored from then on. */
void loop_signal_clear(LoopSignal *signal);

/* ---- deferred work ---- */

typedef struct LoopDefer LoopDefer;
typedef void (*LoopDeferFn)(LoopDefer *defer, void *arg);

struct LoopDefer
{
	DlistNode node;
	Loop *loop;
	LoopDeferFn fn;
	void *arg;
};

void loop_defer_init(LoopDefer *defer, Loop *loop, LoopDeferFn fn, void *arg);
/*
 * Run fn once, at the end of this turn, in the order of the calls; nothing when already waiting.
 * What is deferred from inside a deferred function runs at the end of the next turn, which does
 * not wait for anything: so long work is cut into pieces by deferring the rest.
 */
void loop_defer(LoopDefer *defer);
void loop_defer_clear(LoopDefer *defer);

/*
 * ---- time-outs for crowds ----
 *
 * All members of a LoopTimeouts wait equally long, so the list is in the order of its deadlines:
 * starting and stopping are O(1) and one look a second finds who is due.  A time-out therefore
 * comes up to a second late, never early.  When a crowd is due at once its members are called in
 * slices over several turns, so that nobody else waits for all of them.
 */
typedef struct LoopTimeouts LoopTimeouts;
typedef struct LoopTimeout LoopTimeout;
typedef void (*LoopTimeoutFn)(LoopTimeout *timeout, void *arg);

struct LoopTimeout
{
	DlistNode node;
	int64_t deadline; /* loop_now_ms() */
};

struct LoopTimeouts
{
	DlistNode node; /* all lists of the loop */
	Loop *loop;
	Dlist waiting;
	int64_t duration; /* ms */
	LoopTimeoutFn fn;
	void *arg;
};

void loop_timeouts_init(LoopTimeouts *list, Loop *loop, int64_t duration_ms, LoopTimeoutFn fn,
						void *arg);
/* members still waiting are forgotten, not called */
void loop_timeouts_clear(LoopTimeouts *list);
/* before the first start of a member */
void loop_timeout_init(LoopTimeout *timeout);
/* from now; starts anew when it was running (on any list) */
void loop_timeout_start(LoopTimeouts *list, LoopTimeout *timeout);
/* harmless when not running; a member is off its list when fn is called with it */
void loop_timeout_stop(LoopTimeout *timeout);

#endif /* EVENTSD_LOOP_H */
