/*
 * conn_statement.c - what runs on a connection.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A statement is done when PQgetResult() gives NULL, which is when PostgreSQL has said that it is
 * ready for the next one.  Only then is it known to be committed: an error at commit comes after
 * the rows.  So results are kept until the end, and any error makes the whole a refusal.
 *
 * A statement has a deadline here, not only in the server: a peer that is gone without a word
 * must not hold the feed.  When it passes, the connection is given up and made anew (conn.c).
 * It comes a little after the server's own, whose error says for certain that nothing was done.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "pg/conn_private.h"

#define PATIENCE_MOST 2000 /* ms */

const char *
conn_error_field(const PGresult *result, int field)
{
	return PQresultErrorField(result, field);
}

void
conn_forget_statement(PgConn *conn)
{
	PQclear(conn->rows);
	PQclear(conn->refusal);
	conn->rows = conn->refusal = NULL;
	conn->statement = NULL;
	conn->preparing = false;
}

bool
conn_flush(PgConn *conn)
{
	int left = PQflush(conn->pg);

	if (left < 0)
	{
		conn_lose(conn, PQerrorMessage(conn->pg));
		return false;
	}
	conn_watch(conn, left ? LOOP_READ | LOOP_WRITE : LOOP_READ);
	return true;
}

static bool
send_statement(PgConn *conn)
{
	const ConnStatement *statement = conn->statement;
	const char *const *values = conn->values;
	char name[16];

	if (!conn->direct || statement->session)
		return PQsendQueryParams(conn->pg, statement->sql, statement->params, NULL, values, NULL,
								 NULL, statement->binary);
	snprintf(name, sizeof(name), "eventsd_%d", statement->number);
	if (conn->prepared & (UINT32_C(1) << statement->number))
		return PQsendQueryPrepared(conn->pg, name, statement->params, values, NULL, NULL,
								   statement->binary);
	conn->preparing = true;
	return PQsendPrepare(conn->pg, name, statement->sql, statement->params, NULL);
}

/* what a direct connection gives the server's own time-out to arrive */
static int64_t
patience(const PgConn *conn)
{
	int64_t share = conn->statement_timeout / 4;

	if (!conn->direct)
		return 0;
	return share < PATIENCE_MOST ? share : PATIENCE_MOST;
}

bool
conn_send(PgConn *conn, const ConnStatement *statement, const char *const *values)
{
	int left;

	if (conn->phase != CONN_IDLE)
		return false;
	conn->phase = CONN_BUSY;
	conn->statement = statement;
	for (int i = 0; i < statement->params; i++)
		conn->values[i] = values[i];
	if (conn->statement_timeout > 0)
		loop_timer_start(&conn->timer, conn->statement_timeout + patience(conn), 0);

	/*
	 * A failure to send is a lost connection; it must not be told from inside this call, so the
	 * timer tells it in the next turn.
	 */
	left = send_statement(conn) ? PQflush(conn->pg) : -1;
	conn->unsent = left < 0;
	if (conn->unsent)
		loop_timer_start(&conn->timer, 0, 0);
	else
		conn_watch(conn, left ? LOOP_READ | LOOP_WRITE : LOOP_READ);
	return true;
}

static void
keep_result(PgConn *conn, PGresult *result)
{
	switch (PQresultStatus(result))
	{
		case PGRES_TUPLES_OK:
		case PGRES_COMMAND_OK:
			PQclear(conn->rows);
			conn->rows = result;
			break;
		case PGRES_FATAL_ERROR:
		case PGRES_BAD_RESPONSE:
			/* the first one says why, even if the end of the connection follows */
			if (conn->refusal)
				PQclear(result);
			else
				conn->refusal = result;
			break;
		default:
			PQclear(result);
	}
}

/*
 * Another version of the extension can make a prepared statement useless, and a pooler that we
 * were not told about can hand us a session that never saw it.
 */
static bool
is_stale(const PGresult *refusal)
{
	const char *state = refusal ? PQresultErrorField(refusal, PG_DIAG_SQLSTATE) : NULL;

	return state && (strcmp(state, "0A000") == 0 || strcmp(state, "26000") == 0 ||
					 strcmp(state, "42P05") == 0);
}

/* PostgreSQL is ready for the next statement: so this one is committed, or was refused */
static void
statement_done(PgConn *conn)
{
	ConnOutcome outcome;
	bool stale = conn->prepared && is_stale(conn->refusal);

	if (conn->preparing && !conn->refusal)
	{
		conn->preparing = false;
		conn->prepared |= UINT32_C(1) << conn->statement->number;
		PQclear(conn->rows);
		conn->rows = NULL;
		if (!send_statement(conn))
			conn_lose(conn, PQerrorMessage(conn->pg));
		else
			conn_flush(conn);
		return;
	}
	outcome = (ConnOutcome) {conn->refusal ? NULL : conn->rows, conn->refusal, NULL};
	if (!outcome.rows && !outcome.refusal)
		outcome.lost = "an empty answer";
	if (outcome.rows)
		conn->rows = NULL;
	conn->refusal = NULL;
	conn_forget_statement(conn);
	loop_timer_clear(&conn->timer);
	/* nothing is to be begun on a connection that is given up when this has been told */
	conn->phase = stale ? CONN_WAITING : CONN_IDLE;
	conn->handler->on_done(conn->arg, conn, &outcome);
	PQclear(outcome.rows);
	PQclear(outcome.refusal);
	if (stale)
		conn_lose(conn, "prepared statements are out of date; if database leads through a pooler, "
						"set listen_database to a direct connection");
}

static bool
is_goodbye(PgConn *conn)
{
	return PQstatus(conn->pg) == CONNECTION_BAD;
}

const char *
conn_reason_of_loss(PgConn *conn)
{
	return conn->refusal ? PQresultErrorMessage(conn->refusal) : PQerrorMessage(conn->pg);
}

static void
hand_over_notifications(PgConn *conn)
{
	PGnotify *notify;

	while ((notify = PQnotifies(conn->pg)))
	{
		if (conn->handler->on_notify)
			conn->handler->on_notify(conn->arg, conn, notify->extra);
		PQfreemem(notify);
	}
}

static void
read_results(PgConn *conn)
{
	while (conn->phase == CONN_BUSY && !PQisBusy(conn->pg))
	{
		PGresult *result = PQgetResult(conn->pg);

		if (result)
			keep_result(conn, result);
		else if (is_goodbye(conn))
			break;
		else
			statement_done(conn);
	}
}

void
conn_take_input(PgConn *conn)
{
	read_results(conn);
	if (conn->phase == CONN_IDLE && PQstatus(conn->pg) == CONNECTION_OK)
		(void) PQisBusy(conn->pg); /* has libpq look at what came unasked */
	if (conn->pg && (conn->phase == CONN_IDLE || conn->phase == CONN_BUSY))
	{
		if (is_goodbye(conn))
			conn_lose(conn, conn_reason_of_loss(conn));
		else
			hand_over_notifications(conn);
	}
}

void
conn_cancel(PgConn *conn)
{
	PGcancel *cancel = conn->phase == CONN_BUSY ? PQgetCancel(conn->pg) : NULL;
	char why[256] = "";

	if (cancel && !PQcancel(cancel, why, sizeof(why)))
		log_warning("a statement could not be cancelled", LOG_STR("connection", conn->purpose),
					LOG_STR("reason", why));
	PQfreeCancel(cancel);
}
