/* SPDX-License-Identifier: PostgreSQL
 *
 * sample.h: clocks, a growing list of measurements, and their percentiles.
 */
#ifndef BENCH_SAMPLE_H
#define BENCH_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

typedef struct Sample
{
	double *values;
	size_t n;
	size_t room;
} Sample;

/* Nanoseconds of the monotonic clock. */
extern int64_t now_ns(void);

extern void sample_add(Sample *sample, double value);

/* The value that a part p (0 to 1) of all is at or below; NaN if there are none. */
extern double sample_percentile(Sample *sample, double p);

extern void sample_clear(Sample *sample);

/* Says what is wrong and ends the program. */
extern void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
