/*
 * archive.c - history in bulk: the connection, what runs on it, and the way in.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * The way out is in archive_read.c.
 *
 * Statements may take as long as they want; the server looks every second whether we are still
 * there, and TCP whether it is.  libpq does not block: what waits is archive_wait(), which looks
 * for the signal to stop.  (Connecting does, for connect_timeout at most: libpq tries all hosts and
 * addresses of a string by itself only there.)
 */
#include "pg/archive.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "pg/archive_private.h"
#include "pg/conn.h"
#include "pg/refusal.h"

#define ERROR_LIMIT (64 * 1024)
#define LOOK_FOR_STOP 200 /* ms */

static void
discard_notice(void *arg, const char *message)
{
	(void) arg;
	(void) message;
}

Archive *
archive_new(const Conf *conf, const char *purpose, const volatile int *stop)
{
	Archive *archive = mem_zalloc(sizeof(*archive));

	archive->conf = conf;
	archive->stop = stop;
	snprintf(archive->application, sizeof(archive->application), "eventsd %s", purpose);
	buf_init(&archive->error, ERROR_LIMIT);
	archive->lost = true;
	return archive;
}

void
archive_free(Archive *archive)
{
	if (!archive)
		return;
	PQfinish(archive->pg);
	buf_clear(&archive->error);
	mem_free(archive);
}

/* ---- errors ---- */

static void
put_line(Archive *archive, const char *label, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	while (len > 0 && text[len - 1] == '\n')
		len--;
	if (len > 0)
		buf_printf(&archive->error, "%s%s%.*s", archive->error.len ? "\n" : "", label, (int) len,
				   text);
}

/* "line 17 of the events to import", out of the context of an error */
static void
put_place(Archive *archive, const char *context)
{
	const char *place = context ? strstr(context, " of the events to import") : NULL;
	const char *start = place;

	while (start && start > context && start[-1] != '\n')
		start--;
	if (start)
		buf_printf(&archive->error, "%.*s: ", (int) (place - start), start);
}

bool
archive_fail(Archive *archive, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
	const char *context = PQresultErrorField(result, PG_DIAG_CONTEXT);

	buf_reset(&archive->error);
	snprintf(archive->sqlstate, sizeof(archive->sqlstate), "%s", state ? state : "");
	archive->lost = PQstatus(archive->pg) != CONNECTION_OK;
	put_place(archive, context);
	if (state)
		buf_puts(&archive->error, PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
	else
		put_line(archive, "", PQerrorMessage(archive->pg));
	put_line(archive, "detail: ", PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL));
	if (!hint && state)
		hint = refusal_hint(state);
	put_line(archive, "hint: ", hint);
	return false;
}

bool
archive_fail_with(Archive *archive, const char *why)
{
	buf_reset(&archive->error);
	archive->sqlstate[0] = '\0';
	put_line(archive, "", why);
	return false;
}

const char *
archive_error(const Archive *archive)
{
	return buf_text(&archive->error);
}

const char *
archive_sqlstate(const Archive *archive)
{
	return archive->sqlstate;
}

bool
archive_is_lost(const Archive *archive)
{
	return archive->lost;
}

/* ---- connecting ---- */

bool
archive_connect(Archive *archive)
{
	bool direct;
	const char *conninfo = conn_string(archive->conf, false, &direct);
	const char *options = "-c default_transaction_isolation=read\\ committed"
						  " -c idle_session_timeout=0 -c statement_timeout=0"
						  " -c client_connection_check_interval=1s";
	char timeout[24];
	const char *const keywords[] = {CONN_ALIVE_KEYWORDS, "connect_timeout",	 "options", "dbname",
									"client_encoding",	 "application_name", NULL};
	const char *const values[] = {
		CONN_ALIVE_VALUES,	  timeout, direct ? options : "", conninfo, "UTF8",
		archive->application, NULL};

	snprintf(timeout, sizeof(timeout), "%lld",
			 (long long) (archive->conf->connect_timeout + 999) / 1000);
	PQfinish(archive->pg);
	archive->pg = PQconnectdbParams(keywords, values, 1);
	PQsetNoticeProcessor(archive->pg, discard_notice, NULL);
	archive->lost = PQstatus(archive->pg) != CONNECTION_OK;
	if (archive->lost)
		return archive_fail_with(archive, PQerrorMessage(archive->pg));
	return PQsetnonblocking(archive->pg, 1) == 0 ? true : archive_fail(archive, NULL);
}

void
archive_leave(Archive *archive)
{
	PQfinish(archive->pg);
	archive->pg = NULL;
	archive->lost = true;
}

/* ---- one statement ---- */

