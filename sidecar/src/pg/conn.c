/*
 * conn.c - the life of a connection.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *     WAITING --timer--> CONNECTING --PGRES_POLLING_OK--> IDLE <--> BUSY
 *        ^                   |                              |        |
 *        +------ failed -----+----------- lost -------------+--------+
 *
 * Nothing waits: PQconnectStart and PQconnectPoll, PQsetnonblocking, PQflush, PQconsumeInput.
 * (One exception is libpq's own: a host name is looked up by a blocking getaddrinfo; give an
 * address, hostaddr or a socket folder where the resolver is slow.)  While a connection is up its
 * socket is always watched for reading, so the end of the server is noticed without a statement.
 *
 * While connecting, libpq may close the socket and open another (the next host, SSL refused), so
 * the watcher is made anew for each step.
 *
 * A statement has a deadline here, not only in the server: a peer that is gone without a word
 * must not hold the feed.  When it passes, the connection is given up and made anew.
 *
 * The keywords given to libpq, in its order of precedence: ours that the user may override, the
 * user's string, then client_encoding, on which all our strictness about UTF-8 rests.  `options`
 * is session state, so it is left out where `database` may be a pooler, which is wherever
 * listen_database is another string.
 */
#include "pg/conn.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define BACKOFF_FIRST	100		/* ms */
#define BACKOFF_LAST	5000
#define REPEAT_LOG		60000	/* the same failure is logged this often */

typedef enum ConnPhase
{
	CONN_WAITING,
	CONN_CONNECTING,
	CONN_IDLE,
	CONN_BUSY
} ConnPhase;

struct PgConn
{
	Loop	   *loop;
	const ConnHandler *handler;
	void	   *arg;
	ConnPhase	phase;
	PGconn	   *pg;
	LoopIo		io;
	bool		watching;
	LoopTimer	timer;			/* back-off, connect time-out or statement time-out */

	char	   *conninfo;
	char	   *hidden;			/* without passwords */
	char		application[32];
	char		options[128];
	bool		direct;
	bool		quiet;
	int64_t		connect_timeout;
	int64_t		statement_timeout;

	int64_t		backoff;
	char	   *last_failure;
	int64_t		last_failure_at;
	uint64_t	times_up;

	/* the running statement */
	const ConnStatement *statement;
	bool		preparing;
	uint32_t	prepared;		/* bits by number */
	const char *values[CONN_PARAMS_MAX];	/* borrowed */
	PGresult   *rows;
	PGresult   *refusal;
};

static void conn_ready(LoopIo *io, int events, void *arg);
static void lose(PgConn *conn, const char *why);

const char *
conn_error_field(const PGresult *result, int field)
{
	return PQresultErrorField(result, field);
}

/* libpq's messages end in newlines and can have several lines; a log line has one */
static char *
one_line(const char *text)
{
	char	   *copy = mem_strdup(text && text[0] ? text : "no reason given");
	size_t		len = strlen(copy);

	while (len > 0 && (copy[len - 1] == '\n' || copy[len - 1] == ' '))
		copy[--len] = '\0';
	for (char *p = copy; *p; p++)
	{
		if (*p == '\n' || *p == '\t')
			*p = ' ';
	}
	return copy;
}

static void
notice_came(void *arg, const char *message)
{
	PgConn	   *conn = arg;
	char	   *text = one_line(message);

	log_debug("notice from PostgreSQL", LOG_STR("connection", conn->application + 8),
			  LOG_STR("notice", text));
	mem_free(text);
}

/* ---- watching the socket ---- */

static void
stop_watching(PgConn *conn)
{
	if (conn->watching)
		loop_io_clear(&conn->io);
	conn->watching = false;
}

static void
watch(PgConn *conn, int events)
{
	if (!conn->watching)
	{
		loop_io_init(&conn->io, conn->loop, PQsocket(conn->pg), conn_ready, conn);
		conn->watching = true;
	}
	loop_io_set(&conn->io, events);
}

