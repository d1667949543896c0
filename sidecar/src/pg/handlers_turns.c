/*
 * handlers_turns.c - rounds of handlers on a few connections.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *     IDLE --due--> WAITING --a connection is free--> RUNNING --nothing left--> IDLE
 *                      ^                                |  |
 *                      +------- more to do -------------+  +--failed--> RESTING --> WAITING
 *
 * The database remembers in the session how far it is with a handler (an event that is tried with
 * care takes two rounds, and a lock of the session in between).  So a handler is bound to its
 * connection while there is more to do, and after a failure, until the connection is gone.  With
 * nothing left to do it prefers that connection, and takes another one rather than wait.
 *
 * Others that wait go before one that had its round, but they leave it its connection as long as
 * there are more to be opened, since a round of theirs may be a long one.
 *
 * A function that fails is the database's business: it counts attempts and gives an event up.  What
 * comes here as an error is trouble with the handler itself (dropped meanwhile) or with the server.
 * Then the handler rests, longer each time, and the others go on.
 */
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "pg/handlers_private.h"
#include "pg/refusal.h"

static const ConnStatement run_statement = {.number = 11,
											.sql = "SELECT events._run_handler($1)",
											.params = 1};

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

static void
set_phase(Handlers *handlers, Handler *handler, HandlerPhase phase)
{
	handler->phase = phase;
	dlist_remove(&handler->node);
	dlist_push_tail(phase == HANDLER_WAITING ? &handlers->waiting : &handlers->others,
					&handler->node);
}

static void
forget(Handler *handler)
{
	dlist_remove(&handler->node);
	mem_free(handler->name);
	mem_free(handler);
}

void
handlers_turns_add(Handlers *handlers, const char *name)
{
	Handler *handler = find_in(&handlers->others, name);

	if (handler && handler->phase == HANDLER_IDLE)
		set_phase(handlers, handler, HANDLER_WAITING);
	if (handler || find_in(&handlers->waiting, name))
		return;
	handler = mem_zalloc(sizeof(Handler));
	dlist_node_init(&handler->node);
	handler->name = mem_strdup(name);
	handler->rest = HANDLERS_REST_FIRST;
	set_phase(handlers, handler, HANDLER_WAITING);
}

void
handlers_turns_wake_rested(Handlers *handlers)
{
	int64_t now = loop_now_ms(handlers->loop);

	for (DLIST_EACH_SAFE(node, &handlers->others))
	{
		Handler *handler = DLIST_OWNER(Handler, node, node);

		if (handler->phase == HANDLER_RESTING && handler->rest_end <= now)
			set_phase(handlers, handler, HANDLER_WAITING);
	}
}

static void
unbind_in(Dlist *list, const Runner *runner)
{
	for (DLIST_EACH_SAFE(node, list))
	{
		Handler *handler = DLIST_OWNER(Handler, node, node);

		if (handler->runner != runner)
			continue;
		handler->runner = NULL;
		handler->is_bound = false;
		if (handler->phase == HANDLER_IDLE)
			forget(handler);
	}
}

/* its session is no more */
static void
unbind(Runner *runner)
{
	unbind_in(&runner->handlers->waiting, runner);
	unbind_in(&runner->handlers->others, runner);
}

/* ---- a round and its end ---- */

static void
begin_round(Runner *runner, Handler *handler)
{
	Handlers *handlers = runner->handlers;
	const char *values[] = {handler->name};

	set_phase(handlers, handler, HANDLER_RUNNING);
	handler->runner = runner;
	handler->wakes = handlers->wakes;
	runner->handler = handler;
	handlers->state.running++;
	conn_send(runner->conn, &run_statement, values);
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
	handler->is_bound = true;
	handler->rest_end = loop_now_ms(handlers->loop) + handler->rest;
	handler->rest = handlers_longer_rest(handler->rest);
	set_phase(handlers, handler, HANDLER_RESTING);
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
	if (!outcome->rows)
		round_failed(handlers, handler, outcome);
	else
	{
		handler->rest = HANDLERS_REST_FIRST;
		handler->is_bound = is_true(outcome->rows);
		/* there is more, or there is what the round may not have seen */
		set_phase(handlers, handler,
				  handler->is_bound || handler->wakes != handlers->wakes ? HANDLER_WAITING
																		 : HANDLER_IDLE);
		if (handler->phase == HANDLER_IDLE)
			handlers_ask_again(handlers);
	}
	handlers_turns_give(handlers);
}

