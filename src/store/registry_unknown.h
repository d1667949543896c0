/* SPDX-License-Identifier: PostgreSQL
 *
 * registry_unknown.h: what to say of a URI under which there is no schema.
 */
#ifndef EV_REGISTRY_UNKNOWN_H
#define EV_REGISTRY_UNKNOWN_H

#include "base/compat.h"

/* Raises 42704 with a HINT: registered versions, or a URI that looks like it. */
extern pg_noreturn void ev_registry_unknown_raise(const char *uri);

#endif /* EV_REGISTRY_UNKNOWN_H */