/* ---- down ---- */

static void
forget_statement(PgConn *conn)
{
	PQclear(conn->rows);
	PQclear(conn->refusal);
	conn->rows = conn->refusal = NULL;
	conn->statement = NULL;
	conn->preparing = false;
}

static void
retry_later(PgConn *conn)
{
	int64_t		delay = conn->backoff / 2 +
		clock_jitter((uint32_t) (conn->backoff - conn->backoff / 2) + 1);

	conn->phase = CONN_WAITING;
	loop_timer_start(&conn->timer, delay, 0);
	conn->backoff = conn->backoff * 2 < BACKOFF_LAST ? conn->backoff * 2 : BACKOFF_LAST;
}

/* one line for a new reason, and one a minute while it lasts */
static void
log_failure(PgConn *conn, const char *message, const char *why)
{
	int64_t		now = loop_now_ms(conn->loop);

	if (conn->last_failure && strcmp(conn->last_failure, why) == 0 &&
		now - conn->last_failure_at < REPEAT_LOG)
		return;
	mem_free(conn->last_failure);
	conn->last_failure = mem_strdup(why);
	conn->last_failure_at = now;
	log_at(conn->quiet ? LOG_DEBUG : LOG_WARNING, message,
		   LOG_STR("connection", conn->application + 8), LOG_STR("reason", why),
		   LOG_STR("database", conn->hidden), LOG_STR("hint", "trying again by itself"));
}

static void
close_socket(PgConn *conn)
{
	stop_watching(conn);
	loop_timer_clear(&conn->timer);
	if (conn->pg)
		PQfinish(conn->pg);
	conn->pg = NULL;
	conn->prepared = 0;
}

static void
connect_failed(PgConn *conn, const char *reason)
{
	char	   *why = one_line(reason);

	log_failure(conn, "cannot connect to PostgreSQL", why);
	mem_free(why);
	close_socket(conn);
	retry_later(conn);
}

/* the connection was up; tell the running statement, then everybody */
static void
lose(PgConn *conn, const char *reason)
{
	char	   *why = one_line(reason);
	bool		was_busy = conn->phase == CONN_BUSY;

	log_failure(conn, "connection to PostgreSQL lost", why);
	close_socket(conn);
	retry_later(conn);
	if (was_busy)
	{
		ConnOutcome outcome = {NULL, NULL, why};

		forget_statement(conn);
		conn->handler->on_done(conn->arg, conn, &outcome);
	}
	conn->handler->on_down(conn->arg, conn);
	mem_free(why);
}

/* ---- up ---- */

static void
came_up(PgConn *conn)
{
	loop_timer_clear(&conn->timer);
	if (PQsetnonblocking(conn->pg, 1) != 0)
	{
		connect_failed(conn, PQerrorMessage(conn->pg));
		return;
	}
	conn->phase = CONN_IDLE;
	conn->backoff = BACKOFF_FIRST;
	conn->times_up++;
	mem_free(conn->last_failure);
	conn->last_failure = NULL;
	log_at(conn->quiet ? LOG_DEBUG : LOG_INFO, "connected to PostgreSQL",
		   LOG_STR("connection", conn->application + 8),
		   LOG_INT("backend_pid", PQbackendPID(conn->pg)),
		   LOG_INT("server_version", PQserverVersion(conn->pg)));
	watch(conn, LOOP_READ);
	conn->handler->on_up(conn->arg, conn);
}

static void
poll_connect(PgConn *conn)
{
	PostgresPollingStatusType status;

	stop_watching(conn);
	status = PQconnectPoll(conn->pg);
	if (status == PGRES_POLLING_OK)
		came_up(conn);
	else if (status == PGRES_POLLING_FAILED)
		connect_failed(conn, PQerrorMessage(conn->pg));
	else
		watch(conn, status == PGRES_POLLING_READING ? LOOP_READ : LOOP_WRITE);
}

