/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * base64.h: base64 (RFC 4648 section 4), written into a Buf.
 */
#ifndef WEB_BASE64_H
#define WEB_BASE64_H

#include "base/buf.h"

extern bool base64_put(Buf *out, const void *bytes, size_t len);

#endif /* WEB_BASE64_H */
