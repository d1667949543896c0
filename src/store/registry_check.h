/* SPDX-License-Identifier: PostgreSQL
 *
 * registry_check.h: what the checks before a registration share.
 */
#ifndef EV_REGISTRY_CHECK_H
#define EV_REGISTRY_CHECK_H

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "schema/node.h"

/* How many problems a DETAIL lists. */
#define EV_SHOWN_PROBLEMS 10

/* Raises 22004 if the argument is NULL. */
extern void ev_registry_refuse_null(FunctionCallInfo fcinfo, int arg, const char *name);

/* One more line of a DETAIL, the index-th; false when there are enough. */
extern bool ev_registry_append_line(StringInfo detail, int index, const char *location,
									const char *message);

/* Raises 55000 if the schema breaks compatibility with the versions beside it. */
extern void ev_registry_check_compatibility(const char *uri, const EvSchema *schema);

#endif /* EV_REGISTRY_CHECK_H */
