/*
 * export_file.c - what an export has left in a file.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * What counts is the last complete line.  A compressed file is good up to its last whole member
 * that ends with a line, and only the end of the file can make a member be not whole: data that is
 * damaged, or cannot be read, may have good members behind it, so nobody should cut there.
 *
 * If nothing is whole, all is to be written again.  Events that could be read all the same say
 * where that begins: should they be gone from the database, this file has the last of them.
 */
#include "cmd/export_file.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/gzip.h"
#include "base/mem.h"
#include "cmd/walk.h"

#define READ_SIZE (256 * 1024)
#define TAIL_SIZE (4 * 1024 * 1024)
#define LINE_LIMIT ((size_t) 1 << 30)
#define BEGINNING "{\"specversion\":\"1.0\","

typedef struct Look
{
	GzipReader *reader;
	int64_t begin; /* of the text, in a file that is not compressed */
	int64_t text;  /* bytes of it that were looked at */
	Buf rest;	   /* the last ones: a line that is not complete */
	bool any;
	Cursor cursor; /* of the last complete line */
} Look;

/* the beginning of a line, not far from the end, that another one follows; 0 is always good */
static int64_t
find_tail(int fd)
{
	struct stat file;
	unsigned char magic[2] = {0};
	int64_t tail = 0;

	if (fstat(fd, &file) != 0 || pread(fd, magic, 2, 0) != 2 || magic[0] != '{')
		return 0;
	for (int64_t step = TAIL_SIZE; tail == 0 && step < file.st_size; step *= 4)
	{
		char *text = mem_alloc((size_t) step);
		ssize_t got = pread(fd, text, (size_t) step, file.st_size - step);
		char *first = got > 0 ? memchr(text, '\n', (size_t) got) : NULL;

		if (first && memchr(first + 1, '\n', (size_t) (text + got - first - 1)))
			tail = file.st_size - step + (first + 1 - text);
		mem_free(text);
	}
	return tail;
}

/* the beginning of a line, or as much as there is of it */
static bool
begins_event(const Buf *rest)
{
	size_t len = rest->len < strlen(BEGINNING) ? rest->len : strlen(BEGINNING);

	return len == 0 || memcmp(rest->data, BEGINNING, len) == 0;
}

/* is the text that was looked at the end of something whole? */
static void
note_end(const Look *look, ExportFile *file)
{
	int64_t end = look->begin + look->text - (int64_t) look->rest.len;

	if (gzip_reader_is_compressed(look->reader))
	{
		GzipMember last = gzip_reader_last_member(look->reader);

		if (last.text != look->text || look->rest.len > 0)
			return;
		end = last.end;
	}
	file->end = end;
	if (look->any)
		file->cursor = look->cursor;
}

/* more text stands behind rest; false when it is none of an export */
static bool
take_text(Look *look, size_t len, ExportFile *file)
{
	size_t start = 0;
	char *newline;

	buf_grow_by(&look->rest, len);
	look->text += (int64_t) len;
	while ((newline = memchr(look->rest.data + start, '\n', look->rest.len - start)) != NULL)
	{
		Str line = {look->rest.data + start, (size_t) (newline - look->rest.data) - start};

		if (!walk_find_cursor(line, &look->cursor))
			return false;
		if (!look->any)
		{
			look->any = file->any = true;
			file->cursor = look->cursor;
			file->cursor.position--;
		}
		start += line.len + 1;
	}
	buf_consume(&look->rest, start);
	note_end(look, file);
	return begins_event(&look->rest);
}

const char *
export_file_look(int fd, const volatile int *stop, ExportFile *file)
{
	Look look = {.begin = lseek(fd, find_tail(fd), SEEK_SET), .reader = gzip_reader_new(fd, stop)};
	const char *why = NULL;
	long got = 1;

	*file = (ExportFile) {0};
	buf_init(&look.rest, LINE_LIMIT);
	while (!why && got > 0)
	{
		char *room = buf_reserve(&look.rest, READ_SIZE);

		if (!room)
		{
			why = "it has a line that is too long";
			break;
		}
		got = gzip_read(look.reader, room, READ_SIZE);
		/* the end of a member may come in a read of its own, behind all its text */
		note_end(&look, file);
		if (got < 0 && !gzip_reader_is_cut_off(look.reader))
			why = gzip_reader_error(look.reader);
		else if (got > 0 && !take_text(&look, (size_t) got, file))
			why = "it has lines that are no events of an export";
	}
	file->compressed = gzip_reader_is_compressed(look.reader);
	gzip_reader_free(look.reader);
	buf_clear(&look.rest);
	return why;
}
