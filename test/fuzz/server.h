/*
 * server.h - enough of a PostgreSQL backend for the extension's parsers.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * The parsers of src/ are written for a backend: they palloc, they raise.  Here palloc is malloc
 * with a list, which server_reset frees, so that AddressSanitizer sees each piece by itself; and
 * an error ends server_run.  The encoding is UTF-8.
 */
#ifndef TEST_FUZZ_SERVER_H
#define TEST_FUZZ_SERVER_H

#include <stdbool.h>

/* Calls `call(argument)`; false if it raised. */
extern bool server_run(void (*call)(void *), void *argument);

/* Frees all that was allocated since the last time. */
extern void server_reset(void);

#endif /* TEST_FUZZ_SERVER_H */
