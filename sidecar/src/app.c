/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * app.c: one serving process of eventsd, put together.
 *
 *	 feed (LISTEN, pages) --> deliver (hub) --> SSE, NDJSON, long-poll, WebSocket
 *	 queries (pools) <-- history of the hub, `since`, POST, publish
 *	 upkeep, handlers: process 0, where the database has no worker
 *	 two HTTP servers: public (route.c) and, in process 0, admin (admin.c)
 *
 * SIGTERM and SIGINT drain: listeners close, requests under way are answered,
 * and once in DRAIN_STEP_MS one slice of the streams is ended, so that their
 * clients come back spread over drain_time and not all at once.  What is left
 * a moment after that is broken off, SQL handlers are cancelled.  A second signal ends at once.
 */
#include <signal.h>
#include <sys/resource.h>

#include "base/counters.h"
#include "base/log.h"
#include "base/net.h"
#include "loop/loop.h"
#include "pg/handlers.h"
#include "pg/upkeep.h"
#include "process.h"
#include "web/admin.h"
#include "web/deliver_history.h"
#include "web/metrics.h"
#include "web/route.h"

#define TICK_MS 1000
#define READY_STEP_MS 5
#define READY_WAIT_MS 1000 /* for PostgreSQL, before we are ready without it */
#define DRAIN_STEP_MS 50
#define DRAIN_GRACE_MS 2000		/* for last bytes, after the last slice */
#define RESERVED_DESCRIPTORS 64 /* PostgreSQL, listeners, files */
#define MAX_ANSWER_QUEUE ((size_t) 1 << 20)

typedef struct App
{
	Process *process;
	Loop *loop;
	Queries *queries;
	Deliver *deliver;
	Feed *feed;
	Upkeep *upkeep;		/* NULL in all but process 0 */
	Handlers *handlers; /* ditto, or where they are not wanted */
	HttpServer *public;
	HttpServer *admin_server; /* NULL in all but process 0 */
	WsServer *ws_server;
	Route route;
	Admin admin;
	LoopTimer tick;
	LoopTimer ready;
	LoopTimer drain;
	LoopSignal on_term;
	LoopSignal on_int;
	LoopSignal on_hup;
	int64_t ready_at;	/* loop time; at the latest */
	int64_t drain_ends; /* loop time; 0 while serving */
	int drain_slice;
	int64_t log_level_seen;
} App;

/* ---- configuration ---- */

/* As many descriptors as we may have; fewer connections than that. */
static int
connections_allowed(const Conf *conf)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < limit.rlim_max)
	{
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
		getrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur > RESERVED_DESCRIPTORS &&
		(int64_t) limit.rlim_cur - RESERVED_DESCRIPTORS < conf->max_connections)
		return (int) limit.rlim_cur - RESERVED_DESCRIPTORS;
	return (int) conf->max_connections;
}

/* Whoever comes from another machine knows it by a name that we cannot know. */
static const ConfList *
hosts_to_check(const Conf *conf, const ConfList *listen)
{
	for (int i = 0; i < listen->count; i++)
	{
		NetAddress address;
		const char *error;

		if (!net_parse(listen->items[i], &address, &error) || !net_is_loopback(&address))
			return NULL;
	}
	return &conf->allowed_hosts;
}

static HttpServerConf
public_conf(App *app)
{
	const Conf *conf = app->process->conf;

	return (HttpServerConf) {.name = "public",
							 .handler = route_request,
							 .arg = &app->route,
							 .limits = {.max_url_size = (size_t) conf->max_url_size,
										.max_head_size = (size_t) conf->max_head_size,
										.max_body_size = (uint64_t) conf->max_body_size},
							 .max_connections = connections_allowed(conf),
							 .max_connections_per_address = (int) conf->max_connections_per_address,
							 .head_timeout_ms = conf->head_timeout,
							 .body_timeout_ms = conf->body_timeout,
							 .idle_timeout_ms = conf->idle_timeout,
							 .send_timeout_ms = conf->send_timeout,
							 .cors_origins = &conf->cors_origins,
							 .allowed_hosts = hosts_to_check(conf, &conf->listen)};
}

static HttpServerConf
admin_conf(App *app)
{
	HttpServerConf conf = public_conf(app);

	conf.name = "admin";
	conf.handler = admin_request;
	conf.arg = &app->admin;
	conf.limits.max_body_size = 65536;
	conf.max_connections = 100;
	conf.max_connections_per_address = 0;
	conf.cors_origins = NULL;
	conf.allowed_hosts = hosts_to_check(app->process->conf, &app->process->conf->admin_listen);
	return conf;
}

