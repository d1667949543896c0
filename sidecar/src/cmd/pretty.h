/*
 * pretty.h - JSON text, indented for people.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#ifndef EVENTSD_CMD_PRETTY_H
#define EVENTSD_CMD_PRETTY_H

#include "base/buf.h"
#include "base/str.h"

/* json is valid JSON; it is not parsed, so numbers and escapes stay as they are written */
void pretty_print(Buf *out, Str json);

#endif /* EVENTSD_CMD_PRETTY_H */
