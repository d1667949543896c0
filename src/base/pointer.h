/* SPDX-License-Identifier: PostgreSQL
 *
 * pointer.h: JSON Pointers (RFC 6901).
 */
#ifndef EV_POINTER_H
#define EV_POINTER_H

#include "base/view.h"
#include "lib/stringinfo.h"

/* Adds "/" and the name, with ~ and / escaped. */
extern void ev_pointer_append(StringInfo pointer, const char *name, int length);
extern void ev_pointer_append_index(StringInfo pointer, int index);

/* What the pointer leads to from `root`; false if it is malformed or leads to nothing. */
extern bool ev_pointer_follow(const EvView *root, const char *pointer, EvView *value);

#endif /* EV_POINTER_H */
