/*
 * gzip_test.c - where members end, what stands behind them, and why reading ends.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "base/gzip.h"

#include <fcntl.h>
#include <unistd.h>

#include "tap.h"

#define LIMIT (1024 * 1024)
#define ROOM (256 * 1024)
#define READ_AT_ONCE (128 * 1024) /* by the reader */

static int stop;

/* a file of these bytes, at its beginning */
static int
open_file(const char *data, size_t len)
{
	FILE *file = tmpfile();
	int fd = dup(fileno(file));

	check(write(fd, data, len) == (ssize_t) len && lseek(fd, 0, SEEK_SET) == 0);
	fclose(file);
	return fd;
}

/* text that cannot be made much shorter */
static void
put_noise(Buf *text, size_t len)
{
	uint32_t state = 1;

	while (text->len < len)
	{
		state = state * 1664525 + 1013904223;
		buf_putc(text, (char) (state >> 24));
	}
}

static void
put_member(Buf *out, const char *text, size_t len)
{
	GzipWriter *writer = gzip_writer_new(4);

	check(gzip_write(writer, text, len, out) && gzip_end_member(writer, out));
	gzip_writer_free(writer);
}

/* all of the file, into *text; what the last read said */
static long
read_all(GzipReader *reader, Buf *text)
{
	long got;

	buf_reset(text);
	while ((got = gzip_read(reader, buf_reserve(text, ROOM), ROOM)) > 0)
		buf_grow_by(text, (size_t) got);
	return got;
}

/* reads a file of these bytes to its end; the reader says the rest */
static GzipReader *
read_file(const char *data, size_t len, Buf *text, long *result)
{
	int fd = open_file(data, len);
	GzipReader *reader = gzip_reader_new(fd, &stop);

	*result = read_all(reader, text);
	close(fd);
	return reader;
}

/* does the reader tell where that member ends, with no text read but its own and those before? */
static bool
end_is_told(const Buf *file, GzipMember wanted)
{
	int fd = open_file(file->data, file->len);
	GzipReader *reader = gzip_reader_new(fd, &stop);
	static char room[ROOM];
	int64_t text = 0;
	bool told = false;
	long got;

	do
	{
		GzipMember last;

		got = gzip_read(reader, room, ROOM);
		last = gzip_reader_last_member(reader);
		told |= last.end == wanted.end && last.text == wanted.text && last.text == text;
		text += got > 0 ? got : 0;
		told |= last.end == wanted.end && last.text == wanted.text && last.text == text;
	} while (got > 0);
	check(got == 0);
	gzip_reader_free(reader);
	close(fd);
	return told;
}

static void
test_ends(void)
{
	Buf noise, file;
	bool alone = false;

	buf_init(&noise, LIMIT);
	buf_init(&file, LIMIT);
	put_noise(&noise, READ_AT_ONCE);
	for (size_t len = READ_AT_ONCE - 100; len <= READ_AT_ONCE; len++)
	{
		GzipMember first = {.text = (int64_t) len};

		buf_reset(&file);
		put_member(&file, noise.data, len);
		first.end = (int64_t) file.len;
		alone |= file.len > READ_AT_ONCE && file.len < READ_AT_ONCE + 8;
		/* longer than a read: it is not whole when the end of the first one is */
		put_member(&file, noise.data, noise.len);
		check(end_is_told(&file, first));
	}
	checks_held("the end of a member is told before the text of the next one, if any");
	ok(alone, "also where a read begins inside of what follows the text");
	buf_clear(&noise);
	buf_clear(&file);
}

static void
test_padding(void)
{
	Buf file, text;
	GzipReader *reader;
	int64_t end;
	long result;

	buf_init(&file, LIMIT);
	buf_init(&text, LIMIT);
	put_member(&file, "first\n", 6);
	end = (int64_t) file.len;
	for (int i = 0; i < 300000; i++)
		buf_putc(&file, '\0');
	reader = read_file(file.data, file.len, &text, &result);
	is_int(result, 0, "zeros behind a member are passed over");
	is_str(buf_text(&text), "first\n", "and are no text");
	is_int(gzip_reader_last_member(reader).end, end, "the member ends before them");
	is_int(gzip_reader_offset(reader), (int64_t) file.len, "they were taken in");
	gzip_reader_free(reader);

	put_member(&file, "second\n", 7);
	reader = read_file(file.data, file.len, &text, &result);
	is_int(result, 0, "a member may stand behind them");
	is_str(buf_text(&text), "first\nsecond\n", "and is read");
	is_int(gzip_reader_last_member(reader).end, (int64_t) file.len, "up to its end");
	gzip_reader_free(reader);

	buf_puts(&file, "garbage");
	reader = read_file(file.data, file.len, &text, &result);
	ok(result < 0 && !gzip_reader_is_cut_off(reader), "anything else there is damage");
	gzip_reader_free(reader);
	buf_clear(&file);
	buf_clear(&text);
}

/* the file, cut off at each place, and with each of its last bytes damaged */
static void
test_cut_and_damaged(void)
{
	Buf file, text;
	GzipReader *reader;
	size_t first;
	long result;

	buf_init(&file, LIMIT);
	buf_init(&text, LIMIT);
	put_member(&file, "first\n", 6);
	first = file.len;
	put_member(&file, "second\n", 7);
	for (size_t len = 2; len < file.len; len++)
	{
		reader = read_file(file.data, len, &text, &result);
		check(gzip_reader_is_cut_off(reader) == (len != first));
		check(result == (len == first ? 0 : -1));
		check(gzip_reader_last_member(reader).end == (len < first ? 0 : (int64_t) first));
		gzip_reader_free(reader);
	}
	checks_held("a file that was cut off says so, and where its last whole member ends");
	for (size_t at = file.len - 8; at < file.len; at++)
	{
		file.data[at] ^= 1;
		reader = read_file(file.data, file.len, &text, &result);
		check(result < 0 && !gzip_reader_is_cut_off(reader));
		gzip_reader_free(reader);
		file.data[at] ^= 1;
	}
	checks_held("a file that is damaged was not cut off");
	buf_clear(&file);
	buf_clear(&text);
}

/* in the middle of a member: the signal to stop, or a file that cannot be read any more */
static void
test_broken_off(bool by_signal, const char *name)
{
	Buf noise, file, text;
	GzipReader *reader;
	int folder = open("/", O_RDONLY | O_DIRECTORY);
	int fd;

	buf_init(&noise, LIMIT);
	buf_init(&file, LIMIT);
	buf_init(&text, LIMIT);
	put_noise(&noise, (size_t) READ_AT_ONCE * 2);
	put_member(&file, noise.data, noise.len);
	fd = open_file(file.data, file.len);
	reader = gzip_reader_new(fd, &stop);
	check(gzip_read(reader, buf_reserve(&text, ROOM), ROOM) > 0);
	if (by_signal)
		stop = 1;
	else
		check(dup2(folder, fd) == fd);
	check(read_all(reader, &text) == -1 && !gzip_reader_is_cut_off(reader));
	check(*gzip_reader_error(reader) != '\0');
	checks_held(name);
	stop = 0;
	gzip_reader_free(reader);
	close(fd);
	close(folder);
	buf_clear(&noise);
	buf_clear(&file);
	buf_clear(&text);
}

int
main(void)
{
	test_ends();
	test_padding();
	test_cut_and_damaged();
	test_broken_off(true, "reading that was stopped does not look like the end of the file");
	test_broken_off(false, "nor does a file that cannot be read");
	return tap_done();
}
