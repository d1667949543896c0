/*
 * archive.h - history in bulk: out of the database as lines, and into it.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * For commands that have one thing to do at a time: these calls block.  An Archive is one
 * connection; when a call fails, archive_error() says why in one or more lines, and
 * archive_is_lost() whether the connection is gone, so that archive_connect() can be tried again.
 *
 * Reading is done in pieces: each is a COPY of events.export() that streams, so neither side
 * keeps it in memory, and between pieces no snapshot is held, however long the whole takes.
 */
#ifndef EVENTSD_PG_ARCHIVE_H
#define EVENTSD_PG_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "conf/conf.h"
#include "pg/feed.h"

typedef struct Archive Archive;

/* not connected yet; purpose is for application_name.  Calls that wait fail when *stop is set */
Archive *archive_new(const Conf *conf, const char *purpose, const volatile int *stop);
void archive_free(Archive *archive);

/* connect, anew if need be */
bool archive_connect(Archive *archive);
bool archive_is_lost(const Archive *archive);
/* of the last call that failed: message, context, detail and hint, a line each */
const char *archive_error(const Archive *archive);
/* ditto; "" when it is not from PostgreSQL */
const char *archive_sqlstate(const Archive *archive);

typedef struct ArchiveState
{
	char epoch[FEED_EPOCH_SIZE];
	int64_t oldest; /* lowest position kept */
	int64_t horizon;
	int64_t max_pending; /* events that one transaction may publish */
} ArchiveState;

bool archive_state(Archive *archive, ArchiveState *state);
/* RFC 3339 → the position before the first event recorded at or after it */
bool archive_position_at(Archive *archive, const char *time, int64_t *position);

typedef struct ArchivePiece
{
	int64_t after;
	int64_t upto;
	int max_count;
	const EventFilter *filter; /* topics and types */
} ArchivePiece;

/* one event, without a newline; false ends the piece, which is no failure */
typedef bool (*ArchiveLineFn)(void *arg, Str line);

/*
 * Hands the next events over, at most max_count; *count is how many there were.  Fewer than
 * max_count: it reached upto (or fn ended it, and with it the connection, which is lost then).
 */
bool archive_read(Archive *archive, const ArchivePiece *piece, ArchiveLineFn fn, void *arg,
				  int64_t *count);

typedef struct ArchiveBatch
{
	const char *lines; /* with newlines between them */
	int64_t first_line;
	bool recorded_now;
	bool validate;
} ArchiveBatch;

/*
 * events.import_events() of a batch, a transaction of its own: begin sends it, end waits for
 * the answer, so that the next batch can be read meanwhile.
 */
bool archive_import_begin(Archive *archive, const ArchiveBatch *batch);
bool archive_import_end(Archive *archive, int64_t *imported, int64_t *skipped);

#endif /* EVENTSD_PG_ARCHIVE_H */
