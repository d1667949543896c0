/*
 * handlers.c - who has something to do, and whose turn it is.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A handler is known here only while it waits for its turn, runs, or rests after a failure:
 *
 *     (unknown) --due--> WAITING --a connection is free--> RUNNING --nothing left--> (unknown)
 *                           ^                                |  |
 *                           +------- more to do -------------+  +--failed--> RESTING --> WAITING
 *
 * One connection asks who is due; it and those that run are opened when they are first needed, and
 * closed when they were not for a while, so that a database with a worker, or without handlers, has
 * nothing of it.
 *
 * A function that fails is the database's business: it counts attempts and gives an event up.  What
 * comes here as an error is trouble with the handler itself (dropped meanwhile) or with the server.
 * Then the handler rests, longer each time, and the others go on.
 */
#include "pg/handlers.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "pg/conn.h"
#include "pg/refusal.h"

#define ASK_INTERVAL 1000 /* ms */
#define ASK_PAUSE 20	  /* at least, between two questions */
#define REST_FIRST 250
#define REST_LAST 30000
#define IDLE_TIME 60000 /* then a connection is closed */

static const ConnStatement due_statement = {.number = 10, .sql = "SELECT events._due_handlers()"};
static const ConnStatement run_statement = {.number = 11,
											.sql = "SELECT events._run_handler($1)",
											.params = 1};

typedef struct Runner Runner;

typedef struct Handler
{
	DlistNode node;	  /* of one of the three lists */
	char *name;		  /* the parameter of its round */
	int64_t rest;	  /* ms, after the next failure */
	int64_t rest_end; /* loop time; while resting */
	uint64_t wakes;	  /* when its round began */
} Handler;

struct Runner
{
	Handlers *handlers;
	PgConn *conn;	  /* NULL: not open */
	Handler *handler; /* running here */
	int64_t used_at;
};

struct Handlers
{
	Loop *loop;
	const Conf *conf;
	const Feed *feed;
	LoopTimer due;	/* once a second */
	LoopTimer soon; /* running: a question is put off */
	PgConn *asker;
	bool asking;
	bool again;		/* events came while we were asking */
	uint64_t wakes; /* times that there were new events */
	int64_t asked_at;
	int64_t rest; /* of the asker */
	int64_t rest_end;
	Dlist waiting;
	Dlist running;
	Dlist resting;
	Runner *runners;
	int count;
	bool draining;
	HandlersState state;
};

static bool
is_ours(const Handlers *handlers)
{
	const FeedState *state = feed_state(handlers->feed);

	return state->connected && !state->worker && !handlers->draining;
}

static int64_t
longer(int64_t rest)
{
	return rest * 2 < REST_LAST ? rest * 2 : REST_LAST;
}

/* ---- handlers that are known ---- */

static Handler *
find_in(const Dlist *list, const char *name)
{
	for (DLIST_EACH(node, list))
	{
		Handler *handler = DLIST_OWNER(Handler, node, node);

		if (strcmp(handler->name, name) == 0)
			return handler;
	}
	return NULL;
}

static bool
is_known(const Handlers *handlers, const char *name)
{
	return find_in(&handlers->waiting, name) || find_in(&handlers->running, name) ||
		   find_in(&handlers->resting, name);
}

static void
add_waiting(Handlers *handlers, const char *name)
{
	Handler *handler = mem_zalloc(sizeof(Handler));

	dlist_node_init(&handler->node);
	handler->name = mem_strdup(name);
	handler->rest = REST_FIRST;
	dlist_push_tail(&handlers->waiting, &handler->node);
}

static void
forget(Handler *handler)
{
	dlist_remove(&handler->node);
	mem_free(handler->name);
	mem_free(handler);
}

static void
forget_all(Dlist *list)
{
	for (DLIST_EACH_SAFE(node, list))
		forget(DLIST_OWNER(Handler, node, node));
}

/* those whose rest is over wait for their turn */
static void
wake_rested(Handlers *handlers)
{
	int64_t now = loop_now_ms(handlers->loop);

	for (DLIST_EACH_SAFE(node, &handlers->resting))
	{
		if (DLIST_OWNER(Handler, node, node)->rest_end > now)
			continue;
		dlist_remove(node);
		dlist_push_tail(&handlers->waiting, node);
	}
}

/* ---- rounds ---- */

static void give_turns(Handlers *handlers);

static void
runner_up(void *arg, PgConn *conn)
{
	Runner *runner = arg;

	(void) conn;
	runner->used_at = loop_now_ms(runner->handlers->loop);
	give_turns(runner->handlers);
}

static void
runner_down(void *arg, PgConn *conn)
{
	(void) arg;
	(void) conn;
}

