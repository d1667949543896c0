/*
 * mem.h - memory that is always there.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * None of these returns NULL: when the machine has no memory left the process logs one line and
 * aborts, and its parent (or systemd) starts a fresh one, whose clients resume by cursor.  What
 * can grow by a client's doing must be bounded by its owner; this is no substitute for limits.
 */
#ifndef EVENTSD_MEM_H
#define EVENTSD_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size);
void *mem_zalloc(size_t size);
void *mem_realloc(void *pointer, size_t size);
/* an array of count elements, zeroed; aborts on overflow of the product */
void *mem_array(size_t count, size_t size);
char *mem_strdup(const char *text);
/* a NUL-terminated copy of len bytes */
char *mem_strndup(const char *text, size_t len);
char *mem_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* plain free(); NULL is fine */
void mem_free(void *pointer);

#endif /* EVENTSD_MEM_H */