static void
start_connect(PgConn *conn)
{
	const char *const keywords[] = {
		"fallback_application_name", "keepalives", "keepalives_idle", "keepalives_interval",
		"keepalives_count", "tcp_user_timeout", "options", "dbname", "client_encoding", NULL
	};
	const char *const values[] = {
		conn->application, "1", "30", "10",
		"3", "30000", conn->direct ? conn->options : "", conn->conninfo, "UTF8", NULL
	};

	conn->phase = CONN_CONNECTING;
	conn->pg = PQconnectStartParams(keywords, values, 1);
	if (!conn->pg || PQstatus(conn->pg) == CONNECTION_BAD)
	{
		connect_failed(conn, conn->pg ? PQerrorMessage(conn->pg) : "out of memory");
		return;
	}
	PQsetNoticeProcessor(conn->pg, notice_came, conn);
	loop_timer_start(&conn->timer, conn->connect_timeout, 0);
	watch(conn, LOOP_WRITE);	/* as if PQconnectPoll had said PGRES_POLLING_WRITING */
}

static void
time_is_up(LoopTimer *timer, void *arg)
{
	PgConn	   *conn = arg;

	(void) timer;
	switch (conn->phase)
	{
		case CONN_WAITING:
			start_connect(conn);
			break;
		case CONN_CONNECTING:
			connect_failed(conn, "no answer within connect_timeout");
			break;
		case CONN_BUSY:
			lose(conn, "no answer within statement_timeout");
			break;
		case CONN_IDLE:
			break;
	}
}

/* ---- statements ---- */

/* false when the connection was lost on the way */
static bool
flush(PgConn *conn)
{
	int			left = PQflush(conn->pg);

	if (left < 0)
	{
		lose(conn, PQerrorMessage(conn->pg));
		return false;
	}
	watch(conn, left ? LOOP_READ | LOOP_WRITE : LOOP_READ);
	return true;
}

static bool
send_statement(PgConn *conn)
{
	const ConnStatement *statement = conn->statement;
	const char *const *values = conn->values;
	char		name[16];

	if (!conn->direct || statement->session)
		return PQsendQueryParams(conn->pg, statement->sql, statement->params, NULL, values,
								 NULL, NULL, statement->binary);
	snprintf(name, sizeof(name), "eventsd_%d", statement->number);
	if (conn->prepared & (UINT32_C(1) << statement->number))
		return PQsendQueryPrepared(conn->pg, name, statement->params, values, NULL, NULL,
								   statement->binary);
	conn->preparing = true;
	return PQsendPrepare(conn->pg, name, statement->sql, statement->params, NULL);
}

bool
conn_send(PgConn *conn, const ConnStatement *statement, const char *const *values)
{
	int			left;

	if (conn->phase != CONN_IDLE)
		return false;
	conn->phase = CONN_BUSY;
	conn->statement = statement;
	for (int i = 0; i < statement->params; i++)
		conn->values[i] = values[i];
	loop_timer_start(&conn->timer, conn->statement_timeout, 0);

	/*
	 * A failure to send is a lost connection; it must not be told from inside this call, so the
	 * timer tells it in the next turn.
	 */
	left = send_statement(conn) ? PQflush(conn->pg) : -1;
	if (left < 0)
		loop_timer_start(&conn->timer, 0, 0);
	else
		watch(conn, left ? LOOP_READ | LOOP_WRITE : LOOP_READ);
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
	bool		stale = conn->prepared && is_stale(conn->refusal);

	if (conn->preparing && !conn->refusal)
	{
		conn->preparing = false;
		conn->prepared |= UINT32_C(1) << conn->statement->number;
		PQclear(conn->rows);
		conn->rows = NULL;
		if (!send_statement(conn))
			lose(conn, PQerrorMessage(conn->pg));
		else
			flush(conn);
		return;
	}
	outcome = (ConnOutcome) {conn->refusal ? NULL : conn->rows, conn->refusal, NULL};
	if (!outcome.rows && !outcome.refusal)
		outcome.lost = "an empty answer";
	if (outcome.rows)
		conn->rows = NULL;
	conn->refusal = NULL;
	forget_statement(conn);
	loop_timer_clear(&conn->timer);
	conn->phase = CONN_IDLE;
	conn->handler->on_done(conn->arg, conn, &outcome);
	PQclear(outcome.rows);
	PQclear(outcome.refusal);
	if (stale)
		lose(conn, "prepared statements are out of date; if database leads through a pooler, "
			 "set listen_database to a direct connection");
}

