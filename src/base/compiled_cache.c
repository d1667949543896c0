/* SPDX-License-Identifier: PostgreSQL
 *
 * compiled_cache.c: compiled things that a session keeps.
 *
 * The header says what for.  A table leads from hashes to entries, and the list
 * that is in the entries says which one has not been used for the longest time.
 * An entry is freed with its context.
 */
#include "base/compat.h"

#include "base/compiled_cache.h"

#include "utils/memutils.h"

typedef struct Slot
{
	uint64 hash; /* the key */
	EvCompiled *entry;
	char status;
} Slot;

#define SH_PREFIX compiled
#define SH_ELEMENT_TYPE Slot
#define SH_KEY_TYPE uint64
#define SH_KEY hash
#define SH_HASH_KEY(table, key) ((uint32) (key))
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

static void
init(EvCompiledCache *cache)
{
	if (cache->slots == NULL)
		cache->slots = compiled_create(TopMemoryContext, 32, NULL);
	/* not the macro, which cannot see that the name is a literal */
	if (cache->context == NULL)
		cache->context = AllocSetContextCreateInternal(TopMemoryContext, cache->name,
													   ALLOCSET_SMALL_SIZES);
}

static void
remove_entry(EvCompiledCache *cache, EvCompiled *entry)
{
	ev_compiled_cache_forget(cache);
	cache->total -= entry->size;
	dlist_delete(&entry->node);
	compiled_delete(cache->slots, entry->hash);
	MemoryContextDelete(entry->context);
}

EvCompiled *
ev_compiled_cache_find(const EvCompiledCache *cache, uint64 hash)
{
	Slot *slot = cache->slots != NULL ? compiled_lookup(cache->slots, hash) : NULL;

	return slot != NULL ? slot->entry : NULL;
}

void
ev_compiled_cache_add(EvCompiledCache *cache, EvCompiled *entry)
{
	EvCompiled *other = ev_compiled_cache_find(cache, entry->hash);
	Size limit = (Size) *cache->limit * 1024;
	bool found;

	init(cache);
	/* a collision, or somebody asked for the same thing while this one was compiled */
	if (other != NULL)
		remove_entry(cache, other);
	compiled_insert(cache->slots, entry->hash, &found)->entry = entry;
	MemoryContextSetParent(entry->context, cache->context);
	dlist_push_head(&cache->list, &entry->node);
	entry->size = MemoryContextMemAllocated(entry->context, true);
	cache->total += entry->size;
	while (cache->total > limit && dlist_has_next(&cache->list, &entry->node))
		remove_entry(cache, dlist_tail_element(EvCompiled, node, &cache->list));
}

void
ev_compiled_cache_remove_all(EvCompiledCache *cache)
{
	while (!dlist_is_empty(&cache->list))
		remove_entry(cache, dlist_head_element(EvCompiled, node, &cache->list));
}
