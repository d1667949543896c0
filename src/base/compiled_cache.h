/* SPDX-License-Identifier: PostgreSQL
 *
 * compiled_cache.h: compiled things that a session keeps.
 *
 * Patterns, schemas and expressions cost more to compile than to use.  What
 * compiles them keeps them here and finds them by a hash of what they were made
 * of.  Two things may have the same hash, so who finds an entry compares it with
 * what is asked for; a collision costs a compilation and never an answer.
 *
 * Entries stand in a list by their last use.  When their sizes together exceed the
 * limit, those not used for the longest time go.  The one added last always stays,
 * so that a thing larger than the whole cache works too.
 *
 * A call site (EvCompiledSite) keeps a pointer to its entry and the generation of
 * the cache in which it got it.  Whatever frees an entry starts a new generation,
 * so a pointer of the present one is good.
 */
#ifndef EV_COMPILED_CACHE_H
#define EV_COMPILED_CACHE_H

#include "postgres.h"

#include "lib/ilist.h"

/* Begins every entry, which lives in its own context with all that it points to. */
typedef struct EvCompiled
{
	dlist_node node;
	uint64 hash;
	MemoryContext context; /* a child of the caller's until the entry is added */
	Size size;
} EvCompiled;

typedef struct EvCompiledCache
{
	const char *name; /* of its memory context; a literal */
	const int *limit; /* in kB */
	uint64 generation;
	MemoryContext context; /* parent of all entries; NULL before the first */
	struct compiled_hash *slots;
	dlist_head list; /* the last used first */
	Size total;
} EvCompiledCache;

/* What a call site remembers; all 0 at first. */
typedef struct EvCompiledSite
{
	EvCompiled *entry;
	uint64 generation;
} EvCompiledSite;

/* The entry of that hash, or NULL. */
extern EvCompiled *ev_compiled_cache_find(const EvCompiledCache *cache, uint64 hash);

/* Keep an entry whose hash and context are set, instead of any other of its hash. */
extern void ev_compiled_cache_add(EvCompiledCache *cache, EvCompiled *entry);

extern void ev_compiled_cache_remove_all(EvCompiledCache *cache);

/* No pointer that a site has is good any longer. */
static inline void
ev_compiled_cache_forget(EvCompiledCache *cache)
{
	cache->generation++;
}

/* What the site got last, or NULL if that may be gone. */
static inline EvCompiled *
ev_compiled_cache_recall(const EvCompiledCache *cache, const EvCompiledSite *site)
{
	return site->generation == cache->generation ? site->entry : NULL;
}

/* The entry is used now, by this site. */
static inline void
ev_compiled_cache_use(EvCompiledCache *cache, EvCompiledSite *site, EvCompiled *entry)
{
	dlist_move_head(&cache->list, &entry->node);
	site->entry = entry;
	site->generation = cache->generation;
}

#endif /* EV_COMPILED_CACHE_H */
