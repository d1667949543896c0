/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * route.c: which request goes where; see route.h.
 *
 * How a GET on /v1/events is served is negotiated: an Upgrade header means
 * WebSocket; else the Accept headers choose between text/event-stream,
 * application/x-ndjson and JSON (long-poll), the last when nothing is said.
 * Among equally wanted types the one that was named exactly wins.
 *
 * A filter has to be checked by the database first (check.h), and `since` to be
 * turned into a position: a Seeking waits for these answers, one after the
 * other, with the request still in HANDLED.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "web/media.h"
#include "web/params.h"
#include "web/problem.h"
#include "web/route.h"
#include "web/static.h"
#include "web/uri.h"

#define ALLOW_EVENTS "Allow: GET, HEAD, POST, OPTIONS\r\n"
#define ALLOW_MATCH "Allow: POST, OPTIONS\r\n"
#define ALLOW_READ "Allow: GET, HEAD, OPTIONS\r\n"

typedef enum Way
{
	WAY_SSE, /* as DeliverWay, then WebSocket */
	WAY_NDJSON,
	WAY_POLL,
	WAY_WEBSOCKET,
	WAY_NONE
} Way;

/* A GET whose parameters are understood. */
typedef struct Get
{
	Way way;
	Params params;
	Subscription *subscription;
	Start start;
	WsHandshake handshake;
} Get;

typedef struct Seeking
{
	Route *route;
	HttpConn *conn;
	Check *check; /* one of these is under way */
	Query *query;
	Get get;
} Seeking;

static const char *const content_types[] = {
	[WAY_SSE] = "text/event-stream",
	[WAY_NDJSON] = "application/x-ndjson",
	[WAY_POLL] = "application/cloudevents-batch+json",
};

/* ---- what is asked for ---- */

static const struct
{
	const char *type;
	Way way;
} offers[] = {
	{"text/event-stream", WAY_SSE},
	{"application/x-ndjson", WAY_NDJSON},
	{"application/cloudevents-batch+json", WAY_POLL},
	{"application/json", WAY_POLL},
	{"*/*", WAY_POLL},
};

#define OFFERS (sizeof(offers) / sizeof(offers[0]))

/* Most clients accept one type, or do not say. */
static Way
negotiate_simply(const HttpHead *head)
{
	const HttpHeader *accept = http_find_header(head, "accept");

	if (accept == NULL)
		return WAY_POLL;
	for (size_t i = 0; i < OFFERS; i++)
		if (http_slice_is(accept->value, offers[i].type))
			return offers[i].way;
	return WAY_NONE;
}

static Way
negotiate(const HttpHead *head)
{
	Way best = WAY_NONE;
	int best_score = 0;

	if (http_find_header(head, "upgrade") != NULL && head->upgrade)
		return WAY_WEBSOCKET;
	best = negotiate_simply(head);
	if (best != WAY_NONE)
		return best;
	for (size_t i = 0; i + 1 < OFFERS; i++)
	{
		int specificity;
		int wanted = media_wanted(head, offers[i].type, &specificity);

		/* A range with stars means JSON: streams must be asked for by name. */
		if (specificity < 2 && offers[i].way != WAY_POLL)
			continue;
		if (wanted > 0 && wanted * 4 + specificity > best_score)
		{
			best = offers[i].way;
			best_score = wanted * 4 + specificity;
		}
	}
	return best;
}

static Start
start_of(const Params *params)
{
	Start start = {.from = START_LATEST};

	if (params->start == PARAMS_EARLIEST)
		start.from = START_EARLIEST;
	else if (params->start == PARAMS_CURSOR)
		start = (Start) {.from = START_CURSOR, .cursor = params->after};
	return start;
}

static void
get_clear(Get *get)
{
	subscription_release(get->subscription);
	get->subscription = NULL;
	params_clear(&get->params);
}

static FilterTexts
texts_of(const Params *params)
{
	return (FilterTexts) {.pattern = params->pattern, .expression = params->expression};
}

