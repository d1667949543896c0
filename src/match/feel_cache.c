/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_cache.c: compiled expressions of this session.
 *
 * An entry is found by a hash of the text, of whether it is unary tests, and of the
 * names of several words that the context has, which are then compared
 * (base/compiled_cache.h).  Entries not used for the longest time go when all exceed
 * events.feel_cache_size.
 *
 * An expression depends on nothing but what it is found by, and on
 * events.feel_depth_limit, which is looked at again when it is evaluated.
 */
#include "base/compat.h"

#include "base/compiled_cache.h"
#include "base/settings.h"
#include "common/hashfn.h"
#include "match/feel_cache.h"
#include "utils/memutils.h"

/* Lives in the expression's own context. */
typedef struct Entry
{
	EvCompiled base;
	bool unary;
	const EvFeel *feel;
	EvFeelNames known;
	EvFeelSeams seams;
} Entry;

/* What an expression is found by. */
typedef struct Key
{
	const char *text;
	int length;
	bool unary;
	EvFeelNames known;
	EvFeelSeams seams;
	uint64 hash;
} Key;

static EvCompiledCache cache = {.name = "events FEEL cache",
								.limit = &ev_feel_cache_size,
								.generation = 1};

static uint64
hash_key(const Key *key)
{
	uint64 hash = hash_bytes_extended((const unsigned char *) key->text, key->length, key->unary);

	for (int i = 0; i < key->known.count; i++)
		hash = hash_bytes_extended((const unsigned char *) key->known.names[i].text,
								   key->known.names[i].length, hash);
	return hash;
}

static bool
same_names(const EvFeelNames *a, const EvFeelNames *b)
{
	if (a->count != b->count)
		return false;
	for (int i = 0; i < a->count; i++)
	{
		if (a->names[i].length != b->names[i].length ||
			memcmp(a->names[i].text, b->names[i].text, a->names[i].length) != 0)
			return false;
	}
	return true;
}

static bool
same_text(const Entry *entry, const char *text, int length, bool unary)
{
	return entry->unary == unary && entry->feel->length == length &&
		   memcmp(entry->feel->text, text, length) == 0;
}

void
ev_feel_raise_fault(const EvFeelFault *fault)
{
	if (fault->too_deep)
		ereport(ERROR,
				(errcode(ERRCODE_STATEMENT_TOO_COMPLEX),
				 errmsg("FEEL expression is nested too deeply"),
				 errdetail("Line %d, column %d: more than %d levels.", fault->line, fault->column,
						   ev_feel_depth_limit),
				 errhint("events.feel_depth_limit is the limit; max_stack_depth is the other.")));
	ereport(
		ERROR,
		(errcode(ERRCODE_SYNTAX_ERROR), errmsg("syntax error in FEEL expression"),
		 errdetail("Line %d, column %d: %s.", fault->line, fault->column, fault->message),
		 errhint("events.check_feel() checks an expression; docs/filters.md has the language.")));
}

/* Compile in a context of its own, which goes with an error. */
static Entry *
add_entry(const Key *key)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "events FEEL expression",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Entry *entry = palloc0(sizeof(Entry));
	EvFeelFault fault = {0};

	entry->base.context = context;
	entry->base.hash = key->hash;
	entry->unary = key->unary;
	entry->seams = key->seams;
	entry->feel = ev_feel_parse(key->text, key->length, key->unary, &key->known, &fault);
	if (entry->feel == NULL)
		ev_feel_raise_fault(&fault);
	for (int i = 0; i < key->known.count; i++)
		ev_feel_parse_know(&entry->known, key->known.names[i]);
	MemoryContextSwitchTo(old);
	ev_compiled_cache_add(&cache, &entry->base);
	return entry;
}

static Entry *
find_entry(const char *text, int length, bool unary, const EvView *context)
{
	Key key = {.text = pnstrdup(text, length), .length = length, .unary = unary};
	Entry *entry;

	ev_feel_known_find_seams(key.text, &key.seams);
	if (context != NULL)
		ev_feel_known_collect(&key.known, context, key.text, &key.seams);
	key.hash = hash_key(&key);
	entry = (Entry *) ev_compiled_cache_find(&cache, key.hash);
	if (entry == NULL || !same_text(entry, text, length, unary) ||
		!same_names(&entry->known, &key.known))
		return add_entry(&key);
	return entry;
}

static bool
is_of(const Entry *entry, const char *text, int length, bool unary, const EvView *context)
{
	EvFeelNames known = {0};

	if (!same_text(entry, text, length, unary))
		return false;
	if (context != NULL)
		ev_feel_known_collect(&known, context, entry->feel->text, &entry->seams);
	return same_names(&known, &entry->known);
}

const EvFeel *
ev_feel_cache_get(FmgrInfo *flinfo, const char *text, int length, bool unary, const EvView *context)
{
	EvCompiledSite *site = flinfo->fn_extra;
	Entry *entry;

	if (site == NULL)
		site = flinfo->fn_extra = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(EvCompiledSite));
	entry = (Entry *) ev_compiled_cache_recall(&cache, site);
	if (entry == NULL || !is_of(entry, text, length, unary, context))
		entry = find_entry(text, length, unary, context);
	ev_compiled_cache_use(&cache, site, &entry->base);
	return entry->feel;
}
