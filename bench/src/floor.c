/* SPDX-License-Identifier: PostgreSQL
 *
 * floor.c: the least that a held long-poll can cost.
 *
 * A server that does what no server of long-polls can leave out, and nothing
 * else: one epoll, one recv() for a request, one send() of the whole answer,
 * which is the same bytes for everybody and as long as eventsd's.  It looks at
 * no header, keeps no time, and has one channel.  What it takes is the kernel's
 * share, and what a relay takes above it is the relay's own.
 *
 *	floor PORT		GET without a cursor: 204 with one; GET with a cursor: held;
 *					POST: 202, and its body goes to all who are held
 *
 * A request has to come in one piece, as a client on loopback sends it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sample.h"

#define MOST_CLIENTS 20000

/* As long as one of eventsd's. */
#define CURSOR "Events-Cursor: 0123456789abcdef-1048576000\r\n"
#define COMMON "Cache-Control: no-store\r\nDate: Sat, 01 Jan 2000 00:00:00 GMT\r\n\r\n"

static const char nothing[] = "HTTP/1.1 204 No Content\r\n" CURSOR COMMON;
static const char accepted[] = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";

static int held[MOST_CLIENTS];
static int held_count;

static void
say(int fd, const char *bytes, size_t length)
{
	if (send(fd, bytes, length, MSG_NOSIGNAL) != (ssize_t) length)
		die("a client takes no more bytes");
}

static void
answer_all(const char *body, size_t length)
{
	static char answer[65536];
	int n = snprintf(answer, sizeof(answer),
					 "HTTP/1.1 200 OK\r\nContent-Type: application/cloudevents-batch+json\r\n"
					 "Content-Length: %zu\r\n" CURSOR COMMON "%.*s",
					 length, (int) length, body);

	for (int i = 0; i < held_count; i++)
		say(held[i], answer, (size_t) n);
	held_count = 0;
}

static void
take(int fd, const char *bytes, size_t length)
{
	const char *line = memchr(bytes, '\r', length);
	const char *body;

	if (line == NULL)
		die("half a request");
	if (bytes[0] == 'G' && memmem(bytes, (size_t) (line - bytes), "after=", 6) == NULL)
		say(fd, nothing, sizeof(nothing) - 1);
	else if (bytes[0] == 'G')
		held[held_count++] = fd;
	else if ((body = memmem(bytes, length, "\r\n\r\n", 4)) != NULL)
	{
		say(fd, accepted, sizeof(accepted) - 1);
		answer_all(body + 4, length - (size_t) (body + 4 - bytes));
	}
}

static void
watch(int epoll_fd, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		die("epoll_ctl: %s", strerror(errno));
}

static void
welcome(int epoll_fd, int listener)
{
	int one = 1;
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0)
	{
		if (fd >= MOST_CLIENTS)
			die("too many clients");
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		watch(epoll_fd, fd);
	}
}

static void
serve(int epoll_fd, int listener)
{
	static char bytes[65536];
	struct epoll_event events[512];

	for (;;)
	{
		int n = epoll_wait(epoll_fd, events, 512, -1);

		for (int i = 0; i < n; i++)
		{
			int fd = events[i].data.fd;
			ssize_t length;

			if (fd == listener)
			{
				welcome(epoll_fd, listener);
				continue;
			}
			length = recv(fd, bytes, sizeof(bytes), 0);
			if (length > 0)
				take(fd, bytes, (size_t) length);
			else if (length == 0 || errno != EAGAIN)
			{
				/* The program's clients leave together. */
				held_count = 0;
				close(fd);
			}
		}
	}
}

int
main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int one = 1;
	int epoll_fd = epoll_create1(0);
	struct rlimit files;

	if (argc != 2)
		die("usage: floor PORT");
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons((uint16_t) atoi(argv[1]));
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (struct sockaddr *) &address, sizeof(address)) < 0 ||
		listen(listener, 8192) < 0)
		die("port %s: %s", argv[1], strerror(errno));
	watch(epoll_fd, listener);
	serve(epoll_fd, listener);
	return 0;
}