/* Topics, types and the canonical text of a filter, or none. */
static void
make_subscription(Get *get, Str canonical)
{
	EventFilter filter = get->params.filter;

	filter.filters = (StrList) {&canonical, canonical.len > 0};
	get->subscription = subscription_new(&filter);
}

/*
 * What is wanted: known from an earlier request, or read.  There is no
 * subscription yet when its filter has to be checked.
 */
static bool
read_wanted(Route *route, HttpSlice query, const ParamsLimits *limits, Get *get, ParamsFault *fault)
{
	Params *params = &get->params;
	Str key = params->filter_key;
	FilterTexts texts;
	Str canonical = {NULL, 0};

	if (!params->has_filter)
		get->subscription = subscription_all();
	else
		get->subscription = key.len > 0 ? wanted_find(route->wanted, key) : NULL;
	if (get->subscription != NULL)
		return true;
	if (!params_read_filter(params, query, limits, fault))
		return false;
	texts = texts_of(params);
	if (texts.pattern != NULL || texts.expression != NULL)
	{
		canonical = checker_find(route->sessions.checker, &texts);
		if (canonical.data == NULL)
			return true;
	}
	make_subscription(get, canonical);
	if (key.len > 0)
		wanted_keep(route->wanted, key, get->subscription);
	return true;
}

static bool
read_params(Route *route, HttpConn *conn, const HttpHead *head, Get *get)
{
	const HttpHeader *last = http_find_header(head, "last-event-id");
	ParamsLimits limits = {.max_wait_ms = (int) route->conf->max_wait,
						   .max_limit = (int) route->conf->max_limit,
						   .max_subscriptions = (int) route->conf->max_subscriptions,
						   .max_filter_size = (size_t) route->conf->max_filter_size};
	ParamsFault fault;

	if (params_scan(&get->params, head->query, last != NULL ? last->value : (HttpSlice) {NULL, 0},
					&limits, &fault) &&
		read_wanted(route, head->query, &limits, get, &fault))
		return true;
	http_problem(conn, 400, "bad-parameter", "%s", fault.detail);
	return false;
}

/* ---- serving ---- */

static void
log_client(HttpConn *conn, const Get *get)
{
	static const char *const ways[] = {"sse", "ndjson", "poll", "websocket"};

	log_debug("client subscribes", LOG_STR("transport", ways[get->way]),
			  LOG_STR("peer", http_peer(conn)), LOG_STR("client_id", get->params.client_id),
			  LOG_STR("name", get->params.name), LOG_STR("version", get->params.version),
			  LOG_CORRELATION(http_correlation_id(conn)));
}

/* Everything is known: the connection changes hands. */
static void
serve(Route *route, HttpConn *conn, Get *get)
{
	log_client(conn, get);
	if (!hub_has_room(deliver_hub(route->sessions.deliver), get->subscription))
		problem_respond(conn, 503, "too-many-filters",
						"Clients of this server use as many different filters as it may have.",
						NULL, "Retry-After: 10\r\n");
	else if (get->way == WAY_WEBSOCKET)
		session_open(&route->sessions, conn, &get->handshake, get->subscription,
					 get->params.has_filter, &get->start);
	else
		deliver_http(route->sessions.deliver, conn,
					 &(DeliverRequest) {.way = (DeliverWay) get->way,
										.subscription = get->subscription,
										.start = get->start,
										.wait_ms = get->params.wait_ms,
										.limit = get->params.limit});
	get_clear(get);
}

static void
seeking_free(Seeking *seeking)
{
	get_clear(&seeking->get);
	mem_free(seeking);
}

static void
seeking_departed(void *arg, HttpConn *conn)
{
	Seeking *seeking = arg;

	(void) conn;
	if (seeking->check != NULL)
		check_cancel(seeking->check);
	if (seeking->query != NULL)
		query_cancel(seeking->query);
	seeking_free(seeking);
}

static const HttpOwner seeking_owner = {.departed = seeking_departed};

