/* SPDX-License-Identifier: PostgreSQL
 *
 * net.h: loopback connections, and what the kernel knows of a server process.
 */
#ifndef BENCH_NET_H
#define BENCH_NET_H

#include <stddef.h>

/*
 * A connected, non-blocking socket to 127.0.0.1:port.  Closing it resets the
 * connection, so that thousands of clients leave no TIME_WAIT behind.
 */
extern int net_connect(int port);

/* From now on epoll_wait() says when it can be read, by this pointer. */
extern void net_watch(int epoll_fd, int fd, void *what);

/* Sends all of it, waiting if need be; ends the program when the peer is gone. */
extern void net_send_all(int fd, const char *bytes, size_t length);

/* CPU time of the processes in the list "pid,pid,...", microseconds. */
extern double process_cpu_us(const char *pids);

/* Resident memory of the processes in the list, KiB. */
extern double process_memory_kib(const char *pids);

#endif
