/*
 * cursor.c - see cursor.h.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "hub/cursor.h"

#include <string.h>

static bool
is_epoch_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* digits only, at most INT64_MAX, at least one */
static bool
parse_position(const char *text, size_t len, int64_t *position)
{
	/* as many digits as a cursor has fit without a sign */
	uint64_t value = 0;

	if (len == 0 || len > CURSOR_DIGITS)
		return false;
	for (size_t i = 0; i < len; i++)
	{
		unsigned digit = (unsigned char) text[i] - (unsigned) '0';

		if (digit > 9)
			return false;
		value = value * 10 + digit;
	}
	*position = (int64_t) value;
	return value <= INT64_MAX;
}

bool
cursor_parse(const char *text, size_t len, Cursor *cursor)
{
	memset(cursor->epoch, 0, sizeof(cursor->epoch));
	if (len != CURSOR_LENGTH)
		return parse_position(text, len, &cursor->position);

	for (int i = 0; i < CURSOR_EPOCH_LENGTH; i++)
	{
		if (!is_epoch_character(text[i]))
			return false;
	}
	if (text[CURSOR_EPOCH_LENGTH] != '-')
		return false;
	memcpy(cursor->epoch, text, CURSOR_EPOCH_LENGTH);
	return parse_position(text + CURSOR_EPOCH_LENGTH + 1, CURSOR_DIGITS, &cursor->position);
}

void
cursor_write(char *out, const char *epoch, int64_t position)
{
	uint64_t rest = (uint64_t) position;

	memcpy(out, epoch, CURSOR_EPOCH_LENGTH);
	out[CURSOR_EPOCH_LENGTH] = '-';
	for (int i = CURSOR_LENGTH - 1; i > CURSOR_EPOCH_LENGTH; i--)
	{
		out[i] = (char) ('0' + rest % 10);
		rest /= 10;
	}
}

char *
cursor_format(char text[CURSOR_SIZE], const char *epoch, int64_t position)
{
	cursor_write(text, epoch, position);
	text[CURSOR_LENGTH] = '\0';
	return text;
}

bool
cursor_epoch_is_valid(const char *epoch)
{
	for (int i = 0; i < CURSOR_EPOCH_LENGTH; i++)
	{
		if (!is_epoch_character(epoch[i]))
			return false;
	}
	return epoch[CURSOR_EPOCH_LENGTH] == '\0';
}