static void go_on(Seeking *seeking);

static void
on_checked(void *arg, Str canonical, const QueryError *error)
{
	Seeking *seeking = arg;

	seeking->check = NULL;
	if (error == NULL)
	{
		make_subscription(&seeking->get, canonical);
		go_on(seeking);
		return;
	}
	http_own(seeking->conn, NULL, NULL);
	check_refuse(seeking->conn, error);
	seeking_free(seeking);
}

static void
on_position(void *arg, int64_t position, const QueryError *error)
{
	Seeking *seeking = arg;

	seeking->query = NULL;
	if (error == NULL)
	{
		seeking->get.params.start = PARAMS_CURSOR;
		seeking->get.start.from = START_CURSOR;
		seeking->get.start.cursor = (Cursor) {.epoch = "", .position = position};
		go_on(seeking);
		return;
	}
	http_own(seeking->conn, NULL, NULL);
	if (error->unavailable)
		problem_unavailable(seeking->conn, "The database cannot be reached now.");
	else if (strncmp(error->sqlstate, "22", 2) == 0)
		http_problem(seeking->conn, 400, "bad-parameter", "since is not a time: %s",
					 error->message);
	else
		problem_internal(seeking->conn, error->message);
	seeking_free(seeking);
}

/* Asks the next question, or serves. */
static void
go_on(Seeking *seeking)
{
	Route *route = seeking->route;
	Get *get = &seeking->get;
	FilterTexts texts = texts_of(&get->params);

	if (get->subscription == NULL)
		seeking->check = checker_ask(route->sessions.checker, &texts, on_checked, seeking);
	else if (get->params.start == PARAMS_SINCE)
		seeking->query = query_position_at(route->sessions.queries, get->params.since, on_position,
										   seeking);
	else
	{
		http_own(seeking->conn, NULL, NULL);
		serve(route, seeking->conn, get);
		seeking_free(seeking);
	}
}

static void
seek(Route *route, HttpConn *conn, const Get *get)
{
	Seeking *seeking = mem_zalloc(sizeof(*seeking));

	seeking->route = route;
	seeking->conn = conn;
	seeking->get = *get;
	http_own(conn, &seeking_owner, seeking);
	go_on(seeking);
}

/* The head that a GET would get: what there is to know without waiting. */
static void
answer_head(HttpConn *conn, Get *get)
{
	http_respond(conn, &(HttpResponse) {.status = 200,
										.unsized = true,
										.content_type = content_types[get->way],
										.extra = "Cache-Control: no-store\r\nVary: Accept\r\n"});
	get_clear(get);
}

bool
route_is_open(Route *route)
{
	if (!route->reached)
		route->reached = hub_is_open(deliver_hub(route->sessions.deliver)) &&
						 queries_state(route->sessions.queries).read_connections > 0;
	return route->reached;
}

static void
get_events(Route *route, HttpConn *conn, const HttpRequest *request)
{
	const HttpHead *head = &request->head;
	Get get = {.way = negotiate(head)};

	if (get.way == WAY_NONE)
	{
		http_problem(conn, 406, "not-acceptable",
					 "Events come as text/event-stream, application/x-ndjson or "
					 "application/cloudevents-batch+json.");
		return;
	}
	if (!read_params(route, conn, head, &get))
		return;
	get.start = start_of(&get.params);
	if (get.way == WAY_WEBSOCKET &&
		!ws_check_handshake(route->sessions.ws_server, conn, &get.handshake))
		get_clear(&get);
	else if (head->method == HTTP_HEAD)
		answer_head(conn, &get);
	else if (!route_is_open(route))
	{
		problem_unavailable(conn, "The database was not reached yet.");
		get_clear(&get);
	}
	else if (get.subscription == NULL || get.params.start == PARAMS_SINCE)
		seek(route, conn, &get);
	else
		serve(route, conn, &get);
}

