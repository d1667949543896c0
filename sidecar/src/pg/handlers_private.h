/*
 * handlers_private.h - the inside of Handlers.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * Asking who has something to do is in handlers.c, whose turn it is in handlers_turns.c.
 */
#ifndef EVENTSD_PG_HANDLERS_PRIVATE_H
#define EVENTSD_PG_HANDLERS_PRIVATE_H

#include "pg/conn.h"
#include "pg/handlers.h"

#define HANDLERS_REST_FIRST 250 /* ms */

typedef struct Runner Runner;

typedef enum HandlerPhase
{
	HANDLER_IDLE, /* nothing to do that we know of */
	HANDLER_WAITING,
	HANDLER_RUNNING,
	HANDLER_RESTING /* after a failure */
} HandlerPhase;

typedef struct Handler
{
	DlistNode node; /* of `waiting` or `others` */
	HandlerPhase phase;
	char *name;		  /* the parameter of its round */
	Runner *runner;	  /* where its last round was, if that session is still there */
	bool is_bound;	  /* the next one has to be there, too */
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
	int64_t pause; /* before the next question, when nothing happens until then */
	int64_t rest;  /* of the asker */
	int64_t rest_end;
	Dlist waiting;
	Dlist others;
	Runner *runners;
	int count;
	bool draining;
	HandlersState state;
};

/* are the database's handlers ours to run now? */
bool handlers_are_ours(const Handlers *handlers);
/* the next rest after one that was this long */
int64_t handlers_longer_rest(int64_t rest);

/* a round has come to an end with nothing left to do, or nothing left to do yet */
void handlers_ask_again(Handlers *handlers);

/* ---- handlers_turns.c ---- */

void handlers_turns_init(Handlers *handlers);
void handlers_turns_clear(Handlers *handlers);
/* it has something to do */
void handlers_turns_add(Handlers *handlers, const char *name);
/* begin what can begin, open connections for what cannot */
void handlers_turns_give(Handlers *handlers);
/* those whose rest is over wait again */
void handlers_turns_wake_rested(Handlers *handlers);
/* connections that were not used for so long */
void handlers_turns_close_idle(Handlers *handlers, int64_t ms);

#endif /* EVENTSD_PG_HANDLERS_PRIVATE_H */
