/*
 * export.c - eventsd export: the history as NDJSON of CloudEvents, into a file or a pipe.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A file that an interrupted export has left can be gone on with.  What counts is its last
 * complete line: whatever follows is cut off, and the export goes on after the sequence that stands
 * in it.  A compressed file is good up to its last whole member, so a member is ended every
 * MEMBER_SIZE bytes of text, always at the end of a line.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/gzip.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/progress.h"
#include "cmd/stop.h"
#include "cmd/walk.h"

#define PIECE 100000
#define WRITE_SIZE (256 * 1024)
#define MEMBER_SIZE (8 * 1024 * 1024)
#define TAIL_SIZE (4 * 1024 * 1024)
#define LINE_LIMIT ((size_t) 1 << 30)
#define GZIP_LEVEL 4
#define SHOW_EACH 256 /* events */
#define BEGINNING "{\"specversion\":\"1.0\","

typedef struct Export
{
	Walk walk;
	const char *output; /* NULL: standard output */
	bool gzip;
	int level;
	bool resume;

	int fd;
	GzipWriter *writer;
	Buf out;
	size_t in_member; /* bytes of text */
	int write_error;  /* an errno */
	Progress progress;
} Export;

/* ---- writing ---- */

static bool
write_all(Export *export)
{
	size_t done = 0;

	while (done < export->out.len && !export->write_error)
	{
		ssize_t step = write(export->fd, export->out.data + done, export->out.len - done);

		if (step >= 0)
			done += (size_t) step;
		else if (errno != EINTR)
			export->write_error = errno;
	}
	buf_consume(&export->out, export->out.len);
	return !export->write_error;
}

static bool
put(Export *export, const char *data, size_t len)
{
	if (export->writer)
		return gzip_write(export->writer, data, len, &export->out);
	return buf_append(&export->out, data, len);
}

static bool
take_event(void *arg, Str line, int64_t position)
{
	Export *export = arg;

	if (!put(export, line.data, line.len) || !put(export, "\n", 1))
	{
		export->write_error = ENOMEM;
		return false;
	}
	export->in_member += line.len + 1;
	if (export->writer && export->in_member >= MEMBER_SIZE)
	{
		export->in_member = 0;
		if (!gzip_end_member(export->writer, &export->out))
			export->write_error = ENOMEM;
	}
	if (export->walk.count % SHOW_EACH == 0)
		progress_show(&export->progress, export->walk.count, position - export->walk.first);
	return export->out.len < WRITE_SIZE || write_all(export);
}

static bool
finish_output(Export *export)
{
	if (!export->write_error && export->writer && !gzip_end_member(export->writer, &export->out))
		export->write_error = ENOMEM;
	(void) write_all(export);
	if (!export->write_error && export->output && fsync(export->fd) != 0 && errno != EINVAL)
		export->write_error = errno;
	return !export->write_error;
}

/* ---- going on with a file ---- */

typedef struct Found
{
	int64_t end; /* of what is good in the file */
	bool any;
	Cursor cursor; /* of the last event in it */
} Found;

/* lines of a stretch of text; what is left of the last one stays in *rest */
static bool
look_at_lines(Buf *rest, Cursor *cursor, bool *any)
{
	size_t start = 0;
	char *newline;

	while ((newline = memchr(rest->data + start, '\n', rest->len - start)) != NULL)
	{
		Str line = {rest->data + start, (size_t) (newline - rest->data) - start};

		if (!walk_find_cursor(line, cursor))
			return false;
		*any = true;
		start += line.len + 1;
	}
	buf_consume(rest, start);
	return true;
}

/* the beginning of a line, or as much as there is of it */
static bool
begins_event(const Buf *rest)
{
	size_t len = rest->len < strlen(BEGINNING) ? rest->len : strlen(BEGINNING);

	return len == 0 || memcmp(rest->data, BEGINNING, len) == 0;
}

static int
refuse_file(const Export *export, const char *why)
{
	fprintf(stderr, "eventsd: %s: %s\n", export->output, why);
	return CMD_FAILED;
}

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

/* where the last complete line, or the last whole member, ends, and what its last event is */
static int
look_at_file(Export *export, Found *found)
{
	int64_t tail = lseek(export->fd, find_tail(export->fd), SEEK_SET);
	GzipReader *reader = gzip_reader_new(export->fd, &stop_asked);
	Buf rest;
	Cursor cursor;
	bool any = false;
	long got = 0;
	int status = 0;

	buf_init(&rest, LINE_LIMIT);
	for (;;)
	{
		char *room = buf_reserve(&rest, WRITE_SIZE);

		got = room ? gzip_read(reader, room, WRITE_SIZE) : -1;
		if (got <= 0)
			break;
		buf_grow_by(&rest, (size_t) got);
		if (!look_at_lines(&rest, &cursor, &any) || !begins_event(&rest))
		{
			status = refuse_file(export, "it has lines that are no events of an export");
			break;
		}
		if (gzip_reader_is_compressed(reader) &&
			(!gzip_reader_at_member_end(reader) || rest.len > 0))
			continue;
		found->end = gzip_reader_is_compressed(reader)
						 ? gzip_reader_offset(reader)
						 : tail + gzip_reader_offset(reader) - (int64_t) rest.len;
		found->any = any;
		found->cursor = cursor;
	}
	if (!status && got < 0 && !gzip_reader_is_compressed(reader))
		status = refuse_file(export, gzip_reader_error(reader));
	if (!status && found->end > 0 && gzip_reader_is_compressed(reader) != export->gzip)
		status = refuse_file(export, export->gzip ? "it is not compressed: go on without --gzip"
												  : "it is compressed: go on with --gzip");
	gzip_reader_free(reader);
	buf_clear(&rest);
	return status;
}

