/*
 * archive_read.c - history out of the database, a piece at a time.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * COPY takes no parameters, so what is asked for is written into the statement as literals.  Its
 * binary format has the bytes of each event as they are: the others escape backslashes, or need
 * to be looked through for what must be quoted.
 *
 * A COPY that nobody wants any more is not ended but left, with its connection: to cancel it would
 * mean to connect, and to read what is on its way, and either may take long when there is trouble.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <string.h>

#include "pg/archive_private.h"
#include "pg/page.h"

#define SQL_LIMIT (4 * 1024 * 1024)
#define COPY_SIGNATURE "PGCOPY\n\377\r\n"
#define COPY_HEADER 19

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
		return archive_fail_with(archive, "the topics and types are too large");
	buf_printf(sql, "COPY (SELECT events.export(%lld, %lld", (long long) piece->upto,
			   (long long) piece->after + 1);
	good = put_literal(archive, sql, "topics", params.values[3]) &&
		   put_literal(archive, sql, "types", params.values[4]);
	buf_printf(sql, ") LIMIT %d) TO STDOUT (FORMAT binary)", piece->max_count);
	page_params_clear(&params);
	if (!good)
		return archive_fail_with(archive, PQerrorMessage(archive->pg));
	return sql->overflowed ? archive_fail_with(archive, "the topics and types are too large")
						   : true;
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

static bool
finish_copy(Archive *archive)
{
	PGresult *result = archive_answer(archive, PGRES_COMMAND_OK);

	PQclear(result);
	return result != NULL;
}

/* the next message, to be freed; 0: there is none any more; below that: it failed */
static int
next_message(Archive *archive, char **message)
{
	int size;

	while ((size = PQgetCopyData(archive->pg, message, 1)) == 0)
	{
		if (!archive_wait(archive, POLLIN))
			return -1;
		if (!PQconsumeInput(archive->pg))
		{
			archive_fail(archive, NULL);
			return -1;
		}
	}
	if (size > 0)
		return size;
	return (size == -1 ? finish_copy(archive) : archive_fail(archive, NULL)) ? 0 : -1;
}

static bool
read_copy(Archive *archive, CopyStream *stream)
{
	char *message;
	int size;

	while ((size = next_message(archive, &message)) > 0)
	{
		bool good = take_message(stream, message, (size_t) size);

		PQfreemem(message);
		if (!good)
			return archive_fail_with(archive, "the server's COPY is not as expected");
		if (stream->stopped)
		{
			archive_leave(archive);
			return true;
		}
	}
	return size == 0;
}

bool
archive_read(Archive *archive, const ArchivePiece *piece, ArchiveLineFn fn, void *arg,
			 int64_t *count)
{
	CopyStream stream = {.fn = fn, .arg = arg};
	PGresult *result = NULL;
	Buf sql;
	bool good;

	*count = 0;
	if (!archive->pg)
		return archive_fail_with(archive, "the connection was left");
	buf_init(&sql, SQL_LIMIT);
	good = write_statement(archive, piece, &sql);
	if (good && archive_send(archive, buf_text(&sql), 0, NULL))
		result = archive_answer(archive, PGRES_COPY_OUT);
	buf_clear(&sql);
	good = result != NULL;
	PQclear(result);
	if (good)
		good = read_copy(archive, &stream);
	*count = stream.count;
	return good;
}