static void
runner_up(void *arg, PgConn *conn)
{
	Runner *runner = arg;

	(void) conn;
	runner->used_at = loop_now_ms(runner->handlers->loop);
	handlers_turns_give(runner->handlers);
}

static void
runner_down(void *arg, PgConn *conn)
{
	(void) conn;
	unbind(arg);
	handlers_turns_give(((Runner *) arg)->handlers);
}

/* ---- whose turn it is ---- */

static bool
is_free(const Runner *runner)
{
	return runner->conn && !runner->handler && conn_is_idle(runner->conn);
}

/* somebody who waits can run nowhere else */
static bool
is_reserved(const Handlers *handlers, const Runner *runner)
{
	for (DLIST_EACH(node, &handlers->waiting))
	{
		const Handler *handler = DLIST_OWNER(Handler, node, node);

		if (handler->is_bound && handler->runner == runner)
			return true;
	}
	return false;
}

/* NULL: it has to wait */
static Runner *
choose_runner(Handlers *handlers, const Handler *handler)
{
	Runner *reserved = NULL;
	bool more_to_open = false;

	if (handler->runner && (handler->is_bound || is_free(handler->runner)))
		return is_free(handler->runner) ? handler->runner : NULL;
	for (int i = 0; i < handlers->count; i++)
	{
		Runner *runner = &handlers->runners[i];

		if (is_free(runner) && !is_reserved(handlers, runner))
			return runner;
		if (is_free(runner))
			reserved = runner;
		else if (!runner->handler)
			more_to_open = true;
	}
	return more_to_open ? NULL : reserved;
}

static const ConnHandler runner_handler = {.on_up = runner_up,
										   .on_down = runner_down,
										   .on_done = runner_done};

/* unless as many are on their way */
static void
open_runners(Handlers *handlers, int wanted)
{
	for (int i = 0; i < handlers->count && wanted > 0; i++)
	{
		Runner *runner = &handlers->runners[i];

		if (runner->handler || is_free(runner))
			continue;
		wanted--;
		if (runner->conn)
			continue;
		runner->conn = conn_new(handlers->loop, handlers->conf, true, "handler", &runner_handler,
								runner);
		conn_set_unhurried(runner->conn);
		if (i > 0)
			conn_set_quiet(runner->conn);
	}
}

void
handlers_turns_give(Handlers *handlers)
{
	int left = 0;

	if (!handlers_are_ours(handlers))
		return;
	for (DLIST_EACH_SAFE(node, &handlers->waiting))
	{
		Handler *handler = DLIST_OWNER(Handler, node, node);
		Runner *runner = choose_runner(handlers, handler);

		if (runner)
			begin_round(runner, handler);
		else if (!handler->is_bound)
			left++;
	}
	open_runners(handlers, left);
}

/* ---- the connections ---- */

void
handlers_turns_close_idle(Handlers *handlers, int64_t ms)
{
	int64_t now = loop_now_ms(handlers->loop);

	for (int i = 0; i < handlers->count; i++)
	{
		Runner *runner = &handlers->runners[i];

		if (!runner->conn || runner->handler || now - runner->used_at < ms)
			continue;
		conn_free(runner->conn);
		runner->conn = NULL;
		unbind(runner);
	}
}

void
handlers_turns_init(Handlers *handlers)
{
	dlist_init(&handlers->waiting);
	dlist_init(&handlers->others);
	handlers->count = (int) handlers->conf->handler_connections;
	handlers->runners = mem_array((size_t) handlers->count, sizeof(Runner));
	for (int i = 0; i < handlers->count; i++)
		handlers->runners[i].handlers = handlers;
}

void
handlers_turns_clear(Handlers *handlers)
{
	for (int i = 0; i < handlers->count; i++)
	{
		if (handlers->runners[i].handler)
			conn_cancel(handlers->runners[i].conn);
		conn_free(handlers->runners[i].conn);
	}
	mem_free(handlers->runners);
	for (DLIST_EACH_SAFE(node, &handlers->waiting))
		forget(DLIST_OWNER(Handler, node, node));
	for (DLIST_EACH_SAFE(other, &handlers->others))
		forget(DLIST_OWNER(Handler, node, other));
}
