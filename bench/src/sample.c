/* SPDX-License-Identifier: PostgreSQL
 *
 * sample.c: clocks, a growing list of measurements, and their percentiles.
 */
#include "sample.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t) t.tv_sec * 1000000000 + t.tv_nsec;
}

void
sample_add(Sample *sample, double value)
{
	if (sample->n == sample->room)
	{
		sample->room = sample->room ? sample->room * 2 : 1024;
		sample->values = realloc(sample->values, sample->room * sizeof(double));
		if (sample->values == NULL)
			die("out of memory");
	}
	sample->values[sample->n++] = value;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return (x > y) - (x < y);
}

double
sample_percentile(Sample *sample, double p)
{
	size_t i;

	if (sample->n == 0)
		return NAN;
	qsort(sample->values, sample->n, sizeof(double), compare);
	i = (size_t) (p * (double) sample->n);
	return sample->values[i < sample->n ? i : sample->n - 1];
}

void
sample_clear(Sample *sample)
{
	sample->n = 0;
}

void
die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}
