/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * metrics.h: the counters of eventsd, and their Prometheus text.
 *
 * Each process counts in its own slot of base/counters.h, of which this
 * struct is the map; the sum of all slots is what /metrics shows.  A slot has
 * one writer, so that counting is a plain addition.
 *
 * Counters only grow; gauges are set or moved by METRIC_ADD(x, -1).
 */
#ifndef WEB_METRICS_H
#define WEB_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

typedef enum MetricTransport
{
	METRIC_WEBSOCKET,
	METRIC_SSE,
	METRIC_NDJSON,
	METRIC_POLL,
	METRIC_TRANSPORTS /* how many */
} MetricTransport;

/* How long something took, by upper bounds (see metrics.c). */
#define METRIC_BUCKETS 16

typedef struct MetricTimes
{
	int64_t bucket[METRIC_BUCKETS + 1]; /* not cumulated; last is +Inf */
	int64_t count;
	int64_t sum_us;
} MetricTimes;

typedef struct Metrics
{
	/* gauges */
	int64_t http_connections;			/* open sockets of the public listener */
	int64_t clients[METRIC_TRANSPORTS]; /* subscribed now */
	int64_t channels;
	int64_t ring_bytes;
	int64_t ring_events;
	int64_t log_bytes;	   /* all channels */
	int64_t filters;	   /* distinct ones in use */
	int64_t behind;		   /* clients reading from ring or table */
	int64_t pg_connected;  /* 0 or 1: the feed's connection */
	int64_t feed_position; /* last position read */
	int64_t started_at_us;
	int64_t read_connections; /* to PostgreSQL, pools of pg/query.h */
	int64_t publish_connections;
	int64_t search_connections;
	int64_t read_waiting; /* requests in their queues */
	int64_t publish_waiting;
	int64_t search_waiting;
	int64_t handlers_running; /* rounds under way */
	int64_t feed_lag;		  /* positions between the horizon and the feed */
	int64_t wanted_log_level; /* process 0: 1 + level that all shall have; 0: none */

	/* counters */
	int64_t connections_total;
	int64_t connections_refused_total; /* limits, descriptors */
	int64_t requests_total;
	int64_t request_errors_total;	/* answers of 400 - 499 */
	int64_t request_failures_total; /* answers of 500 - 599 */
	int64_t sessions_total[METRIC_TRANSPORTS];
	int64_t deliveries_total[METRIC_TRANSPORTS]; /* events handed to a socket */
	int64_t delivered_bytes_total[METRIC_TRANSPORTS];
	int64_t events_read_total;	   /* from the feed */
	int64_t history_reads_total;   /* pages read from the table for clients */
	int64_t resets_total;		   /* cursors answered with a reset */
	int64_t filter_failures_total; /* subscriptions ended by a filter that passed a limit */
	int64_t published_total;	   /* events accepted by intake */
	int64_t invalid_total;		   /* events refused by intake */
	int64_t queries_total;		   /* of the pools */
	int64_t query_failures_total;
	int64_t search_failures_total;	  /* of searches: not in time, or no database */
	int64_t searches_abandoned_total; /* whose client went before the answer */
	int64_t handler_rounds_total;
	int64_t handler_failures_total; /* of them: not the function's, the round's */
	int64_t feed_pages_total;
	int64_t feed_notifications_total;
	int64_t feed_reconnects_total;

	/* commit (recorded_at) to the first write to a socket, per event and channel */
	MetricTimes delay;
	/* a search, from the request to the database's answer */
	MetricTimes search;
} Metrics;

/* This process' slot; valid after metrics_attach(). */
extern Metrics *metrics;

/* Of a member, in base/counters.h. */
#define METRIC_INDEX(member) ((int) (offsetof(Metrics, member) / sizeof(int64_t)))

#define METRIC_ADD(field, n) ((void) (metrics->field += (n)))
#define METRIC_SET(field, n) ((void) (metrics->field = (n)))
/* a counter that somebody else keeps, from the start of this process on */
#define METRIC_TOTAL(field, n) ((void) (metrics->field = metrics_before.field + (n)))

/* What this slot had counted before this process, for one that was started again. */
extern Metrics metrics_before;

/* After the fork and counters_attach(): gauges start at zero, counters go on. */
extern void metrics_attach(void);

/* Counts how long something took. */
extern void metrics_observe(MetricTimes *times, int64_t us);

/* The Prometheus text exposition format 0.0.4 of the sum of all processes. */
extern void metrics_write(Buf *out, const char *version);

#endif /* WEB_METRICS_H */
