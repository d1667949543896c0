/* SPDX-License-Identifier: PostgreSQL
 *
 * fanout.c: many clients of a server under test, and events for all of them.
 *
 *	fanout --server eventsd|nchan|floor --port N --pids PID,... --transport ws|sse|poll
 *		   --clients N [--seconds S] [--batch N] [--window N] [--size BYTES]
 *		publishes --batch events at once (in one transaction), as fast as they are
 *		taken, while no more than --window events are on their way to all clients,
 *		and prints what a delivery costs the server.  By long-poll there is one
 *		event at a time: all clients wait, all are answered, all ask again.
 *	fanout ... --hold
 *		only connects the clients (also --transport silent: bytes are never sent),
 *		prints what they cost in memory, and keeps them until it is ended.
 *
 * One thread, one epoll: whoever runs it pins it to one core and the server to
 * another.  Prints name=value pairs in one line.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "net.h"
#include "sample.h"
#include "source.h"

#define STALL_NS (20LL * 1000000000)

typedef struct Options
{
	Target target;
	const char *pids;
	int clients;
	double seconds;
	int batch;
	int window;
	size_t size;
	bool hold;
} Options;

static Options options =
	{.clients = 100, .seconds = 5, .batch = 1, .window = 200, .size = 300, .pids = ""};
static Client *clients;
static Source *source;
static int epoll_fd;
static volatile sig_atomic_t ended;

static void
end_signal(int number)
{
	(void) number;
	ended = 1;
}

/* One turn of the loop: whatever can be read, is; false if nothing came. */
static bool
turn(int timeout_ms)
{
	struct epoll_event events[512];
	int n = epoll_wait(epoll_fd, events, 512, timeout_ms);

	for (int i = 0; i < n; i++)
	{
		if (events[i].data.ptr == source)
			source_readable(source);
		else if (!client_readable(events[i].data.ptr, &options.target))
			die("the server closed a connection");
	}
	return n > 0;
}

static unsigned long
received_by_all(void)
{
	unsigned long sum = 0;

	for (int i = 0; i < options.clients; i++)
		sum += clients[i].received;
	return sum;
}

static bool
all_ready(void)
{
	for (int i = 0; i < options.clients; i++)
		if (!clients[i].ready)
			return false;
	return true;
}

/* Connected in groups, so that the server's backlog does not overflow. */
static void
connect_clients(void)
{
	int64_t deadline;

	clients = calloc((size_t) options.clients, sizeof(Client));
	for (int i = 0; i < options.clients; i++)
	{
		client_open(&clients[i], &options.target);
		net_watch(epoll_fd, clients[i].fd, &clients[i]);
		if (i % 100 == 99)
			while (turn(1))
				;
	}
	deadline = now_ns() + STALL_NS;
	while (!all_ready())
	{
		(void) turn(10);
		if (now_ns() > deadline)
			die("not all clients are served within 20 s");
	}
}

/* Until all of `published` events have arrived everywhere. */
static void
drain(unsigned long published)
{
	unsigned long wanted = published * (unsigned long) options.clients;
	int64_t progress = now_ns();
	unsigned long received = 0;

	while (received < wanted || source_busy(source))
	{
		unsigned long now;

		(void) turn(5);
		now = received_by_all();
		if (now != received)
			progress = now_ns();
		received = now;
		if (now_ns() - progress > STALL_NS)
			die("%lu of %lu deliveries are missing", wanted - received, wanted);
	}
	if (received > wanted)
		die("%lu deliveries too many", received - wanted);
}

/* Time for the server to take in what all clients have sent. */
static void
settle(void)
{
	int64_t until = now_ns() + 5000000 + options.clients * 20000LL;

	while (now_ns() < until)
		(void) turn(1);
}

/* Asks again with all clients; then they are held. */
static void
poll_again(void)
{
	for (int i = 0; i < options.clients; i++)
		client_poll(&clients[i], &options.target);
	settle();
}

static unsigned long
publish_for(double seconds)
{
	int64_t end = now_ns() + (int64_t) (seconds * 1e9);
	unsigned long published = 0;

	while (now_ns() < end)
	{
		unsigned long room = (unsigned long) (options.window - options.batch);
		unsigned long behind = published * (unsigned long) options.clients - received_by_all();

		if (source_busy(source) || behind > room * (unsigned long) options.clients)
		{
			(void) turn(5);
			continue;
		}
		source_publish(source, options.batch);
		published += (unsigned long) options.batch;
		if (options.target.transport == TRANSPORT_POLL)
		{
			drain(published);
			poll_again();
		}
	}
	return published;
}

