/*
 * gzip.c - compressed streams.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "base/gzip.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "base/mem.h"

#define INPUT_SIZE (128 * 1024)
#define OUTPUT_STEP (64 * 1024)
#define LOOK_FOR_STOP 200	  /* ms */
#define GZIP_WINDOW (15 + 16) /* the largest window, and gzip's frame */

struct GzipWriter
{
	z_stream z;
	bool in_member;
};

struct GzipReader
{
	z_stream z;
	int fd;
	const volatile int *stop;
	bool begun;
	bool compressed;
	bool in_member;
	bool at_end; /* of the file */
	int64_t taken;
	int64_t text; /* bytes that came of it */
	GzipMember last;
	const char *error;
	unsigned char input[INPUT_SIZE];
};

/* ---- writing ---- */

GzipWriter *
gzip_writer_new(int level)
{
	GzipWriter *writer = mem_zalloc(sizeof(*writer));

	if (deflateInit2(&writer->z, level, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
	{
		mem_free(writer);
		return NULL;
	}
	return writer;
}

void
gzip_writer_free(GzipWriter *writer)
{
	if (!writer)
		return;
	deflateEnd(&writer->z);
	mem_free(writer);
}

/* what was given goes into *out; with Z_FINISH all of the member */
static bool
deflate_into(GzipWriter *writer, int flush, Buf *out)
{
	int result;

	do
	{
		char *room = buf_reserve(out, OUTPUT_STEP);

		if (!room)
			return false;
		writer->z.next_out = (unsigned char *) room;
		writer->z.avail_out = OUTPUT_STEP;
		result = deflate(&writer->z, flush);
		buf_grow_by(out, OUTPUT_STEP - writer->z.avail_out);
	} while (writer->z.avail_in > 0 || (flush == Z_FINISH && result != Z_STREAM_END));
	return true;
}

bool
gzip_write(GzipWriter *writer, const char *data, size_t len, Buf *out)
{
	if (len == 0)
		return true;
	writer->in_member = true;
	writer->z.next_in = (unsigned char *) (uintptr_t) data;
	writer->z.avail_in = (unsigned) len;
	return deflate_into(writer, Z_NO_FLUSH, out);
}

bool
gzip_end_member(GzipWriter *writer, Buf *out)
{
	if (!writer->in_member)
		return true;
	if (!deflate_into(writer, Z_FINISH, out))
		return false;
	writer->in_member = false;
	return deflateReset(&writer->z) == Z_OK;
}

/* ---- reading ---- */

GzipReader *
gzip_reader_new(int fd, const volatile int *stop)
{
	GzipReader *reader = mem_zalloc(sizeof(*reader));

	reader->fd = fd;
	reader->stop = stop;
	if (inflateInit2(&reader->z, GZIP_WINDOW) != Z_OK)
	{
		mem_free(reader);
		return NULL;
	}
	return reader;
}

void
gzip_reader_free(GzipReader *reader)
{
	if (!reader)
		return;
	inflateEnd(&reader->z);
	mem_free(reader);
}

static long
fail(GzipReader *reader, const char *why)
{
	reader->error = why;
	return -1;
}

/* waits for input of a pipe or terminal; a signal may come just before it would wait for ever */
static bool
await_input(const GzipReader *reader)
{
	struct pollfd input = {.fd = reader->fd, .events = POLLIN};

	int ready = 0;

	while (!*reader->stop && (ready == 0 || (ready < 0 && errno == EINTR)))
		ready = poll(&input, 1, LOOK_FOR_STOP);
	return ready != 0 && !*reader->stop;
}

/* more of the file behind what is left of it; false on an error */
static bool
fill(GzipReader *reader)
{
	ssize_t got;

	memmove(reader->input, reader->z.next_in, reader->z.avail_in);
	reader->z.next_in = reader->input;
	if (!await_input(reader))
		return fail(reader, "interrupted") == 0;
	do
		got = read(reader->fd, reader->input + reader->z.avail_in,
				   sizeof(reader->input) - reader->z.avail_in);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return fail(reader, strerror(errno)) == 0;
	reader->at_end = got == 0;
	reader->z.avail_in += (unsigned) got;
	return true;
}

/* compressed or not: the first two bytes say */
static bool
begin(GzipReader *reader)
{
	reader->z.next_in = reader->input;
	while (reader->z.avail_in < 2 && !reader->at_end)
	{
		if (!fill(reader))
			return false;
	}
	reader->begun = true;
	reader->compressed = reader->z.avail_in >= 2 && reader->input[0] == 0x1f &&
						 reader->input[1] == 0x8b;
	return true;
}

static long
read_plain(GzipReader *reader, char *out, size_t size)
{
	size_t step;

	if (reader->z.avail_in == 0 && !reader->at_end && !fill(reader))
		return -1;
	step = reader->z.avail_in < size ? reader->z.avail_in : size;
	memcpy(out, reader->z.next_in, step);
	reader->z.next_in += step;
	reader->z.avail_in -= (unsigned) step;
	reader->taken += (int64_t) step;
	return (long) step;
}

static void
skip_padding(GzipReader *reader)
{
	while (reader->z.avail_in > 0 && *reader->z.next_in == 0)
	{
		reader->z.next_in++;
		reader->z.avail_in--;
		reader->taken++;
	}
}

/* false when the data is damaged */
static bool
inflate_more(GzipReader *reader)
{
	unsigned input = reader->z.avail_in;
	unsigned room = reader->z.avail_out;
	int result;

	reader->in_member = true;
	result = inflate(&reader->z, Z_NO_FLUSH);
	reader->taken += input - reader->z.avail_in;
	reader->text += room - reader->z.avail_out;
	if (result == Z_STREAM_END)
	{
		reader->in_member = false;
		reader->last = (GzipMember) {.end = reader->taken, .text = reader->text};
		inflateReset(&reader->z);
	}
	return result == Z_STREAM_END || result == Z_OK || result == Z_BUF_ERROR;
}

static long
read_compressed(GzipReader *reader, char *out, size_t size)
{
	reader->z.next_out = (unsigned char *) out;
	reader->z.avail_out = (unsigned) size;
	while (reader->z.avail_out == size)
	{
		if (reader->z.avail_in == 0 && !reader->at_end && !fill(reader))
			return -1;
		if (!reader->in_member)
			skip_padding(reader);
		if (reader->z.avail_in == 0 && !reader->at_end)
			continue;
		if (reader->z.avail_in == 0 && !reader->in_member)
			return 0;
		if (reader->z.avail_in == 0)
			return fail(reader, "the compressed data ends in the middle");
		if (!inflate_more(reader))
			return fail(reader, "the compressed data is damaged");
	}
	return (long) (size - reader->z.avail_out);
}

long
gzip_read(GzipReader *reader, char *out, size_t size)
{
	if (!reader->begun && !begin(reader))
		return -1;
	return reader->compressed ? read_compressed(reader, out, size) : read_plain(reader, out, size);
}

const char *
gzip_reader_error(const GzipReader *reader)
{
	return reader->error ? reader->error : "";
}

bool
gzip_reader_is_compressed(const GzipReader *reader)
{
	return reader->compressed;
}

int64_t
gzip_reader_offset(const GzipReader *reader)
{
	return reader->taken;
}

bool
gzip_reader_is_cut_off(const GzipReader *reader)
{
	return reader->at_end && reader->in_member;
}

GzipMember
gzip_reader_last_member(const GzipReader *reader)
{
	return reader->last;
}
