/*
 * cursor.h - where a client is in the stream, as text.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * A cursor is `<epoch>-<position padded to 19 digits>`, for example
 * `k3v9x0ab-0000000000000001234`: everything up to and including that position has been seen.
 * The epoch is 8 lower-case letters or digits.  Bare digits are a position of the current epoch.
 * Inside an epoch cursors sort as strings.  Parsing is strict, because a cursor that is read
 * wrongly loses events: no sign, no spaces, nothing after it, no position above 2^63 - 1.
 *
 * Whether a cursor is still good (its epoch is the current one, its position is kept and not
 * beyond the horizon) is not known here; the hub decides that.
 */
#ifndef EVENTSD_CURSOR_H
#define EVENTSD_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CURSOR_EPOCH_LENGTH 8
#define CURSOR_DIGITS 19
/* length of the text, and size of a buffer for it with its NUL */
#define CURSOR_LENGTH (CURSOR_EPOCH_LENGTH + 1 + CURSOR_DIGITS)
#define CURSOR_SIZE (CURSOR_LENGTH + 1)

typedef struct Cursor
{
	char epoch[CURSOR_EPOCH_LENGTH + 1]; /* "" for a bare position */
	int64_t position;
} Cursor;

/* false when the text is no cursor; then *cursor is undefined */
bool cursor_parse(const char *text, size_t len, Cursor *cursor);
/* writes exactly CURSOR_LENGTH bytes, without a NUL; epoch has CURSOR_EPOCH_LENGTH bytes */
void cursor_write(char *out, const char *epoch, int64_t position);
/* the same with a NUL; returns text */
char *cursor_format(char text[CURSOR_SIZE], const char *epoch, int64_t position);
/* 8 characters of [a-z0-9], as the database makes them? */
bool cursor_epoch_is_valid(const char *epoch);

#endif /* EVENTSD_CURSOR_H */
