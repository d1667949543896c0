/* SPDX-License-Identifier: PostgreSQL
 *
 * latency.c: how long after a commit does a client have the event?
 *
 *	latency --port N [--clients N] [--rate N] [--seconds S] [--publishers N]
 *		events by events.publish, received by WebSocket clients of eventsd, and
 *		beside them by one connection of libpq that listens on the channel
 *		"events", which is what a client gets that reads the table by itself
 *	latency --bare ...
 *		the usual way without any of it: each transaction inserts its row into
 *		bench.event and notifies the channel "bench" with the number of the event,
 *		which one connection of libpq listens on
 *
 * Publishers are threads with a connection each, which keep to a common
 * timetable of `rate` events a second; the main thread receives.  Two clocks
 * start for each event: when its statement is sent, and when the commit has
 * been acknowledged (that a client has it sooner is possible: then it counts as
 * 0).  A notification of several events at once counts for all up to its
 * position.  Every client has to receive every event, once.
 *
 * Prints the percentiles in milliseconds, a line for each kind of receiver.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "client.h"
#include "net.h"
#include "sample.h"

static int n_clients = 100, n_publishers = 8;
static double rate = 1000, seconds = 10;
static bool bare;
static int n_events;
static int finished;	 /* how many publishers are */
static int64_t first_at; /* the timetable begins */
static int64_t *sent, *acknowledged, *notified;
static long *position_of;	  /* each event's, by its number */
static int64_t **received_at; /* by client and event; 0: not yet */
static Client *clients;
static Target target = {.server = SERVER_EVENTSD, .transport = TRANSPORT_WS};
static PGconn *listener;

/* ---- publishing */

static void
publish(PGconn *connection, int number)
{
	char text[16];
	const char *value = text;
	PGresult *result;

	snprintf(text, sizeof(text), "%d", number);
	sent[number] = now_ns();
	result = PQexecPrepared(connection, "publish", 1, &value, NULL, NULL, 0);
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		die("%s", PQerrorMessage(connection));
	__atomic_store_n(&acknowledged[number], now_ns(), __ATOMIC_RELEASE);
	PQclear(result);
}

static const char *const publish_statement =
	"SELECT events.publish('bench.event', jsonb_build_object('n', $1::int, 'p', repeat('x', 20)),"
	" source => '/b')";

static const char *const notify_statement =
	"INSERT INTO bench.event (position, id, source, type, \"time\", recorded_at, topic, data)"
	" VALUES (nextval('bench.position'), gen_random_uuid()::text, '/b', 'bench.event', now(),"
	" clock_timestamp(), '{bench,event}', jsonb_build_object('n', $1::int, 'p', repeat('x', 20)))"
	" RETURNING pg_notify('bench', $1::text)";

