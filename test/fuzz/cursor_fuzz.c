/*
 * cursor_fuzz.c - a cursor that is taken is written again as it was.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "fuzz.h"

#include "hub/cursor.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_copy(data, size);
	char again[CURSOR_SIZE];
	Cursor cursor;

	if (cursor_parse(text, size, &cursor))
	{
		must(cursor.position >= 0);
		if (cursor.epoch[0] != '\0')
		{
			must(cursor_epoch_is_valid(cursor.epoch));
			cursor_format(again, cursor.epoch, cursor.position);
			must(size == CURSOR_LENGTH && memcmp(again, text, size) == 0);
		}
		else
			must(size >= 1 && size <= CURSOR_DIGITS);
	}
	free(text);
	return 0;
}
