/*
 * archive_private.h - the inside of an Archive.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * Its connection and its statements are in archive.c, the reading of events in archive_read.c.
 */
#ifndef EVENTSD_PG_ARCHIVE_PRIVATE_H
#define EVENTSD_PG_ARCHIVE_PRIVATE_H

#include <libpq-fe.h>

#include "base/buf.h"
#include "pg/archive.h"

#define ARCHIVE_APPLICATION_SIZE 64

struct Archive
{
	const Conf *conf;
	const volatile int *stop;
	char application[ARCHIVE_APPLICATION_SIZE];
	PGconn *pg; /* NULL: none */
	Buf error;
	char sqlstate[6];
	bool lost;
};

/* notes why, out of the result or (NULL) the connection; always false */
bool archive_fail(Archive *archive, const PGresult *result);
/* the same in our own words; says nothing of the connection */
bool archive_fail_with(Archive *archive, const char *why);

/* leaves the connection as it is; whatever runs there ends when the server notices */
void archive_leave(Archive *archive);
/* until these (of poll) are there; false after it was left, since it is to stop */
bool archive_wait(Archive *archive, short events);
/* all of a statement is on its way */
bool archive_send(Archive *archive, const char *sql, int count, const char *const *values);
/* the answer to its end: the one result, of this kind, to be cleared; NULL after it failed */
PGresult *archive_answer(Archive *archive, ExecStatusType wanted);

#endif /* EVENTSD_PG_ARCHIVE_PRIVATE_H */
