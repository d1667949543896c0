/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * json_scan.h: is this JSON, and where are its parts?
 *
 * Events go to the database as the text that the client sent: no tree is
 * built and no number is read, so 1.10 and 123456789012345678901234567890
 * arrive as they were.  But the text is checked here first, so that what is
 * not JSON is refused with its place, and so that the database never sees an
 * escape or a depth that it cannot store: UTF-8 only, no NUL (\u0000), no
 * half of a surrogate pair, at most JSON_MAX_DEPTH levels.
 */
#ifndef WEB_JSON_SCAN_H
#define WEB_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

typedef struct JsonFault
{
	const char *message; /* half a sentence, static */
	size_t offset;
} JsonFault;

/*
 * Called for each member of the outermost object (key is the raw string, with
 * its quotes) or element of the outermost array (key is empty).
 */
typedef void (*JsonPartFn)(void *arg, Str key, Str value);

/* Checks the whole text; fn may be NULL.  *kind is the first character. */
extern bool json_scan(Str text, char *kind, JsonPartFn fn, void *arg, JsonFault *fault);

#endif /* WEB_JSON_SCAN_H */
