/*
 * walk.h - a stretch of the history, chosen by options, event by event.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * What export and replay have in common.  The options say where the stretch begins and ends and
 * which events are wanted; walk_open() finds the positions; walk_run() hands over each event, once,
 * in order, also over a lost connection, which is made anew.
 *
 * Events are handed over as they come, inside of the statement.  Who may wait long with each sets
 * `keep`: then a piece is kept in memory, up to about so many bytes, and handed over when its
 * statement has ended.
 */
#ifndef EVENTSD_CMD_WALK_H
#define EVENTSD_CMD_WALK_H

#include "base/str.h"
#include "hub/cursor.h"
#include "pg/archive.h"

typedef struct Walk
{
	/* options */
	const char *since;
	const char *until;
	const char *from; /* a cursor, earliest, or NULL */
	Cursor cursor;	  /* what it says */
	EventFilter filter;

	/* the stretch: after < position <= upto */
	Archive *archive;
	ArchiveState state;
	int64_t first; /* where it began: after it */
	int64_t after; /* how far it has come */
	int64_t upto;
	int64_t count; /* events handed over */
	int piece;	   /* so many for each statement */
	size_t keep;   /* see above; 0: not */
} Walk;

/*
 * Is the word at *at one of the options, and good?  0: yes; CMD_UNUSABLE, after it was told, when
 * it is and is not good; -1 when it is another word.
 */
int walk_option(Walk *walk, char **words, int *at);
/* connects, and finds the positions; false after it was told why not.  *status is set then */
bool walk_open(Walk *walk, const Conf *conf, const char *purpose, const volatile int *stop,
			   int *status);

/* the event, its position (walk->after is still the one before); false ends the walk */
typedef bool (*WalkFn)(void *arg, Str line, int64_t position);
/* false after it was told why it could not go on */
bool walk_run(Walk *walk, const volatile int *stop, WalkFn fn, void *arg);
void walk_close(Walk *walk);

/* the cursor after which it goes on; returns text */
const char *walk_cursor(const Walk *walk, char text[CURSOR_SIZE]);

/* the cursor in a line of an export; false when there is none */
bool walk_find_cursor(Str line, Cursor *cursor);

#endif /* EVENTSD_CMD_WALK_H */