static void
round_failed(Handlers *handlers, Handler *handler, const ConnOutcome *outcome)
{
	QueryError error;

	refusal_read(&error, outcome);
	handlers->state.failures++;
	log_warning("a round of a handler failed", LOG_STR("handler", handler->name),
				LOG_STR("reason", error.message), LOG_STR("sqlstate", error.sqlstate),
				LOG_STR("detail", error.detail),
				LOG_STR("hint", error.hint ? error.hint : "trying again by itself"));
	handler->rest_end = loop_now_ms(handlers->loop) + handler->rest;
	handler->rest = longer(handler->rest);
	dlist_push_tail(&handlers->resting, &handler->node);
}

static bool
is_true(const PGresult *rows)
{
	return PQntuples(rows) == 1 && PQgetvalue(rows, 0, 0)[0] == 't';
}

static void
runner_done(void *arg, PgConn *conn, const ConnOutcome *outcome)
{
	Runner *runner = arg;
	Handlers *handlers = runner->handlers;
	Handler *handler = runner->handler;

	(void) conn;
	runner->handler = NULL;
	runner->used_at = loop_now_ms(handlers->loop);
	handlers->state.running--;
	handlers->state.rounds++;
	dlist_remove(&handler->node);
	if (!outcome->rows)
		round_failed(handlers, handler, outcome);
	else if (is_true(outcome->rows) || handler->wakes != handlers->wakes)
	{
		/* there is more, or there is what the round may not have seen */
		handler->rest = REST_FIRST;
		dlist_push_tail(&handlers->waiting, &handler->node);
	}
	else
		forget(handler);
	give_turns(handlers);
}

static const ConnHandler runner_handler = {.on_up = runner_up,
										   .on_down = runner_down,
										   .on_done = runner_done};

static void
begin_round(Runner *runner, Handler *handler)
{
	Handlers *handlers = runner->handlers;
	const char *values[] = {handler->name};

	dlist_remove(&handler->node);
	dlist_push_tail(&handlers->running, &handler->node);
	runner->handler = handler;
	handler->wakes = handlers->wakes;
	handlers->state.running++;
	conn_send(runner->conn, &run_statement, values);
}

/* one more connection, unless enough are on their way */
static void
open_runners(Handlers *handlers, int wanted)
{
	for (int i = 0; i < handlers->count && wanted > 0; i++)
	{
		Runner *runner = &handlers->runners[i];

		if (runner->handler)
			continue;
		wanted--; /* open already, and not up */
		if (runner->conn)
			continue;
		runner->conn = conn_new(handlers->loop, handlers->conf, false, "handler", &runner_handler,
								runner);
		conn_set_unhurried(runner->conn);
		if (i > 0)
			conn_set_quiet(runner->conn);
	}
}

static void
give_turns(Handlers *handlers)
{
	int left = 0;

	if (!is_ours(handlers))
		return;
	for (int i = 0; i < handlers->count; i++)
	{
		Runner *runner = &handlers->runners[i];
		DlistNode *next = dlist_first(&handlers->waiting);

		if (next && runner->conn && conn_is_idle(runner->conn))
			begin_round(runner, DLIST_OWNER(Handler, node, next));
	}
	for (DLIST_EACH(node, &handlers->waiting))
		left++;
	open_runners(handlers, left);
}

/* ---- asking ---- */

static void ask(Handlers *handlers);
static void ask_soon(Handlers *handlers);

static void
asker_up(void *arg, PgConn *conn)
{
	(void) conn;
	ask(arg);
}

static void
asker_down(void *arg, PgConn *conn)
{
	Handlers *handlers = arg;

	(void) conn;
	handlers->asking = false;
}

static void
asking_failed(Handlers *handlers, const ConnOutcome *outcome)
{
	QueryError error;

	if (!outcome->refusal)
		return; /* the connection says so itself */
	refusal_read(&error, outcome);
	log_warning("it cannot be asked which handlers have something to do",
				LOG_STR("reason", error.message), LOG_STR("sqlstate", error.sqlstate),
				LOG_STR("detail", error.detail),
				LOG_STR("hint", error.hint ? error.hint : "trying again by itself"));
	handlers->rest_end = loop_now_ms(handlers->loop) + handlers->rest;
	handlers->rest = longer(handlers->rest);
}

