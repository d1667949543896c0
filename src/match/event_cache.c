/* SPDX-License-Identifier: PostgreSQL
 *
 * event_cache.c: compiled patterns and sets of them that this session keeps.
 *
 * An entry is found by a hash of the datum it was made of, and by how it was
 * compiled, which are then compared (base/compiled_cache.h).  Entries not used for
 * the longest time go when all exceed events.pattern_cache_size.  Where the argument
 * is a constant of the statement the call site need not look at it again.
 *
 * What fails to compile leaves nothing here.
 */
#include "base/compat.h"

#include "base/compiled_cache.h"
#include "base/settings.h"
#include "common/hashfn.h"
#include "match/event_cache.h"
#include "nodes/primnodes.h"
#include "utils/memutils.h"

/* Lives in its own context, with all that it points to. */
typedef struct Entry
{
	EvCompiled base;
	EvCacheCompile compile;
	struct varlena *datum;
	void *compiled;
} Entry;

/* What a call remembers. */
typedef struct Site
{
	EvCompiledSite last;
	bool is_constant; /* the argument is a constant of the statement */
	bool is_known;	  /* is_constant has been found out */
} Site;

static EvCompiledCache cache = {.name = "events pattern cache",
								.limit = &ev_pattern_cache_size,
								.generation = 1};

/* The context is a child of the caller's until all has gone well. */
static Entry *
add_entry(struct varlena *datum, uint64 hash, EvCacheCompile compile)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "events pattern",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Entry *entry = palloc0(sizeof(Entry));

	entry->base.context = context;
	entry->base.hash = hash;
	entry->compile = compile;
	entry->datum = palloc(VARSIZE(datum));
	memcpy(entry->datum, datum, VARSIZE(datum));
	entry->compiled = compile(entry->datum);
	MemoryContextSwitchTo(old);
	ev_compiled_cache_add(&cache, &entry->base);
	return entry;
}

static bool
is_of(const Entry *entry, const struct varlena *datum, EvCacheCompile compile)
{
	return entry->compile == compile && VARSIZE(entry->datum) == VARSIZE(datum) &&
		   memcmp(entry->datum, datum, VARSIZE(datum)) == 0;
}

static Entry *
find_entry(struct varlena *datum, EvCacheCompile compile)
{
	uint64 hash = hash_bytes_extended((const unsigned char *) datum, VARSIZE(datum),
									  (uint64) (uintptr_t) compile);
	Entry *entry = (Entry *) ev_compiled_cache_find(&cache, hash);

	if (entry != NULL && is_of(entry, datum, compile))
		return entry;
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
	Site once = {.is_known = true};
	Site *site = flinfo != NULL ? flinfo->fn_extra : &once;
	Entry *entry;
	struct varlena *datum;

	if (site == NULL)
		site = flinfo->fn_extra = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(Site));
	if (!site->is_known)
	{
		site->is_known = true;
		site->is_constant = is_constant(flinfo, argument);
	}
	entry = (Entry *) ev_compiled_cache_recall(&cache, &site->last);
	if (site->is_constant && entry != NULL)
		return entry->compiled;
	datum = PG_DETOAST_DATUM(PG_GETARG_DATUM(argument));
	if (entry == NULL || !is_of(entry, datum, compile))
		entry = find_entry(datum, compile);
	ev_compiled_cache_use(&cache, &site->last, &entry->base);
	if ((Pointer) datum != DatumGetPointer(PG_GETARG_DATUM(argument)))
		pfree(datum);
	return entry->compiled;
}
