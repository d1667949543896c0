/*
 * stop.h - SIGINT and SIGTERM for commands without a loop.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * The first one asks the command to end where it can say how far it came; a second one ends it.
 */
#ifndef EVENTSD_CMD_STOP_H
#define EVENTSD_CMD_STOP_H

#include <stdbool.h>
#include <stddef.h>

/* not 0: end */
extern volatile int stop_asked;

/* from now on; SIGPIPE becomes an error of write() */
void stop_listen(void);
/* sleep until this time (clock_monotonic_ms), or until it is to stop */
void stop_sleep_until(long long time);
/*
 * Write all of it.  false with errno: EINTR when it is to stop and whoever reads at the other end
 * does not take it within a second.
 */
bool stop_write(int fd, const char *data, size_t len);

#endif /* EVENTSD_CMD_STOP_H */
