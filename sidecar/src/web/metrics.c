/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * metrics.c: the counters as Prometheus text; see metrics.h.
 *
 * One table says for each figure which member it is, what it is called and
 * what it means; figures for each transport are rows of their own table.
 * Figures that make no sense as a sum (the feed's position and state) have a
 * label `process` and a line for each.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <dirent.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/counters.h"
#include "web/metrics.h"

Metrics *metrics;
Metrics metrics_before;

_Static_assert(sizeof(Metrics) <= COUNTERS_MAX * sizeof(uint64_t), "too many metrics");

/* upper bounds of MetricTimes, in microseconds */
static const int64_t bounds_us[METRIC_BUCKETS] = {100,	  250,	   500,		1000,	 2000,	 5000,
												  10000,  15000,   25000,	50000,	 100000, 250000,
												  500000, 1000000, 5000000, 30000000};

static const struct
{
	int index;
	const char *name;
	const char *type;
	const char *help;
} figures[] = {
	{METRIC_INDEX(http_connections), "connections", "gauge",
	 "Open client connections, WebSockets included."},
	{METRIC_INDEX(channels), "channels", "gauge", "Distinct subscriptions by framing."},
	{METRIC_INDEX(ring_bytes), "ring_bytes", "gauge", "Bytes of recent events in memory."},
	{METRIC_INDEX(ring_events), "ring_events", "gauge", "Recent events in memory."},
	{METRIC_INDEX(log_bytes), "log_bytes", "gauge", "Bytes of framed events, all channels."},
	{METRIC_INDEX(filters), "filters", "gauge", "Different filters in use."},
	{METRIC_INDEX(behind), "clients_behind", "gauge",
	 "Clients that read from the ring or the table."},
	{METRIC_INDEX(read_connections), "pool_read_connections", "gauge",
	 "Connections of the reading pool."},
	{METRIC_INDEX(publish_connections), "pool_publish_connections", "gauge",
	 "Connections of the publishing pool."},
	{METRIC_INDEX(search_connections), "pool_search_connections", "gauge",
	 "Connections of the searching pool."},
	{METRIC_INDEX(read_waiting), "pool_read_waiting", "gauge",
	 "Requests waiting for the reading pool."},
	{METRIC_INDEX(publish_waiting), "pool_publish_waiting", "gauge",
	 "Requests waiting for the publishing pool."},
	{METRIC_INDEX(search_waiting), "pool_search_waiting", "gauge",
	 "Requests waiting for the searching pool."},
	{METRIC_INDEX(handlers_running), "handlers_running", "gauge",
	 "SQL handlers that run, where the database has no worker."},
	{METRIC_INDEX(connections_total), "connections_total", "counter", "Connections taken."},
	{METRIC_INDEX(connections_refused_total), "connections_refused_total", "counter",
	 "Connections refused for a limit."},
	{METRIC_INDEX(requests_total), "requests_total", "counter", "HTTP requests."},
	{METRIC_INDEX(request_errors_total), "request_errors_total", "counter",
	 "Answers with a status of 400 to 499."},
	{METRIC_INDEX(request_failures_total), "request_failures_total", "counter",
	 "Answers with a status of 500 to 599."},
	{METRIC_INDEX(events_read_total), "events_read_total", "counter", "Events read from the feed."},
	{METRIC_INDEX(feed_pages_total), "feed_pages_total", "counter", "Pages read from the feed."},
	{METRIC_INDEX(feed_notifications_total), "feed_notifications_total", "counter",
	 "Notifications from PostgreSQL."},
	{METRIC_INDEX(feed_reconnects_total), "feed_reconnects_total", "counter",
	 "Times the feed lost its connection."},
	{METRIC_INDEX(history_reads_total), "history_reads_total", "counter",
	 "Pages read from the table for clients."},
	{METRIC_INDEX(resets_total), "resets_total", "counter", "Cursors answered with a reset."},
	{METRIC_INDEX(filter_failures_total), "filter_failures_total", "counter",
	 "Subscriptions ended because a filter passed a limit of the database."},
	{METRIC_INDEX(published_total), "events_published_total", "counter",
	 "Events accepted from clients."},
	{METRIC_INDEX(invalid_total), "events_invalid_total", "counter",
	 "Events of clients refused as invalid."},
	{METRIC_INDEX(queries_total), "queries_total", "counter", "Queries of the pools."},
	{METRIC_INDEX(query_failures_total), "query_failures_total", "counter",
	 "Queries of the pools that failed."},
	{METRIC_INDEX(search_failures_total), "search_failures_total", "counter",
	 "Searches that were not answered in time, or that the database could not answer."},
	{METRIC_INDEX(searches_abandoned_total), "searches_abandoned_total", "counter",
	 "Searches whose client went before they were answered."},
	{METRIC_INDEX(handler_rounds_total), "handler_rounds_total", "counter",
	 "Rounds of SQL handlers, where the database has no worker."},
	{METRIC_INDEX(handler_failures_total), "handler_failures_total", "counter",
	 "Rounds that failed as a whole, which is not the function's failure with an event."},
};

static const struct
{
	int index; /* of the first transport */
	const char *name;
	const char *type;
	const char *help;
} by_transport[] = {
	{METRIC_INDEX(clients), "clients", "gauge", "Clients subscribed now."},
	{METRIC_INDEX(sessions_total), "sessions_total", "counter", "Subscriptions begun."},
	{METRIC_INDEX(deliveries_total), "deliveries_total", "counter", "Events given to clients."},
	{METRIC_INDEX(delivered_bytes_total), "delivered_bytes_total", "counter",
	 "Bytes of them, with framing."},
};

static const struct
{
	int index;
	const char *name;
	const char *help;
} by_process[] = {
	{METRIC_INDEX(pg_connected), "postgres_connected",
	 "1 when the feed is connected to PostgreSQL."},
	{METRIC_INDEX(feed_position), "feed_position", "Position up to which the feed was read."},
	{METRIC_INDEX(feed_lag), "feed_lag_positions", "Positions between the horizon and the feed."},
};

static const char *const transports[METRIC_TRANSPORTS] = {"websocket", "sse", "ndjson", "poll"};

#define COUNT(table) (sizeof(table) / sizeof(table[0]))

void
metrics_attach(void)
{
	metrics = (Metrics *) counters_mine();
	counters_reset_range(0, METRIC_INDEX(connections_total) - 1);
	metrics->started_at_us = clock_real_us();
	metrics_before = *metrics;
}

void
metrics_observe(MetricTimes *times, int64_t us)
{
	int bucket = 0;

	if (us < 0)
		us = 0; /* two clocks */
	while (bucket < METRIC_BUCKETS && us > bounds_us[bucket])
		bucket++;
	times->bucket[bucket]++;
	times->count++;
	times->sum_us += us;
}

static long long
sum_of(int index)
{
	return (long long) (int64_t) counters_sum(index);
}

static void
write_head(Buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP eventsd_%s %s\n# TYPE eventsd_%s %s\n", name, help, name, type);
}

/* first: where its MetricTimes begin */
static void
write_times(Buf *out, const char *name, int first, const char *help)
{
	const int sum = (int) (offsetof(MetricTimes, sum_us) / sizeof(int64_t));
	long long cumulated = 0;

	write_head(out, name, "histogram", help);
	for (int i = 0; i < METRIC_BUCKETS; i++)
	{
		cumulated += sum_of(first + i);
		buf_printf(out, "eventsd_%s_bucket{le=\"%g\"} %lld\n", name, (double) bounds_us[i] / 1e6,
				   cumulated);
	}
	cumulated += sum_of(first + METRIC_BUCKETS);
	buf_printf(out,
			   "eventsd_%s_bucket{le=\"+Inf\"} %lld\n"
			   "eventsd_%s_sum %.6f\n"
			   "eventsd_%s_count %lld\n",
			   name, cumulated, name, (double) sum_of(first + sum) / 1e6, name, cumulated);
}

/* ---- this process ---- */

static int
open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	if (dir == NULL)
		return -1;
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count - 3; /* ".", ".." and dir's own */
}