static WsServerConf
ws_conf(App *app)
{
	const Conf *conf = app->process->conf;

	return (WsServerConf) {.max_frame_size = (size_t) conf->max_frame_size,
						   .ping_interval_ms = (int) conf->ping_interval,
						   .max_answer_queue = MAX_ANSWER_QUEUE,
						   .cors_origins = &conf->cors_origins};
}

static void
use_conf(App *app)
{
	app->route.conf = app->process->conf;
	app->route.match.conf = app->process->conf;
	app->route.search.conf = app->process->conf;
	app->route.intake.source = app->process->conf->source;
	app->route.sessions.conf = app->process->conf;
}

static void
reload(LoopSignal *signal, int signum, void *arg)
{
	App *app = arg;
	HttpServerConf http;
	HttpServerConf admin;
	WsServerConf ws;

	(void) signal;
	(void) signum;
	if (process_reload(app->process) == NULL)
		return;
	http = public_conf(app);
	admin = admin_conf(app);
	ws = ws_conf(app);
	use_conf(app);
	http_server_reload(app->public, &http);
	if (app->admin_server != NULL)
		http_server_reload(app->admin_server, &admin);
	ws_server_reload(app->ws_server, &ws);
	deliver_reload(app->deliver, app->process->conf);
	handlers_reload(app->handlers, app->process->conf);
}

/* ---- the feed ---- */

/* what the database said of them may no longer be so */
static void
forget_filters(App *app)
{
	checker_forget(app->route.sessions.checker);
	wanted_forget(app->route.wanted);
}

static void
on_epoch(void *arg, const FeedEpoch *epoch)
{
	App *app = arg;

	forget_filters(app);
	deliver_feed_handler.on_epoch(deliver_hub(app->deliver), epoch);
}

static FeedFilters
feed_filters(void *arg)
{
	App *app = arg;

	return deliver_feed_handler.filters(deliver_hub(app->deliver));
}

static void
on_page(void *arg)
{
	App *app = arg;

	deliver_feed_handler.on_page(deliver_hub(app->deliver));
}

static void
on_filters_refused(void *arg)
{
	App *app = arg;

	forget_filters(app);
	deliver_feed_handler.on_filters_refused(deliver_hub(app->deliver));
}

static void
on_event(void *arg, const FeedEvent *event)
{
	App *app = arg;

	deliver_feed_handler.on_event(deliver_hub(app->deliver), event);
}

static void
on_page_end(void *arg, int64_t position, const char *epoch)
{
	App *app = arg;

	deliver_feed_handler.on_page_end(deliver_hub(app->deliver), position, epoch);
	handlers_wake(app->handlers);
}

static void
on_state(void *arg, bool connected)
{
	(void) arg;
	METRIC_SET(pg_connected, connected);
}

static const FeedHandler feed_handler = {.on_epoch = on_epoch,
										 .filters = feed_filters,
										 .on_page = on_page,
										 .on_filters_refused = on_filters_refused,
										 .on_event = on_event,
										 .on_page_end = on_page_end,
										 .on_state = on_state};

/* ---- time ---- */

static void
tick(LoopTimer *timer, void *arg)
{
	App *app = arg;
	int64_t wanted = (int64_t) counters_get(0, METRIC_INDEX(wanted_log_level));

	(void) timer;
	admin_collect(&app->admin);
	if (wanted != app->log_level_seen && wanted > 0)
		log_set_level((LogLevel) (wanted - 1));
	app->log_level_seen = wanted;
}

/*
 * Ready means that clients are served.  When PostgreSQL is away we are ready
 * to say so, after a moment.
 */
static void
look_if_ready(LoopTimer *timer, void *arg)
{
	App *app = arg;

	if (!route_is_open(&app->route) && loop_now_ms(app->loop) < app->ready_at)
		return;
	loop_timer_clear(timer);
	process_ready(app->process);
}

/* ---- the end ---- */

static void
drain_step(LoopTimer *timer, void *arg)
{
	App *app = arg;
	int left = http_server_drain_some(app->public, app->drain_slice);

	(void) timer;
	ws_server_drain_some(app->ws_server, app->drain_slice, app->process->conf->drain_time);
	if ((left == 0 && app->route.sessions.publishing == 0 &&
		 handlers_state(app->handlers).running == 0) ||
		loop_now_ms(app->loop) >= app->drain_ends)
	{
		if (left > 0)
			log_warning("connections broken off", LOG_INT("connections", left));
		loop_stop(app->loop);
	}
}