static void
answer_options(HttpConn *conn, const char *allow)
{
	char extra[512];

	snprintf(extra, sizeof(extra),
			 "%sAccess-Control-Allow-Methods: GET, HEAD, POST, OPTIONS\r\n"
			 "Access-Control-Allow-Headers: Content-Type, Last-Event-ID, X-Request-Id, "
			 "Traceparent, ce-specversion, ce-id, ce-source, ce-type, ce-subject, ce-time, "
			 "ce-dataschema\r\nAccess-Control-Max-Age: 86400\r\n",
			 allow);
	http_respond(conn, &(HttpResponse) {.status = 204, .extra = extra});
}

static void
refuse_method(HttpConn *conn, const char *allow)
{
	problem_respond(conn, 405, "method-not-allowed", "This path does not know that method.", NULL,
					allow);
}

static void
route_events(Route *route, HttpConn *conn, const HttpRequest *request)
{
	if (request->head.upgrade && request->head.method != HTTP_GET &&
		http_list_has(&request->head, "upgrade", "websocket"))
	{
		problem_respond(conn, 405, "method-not-allowed", "A WebSocket begins with GET.", NULL,
						ALLOW_EVENTS);
		return;
	}
	switch (request->head.method)
	{
		case HTTP_GET:
		case HTTP_HEAD:
			get_events(route, conn, request);
			break;
		case HTTP_POST:
			intake_post(&route->intake, conn, request);
			break;
		case HTTP_OPTIONS:
			answer_options(conn, ALLOW_EVENTS);
			break;
		default:
			refuse_method(conn, ALLOW_EVENTS);
	}
}

static void
route_match(Route *route, HttpConn *conn, const HttpRequest *request)
{
	if (request->head.method == HTTP_POST)
		match_post(&route->match, conn, request);
	else if (request->head.method == HTTP_OPTIONS)
		answer_options(conn, ALLOW_MATCH);
	else
		refuse_method(conn, ALLOW_MATCH);
}

/* What follows "/v1/events/" or "/events/" in a path, if it is one element. */
static bool
below_events(HttpSlice path, HttpSlice *rest)
{
	static const char *const bases[] = {"/v1/events/", "/events/"};

	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
	{
		size_t len = strlen(bases[i]);

		if (path.len <= len || memcmp(path.at, bases[i], len) != 0)
			continue;
		*rest = (HttpSlice) {path.at + len, path.len - len};
		return memchr(rest->at, '/', rest->len) == NULL;
	}
	return false;
}

/* Of a path that is only read: whether it is to be read now.  Else there was an answer. */
static bool
is_read(HttpConn *conn, const HttpRequest *request)
{
	if (request->head.method == HTTP_GET || request->head.method == HTTP_HEAD)
		return true;
	if (request->head.method == HTTP_OPTIONS)
		answer_options(conn, ALLOW_READ);
	else
		refuse_method(conn, ALLOW_READ);
	return false;
}

/* "search", or else an id.  (Of an event whose id is search: one letter of it is escaped.) */
static void
route_below_events(Route *route, HttpConn *conn, const HttpRequest *request, HttpSlice name)
{
	if (!is_read(conn, request))
		return;
	if (uri_path_is(name, "search"))
		search_get(&route->search, conn, request);
	else
		search_get_event(&route->search, conn, request, name);
}

static void
route_file(HttpConn *conn, const HttpRequest *request)
{
	if (is_read(conn, request) && !static_serve(conn, request))
		http_problem(conn, 404, "not-found", "There is nothing at this path.");
}

void
route_request(void *arg, HttpConn *conn, const HttpRequest *request)
{
	Route *route = arg;
	HttpSlice path = request->head.path;
	HttpSlice rest;

	if (uri_path_is(path, "/v1/events") || uri_path_is(path, "/events"))
		route_events(route, conn, request);
	else if (below_events(path, &rest))
		route_below_events(route, conn, request, rest);
	else if (uri_path_is(path, "/v1/match"))
		route_match(route, conn, request);
	else
		route_file(conn, request);
}
