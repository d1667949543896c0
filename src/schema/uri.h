/* SPDX-License-Identifier: PostgreSQL
 *
 * uri.h: URIs and IRIs (RFC 3986, RFC 3987).
 */
#ifndef EV_URI_H
#define EV_URI_H

#include "postgres.h"

/* 5.2: `reference` seen from `base` ("" is allowed: then it is normalised only); palloc'd. */
extern char *ev_uri_resolve(const char *base, const char *reference);

/* Without its fragment (palloc'd); *fragment is what follows '#', or NULL if there is none. */
extern char *ev_uri_split_fragment(const char *uri, const char **fragment);

/* Percent-decoded, palloc'd; NULL if it is malformed. */
extern char *ev_uri_decode(const char *s);

/* Syntax checks.  `absolute` asks for a scheme; `international` allows RFC 3987's characters. */
extern bool ev_uri_is_valid(const char *s, int length, bool absolute, bool international);

/* RFC 3987, 2.2: ucschar, and iprivate where that is allowed. */
extern bool ev_uri_is_international(int c, bool private);

#endif /* EV_URI_H */
