/*
 * clock.h - the two clocks, and how they are written.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * Monotonic time is for durations and time-outs, real time for what people read.  In the loop
 * prefer loop_now_ms() (cached for the turn).
 */
#ifndef EVENTSD_CLOCK_H
#define EVENTSD_CLOCK_H

#include <stdint.h>

int64_t clock_monotonic_ms(void);
/* microseconds since 1970-01-01 UTC */
int64_t clock_real_us(void);

#define CLOCK_TEXT_SIZE 40
/* RFC 3339 in UTC with microseconds, e.g. 2026-01-31T12:00:00.000001Z; returns text */
char *clock_format(int64_t real_us, char text[CLOCK_TEXT_SIZE]);

/* a random number in [0, bound), from a per-process generator: jitter, never a secret */
uint32_t clock_jitter(uint32_t bound);

/* when somebody who is sent away should be back, in ms: a crowd is spread over so long */
int clock_return_ms(int64_t spread_ms);

#endif /* EVENTSD_CLOCK_H */
