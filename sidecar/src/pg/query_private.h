/*
 * query_private.h - the inside of requests (query.c) and of the pools that run them (queries.c).
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#ifndef EVENTSD_PG_QUERY_PRIVATE_H
#define EVENTSD_PG_QUERY_PRIVATE_H

#include "pg/conn.h"
#include "pg/page.h"
#include "pg/query.h"

typedef void (*QueryDoneFn)(void *arg, const QueryError *error);

typedef enum QueryKind
{
	QUERY_INTAKE,
	QUERY_HISTORY,
	QUERY_POSITION,
	QUERY_TEXT,
	QUERY_DONE
} QueryKind;

typedef struct Pool Pool;
typedef struct PoolConn PoolConn;

struct Query
{
	DlistNode node;
	Pool *pool;
	QueryKind kind;
	const ConnStatement *statement;
	PageParams params;	 /* so many texts fit all kinds */
	const char *failure; /* static; set while on the failed list */
	bool malformed;		 /* it failed by its own fault */
	bool running;
	bool mute;
	bool patient;	  /* others go before it */
	bool may_be_null; /* of a text: NULL is an answer */
	union
	{
		QueryIntakeFn intake;
		QueryHistoryFn history;
		QueryPositionFn position;
		QueryTextFn text;
		QueryDoneFn done;
	} fn;
	void *arg;
};

struct PoolConn
{
	Pool *pool;
	PgConn *conn;
	Query *query;	 /* running */
	bool cancelling; /* the server is asked to end what ran; nothing is run until it has answered */
	LoopTimer again; /* runs while what the server was asked to end still runs */
};

struct Pool
{
	Queries *queries;
	PoolConn *conns;
	int count;
	int up;
	Dlist waiting;
	Dlist patient;	   /* those that others go before */
	int waiting_count; /* of both lists */
	int patient_count;
	int ahead;	  /* requests that went before a patient one since the last of these */
	bool cancels; /* what nobody waits for any more is ended in the server */
};

struct Queries
{
	Pool read;
	Pool publish;
	Pool search;
	int queue_limit;
	Dlist failed;
	LoopDefer tell_failed;
	uint64_t answered;
	uint64_t failures;
};

/* ---- query.c ---- */

/* ask the server to end what the process of another connection of this role does */
Query *query_cancel_backend(Queries *queries, int pid, QueryDoneFn fn, void *arg);
/* call back, by an outcome or by an error; the query is still there afterwards */
void query_answer(Query *query, const ConnOutcome *outcome);
void query_answer_error(Query *query, const QueryError *error);
void query_free(Query *query);

/* ---- queries.c ---- */

/* run it, or let it wait, or fail it */
void queries_submit(Query *query);
/* one that runs is of no use any more: end it in the server, where that can be done */
void queries_end_running(Query *query);
/* one that waits, or has failed, waits no more */
void queries_withdraw(Query *query);
/* fail at the end of this turn; why is static */
void queries_fail(Query *query, const char *why);

#endif /* EVENTSD_PG_QUERY_PRIVATE_H */
