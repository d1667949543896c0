/* SPDX-License-Identifier: PostgreSQL
 *
 * net.c: loopback connections, and what the kernel knows of a server process.
 *
 * CPU time is utime + stime of /proc/PID/stat, in clock ticks of 10 ms: a
 * measurement has to be seconds long.  Memory is VmRSS of /proc/PID/status.
 */
#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sample.h"

int
net_connect(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t) port)};
	struct linger reset = {.l_onoff = 1, .l_linger = 0};
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		die("socket: %s", strerror(errno));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
		die("connect to port %d: %s", port, strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

void
net_watch(int epoll_fd, int fd, void *what)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		die("epoll_ctl: %s", strerror(errno));
}

void
net_send_all(int fd, const char *bytes, size_t length)
{
	while (length > 0)
	{
		ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN)
		{
			struct pollfd writable = {.fd = fd, .events = POLLOUT};

			if (poll(&writable, 1, 10000) == 0)
				die("a peer takes no more bytes");
			continue;
		}
		if (n < 0)
			die("send: %s", strerror(errno));
		bytes += n;
		length -= (size_t) n;
	}
}

/* Calls `add` with each pid of the list, and gives the sum. */
static double
sum_of(const char *pids, double (*add)(int pid))
{
	double sum = 0;

	for (const char *p = pids; p != NULL && *p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
		sum += add(atoi(p));
	return sum;
}

static double
cpu_us(int pid)
{
	char path[64], line[1024];
	unsigned long user, kernel;
	FILE *file;
	char *rest;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (file == NULL || fgets(line, sizeof(line), file) == NULL)
		die("%s: the server is gone", path);
	fclose(file);

	/* The name, in parentheses, may hold blanks: count from behind it. */
	rest = strrchr(line, ')');
	if (rest == NULL || sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
							   &user, &kernel) != 2)
		die("%s: not understood", path);
	return (double) (user + kernel) * 1e6 / (double) sysconf(_SC_CLK_TCK);
}

static double
memory_kib(int pid)
{
	char path[64], line[256];
	double kib = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	if (file == NULL)
		die("%s: the server is gone", path);
	while (fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, "VmRSS:", 6) == 0)
			kib = atof(line + 6);
	fclose(file);
	return kib;
}

double
process_cpu_us(const char *pids)
{
	return sum_of(pids, cpu_us);
}

double
process_memory_kib(const char *pids)
{
	return sum_of(pids, memory_kib);
}
