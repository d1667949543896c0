/*
 * loop.c - the loop on libev.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * libev's order in one iteration is: prepare watchers, wait, check watchers, callbacks.  Deferred
 * work is a prepare watcher: it runs after the callbacks of the iteration before and just before
 * the loop waits again, which is what "the end of the turn" means.  When a deferred function
 * leaves something deferred, an idle watcher keeps the next wait from blocking.
 *
 * Watchers are embedded in our structs as opaque words, so that no other file needs ev.h; the
 * assertions below keep them large enough.
 */
#include "loop/loop.h"

#include <ev.h>
#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

_Static_assert(sizeof(ev_io) <= sizeof(((LoopIo *) 0)->watcher), "ev_io has grown");
_Static_assert(sizeof(ev_timer) <= sizeof(((LoopTimer *) 0)->watcher), "ev_timer has grown");
_Static_assert(sizeof(ev_signal) <= sizeof(((LoopSignal *) 0)->watcher), "ev_signal has grown");

#define LOOK_INTERVAL 1.0 /* seconds between looks at the time-out lists */
#define LOOK_AGAIN 0.02	  /* when more are due than one turn takes */
#define LOOK_MOST 500	  /* members of all lists called in one turn */

struct Loop
{
	struct ev_loop *ev;
	int64_t now;
	ev_check after_wait;
	ev_prepare before_wait;
	ev_idle no_wait;
	ev_timer look;
	Dlist deferred;
	Dlist timeout_lists;
};

static void
note_time(struct ev_loop *ev, ev_check *watcher, int events)
{
	Loop *loop = watcher->data;

	(void) ev;
	(void) events;
	loop->now = clock_monotonic_ms();
}

static void
keep_going(struct ev_loop *ev, ev_idle *watcher, int events)
{
	(void) ev;
	(void) watcher;
	(void) events;
}

static void
run_deferred(struct ev_loop *ev, ev_prepare *watcher, int events)
{
	Loop *loop = watcher->data;
	Dlist batch;
	DlistNode *node;

	(void) events;
	dlist_init(&batch);
	dlist_splice(&batch, &loop->deferred);
	while ((node = dlist_pop_head(&batch)))
	{
		LoopDefer *defer = DLIST_OWNER(LoopDefer, node, node);

		defer->fn(defer, defer->arg);
	}
	if (dlist_is_empty(&loop->deferred))
		ev_idle_stop(ev, &loop->no_wait);
	else
		ev_idle_start(ev, &loop->no_wait);
}

/* the first of the list, if its time is over: deadlines of a list rise */
static LoopTimeout *
first_due(const Loop *loop, LoopTimeouts *list)
{
	DlistNode *node = dlist_first(&list->waiting);
	LoopTimeout *timeout = node ? DLIST_OWNER(LoopTimeout, node, node) : NULL;

	return timeout && timeout->deadline <= loop->now ? timeout : NULL;
}

/*
 * Calls those that are due, but not a crowd in one turn: the rest is called in slices, between
 * which everybody else is served.  fn may stop or start any time-out, and may clear any list but
 * its own.
 */
static void
look_at_timeouts(struct ev_loop *ev, ev_timer *watcher, int events)
{
	Loop *loop = watcher->data;
	int left = LOOK_MOST;

	(void) events;
	for (DLIST_EACH(list_node, &loop->timeout_lists))
	{
		LoopTimeouts *list = DLIST_OWNER(LoopTimeouts, node, list_node);
		LoopTimeout *timeout;

		while (left > 0 && (timeout = first_due(loop, list)))
		{
			left--;
			dlist_remove(&timeout->node);
			list->fn(timeout, list->arg);
		}
	}
	ev_timer_stop(ev, watcher);
	ev_timer_set(watcher, left > 0 ? LOOK_INTERVAL : LOOK_AGAIN, LOOK_INTERVAL);
	ev_timer_start(ev, watcher);
}