/* the walk begins after what the file has */
static int
go_on(Export *export)
{
	Found found = {0};
	int status = look_at_file(export, &found);

	if (status)
		return status;
	if (ftruncate(export->fd, found.end) != 0 || lseek(export->fd, found.end, SEEK_SET) < 0)
		return refuse_file(export, strerror(errno));
	if (!found.any)
		return 0;
	if (strcmp(found.cursor.epoch, export->walk.state.epoch) != 0)
		return refuse_file(export, "it is of another epoch, or of another database");
	if (found.cursor.position > export->walk.after)
		export->walk.first = export->walk.after = found.cursor.position;
	return 0;
}

static int
open_output(Export *export)
{
	int flags = export->resume ? O_RDWR | O_CREAT : O_WRONLY | O_CREAT | O_EXCL;

	export->fd = STDOUT_FILENO;
	if (!export->output)
		return 0;
	export->fd = open(export->output, flags | O_CLOEXEC, 0666);
	if (export->fd < 0 && errno == EEXIST)
	{
		fprintf(stderr, "eventsd: %s is there already\nhint: --resume goes on with it\n",
				export->output);
		return CMD_UNUSABLE;
	}
	if (export->fd < 0)
		return refuse_file(export, strerror(errno));
	return export->resume ? go_on(export) : 0;
}

/* ---- the command ---- */

static int
set_option(Export *export, char **words, int *at)
{
	const char *value = "";
	const char *word = words[*at];
	int status = walk_option(&export->walk, words, at);

	if (status >= 0)
		return status;
	if (strcmp(word, "--gzip") == 0)
		export->gzip = true;
	else if (strncmp(word, "--gzip=", strlen("--gzip=")) == 0)
	{
		export->gzip = true;
		export->level = word[strlen("--gzip=")] - '0';
		if (export->level < 1 || export->level > 9 || strlen(word) != strlen("--gzip=") + 1)
			return cmd_complain("--gzip: a level from 1 to 9 was expected");
	}
	else if (strcmp(word, "--resume") == 0)
		export->resume = true;
	else if (cmd_option(words, at, "--output", &value))
		export->output = value;
	else
		return cmd_complain("export does not know \"%s\"", word);
	return value ? 0 : cmd_complain("%s needs a value", word);
}

static void
tell_end(Export *export, bool complete)
{
	char cursor[CURSOR_SIZE];

	progress_end(&export->progress, export->walk.count);
	fprintf(stderr, "%s %s\n", complete ? ", up to" : "; interrupted after",
			walk_cursor(&export->walk, cursor));
}

static int
run(Export *export)
{
	bool good;

	if (export->gzip)
		export->writer = gzip_writer_new(export->level);
	export->walk.piece = PIECE;
	progress_begin(&export->progress, "exported", export->walk.upto - export->walk.first);
	good = walk_run(&export->walk, &stop_asked, take_event, export);
	good = finish_output(export) && good;
	/* nobody reads any more: that is the reader's end, and no failure */
	if (export->write_error == EPIPE)
		return 0;
	if (export->write_error)
		fprintf(stderr, "eventsd: %s: %s\n", export->output ? export->output : "standard output",
				strerror(export->write_error));
	good = good && !stop_asked;
	if (good && export->walk.after < export->walk.upto)
		export->walk.after = export->walk.upto;
	if (!export->write_error)
		tell_end(export, good);
	return good ? 0 : CMD_FAILED;
}

int
cmd_export(int argc, char **argv)
{
	ConfSource source = {.argc = argc, .argv = argv, .allow_rest = true};
	Export export = {.level = GZIP_LEVEL, .fd = -1};
	Conf *conf = cmd_load(&source, false);
	int status = conf ? 0 : CMD_UNUSABLE;

	buf_init(&export.out, LINE_LIMIT);
	for (int i = 0; i < source.rest_count && !status; i++)
		status = set_option(&export, source.rest, &i);
	if (!status && export.resume && !export.output)
		status = cmd_complain("--resume needs --output FILE");
	if (!status && !export.output && isatty(STDOUT_FILENO) && export.gzip)
		status = cmd_complain("compressed data is not for a terminal: --output FILE");
	stop_listen();
	if (!status && walk_open(&export.walk, conf, "export", &stop_asked, &status))
	{
		status = open_output(&export);
		if (!status)
			status = run(&export);
	}
	if (export.output && export.fd >= 0 && close(export.fd) != 0 && !status)
		status = refuse_file(&export, strerror(errno));
	gzip_writer_free(export.writer);
	buf_clear(&export.out);
	walk_close(&export.walk);
	conf_free(conf);
	mem_free(source.rest);
	return status;
}
