/*
 * recovery.h - the connection of a long command: made, and made anew when it was lost.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A server that was restarted, has crashed or was replaced is waited for, for minutes.  But what a
 * command asks for may be the very reason why it crashes, and would be so again: a connection that
 * is lost at the same place, again and again, is made anew after growing pauses, and then not any
 * more.  A place is whatever number moves when there is progress.
 */
#ifndef EVENTSD_CMD_RECOVERY_H
#define EVENTSD_CMD_RECOVERY_H

#include "pg/archive.h"

typedef struct Recovery
{
	int64_t place; /* of the last loss */
	int losses;	   /* at it, in a row */
} Recovery;

/* the first connection, tried for as long as connect_timeout; false after it was told why not */
bool recovery_begin(Archive *archive, const Conf *conf, ArchiveState *state);
/* another one for what was lost at this place; false after it was told why not */
bool recovery_again(Recovery *recovery, Archive *archive, int64_t place, ArchiveState *state);

#endif /* EVENTSD_CMD_RECOVERY_H */