static void
drain(LoopSignal *signal, int signum, void *arg)
{
	App *app = arg;
	int64_t drain_time = app->process->conf->drain_time;
	int connections = http_server_connections(app->public);
	int64_t steps = drain_time / DRAIN_STEP_MS + 1;

	(void) signal;
	if (app->drain_ends != 0)
	{
		loop_stop(app->loop);
		return;
	}
	log_info("draining", LOG_INT("signal", signum), LOG_INT("connections", connections));
	app->admin.draining = true;
	app->drain_ends = loop_now_ms(app->loop) + drain_time + DRAIN_GRACE_MS;
	app->drain_slice = (int) (connections / steps) + 1;
	http_server_stop(app->public);
	handlers_drain(app->handlers);
	loop_timer_start(&app->drain, 0, DRAIN_STEP_MS);
}

/* ---- the beginning ---- */

static bool
open_listeners(App *app)
{
	for (int i = 0; i < app->process->listen_count; i++)
		if (!http_server_listen(app->public, app->process->listen_fds[i]))
			return false;
	for (int i = 0; i < app->process->admin_count; i++)
		if (!http_server_listen(app->admin_server, app->process->admin_fds[i]))
			return false;
	return true;
}

static void
open_app(App *app)
{
	const Conf *conf = app->process->conf;
	HttpServerConf http = public_conf(app);
	HttpServerConf admin = admin_conf(app);
	WsServerConf ws = ws_conf(app);

	app->queries = queries_new(app->loop, conf);
	app->deliver = deliver_new(app->loop, conf, &deliver_history, app->queries);
	app->feed = feed_new(app->loop, conf, NULL, &feed_handler, app);
	deliver_watch(app->deliver, app->feed);
	if (app->process->index == 0)
	{
		app->upkeep = upkeep_new(app->loop, app->queries, app->feed);
		app->handlers = handlers_new(app->loop, conf, app->feed);
	}
	app->ws_server = ws_server_new(app->loop, &ws);
	app->public = http_server_new(app->loop, &http);
	if (app->process->admin_count > 0)
		app->admin_server = http_server_new(app->loop, &admin);
	app->route.intake.queries = app->queries;
	app->route.match.queries = app->queries;
	app->route.search.queries = app->queries;
	app->route.sessions.checker = checker_new(app->queries);
	app->route.sessions.ws_server = app->ws_server;
	app->route.sessions.queries = app->queries;
	app->route.sessions.deliver = app->deliver;
	app->admin = (Admin) {.feed = app->feed,
						  .queries = app->queries,
						  .handlers = app->handlers,
						  .deliver = app->deliver,
						  .public = app->public};
	app->route.wanted = wanted_new();
	use_conf(app);
	loop_timer_init(&app->tick, app->loop, tick, app);
	loop_timer_start(&app->tick, TICK_MS, TICK_MS);
	loop_timer_init(&app->ready, app->loop, look_if_ready, app);
	loop_timer_start(&app->ready, READY_STEP_MS, READY_STEP_MS);
	app->ready_at = loop_now_ms(app->loop) + READY_WAIT_MS;
	loop_timer_init(&app->drain, app->loop, drain_step, app);
	loop_signal_start(&app->on_term, app->loop, SIGTERM, drain, app);
	loop_signal_start(&app->on_int, app->loop, SIGINT, drain, app);
	loop_signal_start(&app->on_hup, app->loop, SIGHUP, reload, app);
}

/* Clients first, then what serves them. */
static void
close_app(App *app)
{
	loop_signal_clear(&app->on_term);
	loop_signal_clear(&app->on_int);
	loop_signal_clear(&app->on_hup);
	loop_timer_clear(&app->ready);
	loop_timer_clear(&app->drain);
	loop_timer_clear(&app->tick);
	ws_server_free(app->ws_server);
	http_server_free(app->public);
	if (app->admin_server != NULL)
		http_server_free(app->admin_server);
	handlers_free(app->handlers);
	upkeep_free(app->upkeep);
	wanted_free(app->route.wanted);
	checker_free(app->route.sessions.checker);
	feed_free(app->feed);
	deliver_free(app->deliver);
	queries_free(app->queries);
	loop_free(app->loop);
}

int
app_run(Process *self)
{
	App app = {.process = self};
	bool good;

	signal(SIGPIPE, SIG_IGN);
	metrics_attach();
	app.loop = loop_new();
	open_app(&app);
	good = open_listeners(&app);
	if (good)
	{
		loop_run(app.loop);
		log_info("ended");
	}
	close_app(&app);
	return good ? 0 : 1;
}
