/* SPDX-License-Identifier: PostgreSQL
 *
 * rate.c: how many plain requests a second does a server answer?
 *
 *	rate --port N --pids PID,... --path PATH [--clients N] [--seconds S]
 *		asks for PATH over keep-alive connections, each one request at a time, and
 *		prints the rate and what a request costs the server.  Any answer but a 2xx
 *		ends the program.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "net.h"
#include "sample.h"
#include "wire.h"

typedef struct Asker
{
	int fd;
	char bytes[65536];
	size_t length;
} Asker;

static int port, clients = 16;
static double seconds = 5;
static const char *pids = "", *path = "/";

static unsigned long
answers_of(Asker *asker, const char *request, size_t request_length)
{
	Response response;
	unsigned long answers = 0;
	size_t n;
	ssize_t got = recv(asker->fd, asker->bytes + asker->length,
					   sizeof(asker->bytes) - asker->length, 0);

	if (got < 0 && errno == EAGAIN)
		return 0;
	if (got <= 0)
		die("the server closed a connection");
	asker->length += (size_t) got;
	while ((n = wire_response(asker->bytes, asker->length, &response)) > 0)
	{
		if (response.status < 200 || response.status > 299)
			die("answered %.*s", (int) response.head_length, response.head);
		answers++;
		asker->length -= n;
		memmove(asker->bytes, asker->bytes + n, asker->length);
		net_send_all(asker->fd, request, request_length);
	}
	return answers;
}

static void
connect_askers(int epoll_fd, const char *request, size_t request_length)
{
	Asker *askers = calloc((size_t) clients, sizeof(Asker));

	for (int i = 0; i < clients; i++)
	{
		askers[i].fd = net_connect(port);
		net_watch(epoll_fd, askers[i].fd, &askers[i]);
		net_send_all(askers[i].fd, request, request_length);
	}
}

static void
read_options(int argc, char **argv)
{
	static const struct option names[] = {
		{"port", required_argument, NULL, 'p'},	   {"pids", required_argument, NULL, 'P'},
		{"path", required_argument, NULL, 'u'},	   {"clients", required_argument, NULL, 'c'},
		{"seconds", required_argument, NULL, 'T'}, {0}};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1)
	{
		switch (c)
		{
			case 'p':
				port = atoi(optarg);
				break;
			case 'P':
				pids = optarg;
				break;
			case 'u':
				path = optarg;
				break;
			case 'c':
				clients = atoi(optarg);
				break;
			case 'T':
				seconds = atof(optarg);
				break;
			default:
				exit(2);
		}
	}
}

int
main(int argc, char **argv)
{
	int epoll_fd = epoll_create1(0);
	char request[512];
	size_t request_length;
	unsigned long answers = 0;
	double cpu;
	int64_t start, end;

	read_options(argc, argv);
	request_length = (size_t) snprintf(
		request, sizeof(request),
		"GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n", path);
	connect_askers(epoll_fd, request, request_length);
	cpu = process_cpu_us(pids);
	start = now_ns();
	end = start + (int64_t) (seconds * 1e9);
	while (now_ns() < end)
	{
		struct epoll_event events[64];
		int n = epoll_wait(epoll_fd, events, 64, 100);

		for (int i = 0; i < n; i++)
			answers += answers_of(events[i].data.ptr, request, request_length);
	}
	cpu = process_cpu_us(pids) - cpu;
	if (answers == 0)
		die("no answer");
	printf("requests=%lu per_second=%.0f us=%.3f\n", answers,
		   (double) answers / ((double) (now_ns() - start) / 1e9), cpu / (double) answers);
	return 0;
}
