/* SPDX-License-Identifier: PostgreSQL
 *
 * consume.c: events a second that a queue's members take, use and acknowledge.
 *
 *	consume --way events|pgq|jobs --queue NAME [--members N] [--batch N] [--limit N]
 *			[--warm S] [--seconds S]
 *
 * A member is a thread with a connection of its own (libpq's environment variables
 * say where).  Whatever the way, it does the same with the same number of round trips:
 *
 *	BEGIN and the statement that takes a batch
 *	reads the data of each event
 *	the statement that says that they are done, and COMMIT
 *
 * each of the two sent as one pipeline of prepared statements.  The ways:
 *
 *	events	events.fetch, events.acknowledge; the consumer NAME, which has a key if there
 *			are several members
 *	pgq		next_batch and get_batch_events in one statement, finish_batch.  A batch is
 *			what lies between two ticks.  PgQ has no members: each takes a queue of its
 *			own, NAME_0, NAME_1 and so on
 *	jobs	SELECT ... FOR UPDATE SKIP LOCKED of the table NAME, DELETE
 *
 * Each event has a number in its data, "order": N.  One that comes twice ends the
 * program.  The clock starts after --warm seconds of the same work (members share out
 * what there is, caches fill) and stops after --seconds, or when --limit events are
 * done.  Printed: events, seconds, and CPU time of the members' server processes, µs.
 *
 * A way may be so slow that not one batch is done in that time.  Then the clock goes on
 * to the first one, up to PATIENCE seconds; no event at all in these is a result too.
 * That there was nothing to take is none: it ends the program.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sample.h"

#define MOST_EVENTS (1 << 24)
#define PATIENCE 30.0

#define TEXT 25
#define INT4 23
#define INT8 20
#define INT8_ARRAY 1016

typedef struct Way
{
	const char *name;
	/* $1 queue, $2 how many, $3 member; gives what acknowledges, type, subject, data */
	const char *take;
	/* $1 queue, $2 what acknowledges, $3 member */
	const char *done;
	Oid done_by;
	bool each;			   /* each event is acknowledged, not the last or the batch */
	bool queue_per_member; /* NAME_0, NAME_1, ... */
} Way;

static const Way ways[] = {
	{"events", "SELECT \"position\", type, subject, data FROM events.fetch($1, $2, member => $3)",
	 "SELECT events.acknowledge($1, $2, $3)", INT8, false, false},
	{"pgq",
	 "SELECT n.batch, e.ev_type, e.ev_extra1, e.ev_data"
	 " FROM (SELECT pgq.next_batch($1, $1) AS batch OFFSET 0) n,"
	 " LATERAL (SELECT * FROM pgq.get_batch_events(n.batch) WHERE n.batch IS NOT NULL) e",
	 "SELECT pgq.finish_batch($2)", INT8, false, true},
	{"jobs",
	 "SELECT \"position\", type, subject, data FROM %s"
	 " ORDER BY \"position\" LIMIT $2 FOR UPDATE SKIP LOCKED",
	 "DELETE FROM %s WHERE \"position\" = ANY ($2)", INT8_ARRAY, true, false},
};

typedef struct Member
{
	PGconn *connection;
	char queue[64];
	char name[24];
	unsigned long bytes; /* of data, so that nobody can say that it was not looked at */
	char *acknowledges;	 /* built anew for each batch */
	size_t room;
	int *orders;
} Member;

static const Way *way;
static const char *queue;
static int members = 1, batch = 10, limit = MOST_EVENTS;
static double warm = 0.3, seconds = 2;

static atomic_long done;
static atomic_long empty; /* batches */
static atomic_bool stop;
static atomic_uchar *seen;

static void
check(Member *member, PGresult *result, ExecStatusType expected)
{
	if (PQresultStatus(result) != expected)
		die("%s: %s%s", way->name, PQresStatus(PQresultStatus(result)),
			PQerrorMessage(member->connection));
}

/* A table's name is no argument: it takes the place of %s. */
static void
prepare(Member *member, const char *name, const char *format, Oid second)
{
	Oid types[3] = {TEXT, second, TEXT};
	const char *at = strstr(format, "%s");
	char sql[512];
	PGresult *result;

	if (at != NULL)
		snprintf(sql, sizeof(sql), "%.*s%s%s", (int) (at - format), format, queue, at + 2);
	else
		snprintf(sql, sizeof(sql), "%s", format);
	result = PQprepare(member->connection, name, sql, second != 0 ? 3 : 0, types);
	check(member, result, PGRES_COMMAND_OK);
	PQclear(result);
}

