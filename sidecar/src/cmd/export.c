/*
 * export.c - eventsd export: the history as NDJSON of CloudEvents, into a file or a pipe.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A file that an interrupted export has left can be gone on with (export_file.h says how far it is
 * good).  What is not good in it stays until there is something to write in its place: if the
 * database cannot go on, nothing is lost.  A compressed file is good up to its last whole member,
 * so a member is ended every MEMBER_SIZE bytes of text, always at the end of a line.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/gzip.h"
#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/export_file.h"
#include "cmd/progress.h"
#include "cmd/stop.h"
#include "cmd/walk.h"

#define PIECE 100000
#define WRITE_SIZE (256 * 1024)
#define MEMBER_SIZE (8 * 1024 * 1024)
#define LINE_LIMIT ((size_t) 1 << 30)
#define GZIP_LEVEL 4
#define SHOW_EACH 256 /* events */

typedef struct Export
{
	Walk walk;
	const char *output; /* NULL: standard output */
	bool gzip;
	int level;
	bool resume;

	int fd;
	int64_t cut_at; /* before anything is written; -1: nowhere */
	GzipWriter *writer;
	Buf out;
	size_t in_member; /* bytes of text */
	int write_error;  /* an errno */
	Progress progress;
} Export;

/* ---- writing ---- */

static void
cut_tail(Export *export)
{
	if (export->cut_at >= 0 && (ftruncate(export->fd, export->cut_at) != 0 ||
								lseek(export->fd, export->cut_at, SEEK_SET) < 0))
		export->write_error = errno;
	export->cut_at = -1;
}

static bool
write_all(Export *export)
{
	if (export->out.len > 0)
		cut_tail(export);
	if (!export->write_error && !stop_write(export->fd, export->out.data, export->out.len))
		export->write_error = errno;
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

/* ---- the file ---- */

static int
refuse_file(const Export *export, const char *why)
{
	fprintf(stderr, "eventsd: %s: %s\n", export->output, why);
	return CMD_FAILED;
}

/* two that go on with one file at a time would write into each other's lines */
static int
lock_output(const Export *export)
{
	struct stat file;

	if (fstat(export->fd, &file) != 0 || !S_ISREG(file.st_mode))
		return refuse_file(export, "it is no regular file");
	/* a file system that knows no locks is no reason not to write */
	if (flock(export->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
		return refuse_file(export, "another export writes to it");
	return 0;
}

/* do the options begin behind the last event of the file, and leave out what is between? */
static bool
leaves_gap(const Walk *walk, int64_t last)
{
	bool by_cursor = walk->from && strcmp(walk->from, "earliest") != 0;
	/* a time before the oldest event kept says nothing of what is gone; the server will */
	bool by_time = walk->since && walk->after >= walk->state.oldest;

	return (by_cursor || by_time) && walk->after > last;
}

/* the walk begins after what the file has, whether the database still has what follows or not */
static int
go_on(Export *export)
{
	Walk *walk = &export->walk;
	ExportFile file;
	const char *why = export_file_look(export->fd, &stop_asked, &file);

	if (why)
		return refuse_file(export, why);
	if ((file.compressed || file.end > 0) && file.compressed != export->gzip)
		return refuse_file(export, export->gzip ? "it is not compressed: go on without --gzip"
												: "it is compressed: go on with --gzip");
	if (file.any && strcmp(file.cursor.epoch, walk->state.epoch) != 0)
		return refuse_file(export, "it is of another epoch, or of another database");
	if (file.any && leaves_gap(walk, file.cursor.position))
		return refuse_file(export, "it ends before the events that are asked for begin\n"
								   "hint: leave --after and --since out to go on after its end");
	export->cut_at = file.end;
	if (file.any)
		walk->first = walk->after = file.cursor.position;
	return 0;
}

static int
open_output(Export *export)
{
	int flags = export->resume ? O_RDWR | O_CREAT : O_WRONLY | O_CREAT | O_EXCL;
	int status;

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
	status = lock_output(export);
	return !status && export->resume ? go_on(export) : status;
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
	if (good)
		cut_tail(export);
	good = finish_output(export) && good;
	/* the reader of a pipe has ended: that is no failure, and how much he got is not known */
	if (export->write_error == EPIPE)
		return 0;
	if (export->write_error == EINTR)
		fputs("eventsd: interrupted while nobody read; the last line that arrived says how far\n",
			  stderr);
	else if (export->write_error)
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
	Export export = {.level = GZIP_LEVEL, .fd = -1, .cut_at = -1};
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
