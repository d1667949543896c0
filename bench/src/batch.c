/* SPDX-License-Identifier: PostgreSQL
 *
 * batch.c: rows a second of events.publish_batch and of COPY, by turns.
 *
 * One connection (libpq's environment variables say where), one transaction a
 * batch.  Both ways carry the same 1,000 events: COPY as text rows with id and
 * time, into bench.event, which has the columns and the key of events.event;
 * publish_batch as one JSON array.  Printed: the medians of both, rows a
 * second, COPY first.
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sample.h"

#define EVENTS 1000

static PGconn *connection;

static void
check(PGresult *result, ExecStatusType expected)
{
	if (PQresultStatus(result) != expected)
		die("%s", PQerrorMessage(connection));
	PQclear(result);
}

/* The same event twice: as a row of COPY and as CloudEvents JSON. */
static void
build_batch(FILE *rows, FILE *json)
{
	char filler[229];

	memset(filler, 'x', sizeof(filler) - 1);
	filler[sizeof(filler) - 1] = '\0';
	fputc('[', json);
	for (int i = 0; i < EVENTS; i++)
	{
		char data[400];

		snprintf(data, sizeof(data),
				 "{\"order\": %d, \"customer\": \"c-20817\", \"total\": \"129.90\", "
				 "\"items\": [\"%s\"]}",
				 1000 + i, filler);
		fprintf(rows,
				"019a0000-0000-7000-8000-%012d\t/bench\torder.created\t2026-01-01 00:00:00+00\t"
				"{order,created}\tapplication/json\t%s\n",
				i, data);
		fprintf(json,
				"%s{\"specversion\":\"1.0\",\"source\":\"/bench\",\"type\":\"order.created\","
				"\"time\":\"2026-01-01T00:00:00Z\","
				"\"datacontenttype\":\"application/json\",\"data\":%s}",
				i ? "," : "", data);
	}
	fputc(']', json);
}

static double
copy_once(const char *rows, size_t length)
{
	int64_t start = now_ns();

	check(PQexec(connection,
				 "COPY bench.event (id, source, type, \"time\", topic, datacontenttype, data)"
				 " FROM STDIN"),
		  PGRES_COPY_IN);
	if (PQputCopyData(connection, rows, (int) length) != 1 || PQputCopyEnd(connection, NULL) != 1)
		die("%s", PQerrorMessage(connection));
	check(PQgetResult(connection), PGRES_COMMAND_OK);
	while (PQgetResult(connection) != NULL)
		;
	return EVENTS / ((double) (now_ns() - start) / 1e9);
}

static double
publish_once(const char *json)
{
	int64_t start = now_ns();
	PGresult *result = PQexecPrepared(connection, "publish", 1, &json, NULL, NULL, 0);

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		die("%s", PQerrorMessage(connection));
	if (atoi(PQgetvalue(result, 0, 0)) != EVENTS)
		die("%s of %d events were accepted", PQgetvalue(result, 0, 0), EVENTS);
	PQclear(result);
	return EVENTS / ((double) (now_ns() - start) / 1e9);
}

int
main(int argc, char **argv)
{
	double seconds = argc == 3 && strcmp(argv[1], "--seconds") == 0 ? atof(argv[2]) : 5;
	char *rows, *json;
	size_t rows_length, json_length;
	FILE *rows_out = open_memstream(&rows, &rows_length);
	FILE *json_out = open_memstream(&json, &json_length);
	Sample copies = {0}, publications = {0};
	int64_t end;

	build_batch(rows_out, json_out);
	fclose(rows_out);
	fclose(json_out);
	connection = PQconnectdb("");
	if (PQstatus(connection) != CONNECTION_OK)
		die("%s", PQerrorMessage(connection));
	check(PQprepare(connection, "publish",
					"SELECT count(*) FILTER (WHERE status = 'accepted')"
					" FROM events.publish_batch($1::jsonb)",
					1, NULL),
		  PGRES_COMMAND_OK);

	/* The first of each is not counted: it fills caches. */
	(void) copy_once(rows, rows_length);
	(void) publish_once(json);
	end = now_ns() + (int64_t) (seconds * 1e9);
	while (now_ns() < end)
	{
		sample_add(&copies, copy_once(rows, rows_length));
		sample_add(&publications, publish_once(json));
	}
	printf("%.0f %.0f\n", sample_percentile(&copies, 0.5), sample_percentile(&publications, 0.5));
	PQfinish(connection);
	return 0;
}
