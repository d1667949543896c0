/* SPDX-License-Identifier: PostgreSQL
 *
 * event_cache.c: compiled patterns and sets of them that this session keeps.
 *
 * An entry is found by a hash of the datum it was made of, and by how it was
 * compiled; the datum is then compared byte by byte.  Entries stand in a list
 * by their last use; when their sizes together exceed events.pattern_cache_size
 * those not used for the longest time go.  The one asked for last always stays.
 *
 * A call site keeps a pointer to its entry, and the generation of the cache in
 * which it got it: whatever frees an entry starts a new one.  Where the
 * argument is a constant of the statement the site need not look at it again.
 *
 * What fails to compile leaves nothing here.
 */
#include "base/compat.h"

#include "base/settings.h"
#include "common/hashfn.h"
#include "lib/ilist.h"
#include "match/event_cache.h"
#include "nodes/primnodes.h"
#include "utils/memutils.h"

/* Lives in its own context, with all that it points to. */
typedef struct EvCacheEntry
{
	dlist_node node; /* of `entries` */
	uint64 hash;
	EvCacheCompile compile;
	struct varlena *datum;
	void *compiled;
	MemoryContext context;
	Size size;
} EvCacheEntry;

typedef struct CacheSlot
{
	uint64 hash; /* the key */
	EvCacheEntry *entry;
	char status;
} CacheSlot;

#define SH_PREFIX cache
#define SH_ELEMENT_TYPE CacheSlot
#define SH_KEY_TYPE uint64
#define SH_KEY hash
#define SH_HASH_KEY(table, key) ((uint32) (key))
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

static MemoryContext cache_context; /* parent of all entries; NULL before the first */
static cache_hash *slots;
static dlist_head entries; /* the last used first */
static Size total_size;
static uint64 generation = 1;

static void
remove_entry(EvCacheEntry *entry)
{
	generation++;
	total_size -= entry->size;
	dlist_delete(&entry->node);
	cache_delete(slots, entry->hash);
	MemoryContextDelete(entry->context);
}

static void
remove_oldest(EvCacheEntry *kept)
{
	Size limit = (Size) ev_pattern_cache_size * 1024;

	while (total_size > limit)
	{
		EvCacheEntry *oldest = dlist_tail_element(EvCacheEntry, node, &entries);

		if (oldest == kept)
			break;
		remove_entry(oldest);
	}
}

static void
init_cache(void)
{
	if (cache_context != NULL)
		return;
	dlist_init(&entries);
	slots = cache_create(TopMemoryContext, 32, NULL);
	cache_context = AllocSetContextCreate(TopMemoryContext, "events pattern cache",
										  ALLOCSET_SMALL_SIZES);
}

/* The context is a child of the caller's until all has gone well. */
static EvCacheEntry *
make_entry(struct varlena *datum, uint64 hash, EvCacheCompile compile)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "events pattern",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	EvCacheEntry *entry = palloc0(sizeof(EvCacheEntry));

	entry->context = context;
	entry->hash = hash;
	entry->compile = compile;
	entry->datum = palloc(VARSIZE(datum));
	memcpy(entry->datum, datum, VARSIZE(datum));
	entry->compiled = compile(entry->datum);
	MemoryContextSwitchTo(old);
	entry->size = MemoryContextMemAllocated(context, true);
	return entry;
}

static EvCacheEntry *
add_entry(struct varlena *datum, uint64 hash, EvCacheCompile compile)
{
	EvCacheEntry *entry = make_entry(datum, hash, compile);
	CacheSlot *slot = cache_lookup(slots, hash);
	bool found;

	/* a collision of hashes */
	if (slot != NULL)
		remove_entry(slot->entry);
	slot = cache_insert(slots, hash, &found);
	slot->entry = entry;
	MemoryContextSetParent(entry->context, cache_context);
	dlist_push_head(&entries, &entry->node);
	total_size += entry->size;
	remove_oldest(entry);
	return entry;
}

static bool
is_of(const EvCacheEntry *entry, const struct varlena *datum, EvCacheCompile compile)
{
	return entry->compile == compile && VARSIZE(entry->datum) == VARSIZE(datum) &&
		   memcmp(entry->datum, datum, VARSIZE(datum)) == 0;
}

static EvCacheEntry *
find_entry(struct varlena *datum, EvCacheCompile compile)
{
	uint64 hash = hash_bytes_extended((const unsigned char *) datum, VARSIZE(datum),
									  (uint64) (uintptr_t) compile);
	CacheSlot *slot;

	init_cache();
	slot = cache_lookup(slots, hash);
	if (slot != NULL && is_of(slot->entry, datum, compile))
		return slot->entry;
	return add_entry(datum, hash, compile);
}

static bool
is_constant(FmgrInfo *flinfo, int argument)
{
	List *args;

	if (flinfo->fn_expr == NULL)
		return false;
	if (IsA(flinfo->fn_expr, FuncExpr))
		args = ((FuncExpr *) flinfo->fn_expr)->args;
	else if (IsA(flinfo->fn_expr, OpExpr))
		args = ((OpExpr *) flinfo->fn_expr)->args;
	else
		return false;
	return argument < list_length(args) && IsA(list_nth(args, argument), Const);
}

void *
ev_event_cache_get(FunctionCallInfo fcinfo, int argument, EvCacheCompile compile)
{
	FmgrInfo *flinfo = fcinfo->flinfo;
	EvCacheSite once = {.is_known = true};
	EvCacheSite *site = flinfo != NULL ? flinfo->fn_extra : &once;
	struct varlena *datum;

	if (site == NULL)
		site = flinfo->fn_extra = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(EvCacheSite));
	if (!site->is_known)
	{
		site->is_known = true;
		site->is_constant = is_constant(flinfo, argument);
	}
	if (site->is_constant && site->entry != NULL && site->generation == generation)
		return site->entry->compiled;
	datum = PG_DETOAST_DATUM(PG_GETARG_DATUM(argument));
	if (site->entry == NULL || site->generation != generation ||
		!is_of(site->entry, datum, compile))
		site->entry = find_entry(datum, compile);
	site->generation = generation;
	dlist_move_head(&entries, &site->entry->node);
	if ((Pointer) datum != DatumGetPointer(PG_GETARG_DATUM(argument)))
		pfree(datum);
	return site->entry->compiled;
}