static void
write_memory(Buf *out)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long total;
	long resident;

	if (file == NULL)
		return;
	if (fscanf(file, "%ld %ld", &total, &resident) == 2)
		buf_printf(out,
				   "# HELP process_virtual_memory_bytes Virtual memory.\n"
				   "# TYPE process_virtual_memory_bytes gauge\n"
				   "process_virtual_memory_bytes %ld\n"
				   "# HELP process_resident_memory_bytes Resident memory.\n"
				   "# TYPE process_resident_memory_bytes gauge\n"
				   "process_resident_memory_bytes %ld\n",
				   total * sysconf(_SC_PAGESIZE), resident * sysconf(_SC_PAGESIZE));
	fclose(file);
}

static double
seconds_of(struct timeval time)
{
	return (double) time.tv_sec + (double) time.tv_usec / 1e6;
}

static void
write_process(Buf *out)
{
	struct rusage usage;
	struct rlimit limit;

	getrusage(RUSAGE_SELF, &usage);
	getrlimit(RLIMIT_NOFILE, &limit);
	buf_printf(out,
			   "# HELP process_cpu_seconds_total CPU time, user and system.\n"
			   "# TYPE process_cpu_seconds_total counter\n"
			   "process_cpu_seconds_total %.6f\n"
			   "# HELP process_start_time_seconds When the process started.\n"
			   "# TYPE process_start_time_seconds gauge\n"
			   "process_start_time_seconds %.3f\n"
			   "# HELP process_open_fds Open file descriptors.\n"
			   "# TYPE process_open_fds gauge\n"
			   "process_open_fds %d\n"
			   "# HELP process_max_fds Most file descriptors allowed.\n"
			   "# TYPE process_max_fds gauge\n"
			   "process_max_fds %llu\n",
			   seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime),
			   (double) metrics->started_at_us / 1e6, open_descriptors(),
			   (unsigned long long) limit.rlim_cur);
	write_memory(out);
}

