/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * media.h: media types, in Content-Type and in Accept (RFC 9110 8.3, 12.5.1).
 */
#ifndef WEB_MEDIA_H
#define WEB_MEDIA_H

#include <stdbool.h>

#include "web/http_parse.h"

typedef struct Media
{
	HttpSlice type;	   /* "application/json", as sent, without parameters */
	HttpSlice charset; /* its charset parameter without quotes, or length 0 */
} Media;

/* False when it is not a media type. */
extern bool media_parse(HttpSlice value, Media *media);

/* No charset, or utf-8 (us-ascii is a part of it). */
extern bool media_is_utf8(const Media *media);

/* application/json, text/json or anything that ends in +json. */
extern bool media_is_json(const Media *media);

/* Any text type. */
extern bool media_is_text(const Media *media);

/*
 * How much the Accept headers want a type, 0 to 1000 (q=1); *specificity is 0
 * for the range with two stars, 1 for one with a type and a star, 2 for the
 * type itself.  1000 and 0 when there is no Accept header.
 */
extern int media_wanted(const HttpHead *head, const char *type, int *specificity);

#endif /* WEB_MEDIA_H */
