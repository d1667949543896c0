/* SPDX-License-Identifier: PostgreSQL
 *
 * json_text.h: writing JSON text, fast.
 */
#ifndef EV_JSON_TEXT_H
#define EV_JSON_TEXT_H

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

/* What escape_json() writes, of bytes that need not end in a NUL. */
extern void ev_json_append_string(StringInfo out, const char *s, int length);

/* What JsonbToCString() writes. */
extern void ev_json_append_jsonb(StringInfo out, Jsonb *json);

#endif /* EV_JSON_TEXT_H */
