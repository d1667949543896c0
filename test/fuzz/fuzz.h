/*
 * fuzz.h - what the fuzz drivers share.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A driver turns bytes into calls of one parser and states what must hold whatever the bytes are:
 * must(...) ends the program when it does not, and libFuzzer keeps the input.  Input is copied
 * into memory of exactly its size, so that AddressSanitizer sees a read of the byte behind it.
 */
#ifndef TEST_FUZZ_H
#define TEST_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(condition)                                                                \
	do                                                                                 \
	{                                                                                  \
		if (!(condition))                                                              \
		{                                                                              \
			fprintf(stderr, "%s:%d: must hold: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                   \
		}                                                                              \
	} while (0)

/* a copy without a NUL behind it; never NULL */
static inline char *
fuzz_copy(const uint8_t *data, size_t size)
{
	char *copy = malloc(size > 0 ? size : 1);

	if (size > 0)
		memcpy(copy, data, size);
	return copy;
}

#endif /* TEST_FUZZ_H */