static void
open_member(Member *member, int number)
{
	member->connection = PQconnectdb("");
	if (PQstatus(member->connection) != CONNECTION_OK)
		die("%s", PQerrorMessage(member->connection));
	if (way->queue_per_member && members > 1)
		snprintf(member->queue, sizeof(member->queue), "%s_%d", queue, number);
	else
		snprintf(member->queue, sizeof(member->queue), "%s", queue);
	snprintf(member->name, sizeof(member->name), "member_%d", number);
	prepare(member, "begin", "BEGIN", 0);
	prepare(member, "take", way->take, INT4);
	prepare(member, "done", way->done, way->done_by);
	prepare(member, "commit", "COMMIT", 0);
	if (!PQenterPipelineMode(member->connection))
		die("%s", PQerrorMessage(member->connection));
	member->room = (size_t) batch * 24 + 1024;
	member->acknowledges = malloc(member->room);
	member->orders = malloc(sizeof(int) * (size_t) (batch + 1024));
}

static void
send(Member *member, const char *statement, const char *argument)
{
	/* A consumer without a key has no members. */
	const char *values[3] = {member->queue, argument, members > 1 ? member->name : NULL};
	bool plain = argument == NULL;

	if (!PQsendQueryPrepared(member->connection, statement, plain ? 0 : 3, plain ? NULL : values,
							 NULL, NULL, 0))
		die("%s", PQerrorMessage(member->connection));
}

static void
send_sync(Member *member)
{
	if (!PQpipelineSync(member->connection))
		die("%s", PQerrorMessage(member->connection));
}

static PGresult *
receive(Member *member, ExecStatusType expected)
{
	PGresult *result = PQgetResult(member->connection);

	check(member, result, expected);
	if (expected != PGRES_PIPELINE_SYNC && PQgetResult(member->connection) != NULL)
		die("an answer too many");
	return result;
}

/* BEGIN and take a batch; how many events it has. */
static int
take(Member *member)
{
	char count[16];
	PGresult *result;
	int n;
	size_t length = 0;

	snprintf(count, sizeof(count), "%d", batch);
	send(member, "begin", NULL);
	send(member, "take", count);
	send_sync(member);
	PQclear(receive(member, PGRES_COMMAND_OK));
	result = receive(member, PGRES_TUPLES_OK);
	n = PQntuples(result);
	if (n > batch + 1000)
		die("a batch of %d events, where %d were asked for", n, batch);
	for (int i = 0; i < n; i++)
	{
		const char *data = PQgetvalue(result, i, 3);
		const char *order = strstr(data, "\"order\": ");

		if (order == NULL)
			die("data without a number: %s", data);
		member->orders[i] = atoi(order + 9);
		member->bytes += strlen(data);
		if (way->each)
			length += (size_t) snprintf(member->acknowledges + length, member->room - length,
										"%c%s", i == 0 ? '{' : ',', PQgetvalue(result, i, 0));
	}
	if (n > 0 && way->each)
		snprintf(member->acknowledges + length, member->room - length, "}");
	else if (n > 0)
		snprintf(member->acknowledges, member->room, "%s", PQgetvalue(result, n - 1, 0));
	PQclear(result);
	PQclear(receive(member, PGRES_PIPELINE_SYNC));
	return n;
}

/* Acknowledge, if there is something, and COMMIT. */
static void
finish(Member *member, int n)
{
	if (n > 0)
		send(member, "done", member->acknowledges);
	send(member, "commit", NULL);
	send_sync(member);
	if (n > 0)
		PQclear(receive(member, way->each ? PGRES_COMMAND_OK : PGRES_TUPLES_OK));
	PQclear(receive(member, PGRES_COMMAND_OK));
	PQclear(receive(member, PGRES_PIPELINE_SYNC));
	for (int i = 0; i < n; i++)
		if (member->orders[i] < 0 || member->orders[i] >= MOST_EVENTS ||
			atomic_exchange(&seen[member->orders[i]], 1) != 0)
			die("%s: event %d is not one, or came twice", way->name, member->orders[i]);
	atomic_fetch_add(&done, n);
}