static void
measure_fanout(void)
{
	double cpu, elapsed;
	unsigned long published, deliveries;
	int64_t start;

	source = source_open(&options.target, options.size);
	net_watch(epoll_fd, source_fd(source), source);
	connect_clients();
	settle();

	/* One event that is not counted: all that is made at first use is made. */
	source_publish(source, 1);
	drain(1);
	for (int i = 0; i < options.clients; i++)
		clients[i].received = 0;
	if (options.target.transport == TRANSPORT_POLL)
		poll_again();

	cpu = process_cpu_us(options.pids);
	start = now_ns();
	published = publish_for(options.seconds);
	drain(published);
	elapsed = (double) (now_ns() - start) / 1e9;
	cpu = process_cpu_us(options.pids) - cpu;
	deliveries = published * (unsigned long) options.clients;
	printf("clients=%d bytes=%zu events=%lu deliveries=%lu us=%.3f per_second=%.0f busy=%.2f\n",
		   options.clients, clients[0].event_length, published, deliveries,
		   cpu / (double) deliveries, (double) deliveries / elapsed, cpu / 1e6 / elapsed);
	source_close(source);
}

static void
hold(void)
{
	double before = process_memory_kib(options.pids);
	int64_t settled;

	connect_clients();
	settled = now_ns() + 1000000000;
	while (now_ns() < settled)
		(void) turn(100);
	printf("clients=%d kib=%.3f\n", options.clients,
		   (process_memory_kib(options.pids) - before) / options.clients);
	fflush(stdout);
	while (!ended)
		(void) turn(1000);
}

/* ---- command line */

static Transport
transport_named(const char *name)
{
	static const char *const names[] = {"ws", "sse", "poll", "silent"};

	for (int i = 0; i < 4; i++)
		if (strcmp(name, names[i]) == 0)
			return (Transport) i;
	die("no such transport: %s", name);
}

static ServerKind
server_named(const char *name)
{
	static const char *const names[] = {"eventsd", "nchan", "floor"};

	for (int i = 0; i < 3; i++)
		if (strcmp(name, names[i]) == 0)
			return (ServerKind) i;
	die("no such server: %s", name);
}

static void
read_options(int argc, char **argv)
{
	static const struct option names[] = {{"server", required_argument, NULL, 's'},
										  {"port", required_argument, NULL, 'p'},
										  {"pids", required_argument, NULL, 'P'},
										  {"transport", required_argument, NULL, 't'},
										  {"clients", required_argument, NULL, 'c'},
										  {"seconds", required_argument, NULL, 'T'},
										  {"batch", required_argument, NULL, 'b'},
										  {"window", required_argument, NULL, 'w'},
										  {"size", required_argument, NULL, 'z'},
										  {"hold", no_argument, NULL, 'h'},
										  {0}};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1)
	{
		switch (c)
		{
			case 's':
				options.target.server = server_named(optarg);
				break;
			case 'p':
				options.target.port = atoi(optarg);
				break;
			case 'P':
				options.pids = optarg;
				break;
			case 't':
				options.target.transport = transport_named(optarg);
				break;
			case 'c':
				options.clients = atoi(optarg);
				break;
			case 'T':
				options.seconds = atof(optarg);
				break;
			case 'b':
				options.batch = atoi(optarg);
				break;
			case 'w':
				options.window = atoi(optarg);
				break;
			case 'z':
				options.size = (size_t) atoi(optarg);
				break;
			case 'h':
				options.hold = true;
				break;
			default:
				exit(2);
		}
	}
	if (options.target.transport == TRANSPORT_POLL)
		options.batch = options.window = 1;
	if (options.window < options.batch)
		options.window = options.batch;
}

int
main(int argc, char **argv)
{
	struct rlimit files;

	read_options(argc, argv);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	signal(SIGTERM, end_signal);
	epoll_fd = epoll_create1(0);
	if (options.hold)
		hold();
	else
		measure_fanout();
	return 0;
}
