/* SPDX-License-Identifier: PostgreSQL
 *
 * event_cache.h: compiled patterns and sets of them that this session keeps.
 */
#ifndef EV_EVENT_CACHE_H
#define EV_EVENT_CACHE_H

#include "base/compat.h"

/* What a datum, detoasted, is compiled to; in CurrentMemoryContext. */
typedef void *(*EvCacheCompile)(struct varlena *datum);

/*
 * What the argument of a function is compiled to, out of the cache or anew.
 * Good until the next call.
 */
extern void *ev_event_cache_get(FunctionCallInfo fcinfo, int argument, EvCacheCompile compile);

#endif /* EV_EVENT_CACHE_H */