static void *
run_member(void *argument)
{
	Member *member = argument;

	while (!atomic_load(&stop))
	{
		int n = take(member);

		finish(member, n);
		if (n == 0)
		{
			atomic_fetch_add(&empty, 1);
			usleep(500);
		}
	}
	return NULL;
}

static void
read_options(int argc, char **argv)
{
	static const struct option names[] = {
		{"way", required_argument, NULL, 'w'},	   {"queue", required_argument, NULL, 'q'},
		{"members", required_argument, NULL, 'm'}, {"batch", required_argument, NULL, 'b'},
		{"limit", required_argument, NULL, 'l'},   {"warm", required_argument, NULL, 'W'},
		{"seconds", required_argument, NULL, 'T'}, {0}};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1)
	{
		switch (c)
		{
			case 'w':
				for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
					if (strcmp(ways[i].name, optarg) == 0)
						way = &ways[i];
				break;
			case 'q':
				queue = optarg;
				break;
			case 'm':
				members = atoi(optarg);
				break;
			case 'b':
				batch = atoi(optarg);
				break;
			case 'l':
				limit = atoi(optarg);
				break;
			case 'W':
				warm = atof(optarg);
				break;
			case 'T':
				seconds = atof(optarg);
				break;
			default:
				exit(2);
		}
	}
	if (way == NULL || queue == NULL || members < 1 || members > 64 || batch < 1)
		die("consume --way events|pgq|jobs --queue NAME [--members N] [--batch N] [--limit N]"
			" [--warm S] [--seconds S]");
}

/* CPU time of the server processes so far, µs; finer than the ticks of /proc/PID/stat. */
static double
server_cpu_us(const Member *all)
{
	double sum = 0;

	for (int i = 0; i < members; i++)
	{
		char path[64];
		unsigned long long ns;
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/schedstat", PQbackendPID(all[i].connection));
		file = fopen(path, "r");
		if (file == NULL || fscanf(file, "%llu", &ns) != 1)
			die("%s cannot be read", path);
		fclose(file);
		sum += (double) ns / 1e3;
	}
	return sum;
}

/* Until so many seconds have passed or the limit is reached. */
static void
run_for(double time)
{
	int64_t end = now_ns() + (int64_t) (time * 1e9);

	while (now_ns() < end && atomic_load(&done) < limit)
		usleep(1000);
}

/* Until something more is done, or taken in vain, for a while. */
static void
run_past(long before, long empty_before)
{
	int64_t end = now_ns() + (int64_t) (PATIENCE * 1e9);

	while (now_ns() < end && atomic_load(&done) == before &&
		   atomic_load(&empty) == empty_before)
		usleep(1000);
}

int
main(int argc, char **argv)
{
	Member *all;
	pthread_t *threads;
	int64_t start;
	long before, empty_before, consumed;
	double took, cpu;
	unsigned long bytes = 0;

	read_options(argc, argv);
	seen = calloc(MOST_EVENTS, 1);
	all = calloc((size_t) members, sizeof(Member));
	threads = calloc((size_t) members, sizeof(pthread_t));
	for (int i = 0; i < members; i++)
		open_member(&all[i], i);
	for (int i = 0; i < members; i++)
		if (pthread_create(&threads[i], NULL, run_member, &all[i]) != 0)
			die("no thread");
	run_for(warm);
	before = atomic_load(&done);
	empty_before = atomic_load(&empty);
	cpu = server_cpu_us(all);
	start = now_ns();
	run_for(seconds);
	run_past(before, empty_before);
	consumed = atomic_load(&done) - before;
	took = (double) (now_ns() - start) / 1e9;
	cpu = server_cpu_us(all) - cpu;
	atomic_store(&stop, true);
	for (int i = 0; i < members; i++)
	{
		pthread_join(threads[i], NULL);
		bytes += all[i].bytes;
		PQfinish(all[i].connection);
	}
	if (consumed == 0 && atomic_load(&empty) > empty_before)
		die("%s: nothing to consume", way->name);
	if (bytes < (unsigned long) consumed * 300)
		die("%s: %lu bytes of data for %ld events", way->name, bytes, consumed);
	printf("%ld %.6f %.0f\n", consumed, took, cpu);
	return 0;
}
