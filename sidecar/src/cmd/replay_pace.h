/*
 * replay_pace.h - when is an event due?
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#ifndef EVENTSD_CMD_REPLAY_PACE_H
#define EVENTSD_CMD_REPLAY_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

typedef struct Pace
{
	double rate;  /* events a second; 0: any */
	double speed; /* so much faster than they were recorded; 0: any */
	int64_t began_at;
	int64_t count;
	int64_t first_recorded; /* microseconds */
} Pace;

/* "500" or "500/s"; "2" or "2x".  false when it is neither */
bool pace_set_rate(Pace *pace, const char *text);
bool pace_set_speed(Pace *pace, const char *text);
/* in clock_monotonic_ms(); 0: now.  To be asked once for each event */
int64_t pace_due(Pace *pace, Str line);
bool pace_is_set(const Pace *pace);
/* so many events are read in one piece: about a second's, when they are paced */
int pace_piece(const Pace *pace, int unpaced);

#endif /* EVENTSD_CMD_REPLAY_PACE_H */