Loop *
loop_new(void)
{
	Loop *loop = mem_zalloc(sizeof(Loop));

	loop->ev = ev_loop_new(EVFLAG_NOENV | EVBACKEND_EPOLL);
	if (!loop->ev)
		loop->ev = ev_loop_new(EVFLAG_AUTO);
	if (!loop->ev)
	{
		mem_free(loop);
		return NULL;
	}
	loop->now = clock_monotonic_ms();
	dlist_init(&loop->deferred);
	dlist_init(&loop->timeout_lists);
	ev_check_init(&loop->after_wait, note_time);
	ev_set_priority(&loop->after_wait, EV_MAXPRI);
	loop->after_wait.data = loop;
	ev_check_start(loop->ev, &loop->after_wait);
	ev_prepare_init(&loop->before_wait, run_deferred);
	loop->before_wait.data = loop;
	ev_prepare_start(loop->ev, &loop->before_wait);
	ev_idle_init(&loop->no_wait, keep_going);
	ev_timer_init(&loop->look, look_at_timeouts, LOOK_INTERVAL, LOOK_INTERVAL);
	loop->look.data = loop;
	ev_timer_start(loop->ev, &loop->look);
	return loop;
}

void
loop_free(Loop *loop)
{
	if (!loop)
		return;
	ev_loop_destroy(loop->ev);
	mem_free(loop);
}

void
loop_run(Loop *loop)
{
	ev_now_update(loop->ev);
	ev_run(loop->ev, 0);
}

void
loop_turn(Loop *loop, bool block)
{
	ev_run(loop->ev, block ? EVRUN_ONCE : EVRUN_NOWAIT);
}

void
loop_stop(Loop *loop)
{
	ev_break(loop->ev, EVBREAK_ALL);
}

int64_t
loop_now_ms(Loop *loop)
{
	return loop->now;
}

/* ---- descriptors ---- */

static void
io_ready(struct ev_loop *ev, ev_io *watcher, int events)
{
	LoopIo *io = watcher->data;
	int ours = 0;

	(void) ev;
	if (events & (EV_READ | EV_ERROR))
		ours |= LOOP_READ;
	if (events & EV_WRITE)
		ours |= LOOP_WRITE;
	io->fn(io, ours, io->arg);
}

void
loop_io_init(LoopIo *io, Loop *loop, int fd, LoopIoFn fn, void *arg)
{
	ev_io *watcher = (ev_io *) io->watcher;

	memset(io, 0, sizeof(*io));
	io->loop = loop;
	io->fn = fn;
	io->arg = arg;
	ev_io_init(watcher, io_ready, fd, 0);
	watcher->data = io;
}

int
loop_io_get(const LoopIo *io)
{
	const ev_io *watcher = (const ev_io *) io->watcher;

	if (!io->loop || !ev_is_active(watcher))
		return 0;
	return ((watcher->events & EV_READ) ? LOOP_READ : 0) |
		   ((watcher->events & EV_WRITE) ? LOOP_WRITE : 0);
}

void
loop_io_set(LoopIo *io, int events)
{
	ev_io *watcher = (ev_io *) io->watcher;

	if (loop_io_get(io) == events)
		return;
	ev_io_stop(io->loop->ev, watcher);
	if (!events)
		return;
	/* not ev_io_set, which makes libev suspect another file behind the same descriptor */
	ev_io_modify(watcher,
				 ((events & LOOP_READ) ? EV_READ : 0) | ((events & LOOP_WRITE) ? EV_WRITE : 0));
	ev_io_start(io->loop->ev, watcher);
}

int
loop_io_fd(const LoopIo *io)
{
	return io->loop ? ((const ev_io *) io->watcher)->fd : -1;
}

void
loop_io_clear(LoopIo *io)
{
	if (!io->loop)
		return;
	ev_io_stop(io->loop->ev, (ev_io *) io->watcher);
	io->loop = NULL;
}

/* ---- timers ---- */

static void
timer_due(struct ev_loop *ev, ev_timer *watcher, int events)
{
	LoopTimer *timer = watcher->data;

	(void) ev;
	(void) events;
	timer->fn(timer, timer->arg);
}

void
loop_timer_init(LoopTimer *timer, Loop *loop, LoopTimerFn fn, void *arg)
{
	ev_timer *watcher = (ev_timer *) timer->watcher;

	memset(timer, 0, sizeof(*timer));
	timer->loop = loop;
	timer->fn = fn;
	timer->arg = arg;
	ev_timer_init(watcher, timer_due, 0., 0.);
	watcher->data = timer;
}

