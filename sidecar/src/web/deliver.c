/*
 * deliver.c - the hub in its loop, and the choice of the way.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * The hub asks for a flush by wake(); that is a LoopDefer, so it runs once at the end of the turn
 * however many events and clients came in it, and again in the next turn (which does not wait)
 * when it could not do everything.
 */
#include "web/deliver.h"

#include "base/clock.h"
#include "base/mem.h"
#include "web/deliver_internal.h"
#include "web/metrics.h"

#define TICK_MS 1000
/* all logs together, against one */
#define LOGS_RATIO 64

static const DeliverMethod *const methods[DELIVER_HTTP_WAYS] = {
	[DELIVER_SSE] = &deliver_sse,
	[DELIVER_NDJSON] = &deliver_ndjson,
	[DELIVER_POLL] = &deliver_poll,
};

static void
wake(void *arg)
{
	Deliver *deliver = arg;

	loop_defer(&deliver->flush);
}

static void
flush(LoopDefer *defer, void *arg)
{
	Deliver *deliver = arg;

	(void) defer;
	hub_flush(deliver->hub);
}

static void
delivered(void *arg, int64_t recorded_at)
{
	(void) arg;
	metrics_observe(&metrics->delay, clock_real_us() - recorded_at);
}

static void
filters_wanted(void *arg)
{
	Deliver *deliver = arg;

	if (deliver->feed != NULL)
		feed_want(deliver->feed);
}

static void
tick(LoopTimer *timer, void *arg)
{
	Deliver *deliver = arg;

	(void) timer;
	if (deliver->feed != NULL)
		hub_set_oldest(deliver->hub, feed_state(deliver->feed)->oldest);
	hub_tick(deliver->hub);
	deliver_collect(deliver);
}

Deliver *
deliver_new(Loop *loop, const Conf *conf, const HistorySource *history, void *history_arg)
{
	Deliver *deliver = mem_zalloc(sizeof(*deliver));
	HubConfig config = {
		.ring_size = (size_t) conf->ring_size,
		.log_size = (size_t) conf->log_size,
		.logs_size = (size_t) conf->log_size * LOGS_RATIO,
	};
	HubEnvironment environment = {
		.arg = deliver,
		.wake = wake,
		.delivered = delivered,
		.filters_wanted = filters_wanted,
		.history = history,
		.history_arg = history_arg,
	};

	deliver->loop = loop;
	deliver->hub = hub_new(&config, &environment);
	loop_defer_init(&deliver->flush, loop, flush, deliver);
	loop_timer_init(&deliver->tick, loop, tick, deliver);
	loop_timer_start(&deliver->tick, TICK_MS, TICK_MS);
	loop_timeouts_init(&deliver->keepalives, loop, conf->keepalive_interval, stream_keepalive,
					   deliver);
	deliver_poll_init(deliver);
	deliver_reload(deliver, conf);
	return deliver;
}

void
deliver_free(Deliver *deliver)
{
	deliver_poll_clear(deliver);
	loop_timeouts_clear(&deliver->keepalives);
	loop_timer_clear(&deliver->tick);
	loop_defer_clear(&deliver->flush);
	hub_free(deliver->hub);
	mem_free(deliver);
}

void
deliver_reload(Deliver *deliver, const Conf *conf)
{
	deliver->drain_ms = conf->drain_time;
	deliver->max_wait_ms = (int) conf->max_wait;
	hub_set_queue_size(deliver->hub, (size_t) conf->connection_queue_size);
	hub_set_max_filters(deliver->hub, (int) conf->max_filters);
}

Hub *
deliver_hub(Deliver *deliver)
{
	return deliver->hub;
}

void
deliver_watch(Deliver *deliver, Feed *feed)
{
	deliver->feed = feed;
}

void
deliver_http(Deliver *deliver, HttpConn *conn, const DeliverRequest *request)
{
	methods[request->way]->begin(deliver, conn, request);
}

void
deliver_collect(Deliver *deliver)
{
	const HubStats *stats = hub_stats(deliver->hub);

	for (int i = 0; i < FRAMING_TRANSPORTS; i++)
	{
		METRIC_SET(clients[i], stats->subscribers[i]);
		METRIC_TOTAL(sessions_total[i], stats->sessions[i]);
		METRIC_TOTAL(deliveries_total[i], stats->deliveries[i]);
		METRIC_TOTAL(delivered_bytes_total[i], stats->bytes[i]);
	}
	METRIC_SET(channels, stats->channels);
	METRIC_SET(ring_bytes, stats->ring_bytes);
	METRIC_SET(ring_events, stats->ring_events);
	METRIC_SET(log_bytes, stats->log_bytes);
	METRIC_SET(filters, stats->filters);
	METRIC_SET(behind, stats->behind);
	METRIC_TOTAL(events_read_total, stats->events);
	METRIC_TOTAL(history_reads_total, stats->history_reads);
	METRIC_TOTAL(resets_total, stats->resets);
	METRIC_TOTAL(filter_failures_total, stats->filter_failures);
	METRIC_SET(feed_position, hub_head(deliver->hub));
}
