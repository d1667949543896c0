/*
 * stop.c - SIGINT and SIGTERM for commands without a loop.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "cmd/stop.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define STEP 100 /* ms */
#define GRACE 1000

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

/*
 * A write() of much waits in the middle, until a signal comes.  The one signal has come then, so
 * no more is written at once than goes into a pipe that has room.
 */
static ssize_t
write_some(int fd, const char *data, size_t len)
{
	struct pollfd out = {.fd = fd, .events = POLLOUT};
	int ready = poll(&out, 1, STEP);

	if (ready <= 0)
		return ready;
	return write(fd, data, stop_asked && len > PIPE_BUF ? PIPE_BUF : len);
}

bool
stop_write(int fd, const char *data, size_t len)
{
	long long give_up_at = 0;

	while (len > 0)
	{
		ssize_t step = write_some(fd, data, len);

		if (step > 0)
		{
			data += step;
			len -= (size_t) step;
		}
		else if (step < 0 && errno != EINTR && errno != EAGAIN)
			return false;
		if (!stop_asked)
			continue;
		if (give_up_at == 0)
			give_up_at = clock_monotonic_ms() + GRACE;
		if (len > 0 && clock_monotonic_ms() >= give_up_at)
		{
			errno = EINTR;
			return false;
		}
	}
	return true;
}
