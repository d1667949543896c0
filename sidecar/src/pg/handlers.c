/*
 * handlers.c - who has something to do?
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * One connection asks; it and those that run are opened when they are first needed, and closed when
 * they were not for a while, so that a database with a worker, or without handlers, has next to
 * nothing of it.  It is asked after new events, and once a second.  After a round it is asked soon,
 * and then less and less often: an event that failed comes again after a while, and that may be
 * short.  Whose turn it is then is in handlers_turns.c.
 */
#include "base/log.h"
#include "base/mem.h"
#include "pg/handlers_private.h"
#include "pg/refusal.h"

#define ASK_INTERVAL 1000 /* ms */
#define ASK_PAUSE 20	  /* at least, between two questions */
#define REST_LAST 30000
#define IDLE_TIME 60000 /* then a connection is closed */

static const ConnStatement due_statement = {.number = 10, .sql = "SELECT events._due_handlers()"};

bool
handlers_are_ours(const Handlers *handlers)
{
	const FeedState *state = feed_state(handlers->feed);

	return state->connected && !state->worker && !handlers->draining;
}

int64_t
handlers_longer_rest(int64_t rest)
{
	return rest * 2 < REST_LAST ? rest * 2 : REST_LAST;
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
	handlers->rest = handlers_longer_rest(handlers->rest);
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
	handlers->rest = HANDLERS_REST_FIRST;
	for (int i = 0; i < PQntuples(outcome->rows); i++)
		handlers_turns_add(handlers, PQgetvalue(outcome->rows, i, 0));
	handlers_turns_give(handlers);
	if (handlers->again)
		ask_soon(handlers);
	else if (handlers->pause < ASK_INTERVAL)
	{
		loop_timer_start(&handlers->soon, handlers->pause, 0);
		handlers->pause *= 2;
	}
}

static void
ask(Handlers *handlers)
{
	static const ConnHandler handler = {.on_up = asker_up,
										.on_down = asker_down,
										.on_done = asker_done};
	int64_t now = loop_now_ms(handlers->loop);

	if (!handlers_are_ours(handlers) || handlers->asking || now < handlers->rest_end)
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

	if (wait > 0 && loop_timer_is_running(&handlers->soon))
		return;
	if (wait > 0)
		loop_timer_start(&handlers->soon, wait, 0);
	else
		ask(handlers);
}

void
handlers_ask_again(Handlers *handlers)
{
	handlers->pause = ASK_PAUSE;
	if (!loop_timer_is_running(&handlers->soon))
		loop_timer_start(&handlers->soon, ASK_PAUSE, 0);
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

	if (handlers->asker && !handlers->asking && !handlers_are_ours(handlers) &&
		now - handlers->asked_at >= IDLE_TIME)
	{
		conn_free(handlers->asker);
		handlers->asker = NULL;
	}
	handlers_turns_close_idle(handlers, IDLE_TIME);
}

static void
second_passed(LoopTimer *timer, void *arg)
{
	Handlers *handlers = arg;

	(void) timer;
	close_idle(handlers);
	handlers_turns_wake_rested(handlers);
	handlers_turns_give(handlers);
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
	handlers->rest = HANDLERS_REST_FIRST;
	handlers->pause = ASK_INTERVAL;
	handlers_turns_init(handlers);
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
	handlers_turns_clear(handlers);
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
