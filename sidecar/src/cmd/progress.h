/*
 * progress.h - how far a long command has come, for a person who watches.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * One line on standard error, written over again a few times a second: events, events a second,
 * the share of the whole and the time that is left.  Where standard error is no terminal, nothing.
 */
#ifndef EVENTSD_CMD_PROGRESS_H
#define EVENTSD_CMD_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Progress
{
	const char *verb; /* "exported" */
	bool shown;
	bool drawn; /* a line stands there */
	int64_t started_at;
	int64_t next_at;
	int64_t whole; /* of whatever the share is measured in; 0: not known */
} Progress;

void progress_begin(Progress *progress, const char *verb, int64_t whole);
/* cheap enough for every few hundred events */
void progress_show(Progress *progress, int64_t events, int64_t done);
/* clears the line; then "exported 5 events in 0.1 s (50 a second)", without a newline */
void progress_end(Progress *progress, int64_t events);

#endif /* EVENTSD_CMD_PROGRESS_H */
