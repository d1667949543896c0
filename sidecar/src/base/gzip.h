/*
 * gzip.h - compressed streams, written and read.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A gzip file is a row of members, each complete in itself.  A writer ends a member now and then,
 * and a file that was cut off is good up to the end of its last whole member: it can be cut there
 * and written on.  A reader knows where that is; it passes over zeros behind a member, with which
tapes are padded, and also takes what is not compressed, as it is.
 */
#ifndef EVENTSD_GZIP_H
#define EVENTSD_GZIP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

typedef struct GzipWriter GzipWriter;
typedef struct GzipReader GzipReader;

GzipWriter *gzip_writer_new(int level);
void gzip_writer_free(GzipWriter *writer);
/* compress more; what comes of it is appended to *out.  false: *out is full */
bool gzip_write(GzipWriter *writer, const char *data, size_t len, Buf *out);
/* end the member; nothing happens if nothing was written since the last one */
bool gzip_end_member(GzipWriter *writer, Buf *out);

/* reads a descriptor, which stays the caller's; waiting for it ends when *stop is set */
GzipReader *gzip_reader_new(int fd, const volatile int *stop);
void gzip_reader_free(GzipReader *reader);
/* up to size bytes, all of one member; 0 at the end, -1 on an error */
long gzip_read(GzipReader *reader, char *out, size_t size);
/* why, after -1 */
const char *gzip_reader_error(const GzipReader *reader);
bool gzip_reader_is_compressed(const GzipReader *reader);
/* bytes of the file that were taken in */
int64_t gzip_reader_offset(const GzipReader *reader);
/* after -1: is it that the file ends in the middle of a member? */
bool gzip_reader_is_cut_off(const GzipReader *reader);

typedef struct GzipMember
{
	int64_t end;  /* in the file */
	int64_t text; /* bytes of text up to there */
} GzipMember;

/* the last whole member that was read; {0, 0} when there was none yet */
GzipMember gzip_reader_last_member(const GzipReader *reader);

#endif /* EVENTSD_GZIP_H */
