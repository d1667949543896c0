/*
 * archive.c - history in bulk.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * COPY takes no parameters, so what is asked for is written into the statement as literals.  Its
 * binary format has the bytes of each event as they are: the others escape backslashes, or need
 * to be looked through for what must be quoted.
 *
 * Statements may take as long as they want; the server looks every second whether we are still
 * there.
 */
#include "pg/archive.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libpq-fe.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "pg/conn.h"
#include "pg/page.h"
#include "pg/refusal.h"

#define ERROR_LIMIT (64 * 1024)
#define SQL_LIMIT (4 * 1024 * 1024)
#define APPLICATION_SIZE 64
#define RETRY_MS 200
#define COPY_SIGNATURE "PGCOPY\n\377\r\n"
#define COPY_HEADER 19

struct Archive
{
	const Conf *conf;
	char application[APPLICATION_SIZE];
	PGconn *pg;
	Buf error;
	char sqlstate[6];
	bool lost;
};

static void
discard_notice(void *arg, const char *message)
{
	(void) arg;
	(void) message;
}

Archive *
archive_new(const Conf *conf, const char *purpose)
{
	Archive *archive = mem_zalloc(sizeof(*archive));

	archive->conf = conf;
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

/* notes why; always false */
static bool
fail(Archive *archive, const PGresult *result)
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

static bool
fail_with(Archive *archive, const char *why)
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
	const char *const keywords[] = {"connect_timeout", "options",		   "dbname",
									"client_encoding", "application_name", NULL};
	const char *const values[] = {timeout, direct ? options : "", conninfo,
								  "UTF8",  archive->application,  NULL};

	snprintf(timeout, sizeof(timeout), "%lld",
			 (long long) (archive->conf->connect_timeout + 999) / 1000);
	PQfinish(archive->pg);
	archive->pg = PQconnectdbParams(keywords, values, 1);
	PQsetNoticeProcessor(archive->pg, discard_notice, NULL);
	archive->lost = PQstatus(archive->pg) != CONNECTION_OK;
	return archive->lost ? fail_with(archive, PQerrorMessage(archive->pg)) : true;
}

