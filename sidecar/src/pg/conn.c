/*
 * conn.c - the life of a connection (what runs on it is in conn_statement.c).
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
 * The keywords given to libpq, in its order of precedence: ours that the user may override, the
 * user's string, then client_encoding, on which all our strictness about UTF-8 rests.  `options`
 * is session state, so it is left out where `database` may be a pooler, which is wherever
 * listen_database is another string.
 *
 * A server that comes back is found by one of our connections first.  The others, which may have
 * a back-off of seconds before them, are told and try at once: else the feed would run while
 * those who ask for history are still refused.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "pg/conn_private.h"

#define BACKOFF_FIRST 100 /* ms */
#define BACKOFF_LAST 5000
#define REPEAT_LOG 60000 /* the same failure is logged this often */

static void conn_ready(LoopIo *io, int events, void *arg);

/* all of this process */
static Dlist everybody;

/* libpq's messages end in newlines and can have several lines; a log line has one */
static char *
one_line(const char *text)
{
	char *copy = mem_strdup(text && text[0] ? text : "no reason given");
	size_t len = strlen(copy);

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
	PgConn *conn = arg;
	char *text = one_line(message);

	log_debug("notice from PostgreSQL", LOG_STR("connection", conn->purpose),
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

void
conn_watch(PgConn *conn, int events)
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
retry_later(PgConn *conn)
{
	int64_t delay = conn->backoff / 2 +
					clock_jitter((uint32_t) (conn->backoff - conn->backoff / 2) + 1);

	conn->phase = CONN_WAITING;
	loop_timer_start(&conn->timer, delay, 0);
	conn->backoff = conn->backoff * 2 < BACKOFF_LAST ? conn->backoff * 2 : BACKOFF_LAST;
}

/* PgBouncer's way of saying that it is no server */
const char *
conn_advice(const char *why)
{
	return strstr(why, "unsupported startup parameter")
			   ? "database leads through a pooler: set listen_database to a direct connection"
			   : "eventsd keeps trying by itself";
}

/* one line for a new reason, and one a minute while it lasts */
static void
log_failure(PgConn *conn, const char *message, const char *why)
{
	int64_t now = loop_now_ms(conn->loop);

	if (conn->last_failure && strcmp(conn->last_failure, why) == 0 &&
		now - conn->last_failure_at < REPEAT_LOG)
		return;
	mem_free(conn->last_failure);
	conn->last_failure = mem_strdup(why);
	conn->last_failure_at = now;
	log_at(conn->quiet ? LOG_DEBUG : LOG_WARNING, message, LOG_STR("connection", conn->purpose),
		   LOG_STR("reason", why), LOG_STR("database", conn->hidden),
		   LOG_STR("hint", conn_advice(why)));
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
	conn->unsent = false;
}

static void
connect_failed(PgConn *conn, const char *reason)
{
	char *why = one_line(reason);

	log_failure(conn, "cannot connect to PostgreSQL", why);
	mem_free(why);
	close_socket(conn);
	retry_later(conn);
	if (conn->handler->on_failed)
		conn->handler->on_failed(conn->arg, conn);
}

/* the connection was up; tell the running statement, then everybody */
void
conn_lose(PgConn *conn, const char *reason)
{
	char *why = one_line(reason);
	bool was_busy = conn->phase == CONN_BUSY;

	log_failure(conn, "connection to PostgreSQL lost", why);
	close_socket(conn);
	retry_later(conn);
	if (was_busy)
	{
		ConnOutcome outcome = {NULL, NULL, why};

		conn_forget_statement(conn);
		conn->handler->on_done(conn->arg, conn, &outcome);
	}
	conn->handler->on_down(conn->arg, conn);
	mem_free(why);
}

/* ---- up ---- */

/* those who wait for a server that is back wait no longer */
static void
hurry_others(void)
{
	for (DLIST_EACH(node, &everybody))
	{
		PgConn *other = DLIST_OWNER(PgConn, node, node);

		if (other->phase != CONN_WAITING || other->backoff == BACKOFF_FIRST)
			continue;
		other->backoff = BACKOFF_FIRST;
		retry_later(other);
	}
}

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
		   LOG_STR("connection", conn->purpose), LOG_INT("backend_pid", PQbackendPID(conn->pg)),
		   LOG_INT("server_version", PQserverVersion(conn->pg)));
	conn_watch(conn, LOOP_READ);
	hurry_others();
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
		conn_watch(conn, status == PGRES_POLLING_READING ? LOOP_READ : LOOP_WRITE);
}