void
metrics_write(Buf *out, const char *version)
{
	write_head(out, "build_info", "gauge", "Version of eventsd.");
	buf_printf(out, "eventsd_build_info{version=\"%s\"} 1\n", version);
	write_head(out, "processes", "gauge", "Processes of this eventsd.");
	buf_printf(out, "eventsd_processes %d\n", counters_processes());
	for (size_t i = 0; i < COUNT(figures); i++)
	{
		write_head(out, figures[i].name, figures[i].type, figures[i].help);
		buf_printf(out, "eventsd_%s %lld\n", figures[i].name, sum_of(figures[i].index));
	}
	for (size_t i = 0; i < COUNT(by_transport); i++)
	{
		write_head(out, by_transport[i].name, by_transport[i].type, by_transport[i].help);
		for (int t = 0; t < METRIC_TRANSPORTS; t++)
			buf_printf(out, "eventsd_%s{transport=\"%s\"} %lld\n", by_transport[i].name,
					   transports[t], sum_of(by_transport[i].index + t));
	}
	for (size_t i = 0; i < COUNT(by_process); i++)
	{
		write_head(out, by_process[i].name, "gauge", by_process[i].help);
		for (int p = 0; p < counters_processes(); p++)
			buf_printf(out, "eventsd_%s{process=\"%d\"} %lld\n", by_process[i].name, p,
					   (long long) (int64_t) counters_get(p, by_process[i].index));
	}
	write_times(out, "commit_to_delivery_seconds", METRIC_INDEX(delay),
				"From the commit of an event to the first write of it on a channel.");
	write_times(out, "search_seconds", METRIC_INDEX(search),
				"From a search, or a request for one event, to the database's answer.");
	write_process(out);
}