bool
archive_reconnect(Archive *archive, const volatile int *stop)
{
	int64_t give_up_at = clock_monotonic_ms() + archive->conf->connect_timeout;
	const struct timespec pause = {.tv_nsec = RETRY_MS * 1000000L};

	while (!archive_connect(archive))
	{
		if (*stop || clock_monotonic_ms() >= give_up_at)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

/* ---- questions ---- */

bool
archive_state(Archive *archive, ArchiveState *state)
{
	PGresult *result = PQexec(
		archive->pg, "SELECT epoch, horizon, oldest,"
					 " coalesce(current_setting('events.max_pending_events', true), '1000')"
					 " FROM events._relay_state()");
	bool good = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;

	if (good)
	{
		snprintf(state->epoch, sizeof(state->epoch), "%s", PQgetvalue(result, 0, 0));
		state->horizon = strtoll(PQgetvalue(result, 0, 1), NULL, 10);
		state->oldest = strtoll(PQgetvalue(result, 0, 2), NULL, 10);
		state->max_pending = strtoll(PQgetvalue(result, 0, 3), NULL, 10);
	}
	else
		fail(archive, result);
	PQclear(result);
	return good;
}

bool
archive_position_at(Archive *archive, const char *time, int64_t *position)
{
	PGresult *result = PQexecParams(archive->pg, "SELECT events.position_at($1::timestamptz)", 1,
									NULL, &time, NULL, NULL, 0);
	bool good = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;

	if (good)
		*position = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	else
		fail(archive, result);
	PQclear(result);
	return good;
}

/* ---- reading ---- */

/* an array as text, as a literal */
static bool
put_literal(Archive *archive, Buf *sql, const char *name, const char *text)
{
	char *literal;

	if (!text)
		return true;
	literal = PQescapeLiteral(archive->pg, text, strlen(text));
	if (literal)
		buf_printf(sql, ", %s => %s::text[]", name, literal);
	PQfreemem(literal);
	return literal != NULL;
}

static bool
write_statement(Archive *archive, const ArchivePiece *piece, Buf *sql)
{
	PageRequest request = {.filter = piece->filter};
	PageParams params;
	bool good;

	if (!page_params_init(&params, &request))
		return fail_with(archive, "the topics and types are too large");
	buf_printf(sql, "COPY (SELECT events.export(%lld, %lld", (long long) piece->upto,
			   (long long) piece->after + 1);
	good = put_literal(archive, sql, "topics", params.values[3]) &&
		   put_literal(archive, sql, "types", params.values[4]);
	buf_printf(sql, ") LIMIT %d) TO STDOUT (FORMAT binary)", piece->max_count);
	page_params_clear(&params);
	if (!good)
		return fail_with(archive, PQerrorMessage(archive->pg));
	return sql->overflowed ? fail_with(archive, "the topics and types are too large") : true;
}

typedef struct CopyStream
{
	bool begun;
	bool ended;
	bool stopped; /* by the reader of the lines */
	ArchiveLineFn fn;
	void *arg;
	int64_t count;
} CopyStream;

static int32_t
read_int32(const char *data)
{
	uint32_t value;

	memcpy(&value, data, sizeof(value));
	return (int32_t) ntohl(value);
}

/* one message: perhaps the header, then rows of one column, or the end; false: it is none */
static bool
take_message(CopyStream *stream, const char *data, size_t len)
{
	size_t at = 0;

	if (!stream->begun)
	{
		if (len < COPY_HEADER || memcmp(data, COPY_SIGNATURE, strlen(COPY_SIGNATURE) + 1) != 0)
			return false;
		stream->begun = true;
		at = COPY_HEADER + (size_t) read_int32(data + COPY_HEADER - 4);
	}
	while (at + 2 <= len && !stream->ended)
	{
		int columns = (int16_t) ((unsigned char) data[at] << 8 | (unsigned char) data[at + 1]);
		int32_t size;

		at += 2;
		stream->ended = columns == -1;
		if (stream->ended)
			break;
		if (columns != 1 || at + 4 > len)
			return false;
		size = read_int32(data + at);
		at += 4;
		if (size < 0 || (size_t) size > len - at)
			return false;
		stream->stopped = !stream->fn(stream->arg, (Str) {data + at, (size_t) size});
		if (stream->stopped)
			return true;
		stream->count++;
		at += (size_t) size;
	}
	return at <= len;
}

/* end a COPY that nobody wants any more; what has been sent is read and dropped */
static void
abandon_copy(Archive *archive)
{
	PGcancel *cancel = PQgetCancel(archive->pg);
	char reason[256];
	char *message;
	PGresult *result;

	if (cancel)
		PQcancel(cancel, reason, sizeof(reason));
	PQfreeCancel(cancel);
	while (PQgetCopyData(archive->pg, &message, 0) > 0)
		PQfreemem(message);
	while ((result = PQgetResult(archive->pg)) != NULL)
		PQclear(result);
}

static bool
finish_copy(Archive *archive)
{
	bool good = true;
	PGresult *result;

	while ((result = PQgetResult(archive->pg)) != NULL)
	{
		if (good && PQresultStatus(result) != PGRES_COMMAND_OK)
			good = fail(archive, result);
		PQclear(result);
	}
	return good;
}

static bool
read_copy(Archive *archive, CopyStream *stream)
{
	char *message;
	int size;

	while ((size = PQgetCopyData(archive->pg, &message, 0)) > 0)
	{
		bool good = take_message(stream, message, (size_t) size);

		PQfreemem(message);
		if (!good || stream->stopped)
		{
			abandon_copy(archive);
			return good ? true : fail_with(archive, "the server's COPY is not as expected");
		}
	}
	if (size == -2)
		return fail(archive, NULL);
	return finish_copy(archive);
}

bool
archive_read(Archive *archive, const ArchivePiece *piece, ArchiveLineFn fn, void *arg,
			 int64_t *count)
{
	CopyStream stream = {.fn = fn, .arg = arg};
	PGresult *result;
	Buf sql;
	bool good;

	*count = 0;
	buf_init(&sql, SQL_LIMIT);
	good = write_statement(archive, piece, &sql);
	if (good)
	{
		result = PQexec(archive->pg, buf_text(&sql));
		good = PQresultStatus(result) == PGRES_COPY_OUT ? true : fail(archive, result);
		PQclear(result);
	}
	buf_clear(&sql);
	if (good)
		good = read_copy(archive, &stream);
	*count = stream.count;
	return good;
}

/* ---- importing ---- */

bool
archive_import_begin(Archive *archive, const ArchiveBatch *batch)
{
	char first_line[24];
	const char *const values[] = {batch->lines, batch->recorded_now ? "now" : "keep",
								  batch->validate ? "t" : "f", first_line};

	snprintf(first_line, sizeof(first_line), "%lld", (long long) batch->first_line);
	if (PQsendQueryParams(archive->pg,
						  "SELECT imported, skipped FROM events.import_events($1::text, $2::text,"
						  " $3::boolean, $4::bigint)",
						  4, NULL, values, NULL, NULL, 0))
		return true;
	return fail(archive, NULL);
}

bool
archive_import_end(Archive *archive, int64_t *imported, int64_t *skipped)
{
	bool good = false;
	bool failed = false;
	PGresult *result;

	while ((result = PQgetResult(archive->pg)) != NULL)
	{
		if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1)
		{
			*imported = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
			*skipped = strtoll(PQgetvalue(result, 0, 1), NULL, 10);
			good = true;
		}
		else
			failed = !fail(archive, result);
		PQclear(result);
	}
	if (!good && !failed)
		return fail(archive, NULL);
	return good && !failed;
}
