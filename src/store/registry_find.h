/* SPDX-License-Identifier: PostgreSQL
 *
 * registry_find.h: which registered schema a URI means.
 */
#ifndef EV_REGISTRY_FIND_H
#define EV_REGISTRY_FIND_H

#include "store/registry_table.h"

/* By URI without fragment, its version may be left open; palloc'd, or NULL. */
extern EvSchemaRow *ev_registry_find(const char *uri);

/* The same; a meta-schema is found too, and a fragment leads to a part of the schema. */
extern EvSchemaRow *ev_registry_find_part(const char *uri);

/* What references between schemas find; see EvSchemaLoader. */
extern Jsonb *ev_registry_load(const char *uri);

#endif /* EV_REGISTRY_FIND_H */
