/*
 * conninfo.c - looking at connection strings, and trying them.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * conninfo_try() is for `eventsd check-config`, where a person waits: it is the one place that
 * blocks, for at most connect_timeout.
 */
#include "pg/conninfo.h"

#include <stdio.h>
#include <string.h>

#include <libpq-fe.h>

#include "pg/conn.h"
#include "pg/refusal.h"

static void
put_line(Buf *out, const char *label, const char *text)
{
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == '\n')
		len--;
	buf_printf(out, "%s: %.*s\n", label, (int) len, text);
}

static bool
check_one(const char *name, const char *conninfo, Buf *errors)
{
	char *message = NULL;
	PQconninfoOption *options = PQconninfoParse(conninfo, &message);

	if (!options)
		put_line(errors, name, message ? message : "out of memory");
	PQconninfoFree(options);
	PQfreemem(message);
	return options != NULL;
}

bool
conninfo_check(const Conf *conf, Buf *errors)
{
	bool good = check_one("database", conf->database, errors);

	return check_one("listen_database", conf->listen_database, errors) && good;
}

/* the one row of _relay_state(), in words */
static bool
ask_state(PGconn *pg, Buf *report)
{
	PGresult *result = PQexec(pg, "SELECT epoch, horizon, oldest, worker, version"
								  " FROM events._relay_state()");
	bool good = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *hint = state ? refusal_hint(state) : NULL;

	if (good)
		buf_printf(report, "database: extension version %s, epoch %s, horizon %s, oldest %s, %s\n",
				   PQgetvalue(result, 0, 4), PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1),
				   PQgetvalue(result, 0, 2),
				   PQgetvalue(result, 0, 3)[0] == 't' ? "with a background worker"
													  : "without a background worker");
	else
		put_line(report, "database", PQresultErrorMessage(result));
	if (!good && hint)
		put_line(report, "hint", hint);
	PQclear(result);
	return good;
}

static bool
ask_listen(PGconn *pg, Buf *report)
{
	PGresult *result = PQexec(pg, "LISTEN events");
	bool good = PQresultStatus(result) == PGRES_COMMAND_OK;

	put_line(report, "LISTEN", good ? "allowed" : PQresultErrorMessage(result));
	PQclear(result);
	return good;
}

static void
discard_notice(void *arg, const char *message)
{
	(void) arg;
	(void) message;
}

static bool
try_one(const Conf *conf, bool for_listen, Buf *report)
{
	const char *name = for_listen ? "listen_database" : "database";
	bool direct;
	const char *conninfo = conn_string(conf, for_listen, &direct);
	char timeout[24];
	char options[CONN_OPTIONS_SIZE];
	const char *const keywords[] = {"connect_timeout", "options", "dbname", "client_encoding",
									NULL};
	const char *const values[] = {timeout, direct ? conn_default_options(conf, options) : "",
								  conninfo, "UTF8", NULL};
	PGconn *pg;
	bool good;

	snprintf(timeout, sizeof(timeout), "%lld", (long long) (conf->connect_timeout + 999) / 1000);
	pg = PQconnectdbParams(keywords, values, 1);
	PQsetNoticeProcessor(pg, discard_notice, NULL);
	good = PQstatus(pg) == CONNECTION_OK;
	if (!good)
	{
		put_line(report, name, PQerrorMessage(pg));
		put_line(report, "hint", conn_advice(PQerrorMessage(pg)));
	}
	else
	{
		buf_printf(report, "%s: connected to PostgreSQL %d, database \"%s\", as \"%s\"\n", name,
				   PQserverVersion(pg) / 10000, PQdb(pg), PQuser(pg));
		good = for_listen ? ask_listen(pg, report) : ask_state(pg, report);
	}
	PQfinish(pg);
	return good;
}

bool
conninfo_try(const Conf *conf, Buf *report)
{
	bool good = try_one(conf, false, report);

	return try_one(conf, true, report) && good;
}
