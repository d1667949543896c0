/* SPDX-License-Identifier: PostgreSQL
 *
 * slow_flush.c: a disk that takes its time to flush.
 *
 * Loaded into a server by LD_PRELOAD, it makes every fsync() and fdatasync()
 * take at least BENCH_FLUSH_MS milliseconds (default 2): the real call, then a
 * sleep for what is left.  A disk behind a volatile write-back cache, as
 * virtual machines often have, answers in some ten microseconds, and what waits for the
 * disk under a lock then looks nearly free.
 *
 * Only what flushes is slowed; reads and writes go to the page cache as ever.
 * Servers with wal_sync_method = open_datasync or open_sync do not flush by a
 * call, and are not slowed.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

typedef int flush_function(int fd);

static long long
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long long
least_ns(void)
{
	static long long least = -1;
	const char *ms;

	if (least < 0)
	{
		ms = getenv("BENCH_FLUSH_MS");
		least = (long long) ((ms != NULL ? atof(ms) : 2.0) * 1e6);
	}
	return least;
}

static int
flush_slowly(flush_function *flush, int fd)
{
	long long end = now_ns() + least_ns();
	struct timespec until = {end / 1000000000, end % 1000000000};
	int result = flush(fd);
	int saved = errno;

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
	errno = saved;
	return result;
}

int
fsync(int fd)
{
	static flush_function *real;

	if (real == NULL)
		real = (flush_function *) dlsym(RTLD_NEXT, "fsync");
	return flush_slowly(real, fd);
}

int
fdatasync(int fd)
{
	static flush_function *real;

	if (real == NULL)
		real = (flush_function *) dlsym(RTLD_NEXT, "fdatasync");
	return flush_slowly(real, fd);
}
