/*
 * loop_test.c - turns, deferred work, time-outs, and watchers that their own callbacks clear.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "loop/loop.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tap.h"

static Loop *loop;
static char trace[64];

static void
note(char c)
{
	size_t len = strlen(trace);

	if (len + 1 < sizeof(trace))
	{
		trace[len] = c;
		trace[len + 1] = '\0';
	}
}

static void
note_defer(LoopDefer *defer, void *arg)
{
	const char *letter = arg;

	note(*letter);
	if (*letter == 'r' && strlen(trace) < 4)
		loop_defer(defer);
}

static void
test_defer(void)
{
	LoopDefer a, b, again;

	loop_defer_init(&a, loop, note_defer, "a");
	loop_defer_init(&b, loop, note_defer, "b");
	loop_defer_init(&again, loop, note_defer, "r");
	loop_defer(&b);
	loop_defer(&a);
	loop_defer(&b);
	is_str(trace, "", "deferred work does not run at once");
	loop_turn(loop, false);
	is_str(trace, "ba", "it runs once, in the order of the calls");
	trace[0] = '\0';
	loop_defer(&again);
	for (int i = 0; i < 10; i++)
		loop_turn(loop, false);
	is_str(trace, "rrrr", "what defers itself runs once a turn");
	trace[0] = '\0';
	loop_defer(&a);
	loop_defer_clear(&a);
	loop_turn(loop, false);
	is_str(trace, "", "what was cleared does not run");
}

static void
read_byte(LoopIo *io, int events, void *arg)
{
	char byte;

	if ((events & LOOP_READ) && read(loop_io_fd(io), &byte, 1) == 1)
		note(byte);
	if (arg)
		loop_io_clear(io);
}

static void
test_io(void)
{
	int pair[2];
	LoopIo io;

	check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	trace[0] = '\0';
	loop_io_init(&io, loop, pair[0], read_byte, NULL);
	check(write(pair[1], "xyz", 3) == 3);
	loop_turn(loop, false);
	is_str(trace, "", "a watcher waits for nothing until it is told to");
	loop_io_set(&io, LOOP_READ);
	is_int(loop_io_get(&io), LOOP_READ, "and says what it waits for");
	loop_turn(loop, false);
	loop_turn(loop, false);
	is_str(trace, "xy", "it is called while there is something");
	loop_io_set(&io, 0);
	loop_turn(loop, false);
	is_str(trace, "xy", "and not when it was stopped");
	loop_io_clear(&io);
	loop_io_init(&io, loop, pair[0], read_byte, &io);
	loop_io_set(&io, LOOP_READ | LOOP_WRITE);
	loop_turn(loop, false);
	loop_turn(loop, false);
	is_str(trace, "xyz", "a callback may clear its own watcher");
	close(pair[0]);
	close(pair[1]);
}

typedef struct Member
{
	char letter;
	LoopTimeout timeout;
	LoopTimeout *victim;
} Member;

static void
member_due(LoopTimeout *timeout, void *arg)
{
	Member *member = DLIST_OWNER(Member, timeout, timeout);

	(void) arg;
	note(member->letter);
	if (member->victim)
		loop_timeout_stop(member->victim);
	if (strchr(trace, 'c'))
		loop_stop(loop);
}

static void
test_timeouts(void)
{
	LoopTimeouts list;
	Member members[4] = {{.letter = 'a'}, {.letter = 'b'}, {.letter = 'x'}, {.letter = 'c'}};
	int64_t start;

	trace[0] = '\0';
	loop_timeouts_init(&list, loop, 50, member_due, NULL);
	for (int i = 0; i < 4; i++)
	{
		loop_timeout_init(&members[i].timeout);
		loop_timeout_start(&list, &members[i].timeout);
	}
	members[0].victim = &members[2].timeout;
	/* a second start moves b to the end */
	loop_timeout_start(&list, &members[1].timeout);
	loop_timeout_start(&list, &members[3].timeout);
	start = loop_now_ms(loop);
	loop_run(loop);
	is_str(trace, "abc", "time-outs come in the order of their starts, stopped ones do not");
	ok(loop_now_ms(loop) - start >= 50, "never early");
	ok(loop_now_ms(loop) - start < 3000, "and about a second late at most");
	loop_timeout_start(&list, &members[0].timeout);
	loop_timeouts_clear(&list);
	ok(!dlist_is_linked(&members[0].timeout.node), "clearing the list forgets its members");
}

#define CROWD 1200

static int called;
static int called_at_once;

static void
crowd_due(LoopTimeout *timeout, void *arg)
{
	(void) timeout;
	(void) arg;
	called++;
	called_at_once++;
}

static void
test_crowd(void)
{
	static LoopTimeout crowd[CROWD];
	LoopTimeouts list;
	int most = 0;

	loop_timeouts_init(&list, loop, 10, crowd_due, NULL);
	for (int i = 0; i < CROWD; i++)
	{
		loop_timeout_init(&crowd[i]);
		loop_timeout_start(&list, &crowd[i]);
	}
	while (called < CROWD)
	{
		called_at_once = 0;
		loop_turn(loop, true);
		most = called_at_once > most ? called_at_once : most;
	}
	is_int(called, CROWD, "a crowd whose time is over is called, each member once");
	ok(most < CROWD / 2, "and not in one turn");
	loop_timeouts_clear(&list);
}

static void
stop_loop(LoopTimer *timer, void *arg)
{
	(void) timer;
	(void) arg;
	note('t');
	loop_stop(loop);
}

static void
on_signal(LoopSignal *watcher, int signum, void *arg)
{
	(void) watcher;
	(void) arg;
	note(signum == SIGUSR1 ? 's' : '?');
}

static void
test_timers_and_signals(void)
{
	LoopTimer timer;
	LoopSignal watcher;

	trace[0] = '\0';
	loop_timer_init(&timer, loop, stop_loop, NULL);
	loop_timer_start(&timer, 10000, 0);
	loop_timer_start(&timer, 30, 0);
	loop_signal_start(&watcher, loop, SIGUSR1, on_signal, NULL);
	raise(SIGUSR1);
	loop_run(loop);
	is_str(trace, "st", "a signal and a timer that was set anew");
	ok(!loop_timer_is_running(&timer), "a timer runs once");
	loop_signal_clear(&watcher);
	loop_timer_clear(&timer);
}

int
main(void)
{
	loop = loop_new();
	test_defer();
	test_io();
	test_timeouts();
	test_crowd();
	test_timers_and_signals();
	loop_free(loop);
	return tap_done();
}