bool
archive_wait(Archive *archive, short events)
{
	struct pollfd wanted = {.fd = PQsocket(archive->pg), .events = events};
	int ready = 0;

	if (wanted.fd < 0)
		return archive_fail(archive, NULL);
	while (ready == 0 || (ready < 0 && errno == EINTR))
	{
		if (*archive->stop)
		{
			archive_leave(archive);
			return archive_fail_with(archive, "interrupted");
		}
		ready = poll(&wanted, 1, LOOK_FOR_STOP);
	}
	return true;
}

bool
archive_send(Archive *archive, const char *sql, int count, const char *const *values)
{
	int sent = count ? PQsendQueryParams(archive->pg, sql, count, NULL, values, NULL, NULL, 0)
					 : PQsendQuery(archive->pg, sql);

	if (!sent)
		return archive_fail(archive, NULL);
	while (PQflush(archive->pg) > 0)
	{
		if (!archive_wait(archive, POLLIN | POLLOUT))
			return false;
		/* the answer says why */
		if (!PQconsumeInput(archive->pg))
			break;
	}
	return true;
}

/* the next result, NULL at the end; false when it is to stop */
static bool
next_result(Archive *archive, PGresult **result)
{
	while (PQisBusy(archive->pg))
	{
		if (!archive_wait(archive, POLLIN))
			return false;
		if (!PQconsumeInput(archive->pg))
			break;
	}
	*result = PQgetResult(archive->pg);
	return true;
}

/*
 * A server that ends a session says so in a result, and the connection breaks after it: whether it
 * is lost is known at the end of the answer.
 */
PGresult *
archive_answer(Archive *archive, ExecStatusType wanted)
{
	PGresult *good = NULL;
	PGresult *result;
	bool failed = false;

	for (;;)
	{
		if (!next_result(archive, &result))
		{
			PQclear(good);
			return NULL;
		}
		if (!result)
			break;
		if (PQresultStatus(result) == wanted && !good && !failed)
		{
			good = result;
			if (wanted == PGRES_COPY_OUT)
				return good;
			continue;
		}
		if (!failed)
			failed = !archive_fail(archive, result);
		PQclear(result);
	}
	if (!good && !failed)
		failed = !archive_fail(archive, NULL);
	if (!failed)
		return good;
	archive->lost = PQstatus(archive->pg) != CONNECTION_OK;
	PQclear(good);
	return NULL;
}

/* the one row of an answer */
static PGresult *
ask(Archive *archive, const char *sql, int count, const char *const *values)
{
	PGresult *result = archive_send(archive, sql, count, values)
						   ? archive_answer(archive, PGRES_TUPLES_OK)
						   : NULL;

	if (!result || PQntuples(result) == 1)
		return result;
	archive_fail_with(archive, "the server's answer is not as expected");
	PQclear(result);
	return NULL;
}

static int64_t
read_number(const PGresult *result, int column)
{
	return strtoll(PQgetvalue(result, 0, column), NULL, 10);
}

/* ---- questions ---- */

bool
archive_state(Archive *archive, ArchiveState *state)
{
	PGresult *result = ask(archive,
						   "SELECT epoch, horizon, oldest,"
						   " coalesce(current_setting('events.max_pending_events', true), '1000')"
						   " FROM events._relay_state()",
						   0, NULL);

	if (!result)
		return false;
	snprintf(state->epoch, sizeof(state->epoch), "%s", PQgetvalue(result, 0, 0));
	state->horizon = read_number(result, 1);
	state->oldest = read_number(result, 2);
	state->max_pending = read_number(result, 3);
	PQclear(result);
	return true;
}

bool
archive_position_at(Archive *archive, const char *time, int64_t *position)
{
	PGresult *result = ask(archive, "SELECT events.position_at($1::timestamptz)", 1, &time);

	if (result)
		*position = read_number(result, 0);
	PQclear(result);
	return result != NULL;
}

/* ---- importing ---- */

bool
archive_import_begin(Archive *archive, const ArchiveBatch *batch)
{
	char first_line[24];
	const char *const values[] = {batch->lines, batch->recorded_now ? "now" : "keep",
								  batch->validate ? "t" : "f", first_line};

	snprintf(first_line, sizeof(first_line), "%lld", (long long) batch->first_line);
	return archive_send(archive,
						"SELECT imported, skipped FROM events.import_events($1::text, $2::text,"
						" $3::boolean, $4::bigint)",
						4, values);
}

bool
archive_import_end(Archive *archive, int64_t *imported, int64_t *skipped)
{
	PGresult *result = archive_answer(archive, PGRES_TUPLES_OK);

	if (result)
	{
		*imported = read_number(result, 0);
		*skipped = read_number(result, 1);
	}
	PQclear(result);
	return result != NULL;
}
