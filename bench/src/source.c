/* SPDX-License-Identifier: PostgreSQL
 *
 * source.c: where the events of a benchmark come from.
 *
 * An event of eventsd is a CloudEvent, whose attributes take most of 300 bytes
 * already; its data is filled up by what is left of the size asked for.  What
 * a client really received is reported by the program, and nchan is then given
 * messages of that very length.
 */
#define _GNU_SOURCE
#include "source.h"

#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net.h"
#include "sample.h"

/* The CloudEvents envelope of {"p":""}, about. */
#define ENVELOPE 262

struct Source
{
	PGconn *connection; /* eventsd: PostgreSQL */
	int fd;				/* nchan: the publishing connection */
	char *request;		/* nchan: one POST */
	size_t request_length;
	char *filler;
	int unanswered;
	char rest[16]; /* nchan: the end of what was read */
	size_t rest_length;
};

static void
open_database(Source *source, size_t size)
{
	size_t fill = size > ENVELOPE ? size - ENVELOPE : 1;
	PGresult *result;

	source->connection = PQconnectdb("");
	if (PQstatus(source->connection) != CONNECTION_OK)
		die("%s", PQerrorMessage(source->connection));
	source->filler = malloc(fill + 16);
	sprintf(source->filler, "{\"p\":\"%0*d\"}", (int) fill, 0);
	result = PQprepare(source->connection, "publish",
					   "SELECT count(events.publish('bench.event', $2::jsonb, source => '/b'))"
					   " FROM generate_series(1, $1::int)",
					   2, NULL);
	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		die("%s", PQerrorMessage(source->connection));
	PQclear(result);
	PQsetnonblocking(source->connection, 1);
}

static void
open_publisher(Source *source, int port, size_t size)
{
	source->fd = net_connect(port);
	source->request_length = (size_t) asprintf(
		&source->request,
		"POST /pub HTTP/1.1\r\nHost: localhost\r\n"
		"Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%0*d",
		size, (int) size, 0);
}

Source *
source_open(const Target *target, size_t size)
{
	Source *source = calloc(1, sizeof(Source));

	if (target->server == SERVER_EVENTSD)
		open_database(source, size);
	else
		open_publisher(source, target->port, size);
	return source;
}

int
source_fd(const Source *source)
{
	return source->connection ? PQsocket(source->connection) : source->fd;
}

bool
source_busy(const Source *source)
{
	return source->unanswered > 0;
}

void
source_publish(Source *source, int n)
{
	char number[16];
	const char *values[2] = {number, source->filler};

	if (source->connection)
	{
		snprintf(number, sizeof(number), "%d", n);
		if (!PQsendQueryPrepared(source->connection, "publish", 2, values, NULL, NULL, 0) ||
			PQflush(source->connection) != 0)
			die("%s", PQerrorMessage(source->connection));
		source->unanswered = 1;
		return;
	}
	source->unanswered = n;
	for (int i = 0; i < n; i++)
		net_send_all(source->fd, source->request, source->request_length);
}

static void
database_readable(Source *source)
{
	PGresult *result;

	if (!PQconsumeInput(source->connection))
		die("%s", PQerrorMessage(source->connection));
	while (!PQisBusy(source->connection))
	{
		result = PQgetResult(source->connection);
		if (result == NULL)
		{
			source->unanswered = 0;
			return;
		}
		if (PQresultStatus(result) != PGRES_TUPLES_OK)
			die("%s", PQerrorMessage(source->connection));
		PQclear(result);
	}
}

/* Each answer to a POST begins with this; it occurs nowhere else in one. */
static void
publisher_readable(Source *source)
{
	static const char mark[] = "HTTP/1.1 2";
	const size_t mark_length = sizeof(mark) - 1;
	char bytes[65536];
	const char *at = bytes, *found;
	size_t length = source->rest_length;
	ssize_t n;

	memcpy(bytes, source->rest, length);
	n = recv(source->fd, bytes + length, sizeof(bytes) - length, 0);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0)
		die("the publishing connection was closed");
	length += (size_t) n;
	while ((found = memmem(at, length - (size_t) (at - bytes), mark, mark_length)) != NULL)
	{
		source->unanswered--;
		at = found + mark_length;
	}
	length -= (size_t) (at - bytes);
	source->rest_length = length < mark_length - 1 ? length : mark_length - 1;
	memcpy(source->rest, at + length - source->rest_length, source->rest_length);
}

void
source_readable(Source *source)
{
	if (source->connection)
		database_readable(source);
	else
		publisher_readable(source);
}

void
source_close(Source *source)
{
	if (source->connection)
		PQfinish(source->connection);
	free(source->filler);
	free(source->request);
	free(source);
}
