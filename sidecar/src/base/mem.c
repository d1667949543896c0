/*
 * mem.c - allocation that aborts instead of answering NULL.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * See mem.h for why.  The message is written without the log module, which allocates.
 */
#define _GNU_SOURCE
#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
out_of_memory(void)
{
	static const char line[] =
		"{\"level\":\"error\",\"message\":\"out of memory, this process ends\"}\n";
	ssize_t ignored = write(STDERR_FILENO, line, sizeof(line) - 1);

	(void) ignored; /* nobody is left to tell */
	abort();
}

void *
mem_alloc(size_t size)
{
	void *pointer = malloc(size ? size : 1);

	if (!pointer)
		out_of_memory();
	return pointer;
}

void *
mem_zalloc(size_t size)
{
	return mem_array(1, size ? size : 1);
}

void *
mem_realloc(void *pointer, size_t size)
{
	void *moved = realloc(pointer, size ? size : 1);

	if (!moved)
		out_of_memory();
	return moved;
}

void *
mem_array(size_t count, size_t size)
{
	void *pointer = calloc(count ? count : 1, size ? size : 1);

	if (!pointer)
		out_of_memory();
	return pointer;
}

char *
mem_strdup(const char *text)
{
	return mem_strndup(text, strlen(text));
}

char *
mem_strndup(const char *text, size_t len)
{
	char *copy = mem_alloc(len + 1);

	if (len)
		memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

char *
mem_printf(const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0)
		out_of_memory();
	return text;
}

void
mem_free(void *pointer)
{
	free(pointer);
}