static void *
publisher(void *arg)
{
	int me = (int) (intptr_t) arg;
	PGconn *connection = PQconnectdb("");

	if (PQstatus(connection) != CONNECTION_OK)
		die("%s", PQerrorMessage(connection));
	PQclear(PQprepare(connection, "publish", bare ? notify_statement : publish_statement, 1, NULL));
	for (int number = me; number < n_events; number += n_publishers)
	{
		int64_t due = first_at + (int64_t) (number * 1e9 / rate);
		struct timespec until = {.tv_sec = due / 1000000000, .tv_nsec = due % 1000000000};

		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
		publish(connection, number);
	}
	PQfinish(connection);
	__atomic_add_fetch(&finished, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* ---- receiving */

static void
receive_event(Client *client, const char *bytes, size_t length)
{
	int64_t *at = received_at[client - clients];
	const char *found = memmem(bytes, length, "\"n\":", 4);
	int number;

	if (found == NULL)
		die("an event that is not ours: %.*s", (int) length, bytes);
	number = atoi(found + 4);
	if (number < 0 || number >= n_events || at[number] != 0)
		die("event %d came twice or is unknown", number);
	at[number] = now_ns();
}

/* Every notification, with the time it came; said positions are sorted out later. */
static struct
{
	long position;
	int64_t at;
} * notifications;
static int n_notifications;

static void
listen_for_notifications(void)
{
	PGnotify *notify;
	int64_t now = now_ns();

	if (!PQconsumeInput(listener))
		die("%s", PQerrorMessage(listener));
	while ((notify = PQnotifies(listener)) != NULL)
	{
		if (bare)
			notified[atoi(notify->extra)] = now;
		else if (n_notifications < n_events * 2 + 1000)
		{
			notifications[n_notifications].position = atol(notify->extra);
			notifications[n_notifications++].at = now;
		}
		PQfreemem(notify);
	}
}

static bool
all_ready(void)
{
	for (int i = 0; i < n_clients; i++)
		if (!clients[i].ready)
			return false;
	return true;
}

static bool
all_received(void)
{
	for (int i = 0; i < n_clients; i++)
		for (int number = 0; number < n_events; number++)
			if (received_at[i][number] == 0)
				return false;
	for (int number = 0; bare && number < n_events; number++)
		if (notified[number] == 0)
			return false;
	return true;
}

static void
turn(int epoll_fd, int timeout_ms)
{
	struct epoll_event events[256];
	int n = epoll_wait(epoll_fd, events, 256, timeout_ms);

	for (int i = 0; i < n; i++)
	{
		if (events[i].data.ptr == NULL)
			listen_for_notifications();
		else if (!client_readable(events[i].data.ptr, &target))
			die("the server closed a connection");
	}
}

static void
connect_clients(int epoll_fd)
{
	int64_t deadline = now_ns() + 20000000000LL;

	target.event = receive_event;
	clients = calloc((size_t) n_clients + 1, sizeof(Client));
	received_at = calloc((size_t) n_clients + 1, sizeof(int64_t *));
	for (int i = 0; i < n_clients; i++)
	{
		received_at[i] = calloc((size_t) n_events, sizeof(int64_t));
		client_open(&clients[i], &target);
		net_watch(epoll_fd, clients[i].fd, &clients[i]);
	}
	while (!all_ready())
	{
		turn(epoll_fd, 10);
		if (now_ns() > deadline)
			die("not all clients are served within 20 s");
	}
}

/* ---- afterwards */

/* Which position each event got, from the table; then who told of it first. */
static void
find_first_notifications(void)
{
	PGresult *result = PQexec(listener, "SELECT (data->>'n')::int, position FROM events.event"
										" WHERE type = 'bench.event' ORDER BY position DESC");
	int n = PQntuples(result) < n_events ? PQntuples(result) : n_events;

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		die("%s", PQerrorMessage(listener));
	for (int i = 0; i < n; i++)
		position_of[atoi(PQgetvalue(result, i, 0))] = atol(PQgetvalue(result, i, 1));
	PQclear(result);

	/* Notifications come with rising positions. */
	for (int number = 0; number < n_events; number++)
	{
		int low = 0, high = n_notifications;

		while (low < high)
		{
			int middle = (low + high) / 2;

			if (notifications[middle].position >= position_of[number])
				high = middle;
			else
				low = middle + 1;
		}
		if (low < n_notifications)
			notified[number] = notifications[low].at;
	}
}

static void
print_line(const char *who, Sample *from_send, Sample *from_commit)
{
	printf("%s %.3f %.3f %.3f %.3f\n", who, sample_percentile(from_commit, 0.5),
		   sample_percentile(from_commit, 0.99), sample_percentile(from_send, 0.5),
		   sample_percentile(from_send, 0.99));
}

static void
add_event(int number, int64_t at, Sample *from_send, Sample *from_commit)
{
	int64_t late = at - acknowledged[number];

	if (at == 0)
		return;
	sample_add(from_send, (double) (at - sent[number]) / 1e6);
	sample_add(from_commit, late > 0 ? (double) late / 1e6 : 0);
}

/* The first tenth is not counted: it fills caches. */
static void
report(void)
{
	Sample from_send = {0}, from_commit = {0};

	for (int number = n_events / 10; number < n_events; number++)
		for (int i = 0; i < n_clients; i++)
			add_event(number, received_at[i][number], &from_send, &from_commit);
	if (n_clients > 0)
		print_line("websocket", &from_send, &from_commit);
	sample_clear(&from_send);
	sample_clear(&from_commit);
	for (int number = n_events / 10; number < n_events; number++)
		add_event(number, notified[number], &from_send, &from_commit);
	print_line(bare ? "bare" : "listen", &from_send, &from_commit);
	sample_clear(&from_send);
	for (int number = n_events / 10; number < n_events; number++)
		sample_add(&from_send, (double) (acknowledged[number] - sent[number]) / 1e6);
	printf("commit %.3f %.3f\n", sample_percentile(&from_send, 0.5),
		   sample_percentile(&from_send, 0.99));
}

static void
read_options(int argc, char **argv)
{
	static const struct option names[] = {{"port", required_argument, NULL, 'p'},
										  {"clients", required_argument, NULL, 'c'},
										  {"rate", required_argument, NULL, 'r'},
										  {"seconds", required_argument, NULL, 'T'},
										  {"publishers", required_argument, NULL, 'P'},
										  {"bare", no_argument, NULL, 'b'},
										  {0}};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1)
	{
		switch (c)
		{
			case 'p':
				target.port = atoi(optarg);
				break;
			case 'c':
				n_clients = atoi(optarg);
				break;
			case 'r':
				rate = atof(optarg);
				break;
			case 'T':
				seconds = atof(optarg);
				break;
			case 'P':
				n_publishers = atoi(optarg);
				break;
			case 'b':
				bare = true;
				break;
			default:
				exit(2);
		}
	}
	if (bare)
		n_clients = 0;
	n_events = (int) (rate * seconds);
}

int
main(int argc, char **argv)
{
	int epoll_fd = epoll_create1(0);
	pthread_t threads[64];
	int64_t deadline;

	read_options(argc, argv);
	if (n_publishers < 1 || n_publishers > 64)
		die("1 to 64 publishers");
	sent = calloc((size_t) n_events, sizeof(int64_t));
	acknowledged = calloc((size_t) n_events, sizeof(int64_t));
	notified = calloc((size_t) n_events, sizeof(int64_t));
	position_of = calloc((size_t) n_events, sizeof(long));
	notifications = calloc((size_t) n_events * 2 + 1000, sizeof(*notifications));

	listener = PQconnectdb("");
	if (PQstatus(listener) != CONNECTION_OK)
		die("%s", PQerrorMessage(listener));
	PQclear(PQexec(listener, bare ? "LISTEN bench" : "LISTEN events"));
	net_watch(epoll_fd, PQsocket(listener), NULL);
	connect_clients(epoll_fd);

	first_at = now_ns() + 200000000;
	for (int i = 0; i < n_publishers; i++)
		pthread_create(&threads[i], NULL, publisher, (void *) (intptr_t) i);
	deadline = first_at + (int64_t) (seconds * 1e9) + 20000000000LL;
	while (__atomic_load_n(&finished, __ATOMIC_ACQUIRE) < n_publishers)
		turn(epoll_fd, 5);
	for (int i = 0; i < n_publishers; i++)
		pthread_join(threads[i], NULL);
	while (!all_received())
	{
		turn(epoll_fd, 5);
		if (now_ns() > deadline)
			die("events are missing");
	}
	if (!bare)
		find_first_notifications();
	report();
	PQfinish(listener);
	return 0;
}
