/*
 * conn.h - one connection to PostgreSQL that keeps itself alive; private to pg/.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A PgConn connects without blocking, tells when it is up, runs one statement at a time, hands
 * over notifications, notices its own loss at once (it always reads), and tries again with a
 * back-off of 0.1 to 5 seconds.  Every statement that was accepted by conn_send() is answered by
 * exactly one on_done, also when the connection breaks under it or its time is up.
 *
 * Statements are static structs.  On a direct connection each is prepared at its first use; on a
 * pooled one nothing is left behind in the session.
 */
#ifndef EVENTSD_PG_CONN_H
#define EVENTSD_PG_CONN_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "conf/conf.h"
#include "loop/loop.h"

typedef struct PgConn PgConn;

/* for libpq, of every connection: who is gone without a word is noticed within a minute */
#define CONN_ALIVE_KEYWORDS \
	"keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"
#define CONN_ALIVE_VALUES "1", "30", "10", "3", "30000"

#define CONN_PARAMS_MAX 8
#define CONN_OPTIONS_SIZE 160

typedef struct ConnStatement
{
	int number; /* below 32, its own */
	const char *sql;
	int params;
	bool binary;  /* format of the result */
	bool session; /* never prepared (LISTEN) */
} ConnStatement;

typedef struct ConnOutcome
{
	PGresult *rows;	   /* of a statement that succeeded whole, else NULL */
	PGresult *refusal; /* PostgreSQL's error, else NULL */
	const char *lost;  /* why there is neither, else NULL */
} ConnOutcome;

typedef struct ConnHandler
{
	/* statements can be sent */
	void (*on_up)(void *arg, PgConn *conn);
	/* an attempt to connect failed; another will follow.  May be NULL */
	void (*on_failed)(void *arg, PgConn *conn);
	/* it was up, and is not any more (after the on_done of a running statement) */
	void (*on_down)(void *arg, PgConn *conn);
	/*
	 * Results are cleared after the call.  The next statement may be sent from inside, unless the
	 * connection is given up with this one: then it is not idle.
	 */
	void (*on_done)(void *arg, PgConn *conn, const ConnOutcome *outcome);
	/* may be NULL; several can come in a row */
	void (*on_notify)(void *arg, PgConn *conn, const char *payload);
} ConnHandler;

/* purpose is for logs and application_name: "feed", "listen", "read", "publish", ... */
PgConn *conn_new(Loop *loop, const Conf *conf, bool for_listen, const char *purpose,
				 const ConnHandler *handler, void *arg);
/* its comings and goings are logged at debug level only: for all but the first of a pool */
void conn_set_quiet(PgConn *conn);
/*
 * Its statements may take as long as they want: no time-out of ours or of the session.  Instead the
 * server looks whether we are still there.  Right after conn_new().
 */
void conn_set_unhurried(PgConn *conn);
/* no callbacks any more; not from inside one of them */
void conn_free(PgConn *conn);

/* up, and no statement runs */
bool conn_is_idle(const PgConn *conn);
/* values are texts that stay until on_done, NULL for null; false when it is not idle */
bool conn_send(PgConn *conn, const ConnStatement *statement, const char *const *values);
uint64_t conn_times_up(const PgConn *conn);
/* the server's process, 0 when it is not up or behind a pooler, which gives numbers of its own */
int conn_backend_pid(const PgConn *conn);
/*
 * Asks the server to end the running statement.  libpq opens a connection for that, and waits for
 * it: only for those who have nothing else to do, at the end of a process.
 */
void conn_cancel(PgConn *conn);

/*
 * Which of the two strings a connection uses, and whether it leads straight to the server:
 * `database` may be a pooler wherever listen_database is another string.
 */
const char *conn_string(const Conf *conf, bool for_listen, bool *direct);
/* what to do about a failure to connect */
const char *conn_advice(const char *why);
/* the session settings of a direct connection, which the user's `options` override */
char *conn_default_options(const Conf *conf, char options[CONN_OPTIONS_SIZE]);

/* a field of an error, or NULL */
const char *conn_error_field(const PGresult *result, int field);

#endif /* EVENTSD_PG_CONN_H */
