/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * duration.h: lengths of time as people write them.
 *
 *	 30s, 5min, 1h, 1d, 2w	one number and its unit
 *	 P1W, P1DT12H, PT90S	durations of ISO 8601 in weeks, days, hours, minutes, seconds;
 *							months and years are not always as long
 */
#ifndef WEB_DURATION_H
#define WEB_DURATION_H

#include <stdint.h>

#define DURATION_MOST INT64_C(1000000000) /* seconds: thirty years */

/* In seconds, from 1 to DURATION_MOST; -1 when it is no such text. */
extern int64_t duration_seconds(const char *text);

#endif /* WEB_DURATION_H */
