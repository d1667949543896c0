/*
 * import.c - eventsd import: an export, or any NDJSON of CloudEvents, into the history.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * Lines go to the database in batches, each one statement and one transaction: a batch is in the
 * history whole or not at all.  While the database works on one, the next is read.
 *
 * What is there already is left out by the database, which knows events by their sequence.  So
 * there is nothing to remember here: an import that was broken off is gone on with by running it
 * again, and a batch whose answer was lost with the connection is simply sent again.
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
#include "cmd/recovery.h"
#include "cmd/stop.h"
#include "pg/archive.h"

#define BATCH_LINES 5000
#define BATCH_SIZE (4 * 1024 * 1024)
#define READ_SIZE (256 * 1024)
#define LINE_LIMIT ((size_t) 256 * 1024 * 1024) /* as jsonb */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

typedef struct Batch
{
	Buf lines;
	int64_t first_line;
	int count;
} Batch;

typedef struct Import
{
	const char *input; /* NULL: standard input */
	bool recorded_now;
	bool validate;

	Archive *archive;
	int max_lines;
	int fd;
	GzipReader *reader;
	Buf text;	   /* read, not yet in a batch */
	size_t looked; /* no newline before this in it */
	bool begun;	   /* a byte order mark was looked for */
	bool at_end;
	Batch batches[2];
	int64_t lines; /* put into batches */
	int64_t imported;
	int64_t skipped;
	Progress progress;
} Import;

static int
fail_input(const Import *import, const char *why)
{
	fprintf(stderr, "eventsd: %s: line %lld: %s\n", import->input ? import->input : "input",
			(long long) import->lines + 1, why);
	return CMD_FAILED;
}

/* ---- reading ---- */

/* the next line with its newline, NULL when more must be read; *len is 0 at the end */
static const char *
next_line(Import *import, size_t start, size_t *len)
{
	char *newline = NULL;

	if (import->looked < start)
		import->looked = start;
	if (import->text.len > import->looked)
		newline = memchr(import->text.data + import->looked, '\n',
						 import->text.len - import->looked);
	if (newline)
		import->looked = (size_t) (newline - import->text.data) + 1;
	else
		import->looked = import->text.len;
	if (!newline && !import->at_end)
		return NULL;
	*len = import->looked - start;
	return import->text.data + start;
}

/* some editors begin a file with it */
static void
skip_mark(Import *import)
{
	size_t len = strlen(BYTE_ORDER_MARK);

	if (!import->begun && import->text.len >= len &&
		memcmp(import->text.data, BYTE_ORDER_MARK, len) == 0)
		buf_consume(&import->text, len);
	if (import->text.len >= len)
		import->begun = true;
}

static int
read_more(Import *import)
{
	char *room = buf_reserve(&import->text, READ_SIZE);
	long got;

	if (!room)
		return fail_input(import, "is too long");
	got = gzip_read(import->reader, room, READ_SIZE);
	if (got < 0 && stop_asked)
		return CMD_FAILED;
	if (got < 0)
		return fail_input(import, gzip_reader_error(import->reader));
	import->at_end = got == 0;
	buf_grow_by(&import->text, (size_t) got);
	skip_mark(import);
	return 0;
}

/*
 * As many lines as a batch may have, none at the end of the input.  A line that does not fit any
 * more is left for the next one: a long one goes alone.
 */
static int
fill_batch(Import *import, Batch *batch)
{
	size_t taken = 0;
	int status = 0;

	buf_consume(&batch->lines, batch->lines.len);
	batch->first_line = import->lines + 1;
	batch->count = 0;
	while (!status && batch->count < import->max_lines && batch->lines.len < BATCH_SIZE)
	{
		size_t len;
		const char *line = next_line(import, taken, &len);

		if (!line)
		{
			buf_consume(&import->text, taken);
			import->looked -= taken;
			taken = 0;
			status = read_more(import);
			continue;
		}
		if (len == 0)
			break;
		if (batch->count > 0 && len > BATCH_SIZE - batch->lines.len)
		{
			import->looked = taken;
			break;
		}
		if (memchr(line, '\0', len))
			return fail_input(import, "has a NUL byte");
		/* the database would say so too, but not where */
		if (!str_is_utf8(line, len))
			return fail_input(import, "is not UTF-8");
		if (!buf_append(&batch->lines, line, len))
			return fail_input(import, "is too long");
		taken += len;
		batch->count++;
		import->lines++;
	}
	buf_consume(&import->text, taken);
	import->looked -= taken;
	return status;
}

/* ---- sending ---- */

static bool
begin(Import *import, const Batch *batch)
{
	/* the newline at the end would begin one more, empty line */
	const ArchiveBatch request = {.lines = buf_text(&batch->lines),
								  .first_line = batch->first_line,
								  .recorded_now = import->recorded_now,
								  .validate = import->validate};

	return archive_import_begin(import->archive, &request);
}

static bool
end(Import *import)
{
	int64_t imported, skipped;

	if (!archive_import_end(import->archive, &imported, &skipped))
		return false;
	import->imported += imported;
	import->skipped += skipped;
	return true;
}