static bool
is_goodbye(PgConn *conn)
{
	return PQstatus(conn->pg) == CONNECTION_BAD;
}

/* a server that ends a session says why before it closes */
static const char *
reason_of_loss(PgConn *conn)
{
	return conn->refusal ? PQresultErrorMessage(conn->refusal) : PQerrorMessage(conn->pg);
}

static void
hand_over_notifications(PgConn *conn)
{
	PGnotify   *notify;

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
		PGresult   *result = PQgetResult(conn->pg);

		if (result)
			keep_result(conn, result);
		else if (is_goodbye(conn))
			break;
		else
			statement_done(conn);
	}
}

static void
conn_ready(LoopIo *io, int events, void *arg)
{
	PgConn	   *conn = arg;

	(void) io;
	if (conn->phase == CONN_CONNECTING)
	{
		poll_connect(conn);
		return;
	}
	if ((events & LOOP_READ) && !PQconsumeInput(conn->pg))
	{
		lose(conn, reason_of_loss(conn));
		return;
	}
	if (!flush(conn))
		return;
	read_results(conn);
	if (conn->phase == CONN_IDLE && PQstatus(conn->pg) == CONNECTION_OK)
		(void) PQisBusy(conn->pg);	/* has libpq look at what came unasked */
	if (conn->pg && (conn->phase == CONN_IDLE || conn->phase == CONN_BUSY))
	{
		if (is_goodbye(conn))
			lose(conn, reason_of_loss(conn));
		else
			hand_over_notifications(conn);
	}
}

/* ---- making and freeing ---- */

PgConn *
conn_new(Loop *loop, const Conf *conf, bool for_listen, const char *purpose,
		 const ConnHandler *handler, void *arg)
{
	PgConn	   *conn = mem_zalloc(sizeof(PgConn));
	bool		pooled = conf->listen_database[0] &&
		strcmp(conf->listen_database, conf->database) != 0;

	conn->loop = loop;
	conn->handler = handler;
	conn->arg = arg;
	conn->direct = for_listen || !pooled;
	conn->conninfo = mem_strdup(for_listen && pooled ? conf->listen_database : conf->database);
	conn->hidden = conf_hide_password(conn->conninfo);
	conn->connect_timeout = conf->connect_timeout;
	conn->statement_timeout = conf->statement_timeout;
	conn->backoff = BACKOFF_FIRST;
	snprintf(conn->application, sizeof(conn->application), "eventsd %s", purpose);
	snprintf(conn->options, sizeof(conn->options),
			 "-c default_transaction_isolation=read\\ committed -c statement_timeout=%lld",
			 (long long) conf->statement_timeout);
	loop_timer_init(&conn->timer, loop, time_is_up, conn);
	loop_timer_start(&conn->timer, 0, 0);
	return conn;
}

void
conn_set_quiet(PgConn *conn)
{
	conn->quiet = true;
}

void
conn_free(PgConn *conn)
{
	if (!conn)
		return;
	close_socket(conn);
	forget_statement(conn);
	mem_free(conn->conninfo);
	mem_free(conn->hidden);
	mem_free(conn->last_failure);
	mem_free(conn);
}

bool
conn_is_up(const PgConn *conn)
{
	return conn->phase == CONN_IDLE || conn->phase == CONN_BUSY;
}

bool
conn_is_idle(const PgConn *conn)
{
	return conn->phase == CONN_IDLE;
}

uint64_t
conn_times_up(const PgConn *conn)
{
	return conn->times_up;
}