static void
asker_done(void *arg, PgConn *conn, const ConnOutcome *outcome)
{
	Handlers *handlers = arg;

	(void) conn;
	handlers->asking = false;
	if (!outcome->rows)
	{
		asking_failed(handlers, outcome);
		return;
	}
	handlers->rest = REST_FIRST;
	for (int i = 0; i < PQntuples(outcome->rows); i++)
	{
		const char *name = PQgetvalue(outcome->rows, i, 0);

		if (!is_known(handlers, name))
			add_waiting(handlers, name);
	}
	give_turns(handlers);
	if (handlers->again)
		ask_soon(handlers);
}

static void
ask(Handlers *handlers)
{
	static const ConnHandler handler = {.on_up = asker_up,
										.on_down = asker_down,
										.on_done = asker_done};
	int64_t now = loop_now_ms(handlers->loop);

	if (!is_ours(handlers) || handlers->asking || now < handlers->rest_end)
		return;
	if (!handlers->asker)
		handlers->asker = conn_new(handlers->loop, handlers->conf, false, "handlers", &handler,
								   handlers);
	if (!conn_is_idle(handlers->asker))
		return;
	handlers->again = false;
	handlers->asking = true;
	handlers->asked_at = now;
	loop_timer_clear(&handlers->soon);
	conn_send(handlers->asker, &due_statement, NULL);
}

static void
ask_now(LoopTimer *timer, void *arg)
{
	(void) timer;
	ask(arg);
}

static void
ask_soon(Handlers *handlers)
{
	int64_t wait = handlers->asked_at + ASK_PAUSE - loop_now_ms(handlers->loop);

	if (loop_timer_is_running(&handlers->soon))
		return;
	if (wait > 0)
		loop_timer_start(&handlers->soon, wait, 0);
	else
		ask(handlers);
}

void
handlers_wake(Handlers *handlers)
{
	if (!handlers)
		return;
	handlers->wakes++;
	handlers->again = true;
	ask_soon(handlers);
}

/* ---- time ---- */

/* a worker that has come, or handlers that have gone: connections are for others then */
static void
close_idle(Handlers *handlers)
{
	int64_t now = loop_now_ms(handlers->loop);

	if (handlers->asker && !handlers->asking && !is_ours(handlers) &&
		now - handlers->asked_at >= IDLE_TIME)
	{
		conn_free(handlers->asker);
		handlers->asker = NULL;
	}
	for (int i = 0; i < handlers->count; i++)
	{
		Runner *runner = &handlers->runners[i];

		if (!runner->conn || runner->handler || now - runner->used_at < IDLE_TIME)
			continue;
		conn_free(runner->conn);
		runner->conn = NULL;
	}
}

static void
second_passed(LoopTimer *timer, void *arg)
{
	Handlers *handlers = arg;

	(void) timer;
	close_idle(handlers);
	wake_rested(handlers);
	give_turns(handlers);
	ask(handlers);
}

/* ---- making and freeing ---- */

Handlers *
handlers_new(Loop *loop, const Conf *conf, const Feed *feed)
{
	Handlers *handlers;

	if (conf->handler_connections == 0)
		return NULL;
	handlers = mem_zalloc(sizeof(Handlers));
	handlers->loop = loop;
	handlers->conf = conf;
	handlers->feed = feed;
	handlers->rest = REST_FIRST;
	dlist_init(&handlers->waiting);
	dlist_init(&handlers->running);
	dlist_init(&handlers->resting);
	handlers->count = (int) conf->handler_connections;
	handlers->runners = mem_array((size_t) handlers->count, sizeof(Runner));
	for (int i = 0; i < handlers->count; i++)
		handlers->runners[i].handlers = handlers;
	loop_timer_init(&handlers->soon, loop, ask_now, handlers);
	loop_timer_init(&handlers->due, loop, second_passed, handlers);
	loop_timer_start(&handlers->due, ASK_INTERVAL, ASK_INTERVAL);
	return handlers;
}

void
handlers_free(Handlers *handlers)
{
	if (!handlers)
		return;
	loop_timer_clear(&handlers->due);
	loop_timer_clear(&handlers->soon);
	conn_free(handlers->asker);
	for (int i = 0; i < handlers->count; i++)
	{
		if (handlers->runners[i].handler)
			conn_cancel(handlers->runners[i].conn);
		conn_free(handlers->runners[i].conn);
	}
	forget_all(&handlers->waiting);
	forget_all(&handlers->running);
	forget_all(&handlers->resting);
	mem_free(handlers->runners);
	mem_free(handlers);
}

void
handlers_drain(Handlers *handlers)
{
	if (handlers)
		handlers->draining = true;
}

void
handlers_reload(Handlers *handlers, const Conf *conf)
{
	if (handlers)
		handlers->conf = conf;
}

HandlersState
handlers_state(const Handlers *handlers)
{
	return handlers ? handlers->state : (HandlersState) {0};
}
