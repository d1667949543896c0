/* SPDX-License-Identifier: PostgreSQL
 *
 * source.h: where the events of a benchmark come from.
 *
 * For eventsd they are published in PostgreSQL, n in one transaction; nchan is
 * posted to over one connection, n requests in one write.  A source is busy
 * until what it was told to publish has been acknowledged.
 */
#ifndef BENCH_SOURCE_H
#define BENCH_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "client.h"

typedef struct Source Source;

/* `size` is that of an event on the wire, as far as it can be chosen. */
extern Source *source_open(const Target *target, size_t size);

/* To be watched for reading. */
extern int source_fd(const Source *source);
extern bool source_busy(const Source *source);
extern void source_publish(Source *source, int n);
extern void source_readable(Source *source);
extern void source_close(Source *source);

#endif