static int
tell_unknown(const Batch *batch)
{
	if (!stop_asked)
		fprintf(stderr, "eventsd: whether lines %lld to %lld are in is not known\n",
				(long long) batch->first_line, (long long) batch->first_line + batch->count - 1);
	return CMD_FAILED;
}

/* the answer to the batch; over a lost connection by sending it again */
static int
finish(Import *import, const Batch *batch, bool good)
{
	Recovery recovery = {0};
	ArchiveState state;

	good = good && end(import);
	while (!good && archive_is_lost(import->archive) && !stop_asked)
	{
		if (!recovery_again(&recovery, import->archive, batch->first_line, &state))
			return tell_unknown(batch);
		good = begin(import, batch) && end(import);
	}
	if (good)
		return 0;
	if (!stop_asked)
		fprintf(stderr, "eventsd: %s\n", archive_error(import->archive));
	return CMD_FAILED;
}

static int
transfer(Import *import)
{
	Batch *batch = &import->batches[0];
	Batch *next = &import->batches[1];
	int status = fill_batch(import, batch);

	while (!status && batch->count > 0 && !stop_asked)
	{
		bool good = begin(import, batch);
		int failed_reading = good ? fill_batch(import, next) : 0;
		Batch *done = batch;

		status = finish(import, batch, good);
		if (!status && !good)
			failed_reading = fill_batch(import, next);
		if (!status)
			status = failed_reading;
		batch = next;
		next = done;
		progress_show(&import->progress, import->imported + import->skipped,
					  gzip_reader_offset(import->reader));
	}
	return status;
}

/* ---- the command ---- */

static int
open_input(Import *import)
{
	struct stat file;

	import->fd = STDIN_FILENO;
	if (import->input && strcmp(import->input, "-") == 0)
		import->input = NULL;
	if (import->input)
		import->fd = open(import->input, O_RDONLY | O_CLOEXEC);
	if (import->fd < 0)
	{
		fprintf(stderr, "eventsd: %s: %s\n", import->input, strerror(errno));
		return CMD_FAILED;
	}
	import->reader = gzip_reader_new(import->fd, &stop_asked);
	progress_begin(&import->progress, "imported",
				   fstat(import->fd, &file) == 0 && S_ISREG(file.st_mode) ? file.st_size : 0);
	return 0;
}

static int
connect_database(Import *import, const Conf *conf)
{
	ArchiveState state;

	import->archive = archive_new(conf, "import", &stop_asked);
	if (!recovery_begin(import->archive, conf, &state))
		return CMD_FAILED;
	import->max_lines = state.max_pending < BATCH_LINES ? (int) state.max_pending : BATCH_LINES;
	return 0;
}

static int
run(Import *import)
{
	int status = transfer(import);

	progress_end(&import->progress, import->imported);
	if (import->skipped > 0)
		fprintf(stderr, "; %lld were there already", (long long) import->skipped);
	if (status || stop_asked)
	{
		fputs("; not finished: what is in stays, and running it again goes on\n", stderr);
		return CMD_FAILED;
	}
	fputc('\n', stderr);
	return 0;
}

static int
set_option(Import *import, char **words, int *at)
{
	const char *value = "";
	const char *word = words[*at];

	if (strcmp(word, "--validate") == 0)
		import->validate = true;
	else if (cmd_option(words, at, "--recorded", &value))
	{
		if (value && strcmp(value, "keep") != 0 && strcmp(value, "now") != 0)
			return cmd_complain("--recorded is keep or now");
		import->recorded_now = value && strcmp(value, "now") == 0;
	}
	else if (word[0] == '-' && word[1])
		return cmd_complain("import does not know \"%s\"", word);
	else if (import->input)
		return cmd_complain("import takes one file: \"%s\" is another", word);
	else
		import->input = word;
	return value ? 0 : cmd_complain("%s needs a value", word);
}

int
cmd_import(int argc, char **argv)
{
	ConfSource source = {.argc = argc, .argv = argv, .allow_rest = true};
	Import import = {.fd = -1};
	Conf *conf = cmd_load(&source, false);
	int status = conf ? 0 : CMD_UNUSABLE;

	buf_init(&import.text, LINE_LIMIT);
	buf_init(&import.batches[0].lines, LINE_LIMIT);
	buf_init(&import.batches[1].lines, LINE_LIMIT);
	for (int i = 0; i < source.rest_count && !status; i++)
		status = set_option(&import, source.rest, &i);
	stop_listen();
	if (!status)
		status = open_input(&import);
	if (!status)
		status = connect_database(&import, conf);
	if (!status)
		status = run(&import);
	gzip_reader_free(import.reader);
	if (import.input && import.fd >= 0)
		close(import.fd);
	archive_free(import.archive);
	buf_clear(&import.text);
	buf_clear(&import.batches[0].lines);
	buf_clear(&import.batches[1].lines);
	conf_free(conf);
	mem_free(source.rest);
	return status;
}
