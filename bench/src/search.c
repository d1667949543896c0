/* SPDX-License-Identifier: PostgreSQL
 *
 * search.c: how long do the same searches take, put in several ways?
 *
 *	search --ways N [--warm N] [--limit SECONDS] [--cpu] FILE
 *
 * FILE has a line for each search: the name of its kind, and its statement in each way,
 * separated by tabs; lines of a kind stand together.  There is a connection for each way
 * (libpq's environment variables say where).  Each line is run in all ways, one after the other,
 * another one first each time; the clock runs from sending the statement until its
 * whole result is there, as text.
 *
 * The ways have to agree: the first columns of all rows, sorted, must be the same, else
 * the program ends.  So what a search must find stands in the first column: positions, or
 * counts.  A way whose statement is empty is not run.
 *
 * The first --warm lines (2) of a kind are run once before they count.  A way that has taken
 * --limit (10) seconds for a kind rests, once it has been run three times, until the next kind.
 *
 * With --cpu it is the CPU time of the server's process that counts: on a machine that has other
 * things to do, the clock says little.
 *
 * Printed for each kind and way: kind, number of the way, how many were run, p50, p95
 * and greatest time in ms, rows in the middle.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sample.h"

#define MOST_WAYS 8
#define LEAST_RUNS 3

typedef struct Way
{
	PGconn *connection;
	Sample times;
	Sample rows;
	double spent;
} Way;

static int ways, warm = 2;
static double limit = 10;
static int by_cpu;
static Way all[MOST_WAYS];
static char kind[128];

/* CPU time of the way's server process so far; it is up to date when that has gone to sleep. */
static double
cpu_ms(const Way *way)
{
	char path[64];
	unsigned long long ns;
	FILE *file;

	usleep(500);
	snprintf(path, sizeof(path), "/proc/%d/schedstat", PQbackendPID(way->connection));
	file = fopen(path, "r");
	if (file == NULL || fscanf(file, "%llu", &ns) != 1)
		die("%s cannot be read", path);
	fclose(file);
	return (double) ns / 1e6;
}

static PGresult *
ask(Way *way, const char *statement, double *took)
{
	double cpu = by_cpu ? cpu_ms(way) : 0;
	int64_t start = now_ns();
	PGresult *result = PQexec(way->connection, statement);

	*took = by_cpu ? cpu_ms(way) - cpu : (double) (now_ns() - start) / 1e6;
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		die("%s: %s%s", kind, statement, PQerrorMessage(way->connection));
	return result;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/* The values of the first column, sorted; they live as long as the result. */
static char **
first_column(PGresult *result)
{
	int n = PQntuples(result);
	char **values = malloc(sizeof(char *) * (size_t) (n + 1));

	for (int i = 0; i < n; i++)
		values[i] = PQgetvalue(result, i, 0);
	qsort(values, (size_t) n, sizeof(char *), compare);
	return values;
}

static void
check_same(PGresult *one, PGresult *other, char **statements, int number)
{
	int n = PQntuples(one);
	char **values = first_column(one), **others = first_column(other);

	if (PQntuples(other) != n)
		die("%s: %d rows and %d rows\n%s\n%s", kind, n, PQntuples(other), statements[0],
			statements[number]);
	for (int i = 0; i < n; i++)
		if (strcmp(values[i], others[i]) != 0)
			die("%s: %s where the other has %s\n%s\n%s", kind, values[i], others[i], statements[0],
				statements[number]);
	free(values);
	free(others);
}

/* Run a search in all ways; the first one to go is another each time. */
static void
run_line(char **statements, int line, bool counts)
{
	PGresult *results[MOST_WAYS] = {NULL};

	for (int i = 0; i < ways; i++)
	{
		int number = (line + i) % ways;
		Way *way = &all[number];
		double took;

		if (statements[number][0] == '\0' ||
			(way->spent > limit * 1e3 && way->times.n >= LEAST_RUNS))
			continue;
		results[number] = ask(way, statements[number], &took);
		if (!counts)
			continue;
		sample_add(&way->times, took);
		sample_add(&way->rows, PQntuples(results[number]));
		way->spent += took;
	}
	for (int i = 1; i < ways; i++)
		if (results[0] != NULL && results[i] != NULL)
			check_same(results[0], results[i], statements, i);
	for (int i = 0; i < ways; i++)
		PQclear(results[i]);
}

/* Print what is known of the kind, and forget it. */
static void
end_kind(void)
{
	for (int i = 0; i < ways; i++)
	{
		Sample *times = &all[i].times;

		if (times->n > 0)
			printf("%s %d %zu %.3f %.3f %.3f %.0f\n", kind, i, times->n,
				   sample_percentile(times, 0.5), sample_percentile(times, 0.95),
				   sample_percentile(times, 1), sample_percentile(&all[i].rows, 0.5));
		sample_clear(times);
		sample_clear(&all[i].rows);
		all[i].spent = 0;
	}
	fflush(stdout);
}

/* Split a line at its tabs: the kind, and a statement for each way. */
static void
split(char *line, char **name, char **statements)
{
	line[strcspn(line, "\n")] = '\0';
	*name = strsep(&line, "\t");
	for (int i = 0; i < ways; i++)
	{
		statements[i] = strsep(&line, "\t");
		if (statements[i] == NULL)
			die("a line of \"%s\" has %d statements, not %d", *name, i, ways);
	}
}

static void
run_file(FILE *file)
{
	char *line = NULL;
	size_t room = 0;
	int n = 0;

	while (getline(&line, &room, file) > 0)
	{
		char *name, *statements[MOST_WAYS];

		split(line, &name, statements);
		if (strcmp(name, kind) != 0)
		{
			end_kind();
			snprintf(kind, sizeof(kind), "%s", name);
			n = 0;
		}
		if (n < warm)
			run_line(statements, n, false);
		run_line(statements, n++, true);
	}
	end_kind();
	free(line);
}

static void
read_options(int argc, char **argv)
{
	static const struct option names[] = {{"ways", required_argument, NULL, 'w'},
										  {"warm", required_argument, NULL, 'W'},
										  {"limit", required_argument, NULL, 'l'},
										  {"cpu", no_argument, &by_cpu, 1},
										  {0}};
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1)
	{
		switch (c)
		{
			case 'w':
				ways = atoi(optarg);
				break;
			case 'W':
				warm = atoi(optarg);
				break;
			case 'l':
				limit = atof(optarg);
				break;
			case 0:
				break;
			default:
				exit(2);
		}
	}
	if (ways < 1 || ways > MOST_WAYS || optind != argc - 1)
		die("search --ways N [--warm N] [--limit SECONDS] [--cpu] FILE");
}

int
main(int argc, char **argv)
{
	FILE *file;

	read_options(argc, argv);
	file = fopen(argv[optind], "r");
	if (file == NULL)
		die("%s cannot be read", argv[optind]);
	for (int i = 0; i < ways; i++)
	{
		all[i].connection = PQconnectdb("");
		if (PQstatus(all[i].connection) != CONNECTION_OK)
			die("%s", PQerrorMessage(all[i].connection));
	}
	run_file(file);
	for (int i = 0; i < ways; i++)
		PQfinish(all[i].connection);
	fclose(file);
	return 0;
}