static void
start_connect(PgConn *conn)
{
	const char *const keywords[] = {"fallback_application_name",
									CONN_ALIVE_KEYWORDS,
									"options",
									"dbname",
									"client_encoding",
									NULL};
	const char *const values[] = {
		conn->application, CONN_ALIVE_VALUES, conn->options, conn->conninfo, "UTF8", NULL};

	conn->phase = CONN_CONNECTING;
	conn->pg = PQconnectStartParams(keywords, values, 1);
	if (!conn->pg || PQstatus(conn->pg) == CONNECTION_BAD)
	{
		connect_failed(conn, conn->pg ? PQerrorMessage(conn->pg) : "out of memory");
		return;
	}
	PQsetNoticeProcessor(conn->pg, notice_came, conn);
	loop_timer_start(&conn->timer, conn->connect_timeout, 0);
	conn_watch(conn, LOOP_WRITE); /* as if PQconnectPoll had said PGRES_POLLING_WRITING */
}

static void
time_is_up(LoopTimer *timer, void *arg)
{
	PgConn *conn = arg;

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
			conn_lose(conn, conn->unsent ? conn_reason_of_loss(conn)
										 : "no answer within statement_timeout");
			break;
		case CONN_IDLE:
			break;
	}
}

static void
conn_ready(LoopIo *io, int events, void *arg)
{
	PgConn *conn = arg;

	(void) io;
	if (conn->phase == CONN_CONNECTING)
		poll_connect(conn);
	else if ((events & LOOP_READ) && !PQconsumeInput(conn->pg))
		conn_lose(conn, conn_reason_of_loss(conn));
	else if (conn_flush(conn))
		conn_take_input(conn);
}

/* ---- making and freeing ---- */

const char *
conn_string(const Conf *conf, bool for_listen, bool *direct)
{
	bool pooled = conf->listen_database[0] && strcmp(conf->listen_database, conf->database) != 0;

	*direct = for_listen || !pooled;
	return for_listen && pooled ? conf->listen_database : conf->database;
}

char *
conn_default_options(const Conf *conf, char options[CONN_OPTIONS_SIZE])
{
	snprintf(options, CONN_OPTIONS_SIZE,
			 "-c default_transaction_isolation=read\\ committed -c idle_session_timeout=0"
			 " -c statement_timeout=%lld",
			 (long long) conf->statement_timeout);
	return options;
}

PgConn *
conn_new(Loop *loop, const Conf *conf, bool for_listen, const char *purpose,
		 const ConnHandler *handler, void *arg)
{
	PgConn *conn = mem_zalloc(sizeof(PgConn));

	conn->loop = loop;
	conn->handler = handler;
	conn->arg = arg;
	conn->conninfo = mem_strdup(conn_string(conf, for_listen, &conn->direct));
	conn->hidden = conf_hide_password(conn->conninfo);
	conn->connect_timeout = conf->connect_timeout;
	conn->statement_timeout = conf->statement_timeout;
	conn->backoff = BACKOFF_FIRST;
	snprintf(conn->application, sizeof(conn->application), "eventsd %s", purpose);
	conn->purpose = conn->application + strlen("eventsd ");
	if (conn->direct)
		conn_default_options(conf, conn->options);
	loop_timer_init(&conn->timer, loop, time_is_up, conn);
	loop_timer_start(&conn->timer, 0, 0);
	if (!everybody.head.next)
		dlist_init(&everybody);
	dlist_push_tail(&everybody, &conn->node);
	return conn;
}

void
conn_set_quiet(PgConn *conn)
{
	conn->quiet = true;
}

void
conn_set_unhurried(PgConn *conn)
{
	conn->statement_timeout = 0;
	if (conn->direct)
		snprintf(conn->options, sizeof(conn->options),
				 "-c default_transaction_isolation=read\\ committed -c idle_session_timeout=0"
				 " -c statement_timeout=0 -c client_connection_check_interval=1s");
}

void
conn_free(PgConn *conn)
{
	if (!conn)
		return;
	dlist_remove(&conn->node);
	close_socket(conn);
	conn_forget_statement(conn);
	mem_free(conn->conninfo);
	mem_free(conn->hidden);
	mem_free(conn->last_failure);
	mem_free(conn);
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

int
conn_backend_pid(const PgConn *conn)
{
	bool up = conn->phase == CONN_IDLE || conn->phase == CONN_BUSY;

	return up && conn->direct ? PQbackendPID(conn->pg) : 0;
}
