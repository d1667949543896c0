/*
 * stop.c - SIGINT and SIGTERM for commands without a loop.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "cmd/stop.h"

#include <signal.h>
#include <time.h>

#include "base/clock.h"

#define STEP 100 /* ms */

volatile int stop_asked = 0;

static void
ask(int signum)
{
	(void) signum;
	stop_asked = 1;
}

void
stop_listen(void)
{
	struct sigaction action = {.sa_handler = ask, .sa_flags = (int) SA_RESETHAND};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	/* these two are errors of write() */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

void
stop_sleep_until(long long time)
{
	for (;;)
	{
		long long left = time - clock_monotonic_ms();
		struct timespec pause;

		if (left <= 0 || stop_asked)
			return;
		if (left > STEP)
			left = STEP;
		pause = (struct timespec) {.tv_nsec = (long) left * 1000000L};
		nanosleep(&pause, NULL);
	}
}
