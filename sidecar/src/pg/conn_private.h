/*
 * conn_private.h - the inside of a PgConn: its life (conn.c), what runs on it (conn_statement.c).
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#ifndef EVENTSD_PG_CONN_PRIVATE_H
#define EVENTSD_PG_CONN_PRIVATE_H

#include <stdint.h>

#include "pg/conn.h"

typedef enum ConnPhase
{
	CONN_WAITING,
	CONN_CONNECTING,
	CONN_IDLE,
	CONN_BUSY
} ConnPhase;

struct PgConn
{
	DlistNode node; /* all of the process */
	Loop *loop;
	const ConnHandler *handler;
	void *arg;
	ConnPhase phase;
	PGconn *pg;
	LoopIo io;
	bool watching;
	LoopTimer timer; /* back-off, connect time-out or statement time-out */

	char *conninfo;
	char *hidden; /* without passwords */
	char application[32];
	const char *purpose;			 /* the part of it that is ours */
	char options[CONN_OPTIONS_SIZE]; /* "" on a pooled connection */
	bool direct;
	bool quiet;
	int64_t connect_timeout;
	int64_t statement_timeout; /* 0: none */

	int64_t backoff;
	char *last_failure;
	int64_t last_failure_at;
	uint64_t times_up;

	/* the running statement */
	const ConnStatement *statement;
	bool preparing;
	bool unsent;						 /* it could not be sent: the timer tells that it is lost */
	uint32_t prepared;					 /* bits by number */
	const char *values[CONN_PARAMS_MAX]; /* borrowed */
	PGresult *rows;
	PGresult *refusal;
};

/* ---- conn.c ---- */

/* wait for these on the socket */
void conn_watch(PgConn *conn, int events);
/* the connection was up and is no use any more: on_done if a statement ran, on_down, back-off */
void conn_lose(PgConn *conn, const char *reason);

/* ---- conn_statement.c ---- */

/* send what libpq holds; false when the connection was lost on the way */
bool conn_flush(PgConn *conn);
/* after bytes came: results, the end of the statement, notifications, the end of the session */
void conn_take_input(PgConn *conn);
void conn_forget_statement(PgConn *conn);
/* a server that ends a session says why before it closes */
const char *conn_reason_of_loss(PgConn *conn);

#endif /* EVENTSD_PG_CONN_PRIVATE_H */
