/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * uri.h: percent-encoding, and a few shapes of text.
 */
#ifndef WEB_URI_H
#define WEB_URI_H

#include <stdbool.h>
#include <stddef.h>

#include "web/http_parse.h"

/*
 * Decodes percent escapes, and '+' to a blank when plus_is_blank.  The result
 * ends in NUL and is freed by mem_free(); NULL when an escape is broken.
 */
extern char *uri_decode(HttpSlice text, bool plus_is_blank, size_t *len);

/* The same into memory of at least text.len + 1 bytes; false when an escape is broken. */
extern bool uri_decode_to(char *out, HttpSlice text, bool plus_is_blank, size_t *len);

/* Is this the path `literal` after decoding?  Paths are compared like that in routing. */
extern bool uri_path_is(HttpSlice path, const char *literal);

/* 2026-01-31T12:00:00[.123](Z|+01:00), with every field in its range? */
extern bool uri_is_rfc3339(const char *text);

/* The same of a decoded parameter, in which a '+' that was not escaped is a blank and is mended. */
extern bool uri_mend_rfc3339(char *text, size_t len);

/*
 * The next name=value of a query string, both still escaped; false at its end.  Starts with
 * *rest = whole query string; what is empty between two '&' is passed over.
 */
extern bool uri_next_pair(HttpSlice *rest, HttpSlice *name, HttpSlice *value);

#endif /* WEB_URI_H */