void
loop_timer_start(LoopTimer *timer, int64_t delay_ms, int64_t repeat_ms)
{
	ev_timer *watcher = (ev_timer *) timer->watcher;

	ev_timer_stop(timer->loop->ev, watcher);
	ev_timer_set(watcher, (double) delay_ms / 1000., (double) repeat_ms / 1000.);
	ev_timer_start(timer->loop->ev, watcher);
}

bool
loop_timer_is_running(const LoopTimer *timer)
{
	return timer->loop && ev_is_active((const ev_timer *) timer->watcher);
}

void
loop_timer_clear(LoopTimer *timer)
{
	if (timer->loop)
		ev_timer_stop(timer->loop->ev, (ev_timer *) timer->watcher);
}

/* ---- signals ---- */

static void
signal_came(struct ev_loop *ev, ev_signal *watcher, int events)
{
	LoopSignal *signal = watcher->data;

	(void) ev;
	(void) events;
	signal->fn(signal, watcher->signum, signal->arg);
}

void
loop_signal_start(LoopSignal *signal, Loop *loop, int signum, LoopSignalFn fn, void *arg)
{
	ev_signal *watcher = (ev_signal *) signal->watcher;

	memset(signal, 0, sizeof(*signal));
	signal->loop = loop;
	signal->fn = fn;
	signal->arg = arg;
	ev_signal_init(watcher, signal_came, signum);
	watcher->data = signal;
	ev_signal_start(loop->ev, watcher);
}

/*
 * libev gives a signal its default action back, which would end the process if
 * it came once more; it is ignored from now on, without a moment in between.
 */
void
loop_signal_clear(LoopSignal *loop_signal)
{
	ev_signal *watcher = (ev_signal *) loop_signal->watcher;
	sigset_t one, before;

	if (loop_signal->loop)
	{
		sigemptyset(&one);
		sigaddset(&one, watcher->signum);
		sigprocmask(SIG_BLOCK, &one, &before);
		ev_signal_stop(loop_signal->loop->ev, watcher);
		signal(watcher->signum, SIG_IGN);
		sigprocmask(SIG_SETMASK, &before, NULL);
	}
	loop_signal->loop = NULL;
}

/* ---- deferred work ---- */

void
loop_defer_init(LoopDefer *defer, Loop *loop, LoopDeferFn fn, void *arg)
{
	dlist_node_init(&defer->node);
	defer->loop = loop;
	defer->fn = fn;
	defer->arg = arg;
}

void
loop_defer(LoopDefer *defer)
{
	if (!dlist_is_linked(&defer->node))
		dlist_push_tail(&defer->loop->deferred, &defer->node);
}

void
loop_defer_clear(LoopDefer *defer)
{
	if (defer->loop)
		dlist_remove(&defer->node);
}

/* ---- time-outs for crowds ---- */

void
loop_timeouts_init(LoopTimeouts *list, Loop *loop, int64_t duration_ms, LoopTimeoutFn fn, void *arg)
{
	list->loop = loop;
	list->duration = duration_ms;
	list->fn = fn;
	list->arg = arg;
	dlist_init(&list->waiting);
	dlist_push_tail(&loop->timeout_lists, &list->node);
}

void
loop_timeouts_clear(LoopTimeouts *list)
{
	if (!list->loop)
		return;
	while (dlist_pop_head(&list->waiting))
		continue;
	dlist_remove(&list->node);
	list->loop = NULL;
}

void
loop_timeout_init(LoopTimeout *timeout)
{
	dlist_node_init(&timeout->node);
	timeout->deadline = 0;
}

void
loop_timeout_start(LoopTimeouts *list, LoopTimeout *timeout)
{
	dlist_remove(&timeout->node);
	timeout->deadline = list->loop->now + list->duration;
	dlist_push_tail(&list->waiting, &timeout->node);
}

void
loop_timeout_stop(LoopTimeout *timeout)
{
	dlist_remove(&timeout->node);
}
